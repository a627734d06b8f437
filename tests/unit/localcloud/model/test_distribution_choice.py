"""Which distribution, which behaviour, which access: the pure rules around a request."""

import json
from typing import Any

import pytest

from localcloud.model.behaviours import (
    alias_holder,
    behaviour_index,
    certificate_covers,
    hostname_of,
    matches_path_pattern,
)
from localcloud.model.bucket_policy import AccessRequest, Decision, evaluate, missing_key_status
from localcloud.model.errors import UnsupportedResource
from localcloud.model.response_headers import apply_policy, policy_from_api


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/health/*", "/health/region.json", True),
        ("/health/*", "/healthy", False),
        ("health/*", "/health/a", True),
        ("*.jpg", "/a/b.jpg", True),
        ("*.jpg", "/a/b.JPG", False),
        ("/a?.html", "/ab.html", True),
        ("/a?.html", "/a.html", False),
        ("/a.c", "/abc", False),
        ("*", "/", True),
        ("/x/*/y", "/x/1/2/y", True),
    ],
)
def test_path_pattern_wildcards_and_case(pattern: str, path: str, expected: bool) -> None:
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html"""
    assert matches_path_pattern(pattern, path) is expected


def test_behaviour_first_match_in_order_wins() -> None:
    patterns = ["/health/eu.json", "/health/*", "/*"]
    assert [behaviour_index(patterns, path) for path in ("/health/eu.json", "/health/x", "/y")] == [0, 1, 2]
    assert behaviour_index(["/a"], "/b") is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [("WWW.Example.test", "www.example.test"), ("a.test:8443", "a.test"), ("a.test.", "a.test"), ("", "")],
)
def test_host_header_loses_port_case_and_final_dot(header: str, expected: str) -> None:
    assert hostname_of(header) == expected


@pytest.mark.parametrize(
    ("hostname", "expected"),
    [
        ("www.example.test", "exact"),
        ("a.example.test", "wildcard"),
        ("a.b.example.test", "wildcard"),
        ("a.sub.example.test", "longer"),
        ("example.test", None),
        ("other.test", None),
    ],
)
def test_alias_exact_beats_wildcard_and_a_wildcard_covers_many_labels(hostname: str, expected: str | None) -> None:
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html"""
    holders = {"www.example.test": "exact", "*.example.test": "wildcard", "*.sub.example.test": "longer"}
    assert alias_holder(holders, hostname) == expected


@pytest.mark.parametrize(
    ("name", "hostname", "expected"),
    [
        ("*.example.test", "a.example.test", True),
        ("*.example.test", "a.b.example.test", False),
        ("*.example.test", "example.test", False),
        ("a.example.test", "a.example.test", True),
    ],
)
def test_certificate_wildcard_covers_one_label(name: str, hostname: str, expected: bool) -> None:
    assert certificate_covers(name, hostname) is expected


BUCKET = "arn:aws:s3:::site"
SOURCE = "arn:aws:cloudfront::123456789012:distribution/E1"


