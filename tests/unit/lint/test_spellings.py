"""Traps as other people spell them, and configurations that look like a trap and are none."""

import json
from typing import Any

import pytest

from scripts.lint.model import Configuration
from scripts.lint.reading import read_document
from scripts.lint.rule import lint
from scripts.lint.rules import ALL_RULES

Json = dict[str, Any]
GITHUB = "token.actions.githubusercontent.com"
PROVIDER = "${aws_iam_openid_connect_provider.p.arn}"
IDENTITY = "${aws_cloudfront_origin_access_identity.o.iam_arn}"


def is_found(rule_id: str, raw: Json) -> bool:
    (rule,) = (rule for rule in ALL_RULES if rule.id == rule_id)
    return bool(lint(Configuration([read_document("given", raw)]), [rule]))


def policy(principal: Json, *actions: str, **conditions: Json) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Condition": conditions}
    return json.dumps({"Statement": [statement]})


def trusted(url: str, subject: str) -> Json:
    trust = policy({"Federated": PROVIDER}, "sts:AssumeRoleWithWebIdentity", StringLike={f"{GITHUB}:sub": subject})
    return {
        "resource": {
            "aws_iam_openid_connect_provider": {"p": {"url": url}},
            "aws_iam_role": {"r": {"assume_role_policy": trust}},
        }
    }


def origin(name: str, domain_name: str, **more: Any) -> Json:
    return {"origin_id": name, "domain_name": domain_name, "connection_attempts": 1, "connection_timeout": 2, **more}


def distribution(a: Json, b: Json, *codes: int, **more: Any) -> Json:
    members = [{"origin_id": a["origin_id"]}, {"origin_id": b["origin_id"]}]
    return {
        "origin": [a, b],
        "origin_group": {"origin_id": "both", "member": members, "failover_criteria": {"status_codes": list(codes)}},
        "default_cache_behavior": {"target_origin_id": "both"},
        **more,
    }


def buckets(principal: Json, **more: Any) -> Json:
    """Two buckets in a group that let this principal read and list."""
    regional = [f"${{aws_s3_bucket.{name}.bucket_regional_domain_name}}" for name in "ab"]
    grant = policy(principal, "s3:GetObject", "s3:ListBucket")
    return {
        "resource": {
            "aws_s3_bucket": {name: {"bucket": name} for name in "ab"},
            "aws_s3_bucket_policy": {
                name: {"bucket": f"${{aws_s3_bucket.{name}.id}}", "policy": grant} for name in "ab"
            },
            "aws_cloudfront_distribution": {
                "d": distribution(origin("a", regional[0]), origin("b", regional[1]), 403, 500, 502, 503, 504, **more)
            },
        }
    }


def with_origins(a: Json, b: Json, *codes: int, **more: Any) -> Json:
    return {"resource": {"aws_cloudfront_distribution": {"d": distribution(a, b, *codes, **more)}}}


def data_bucket_in_group() -> Json:
    raw = buckets({"Service": "cloudfront.amazonaws.com"})
    raw["data"] = {"aws_s3_bucket": {"b": raw["resource"]["aws_s3_bucket"].pop("b")}}
    del raw["resource"]["aws_s3_bucket_policy"]["b"]
    raw["resource"]["aws_cloudfront_distribution"]["d"]["origin"][1]["domain_name"] = (
        "${data.aws_s3_bucket.b.bucket_regional_domain_name}"
    )
    return raw


REPLICATED_DATA_BUCKET: Json = {
    "data": {"aws_s3_bucket": {"a": {"bucket": "a"}}},
    "resource": {
        "aws_s3_bucket_replication_configuration": {
            "r": {"bucket": "${data.aws_s3_bucket.a.id}", "rule": [{"status": "Enabled", "destination": {}}]}
        }
    },
}
A, B = origin("a", "a.s3.eu-central-1.amazonaws.com"), origin("b", "b.s3.eu-west-1.amazonaws.com")
SLOW = {**A, "connection_attempts": 2, "s3_origin_config": {"origin_read_timeout": 60}}
NAMED = ["www.example.com"]


@pytest.mark.parametrize(
    ("rule_id", "raw", "expected"),
    [
        ("FW301", trusted(f"https://{GITHUB}", "repo:acme/*"), True),
        ("FW301", trusted("https://gitlab.com", "repo:acme/*"), False),
        ("FW144", buckets({"AWS": IDENTITY}), False),
        ("FW144", buckets({"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"}), False),
        ("FW144", buckets({"AWS": "arn:aws:iam::123456789012:root"}), True),
        ("FW151", buckets({"AWS": IDENTITY}), True),
        ("FW151", buckets({"AWS": IDENTITY}, default_root_object="index.html"), False),
        ("FW194", data_bucket_in_group(), False),
        ("FW211", REPLICATED_DATA_BUCKET, False),
        ("FW192", with_origins(origin("a", "${var.a}.s3.amazonaws.com"), B), True),
        ("FW192", with_origins(origin("a", "${var.a}.s3.eu-central-1.amazonaws.com"), B), False),
        ("FW143", with_origins(origin("a", "${var.a}.s3.eu-central-1.amazonaws.com"), B, 500), True),
        ("FW143", with_origins(origin("a", "${var.a}.example.com"), B, 500), False),
        ("FW132", with_origins(SLOW, B), True),
        ("FW011", with_origins(A, B, aliases=NAMED, count=2), True),
        ("FW011", with_origins(A, B, aliases=NAMED, for_each={"eu": 1, "us": 2}), True),
        ("FW011", with_origins(A, B, aliases=NAMED, count=1), False),
        ("FW011", with_origins(A, B, aliases=["${each.key}.example.com"], for_each={"eu": 1, "us": 2}), False),
    ],
)
def test_rule_reads_other_spellings(rule_id: str, raw: Json, expected: bool) -> None:
    assert is_found(rule_id, raw) is expected


