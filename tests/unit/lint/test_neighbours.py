"""Where a rule ends: neighbours of a trap that are none, and traps written in the other way."""

from typing import Any

import pytest

from tests.unit.lint import examples as e
from tests.unit.lint.test_plans import plan
from tests.unit.lint.test_spellings import Json, is_found

CERTIFIED = {"acm_certificate_arn": f"${{{e.CERTIFICATE}.arn}}"}
WILDCARD = {e.CERTIFICATE: {"domain_name": "*.example.com"}}
SUPPLIED: Json = {"aws_apigatewayv2_domain_name.name": {"domain_name": "www.example.com"}}


def found(rule_id: str, resources: Json, **more: Any) -> bool:
    return is_found(rule_id, e.document(resources, **more))


def origins(**first: Any) -> Json:
    return {**e.site(origin=[e.s3_origin("a", **first), e.s3_origin("b")])}


def custom(attempts: int, **more: Any) -> Json:
    return origins(domain_name="o.example.com", connection_attempts=attempts, custom_origin_config=more)


def to_cloudfront(name: str, *aliases: str, **more: Any) -> Json:
    return {e.D1: e.distribution(aliases=list(aliases)), e.RECORD_1: e.to_distribution(name=name, **more)}


def listing(resource: Any) -> Json:
    policy = e.policy(e.grant("s3:GetObject"), e.grant("s3:ListBucket", Resource=resource))
    return {**e.site(), e.POLICY_A: e.of_bucket("a", policy=policy)}


def reading(resource: Any) -> Json:
    policy = e.policy(e.grant("s3:GetObject", Resource=resource))
    return {**e.site(), e.POLICY_A: e.of_bucket("a", policy=policy), e.POLICY_B: e.BOTH_POLICIES[e.POLICY_B]}


def headers(value: str) -> Json:
    return {"custom_headers_config": {"items": [{"header": "Strict-Transport-Security", "value": value}]}}


def in_zone(zone_id: str) -> Json:
    """An alias to a distribution with this zone as the target's."""
    alias = {"name": f"${{{e.D1}.domain_name}}", "zone_id": zone_id, "evaluate_target_health": False}
    return {e.D1: e.distribution(), "aws_route53_zone.z": {"name": "example.com"}, e.RECORD_1: e.record(alias=alias)}


def router(code: str, **more: Any) -> Json:
    return {e.FUNCTION: {"code": code, **more}}


def key_of(**more: Any) -> Json:
    signing = {"key_management_service_arn": "${aws_kms_key.k.arn}"}
    return {
        "aws_kms_key.k": {"customer_master_key_spec": "ECC_NIST_P256", **more},
        "aws_route53_key_signing_key.s": signing,
    }


NAMED = {
    "domain_name": "example.com",
    "domain_name_configuration": {"certificate_arn": f"${{{e.CERTIFICATE}.arn}}"},
}
INLINE = {
    "server_side_encryption_configuration": {
        "rule": {"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms"}}
    }
}
PRIMARY = e.failover("PRIMARY")
NO_TARGET_HEALTH = {"name": "x.elb.amazonaws.com", "zone_id": "Z9", "evaluate_target_health": False}


