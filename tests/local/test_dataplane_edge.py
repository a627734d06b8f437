"""The CloudFront edge: conformance of what a viewer sees."""

import json
import ssl
import uuid
from typing import Any

import pytest

from tests.documented import documented
from tests.worlds.dataplane_world import HOSTNAME, PRIMARY, SECONDARY, World, put

GUIDE = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide"
BOTH = (PRIMARY, SECONDARY)


def names_of(certificate: dict[str, Any]) -> set[str]:
    return {value for _, value in certificate["subjectAltName"]}


def fresh_object(world: World, body: bytes = b"v1", **options: Any) -> str:
    """Put an object that no test asked for before, in both buckets; its path bypasses the release rewrite."""
    path = f"/plain/{uuid.uuid4().hex}.txt"
    put(world, path[1:], body, ContentType="text/plain", **options)
    return path


@documented(
    "CF/cnames-and-https-requirements", "An alternate domain name is served with the certificate of its distribution."
)
def test_edge_shows_the_distributions_certificate_for_its_alias(world: World) -> None:
    assert HOSTNAME in names_of(world.get("/").certificate)


def test_edge_certificates_live_a_day(world: World) -> None:
    certificate = world.get("/").certificate
    begin, end = (ssl.cert_time_to_seconds(certificate[name]) for name in ("notBefore", "notAfter"))
    assert 23 * 3600 < end - begin < 25 * 3600


def test_edge_shows_the_default_certificate_for_an_unknown_name(world: World) -> None:
    answer = world.get("/", host="unknown.example.test")
    assert "*.cloudfront.net" in names_of(answer.certificate)
    assert answer.status == 403


@documented("CF/CNAMEs", "CloudFront finds the distribution by the Host header, whatever DNS answered.")
def test_edge_finds_the_distribution_by_host_whatever_dns_and_sni_said(world: World) -> None:
    """CF/CNAMEs: the Host header decides; both names are in one account, so no 421."""
    answer = world.get("/health/region.json", host=f"{SECONDARY}.{HOSTNAME}", sni=HOSTNAME)
    assert json.loads(answer.body) == {"region": SECONDARY}


def test_edge_serves_the_distributions_own_name(world: World) -> None:
    answer = world.get("/health/region.json", host=world.distributions[SECONDARY]["DomainName"])
    assert json.loads(answer.body) == {"region": SECONDARY}


def test_edge_redirects_http_to_https(world: World) -> None:
    """using-https-viewers-to-cloudfront.html"""
    answer = world.get("/a/b?c=d", tls=False)
    assert (answer.status, answer.headers["location"]) == (301, f"https://{HOSTNAME}/a/b?c=d")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_edge_refuses_methods_that_the_behaviour_does_not_allow(world: World, method: str) -> None:
    """DownloadDistValuesCacheBehavior.html"""
    assert world.get("/", method=method).status == 403


def test_edge_refuses_a_get_with_a_body(world: World) -> None:
    """RequestAndResponseBehaviorS3Origin.html"""
    assert world.get("/", body=b"x").status == 403


def test_edge_refuses_a_url_above_8192_bytes(world: World) -> None:
    """RequestAndResponseBehaviorS3Origin.html"""
    assert world.get("/" + "a" * 8192).status == 413


def test_edge_passes_metadata_and_adds_its_own_headers(world: World) -> None:
    answer = world.get("/")
    assert answer.headers["x-amz-meta-release"] == "r1"
    assert answer.headers["content-type"] == "text/html"
    assert {"via", "x-amz-cf-id", "x-amz-cf-pop", "x-cache"} <= answer.headers.keys()


@documented("CF/understanding-response-headers-policies", "A response headers policy adds its headers to every answer.")
def test_edge_applies_the_response_headers_policy(world: World) -> None:
    answer = world.get("/")
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert (answer.headers["x-content-type-options"], answer.headers["x-custom"]) == ("nosniff", "yes")


def test_edge_caches_a_miss_and_then_hits_whatever_the_query(world: World) -> None:
    """understanding-the-cache-key.html"""
    path = fresh_object(world)
    answers = [world.get(f"{path}?{number}") for number in range(2)]
    assert [answer.headers["x-cache"] for answer in answers] == ["Miss from cloudfront", "Hit from cloudfront"]
    assert "age" not in answers[0].headers
    assert int(answers[1].headers["age"]) >= 0


def test_edge_never_caches_with_caching_disabled(world: World) -> None:
    answers = [world.get("/health/region.json") for _ in range(2)]
    assert {answer.headers["x-cache"] for answer in answers} == {"Miss from cloudfront"}