def statement(**changes: Any) -> dict[str, Any]:
    grant = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": [BUCKET, f"{BUCKET}/*"],
        "Condition": {"StringEquals": {"AWS:SourceArn": SOURCE}},
    }
    return {**grant, **changes}


DENY_PLAIN_HTTP = statement(
    Effect="Deny", Principal="*", Action="s3:*", Condition={"Bool": {"aws:SecureTransport": "false"}}
)


def access(**changes: Any) -> AccessRequest:
    fields: dict[str, Any] = {
        "service": "cloudfront.amazonaws.com",
        "action": "s3:GetObject",
        "resource": f"{BUCKET}/a",
        "source_arn": SOURCE,
    }
    return AccessRequest(**{**fields, **changes})


@pytest.mark.parametrize(
    ("statements", "request_", "expected"),
    [
        ([statement()], access(), Decision.ALLOW),
        ([statement()], access(source_arn=SOURCE + "X"), Decision.IMPLICIT_DENY),
        ([statement()], access(service=None, source_arn=None), Decision.IMPLICIT_DENY),
        ([statement()], access(action="s3:PutObject"), Decision.IMPLICIT_DENY),
        ([statement()], access(resource="arn:aws:s3:::other/a"), Decision.IMPLICIT_DENY),
        ([statement(), DENY_PLAIN_HTTP], access(), Decision.ALLOW),
        ([statement(), DENY_PLAIN_HTTP], access(is_secure=False), Decision.EXPLICIT_DENY),
        ([statement(Principal="*", Condition={})], access(service=None), Decision.ALLOW),
        ([statement(Principal={"AWS": "*"}, Condition={})], access(service=None), Decision.ALLOW),
        ([statement(Principal={"AWS": "arn:aws:iam::1:root"})], access(), Decision.IMPLICIT_DENY),
        ([statement(Action="s3:Get*")], access(), Decision.ALLOW),
        ([statement(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::*"}})], access(), Decision.ALLOW),
        ([statement(Condition={"StringEquals": {"AWS:SourceArn": ["x", SOURCE]}})], access(), Decision.ALLOW),
        (
            [statement(Condition={"StringNotEquals": {"AWS:SourceArn": SOURCE}})],
            access(),
            Decision.IMPLICIT_DENY,
        ),
        (
            [statement(Condition={"StringEqualsIfExists": {"aws:SourceAccount": "1"}})],
            access(),
            Decision.ALLOW,
        ),
        ([], access(), Decision.IMPLICIT_DENY),
    ],
)
def test_bucket_policy_grants_the_distribution_by_source_arn(
    statements: list[dict[str, Any]], request_: AccessRequest, expected: Decision
) -> None:
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html"""
    document = json.loads(json.dumps({"Statement": statements}))
    assert evaluate(document, request_) is expected


def test_bucket_policy_missing_denies() -> None:
    assert evaluate(None, access()) is Decision.IMPLICIT_DENY


@pytest.mark.parametrize(("action", "expected"), [(["s3:GetObject", "s3:ListBucket"], 404), ("s3:GetObject", 403)])
def test_bucket_policy_missing_key_is_404_only_with_list_bucket(action: Any, expected: int) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html"""
    assert missing_key_status({"Statement": [statement(Action=action)]}, access(), BUCKET) == expected


@pytest.mark.parametrize(
    "changes", [{"NotAction": "s3:PutObject"}, {"Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026"}}}]
)
def test_bucket_policy_rejects_what_is_not_modelled(changes: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedResource, match="not modelled"):
        evaluate({"Statement": [statement(**changes)]}, access())


def test_response_headers_policy_adds_overrides_and_removes() -> None:
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html"""
    policy = policy_from_api(
        {
            "SecurityHeadersConfig": {
                "StrictTransportSecurity": {
                    "Override": True,
                    "AccessControlMaxAgeSec": 60,
                    "IncludeSubdomains": True,
                    "Preload": True,
                },
                "FrameOptions": {"Override": True, "FrameOption": "DENY"},
                "ContentSecurityPolicy": {"Override": True, "ContentSecurityPolicy": "default-src 'self'"},
                "ReferrerPolicy": {"Override": False, "ReferrerPolicy": "no-referrer"},
                "XSSProtection": {"Override": True, "Protection": True, "ModeBlock": True},
            },
            "CustomHeadersConfig": {"Quantity": 1, "Items": [{"Header": "X-A", "Value": "policy", "Override": False}]},
            "RemoveHeadersConfig": {"Quantity": 1, "Items": [{"Header": "Server"}]},
        }
    )
    headers = {"server": "AmazonS3", "x-a": "origin", "referrer-policy": "origin"}
    assert apply_policy(policy, headers, viewer_origin=None) == {
        "x-a": "origin",
        "referrer-policy": "origin",
        "strict-transport-security": "max-age=60; includeSubDomains; preload",
        "x-frame-options": "DENY",
        "content-security-policy": "default-src 'self'",
        "x-xss-protection": "1; mode=block",
    }


@pytest.mark.parametrize(
    ("origins", "viewer_origin", "expected"),
    [
        (["*"], "https://a.test", "*"),
        (["https://a.test"], "https://a.test", "https://a.test"),
        (["*.a.test"], "https://b.a.test", "https://b.a.test"),
        (["https://a.test"], "https://b.test", None),
        (["*"], None, None),
    ],
)
def test_response_headers_policy_cors_allows_listed_origins(
    origins: list[str], viewer_origin: str | None, expected: str | None
) -> None:
    cors = {
        "AccessControlAllowOrigins": {"Items": origins},
        "AccessControlAllowMethods": {"Items": ["GET", "HEAD"]},
        "AccessControlAllowHeaders": {"Items": ["*"]},
        "AccessControlAllowCredentials": False,
        "OriginOverride": True,
    }
    headers = apply_policy(policy_from_api({"CorsConfig": cors}), {}, viewer_origin=viewer_origin)
    assert headers.get("access-control-allow-origin") == expected
    assert headers.get("access-control-allow-methods") == ("GET, HEAD" if expected else None)


@pytest.mark.parametrize(
    ("key", "is_secure", "decision"),
    [
        ("health/eu.json", False, Decision.ALLOW),
        ("health/eu.json", True, Decision.ALLOW),
        ("releases/r1/index.html", False, Decision.EXPLICIT_DENY),
        ("releases/r1/index.html", True, Decision.ALLOW),
    ],
)
def test_deny_spares_what_not_resource_names(key: str, is_secure: bool, decision: Decision) -> None:
    """reference_policies_elements_notresource.html"""
    policy = {
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"},
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "NotResource": ["arn:aws:s3:::b/health/eu.json"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ]
    }
    access = AccessRequest(
        service="cloudfront.amazonaws.com",
        action="s3:GetObject",
        resource=f"arn:aws:s3:::b/{key}",
        is_secure=is_secure,
    )
    assert evaluate(policy, access) is decision
