"""Older ways to a bucket: origin access identities, and website endpoints as custom origins."""

import json
from typing import Any

import pytest

from tests.conformance.cloud import Cloud, refused, unique
from tests.documented import documented, stated


def identity(cloud: Cloud) -> tuple[str, str]:
    """Makes an origin access identity; returns its id and its canonical user."""
    config = {"CallerReference": unique("identity"), "Comment": ""}
    made = cloud.aws("cloudfront").create_cloud_front_origin_access_identity(
        CloudFrontOriginAccessIdentityConfig=config
    )["CloudFrontOriginAccessIdentity"]
    return made["Id"], made["S3CanonicalUserId"]


def signed_origin(cloud: Cloud, bucket: str, id_: str) -> dict[str, Any]:
    access = {"OriginAccessIdentity": f"origin-access-identity/cloudfront/{id_}"}
    return cloud.origin(bucket) | {"S3OriginConfig": access, "OriginAccessControlId": ""}


def allow(cloud: Cloud, bucket: str, principal: object) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.aws("s3").put_bucket_policy(Bucket=bucket, Policy=policy)


@pytest.mark.parametrize(
    "kind",
    [
        stated("CF/private-content-restricting-access-to-s3", "A policy may name an identity by its ARN.", "AWS"),
        stated(
            "CF/private-content-restricting-access-to-s3",
            "A policy may name an identity by its canonical user.",
            "CanonicalUser",
        ),
    ],
)
def test_origin_access_identity_reads(cloud: Cloud, kind: str) -> None:
    id_, user = identity(cloud)
    bucket = cloud.bucket(i="x")
    named = {"AWS": f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {id_}", "CanonicalUser": user}
    allow(cloud, bucket, {kind: named[kind]})
    assert cloud.get(cloud.domain_of([signed_origin(cloud, bucket, id_)]), "/i").body == b"x"


@documented("CF/private-content-restricting-access-to-s3", "A policy for one identity does not let another in.")
def test_other_identity_is_refused(cloud: Cloud) -> None:
    (id_, _), (other, _) = identity(cloud), identity(cloud)
    bucket = cloud.bucket(i="x")
    allow(cloud, bucket, {"AWS": f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {other}"})
    assert cloud.get(cloud.domain_of([signed_origin(cloud, bucket, id_)]), "/i").status == 403


@documented("CFAPI/API_DeleteCloudFrontOriginAccessIdentity", "An identity that a distribution uses cannot be deleted.")
def test_identity_in_use_is_kept(cloud: Cloud) -> None:
    id_, _ = identity(cloud)
    cloud.domain_of([signed_origin(cloud, cloud.bucket(i="x"), id_)])
    cloudfront = cloud.aws("cloudfront")
    etag = cloudfront.get_cloud_front_origin_access_identity(Id=id_)["ETag"]
    delete = cloudfront.delete_cloud_front_origin_access_identity
    refused("CloudFrontOriginAccessIdentityInUse", delete, Id=id_, IfMatch=etag)


def website(cloud: Cloud, configuration: dict[str, Any], *, policy: str = "http-only", **objects: str) -> str:
    """Makes a website of a bucket that everybody reads, behind CloudFront; returns its domain."""
    bucket = cloud.bucket(**objects)
    cloud.aws("s3").put_bucket_website(Bucket=bucket, WebsiteConfiguration=configuration)
    allow(cloud, bucket, "*")
    custom = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": policy}
    origin = {"Id": "w", "DomainName": f"{bucket}.s3-website-us-east-1.amazonaws.com", "CustomOriginConfig": custom}
    return cloud.domain_of([{**origin, "ConnectionAttempts": 1, "ConnectionTimeout": 1}])


INDEX = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"}}


@documented("S3/IndexDocumentSupport", "A website answers a folder with its index document.")
def test_website_has_index_documents(cloud: Cloud) -> None:
    domain = website(cloud, INDEX, **{"index.html": "root", "a/index.html": "folder"})
    assert [cloud.get(domain, path).body for path in ("/", "/a/")] == [b"root", b"folder"]


@documented("S3/IndexDocumentSupport", "A folder without its slash is answered with a redirect to it.")
def test_website_redirects_to_the_folder(cloud: Cloud) -> None:
    answer = cloud.get(website(cloud, INDEX, **{"a/index.html": "folder"}), "/a")
    assert (answer.status, answer.headers["location"]) == (302, "/a/")


@documented("S3/CustomErrorDocSupport", "An error has the website's error document, and keeps its status.")
def test_website_has_an_error_document(cloud: Cloud) -> None:
    answer = cloud.get(website(cloud, INDEX, **{"error.html": "sorry"}), "/absent")
    assert (answer.status in (403, 404), answer.body) == (True, b"sorry")


@documented("S3/how-to-page-redirect", "A website may send all requests to another host.")
def test_website_redirects_everything(cloud: Cloud) -> None:
    domain = website(cloud, {"RedirectAllRequestsTo": {"HostName": "www.example.com", "Protocol": "https"}})
    answer = cloud.get(domain, "/a")
    assert (answer.status, answer.headers["location"]) == (301, "https://www.example.com/a")


@documented("S3/WebsiteEndpoints", "A website endpoint speaks no HTTPS.")
def test_website_has_no_https(cloud: Cloud) -> None:
    assert cloud.get(website(cloud, INDEX, policy="https-only", **{"index.html": "x"}), "/").status == 504