def test_edge_head_has_the_length_and_no_body(world: World) -> None:
    path = fresh_object(world, b"12345")
    answer = world.get(path, method="HEAD")
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "5", b"")


def test_edge_revalidates_an_expired_copy_by_etag(world: World) -> None:
    """RequestAndResponseBehaviorS3Origin.html"""
    path = fresh_object(world, CacheControl="max-age=1")
    assert world.get(path).headers["x-cache"] == "Miss from cloudfront"
    world.eventually(lambda: world.get(path).headers["x-cache"] == "RefreshHit from cloudfront")


def test_edge_serves_new_content_when_the_copy_has_expired(world: World) -> None:
    path = fresh_object(world, b"old", CacheControl="max-age=5")
    assert world.get(path).body == b"old"
    put(world, path[1:], b"new", ContentType="text/plain")
    assert world.get(path).body == b"old"
    world.eventually(lambda: world.get(path).body == b"new")


def test_edge_invalidation_drops_the_copy(world: World) -> None:
    """Invalidation.html"""
    path = fresh_object(world, b"old", CacheControl="max-age=300")
    assert world.get(path).body == b"old"
    put(world, path[1:], b"new", ContentType="text/plain")
    batch = {"Paths": {"Quantity": 1, "Items": ["/plain/*"]}, "CallerReference": uuid.uuid4().hex}
    world.client("cloudfront").create_invalidation(
        DistributionId=world.distributions[PRIMARY]["Id"], InvalidationBatch=batch
    )
    world.eventually(lambda: world.get(path).body == b"new")


def test_edge_caches_an_error_for_the_error_ttl(world: World) -> None:
    """HTTPStatusCodes.html: 404 is cached for the error caching minimum TTL, 10 s here."""
    path = f"/plain/{uuid.uuid4().hex}.txt"
    assert world.get(path).status == 404
    put(world, path[1:], b"now it exists")
    assert world.get(path).status == 404
    world.eventually(lambda: world.get(path).status == 200)


def test_edge_shows_the_custom_error_page(world: World) -> None:
    """GeneratingCustomErrorResponses.html"""
    answer = world.get(f"/plain/{uuid.uuid4().hex}")
    assert (answer.status, answer.body, answer.headers["x-cache"]) == (404, b"custom page", "Error from cloudfront")


@documented("CF/HTTPStatusCodes", "An expired copy is served while the origins answer 5xx.")
def test_edge_serves_the_expired_copy_while_the_origins_answer_5xx(world: World) -> None:
    """HTTPStatusCodes.html: an expired copy covers a 5xx."""
    path, never_asked = fresh_object(world, CacheControl="max-age=1"), fresh_object(world)
    assert world.get(path).status == 200
    with world.fault(f"s3:{PRIMARY}", "status", 503), world.fault(f"s3:{SECONDARY}", "status", 503):
        world.eventually(lambda: world.get(never_asked).status == 503)  # the fault is in force, at both
        world.eventually(lambda: int(world.get(path).headers["age"]) > 1)  # the copy has expired
        assert (world.get(path).status, world.get(path).body) == (200, b"v1")


@documented("CF/HTTPStatusCodes", "A 4xx of the origin goes to the viewer instead of an expired copy.")
def test_edge_gives_a_4xx_to_the_viewer_instead_of_the_expired_copy(world: World) -> None:
    """HTTPStatusCodes.html: stale copies mask a 5xx outage, not a 403 one."""
    path = fresh_object(world, CacheControl="max-age=1")
    assert world.get(path).status == 200
    with world.fault(f"s3:{PRIMARY}", "status", 403), world.fault(f"s3:{SECONDARY}", "status", 403):
        assert world.get(path).status == 403


def test_edge_answers_the_viewers_conditional_request(world: World) -> None:
    path = fresh_object(world)
    etag = world.get(path).headers["etag"]
    assert world.get(path, headers={"If-None-Match": etag}).status == 304


@pytest.mark.parametrize(
    ("wanted", "status", "body"),
    [("bytes=1-2", 206, b"12"), ("bytes=-3", 206, b"789"), ("bytes=8-", 206, b"89"), ("bytes=20-", 416, b"")],
)
def test_edge_serves_ranges(world: World, wanted: str, status: int, body: bytes) -> None:
    path = fresh_object(world, b"0123456789")
    answer = world.get(path, headers={"Range": wanted})
    assert (answer.status, answer.body) == (status, body)


def test_edge_serves_a_large_object_whole(world: World) -> None:
    body = bytes(range(256)) * 4096 * 20
    path = fresh_object(world, body)
    assert world.get(path, timeout=30).body == body