@pytest.mark.parametrize(
    ("rule_id", "resources", "expected"),
    [
        ("FW014", to_cloudfront("a.b.example.com", "*.example.com"), False),
        ("FW014", to_cloudfront("www", "www.example.com"), False),
        ("FW014", to_cloudfront("shop", "www.example.com"), True),
        ("FW014", to_cloudfront("www.example.com", "${var.hostname}"), False),
        ("FW014", to_cloudfront("\\052.example.com", "*.example.com"), False),
        ("FW014", to_cloudfront("www.example.com"), True),
        ("FW014", to_cloudfront("cdn.example.com", alias=None, type="CNAME", records=[f"${{{e.D1}.domain_name}}"]), True),
        ("FW024", {e.RECORD_1: e.record(records=["192.0.2.1"], **PRIMARY)}, True),
        ("FW024", {e.RECORD_1: e.record(records=["192.0.2.1"], **e.failover("SECONDARY"))}, False),
        ("FW024", {e.RECORD_1: e.record(alias=NO_TARGET_HEALTH, **PRIMARY)}, True),
        ("FW024", {e.RECORD_1: e.to_endpoint(**PRIMARY)}, False),
        ("FW024", {**SUPPLIED, e.RECORD_1: e.to_name(e.NAME, "id", geolocation_routing_policy={"country": "*"})}, False),
        ("FW024", {**SUPPLIED, e.RECORD_1: e.to_name(e.NAME, "id", geolocation_routing_policy={"country": "DE"})}, True),
        ("FW024", {**SUPPLIED, e.RECORD_1: e.to_name(e.NAME, "id")}, False),
        ("FW025", in_zone(f"${{{e.D1}.hosted_zone_id}}"), False),
        ("FW025", in_zone("${aws_route53_zone.z.zone_id}"), True),
        ("FW053", {one: e.to_endpoint(**PRIMARY) for one in (e.RECORD_1, e.RECORD_2)}, True),
        ("FW053", {one: e.to_endpoint(geolocation_routing_policy={"country": "DE"}) for one in (e.RECORD_1, e.RECORD_2)}, True),
        ("FW053", {one: e.weighted(1) for one in (e.RECORD_1, e.RECORD_2)}, False),
        (
            "FW053",  # Afghanistan and Africa
            {
                e.RECORD_1: e.to_endpoint(geolocation_routing_policy={"country": "AF"}),
                e.RECORD_2: e.to_endpoint(geolocation_routing_policy={"continent": "AF"}),
            },
            False,
        ),
        ("FW132", custom(1), False),
        ("FW132", custom(2, http_port=80), True),
        ("FW132", custom(2, origin_read_timeout=4), False),
        ("FW133", custom(1, origin_read_timeout="121"), True),
        ("FW133", custom(1, origin_read_timeout="${var.seconds}"), False),
        ("FW133", origins(s3_origin_config={"origin_read_timeout": 0}), True),
        ("FW133", origins(response_completion_timeout=20), True),
        ("FW133", origins(response_completion_timeout=30), False),
        ("FW224", {**WILDCARD, e.D1: e.distribution(aliases=["*.example.com"], viewer_certificate=CERTIFIED)}, False),
        ("FW224", {**WILDCARD, e.D1: e.distribution(aliases=["example.com"], viewer_certificate=CERTIFIED)}, True),
        (
            "FW224",
            {
                **WILDCARD,
                e.D1: e.distribution(aliases=["*.example.com"], viewer_certificate=CERTIFIED),
                e.RECORD_1: e.to_distribution(name="a.b.example.com"),
            },
            True,
        ),
        (
            "FW224",
            {**WILDCARD, e.NAME: NAMED},
            True,
        ),
        ("FW144", listing("arn:aws:s3:::content-a/*"), True),
        ("FW144", listing("arn:aws:s3:::content-a"), False),
        ("FW144", listing("${aws_s3_bucket.a.arn}/*"), True),
        ("FW144", listing("${aws_s3_bucket.a.arn}"), False),
        ("FW144", listing("${var.resource}"), False),
        ("FW144", listing(["arn:aws:s3:::content-a", "arn:aws:s3:::content-a/*"]), False),
        ("FW194", reading("arn:aws:s3:::content-a"), True),
        ("FW194", reading("${aws_s3_bucket.a.arn}"), True),
        ("FW194", reading("${aws_s3_bucket.a.arn}/*"), False),
        ("FW194", reading("*"), False),
        ("FW201", {**e.site(), "aws_s3_bucket.a": {**e.bucket("a"), **INLINE}}, True),
        ("FW213", e.replication(delete_marker_replication=None, filter=[], prefix=""), False),
        ("FW213", e.replication(delete_marker_replication=None, filter={}), True),
        ("FW261", {"aws_apigatewayv2_integration.i": {"integration_uri": "arn:aws:apigateway:${var.region}:s3:path/c"}}, True),
        ("FW311", {"aws_cloudfront_response_headers_policy.p": headers("max-age=1; preload")}, True),
        ("FW311", {"aws_cloudfront_response_headers_policy.p": headers("max-age=1")}, False),
        ("FW251", router("import cf from 'cloudfront';", runtime="cloudfront-js-1.0"), True),
        ("FW251", router("import cf from 'cloudfront';", runtime="cloudfront-js-2.0"), False),
        ("FW251", router("// not cloudfront", runtime="cloudfront-js-1.0"), False),
        ("FW254", {"aws_cloudfrontkeyvaluestore_key.k": {"key": "k", "value": "é" * 513}}, True),
        ("FW254", {"aws_cloudfrontkeyvaluestore_keys_exclusive.k": {"resource_key_value_pair": [{"key": "k" * 513}]}}, True),
        ("FW254", {"aws_cloudfrontkeyvaluestore_key.k": {"key": "k", "value": "v" * 1024}}, False),
        ("FW314", key_of(), False),
        ("FW314", key_of(provider="aws.eu"), True),
        ("FW314", {"aws_route53_key_signing_key.s": {"key_management_service_arn": "arn:aws:kms:eu-west-1:1:key/k"}}, True),
    ],
)  # fmt: skip
def test_rule_ends_where_the_trap_ends(rule_id: str, resources: Json, expected: bool) -> None:
    assert found(rule_id, resources) is expected