def planned(resources: dict[str, Json], expressions: dict[str, Json], **more: Any) -> Json:
    """A plan whose values are all known, as of a site that is deployed already."""

    def entry(address: str) -> Json:
        return {"address": address, "mode": "managed", "type": address.split(".")[0]}

    return {
        "format_version": "1.2",
        "planned_values": {
            "root_module": {
                "resources": [{**entry(address), "values": values} for address, values in resources.items()]
            }
        },
        "configuration": {
            "provider_config": {"aws": {"expressions": {"region": {"references": ["var.region"]}}}},
            "root_module": {
                "resources": [
                    {**entry(address), "provider_config_key": "aws", "expressions": found}
                    for address, found in expressions.items()
                ]
            },
        },
        **more,
    }


@pytest.mark.parametrize(("waits_for", "expected"), [("aws_s3_bucket_versioning.v", False), ("aws_s3_bucket.a", True)])
def test_plan_of_a_deployed_site_keeps_the_order_that_references_make(waits_for: str, expected: bool) -> None:
    raw = planned(
        {
            "aws_s3_bucket.a": {"id": "a", "bucket": "a"},
            "aws_s3_bucket_versioning.v": {"bucket": "a", "versioning_configuration": [{"status": "Enabled"}]},
            "aws_s3_bucket_replication_configuration.r": {"bucket": "a", "rule": []},
        },
        {"aws_s3_bucket_replication_configuration.r": {"bucket": {"references": [f"{waits_for}.id", waits_for]}}},
    )
    assert is_found("FW212", raw) is expected


@pytest.mark.parametrize(("region", "expected"), [("eu-central-1", True), ("us-east-1", False)])
def test_plan_tells_a_providers_region_by_its_variable(region: str, expected: bool) -> None:
    alarm = "aws_cloudwatch_metric_alarm.a"
    raw = planned({alarm: {"namespace": "AWS/Route53"}}, {alarm: {}}, variables={"region": {"value": region}})
    assert is_found("FW281", raw) is expected


@pytest.mark.parametrize(("address", "is_trap"), [
    ("10.0.0.1", True),
    ("224.0.0.5", True),
    ("::ffff:8.8.8.8", True),
    ("fec0::1", True),
    ("ff0e::1", True),
    ("8.8.8.8", False),
    ("2001:4860:4860::8888", False),
    ("203.0.113.10", False),
    ("2001:db8::10", False),
])  # fmt: skip
def test_check_of_an_address_that_no_host_has_is_found(address: str, is_trap: bool) -> None:
    check = {"type": "TCP", "ip_address": address, "port": 443}
    assert is_found("FW093", {"resource": {"aws_route53_health_check": {"c": check}}}) is is_trap


def of_cloudfront(**conditions: Json) -> Json:
    grant = policy({"Service": "cloudfront.amazonaws.com"}, "s3:GetObject", **conditions)
    return {"resource": {"aws_s3_bucket_policy": {"p": {"bucket": "content", "policy": grant}}}}


@pytest.mark.parametrize(
    ("conditions", "is_bound"),
    [
        ({"StringEquals": {"AWS:SourceArn": "arn:aws:cloudfront::1:distribution/E1"}}, True),
        ({"StringEquals": {"aws:SourceAccount": "123456789012"}}, True),
        ({"StringEqualsIfExists": {"AWS:SourceAccount": ["123456789012"]}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::123456789012:distribution/*"}}, True),
        ({"StringLike": {"aws:SourceArn": "${aws_cloudfront_distribution.d.arn}"}}, True),
        ({"StringLike": {"aws:SourceArn": "arn:aws:cloudfront::*:distribution/*"}}, False),
        ({"ArnLike": {"aws:SourceArn": ["arn:aws:cloudfront::1:distribution/E1", "*"]}}, False),
        ({"StringLike": {"aws:SourceAccount": "*"}}, False),
        ({"StringNotEquals": {"aws:SourceAccount": "123456789012"}}, False),
        ({"ForAllValues:StringEquals": {"aws:SourceArn": "arn:aws:cloudfront::1:distribution/E1"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, False),
        ({}, False),
    ],
)
def test_grant_is_bound_by_distributions_or_by_an_account_that_is_named(conditions: Json, is_bound: bool) -> None:
    assert is_found("FW193", of_cloudfront(**conditions)) is not is_bound