def test_edge_function_redirects(world: World) -> None:
    answer = world.get("/redirect")
    assert (answer.status, answer.headers["location"]) == (302, "/elsewhere")
    assert answer.headers["x-cache"] == "FunctionGeneratedResponse from cloudfront"


def test_edge_function_that_throws_is_503(world: World) -> None:
    """http-503-service-unavailable.html"""
    answer = world.get("/throw")
    assert (answer.status, answer.headers["x-cache"]) == (503, "FunctionExecutionError from cloudfront")


def test_edge_function_reorders_the_origin_group(world: World) -> None:
    """helper-functions-origin-modification.html"""
    assert world.get("/swapped/page.html").body.endswith(SECONDARY.encode())


def test_edge_key_value_store_switches_the_release_in_seconds(world: World) -> None:
    """functions-custom-methods.html; the cache key changes with the rewritten path, so no invalidation."""
    store, arn = world.client("cloudfront-keyvaluestore"), world.ids["key_value_store"]
    assert world.get("/page.html").headers["x-amz-meta-release"] == "r1"
    etag = store.describe_key_value_store(KvsARN=arn)["ETag"]
    etag = store.put_key(KvsARN=arn, Key="active_release", Value="r2", IfMatch=etag)["ETag"]
    world.eventually(lambda: world.get("/page.html").headers["x-amz-meta-release"] == "r2")
    store.delete_key(KvsARN=arn, Key="active_release", IfMatch=etag)
    world.eventually(lambda: world.get("/page.html").headers["x-amz-meta-release"] == "r1")


def test_edge_without_the_bucket_policy_is_refused_by_s3_and_fails_over(world: World) -> None:
    """private-content-restricting-access-to-s3.html: 403 means broken access and is listed in the group."""
    s3, bucket = world.client("s3", PRIMARY), world.bucket(PRIMARY)
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    s3.delete_bucket_policy(Bucket=bucket)
    try:
        world.eventually(lambda: json.loads(world.get("/health/region.json").body)["region"] == SECONDARY)
        assert world.get(f"/health/{PRIMARY}.json").status == 403
    finally:
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    world.eventually(lambda: json.loads(world.get("/health/region.json").body)["region"] == PRIMARY)


def test_edge_disabled_distribution_answers_403(world: World) -> None:
    cloudfront, id_ = world.client("cloudfront"), world.distributions[SECONDARY]["Id"]
    name = world.distributions[SECONDARY]["DomainName"]

    def enable(*, is_enabled: bool) -> None:
        current = cloudfront.get_distribution_config(Id=id_)
        config = {**current["DistributionConfig"], "Enabled": is_enabled}
        cloudfront.update_distribution(Id=id_, DistributionConfig=config, IfMatch=current["ETag"])

    enable(is_enabled=False)
    try:
        world.eventually(lambda: world.get("/", host=name).status == 403)
    finally:
        enable(is_enabled=True)
    world.eventually(lambda: world.get("/", host=name).status == 200)


@documented("CF/adding-cloudfront-headers", "CloudFront adds CloudFront-Viewer-Country where a policy lists it.")
def test_edge_tells_the_function_where_the_viewer_is_once_a_policy_lists_the_header(world: World) -> None:
    """adding-cloudfront-headers.html; a viewer from 127.18.2.x is in Virginia: localcloud.model.places."""
    cloudfront, host = world.client("cloudfront"), f"{SECONDARY}.{HOSTNAME}"
    policy = cloudfront.create_origin_request_policy(
        OriginRequestPolicyConfig={
            "Name": "viewer",
            "HeadersConfig": {
                "HeaderBehavior": "whitelist",
                "Headers": {"Quantity": 1, "Items": ["CloudFront-Viewer-Country"]},
            },
            "CookiesConfig": {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "none"},
        }
    )["OriginRequestPolicy"]["Id"]

    def country() -> str:
        return world.get("/viewer", host=host, source="127.18.2.1").headers["x-country"]

    def set_policy(policy_id: str | None) -> None:
        found = cloudfront.get_distribution_config(Id=world.distributions[SECONDARY]["Id"])
        behaviour = found["DistributionConfig"]["DefaultCacheBehavior"]
        behaviour.pop("OriginRequestPolicyId", None)
        behaviour |= {} if policy_id is None else {"OriginRequestPolicyId": policy_id}
        cloudfront.update_distribution(
            Id=world.distributions[SECONDARY]["Id"],
            IfMatch=found["ETag"],
            DistributionConfig=found["DistributionConfig"],
        )

    assert country() == "unknown"
    set_policy(policy)
    world.eventually(lambda: country() == "US")
    set_policy(None)
    world.eventually(lambda: country() == "unknown")