def test_distributions_that_are_only_read_may_be_steered_between() -> None:
    resources = {
        one: e.record(alias={"name": f"${{data.{to}.domain_name}}"}, weighted_routing_policy={"weight": 1})
        for one, to in ((e.RECORD_1, e.D1), (e.RECORD_2, e.D2))
    }
    read = {"aws_cloudfront_distribution": {"d1": {"id": "E1"}, "d2": {"id": "E2"}}}
    assert found("FW013", resources, data=read)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"bucket": "s"}, False),
        ({"bucket": "s", "use_lockfile": False}, True),
        ({"bucket": "s", "key": "k", "region": "eu-west-1"}, True),
        ({"bucket": "s", "key": "k", "region": "eu-west-1", "dynamodb_table": "locks"}, False),
    ],
)
def test_lock_may_be_configured_outside(settings: Json, expected: bool) -> None:
    assert found("FW295", {}, terraform={"backend": {"s3": settings}}) is expected


@pytest.mark.parametrize(("configured", "expected"), [({}, True), ({"policy": {"references": ["var.x"]}}, False)])
def test_policy_that_aws_writes_is_unset_in_a_plan(configured: Json, expected: bool) -> None:
    default = {"sse_algorithm": "aws:kms", "kms_master_key_id": "key"}
    raw = plan(
        {
            "aws_kms_key.k": ({"id": "key", "key_usage": "ENCRYPT_DECRYPT"}, {"policy": True}),
            "aws_s3_bucket.a": ({"bucket": "content-a"}, {}),
            e.ENCRYPTION: (
                {"bucket": "content-a", "rule": [{"apply_server_side_encryption_by_default": [default]}]},
                {},
            ),
            e.D1: ({"origin": [e.s3_origin("a", domain_name="content-a.s3.eu-west-1.amazonaws.com")]}, {}),
        },
        {"aws_kms_key.k": configured},
    )
    assert is_found("FW201", raw) is expected


@pytest.mark.parametrize(
    ("configured", "expected"), [({}, True), ({"ip_address_type": {"references": ["var.x"]}}, False)]
)
def test_attribute_that_aws_fills_is_unset_in_a_plan(configured: Json, expected: bool) -> None:
    """Terraform 1.11 prints it as known after apply, whether or not anything is configured."""
    settings = {"security_policy": {"constant_value": "TLS_1_2"}, **configured}
    target = f"{e.NAME}.domain_name_configuration"
    raw = plan(
        {
            e.NAME: (
                {"domain_name_configuration": [{"security_policy": "TLS_1_2"}]},
                {"domain_name_configuration": [{"ip_address_type": True}]},
            ),
            e.RECORD_1: ({"type": "AAAA", "alias": [{}]}, {"alias": [{"name": True}]}),
        },
        {
            e.NAME: {"domain_name_configuration": [settings]},
            e.RECORD_1: {"alias": [{"name": {"references": [target, e.NAME]}}]},
        },
    )
    assert is_found("FW032", raw) is expected
