"""What the table of examples leaves out: other ways to write a trap, and neighbours that are none."""

import json
from typing import Any

import pytest

from tests.unit.lint import examples as e
from tests.unit.lint.test_reading import rule_ids


def found(resources: dict[str, Any], **more: Any) -> set[str]:
    return rule_ids(("site", e.document(resources, **more)))


def validation(certificate: str, name: str) -> dict[str, Any]:
    options = f"aws_acm_certificate.{certificate}.domain_validation_options"
    chosen = "option.resource_record_name if option.domain_name"
    return e.record(name=f'${{one([for option in {options} : {chosen} == "{name}"])}}', type="CNAME", ttl=300)


@pytest.mark.parametrize(("second", "is_found"), [("www.example.com", True), ("us.example.com", False)])
def test_validation_records_from_two_certificates_are_compared_by_domain(second: str, is_found: bool) -> None:
    resources = {
        "aws_acm_certificate.one": {"domain_name": "www.example.com", "subject_alternative_names": ["us.example.com"]},
        "aws_acm_certificate.two": {"domain_name": "www.example.com", "provider": "aws.eu"},
        e.RECORD_1: validation("one", second),
        e.RECORD_2: validation("two", "www.example.com"),
    }
    assert ("FW223" in found(resources)) is is_found


@pytest.mark.parametrize("has_condition", [True, False])
def test_policy_may_be_a_data_source(has_condition: bool) -> None:
    condition = {
        "test": "StringEquals",
        "variable": "AWS:SourceArn",
        "values": ["${aws_cloudfront_distribution.d.arn}"],
    }
    statement = {
        "actions": ["s3:GetObject"],
        "principals": {"type": "Service", "identifiers": ["cloudfront.amazonaws.com"]},
        "condition": [condition] if has_condition else [],
    }
    data = {"aws_iam_policy_document": {"read": {"statement": [statement]}}}
    resources = {e.POLICY_A: {"bucket": "content", "policy": "${data.aws_iam_policy_document.read.json}"}}
    assert ("FW193" in found(resources, data=data)) is not has_condition


def test_policy_text_may_hold_expressions() -> None:
    grant = e.grant("s3:GetObject", Condition={}, Resource="${aws_s3_bucket.a.arn}/*")
    assert "FW193" in found({e.POLICY_A: {"bucket": "content", "policy": e.policy(grant)}})


def test_policy_made_by_a_function_is_unknown() -> None:
    assert found({e.POLICY_A: {"bucket": "content", "policy": "${jsonencode({})}"}}) == set()


@pytest.mark.parametrize(("cache_control", "is_found"), [("no-store", False), ("max-age=60", True)])
def test_health_object_that_forbids_caching_is_not_cached(cache_control: str, is_found: bool) -> None:
    pinned = e.behaviour("a", path_pattern="/health/*", cache_policy_id="${aws_cloudfront_cache_policy.p.id}")
    resources = {
        **e.site(ordered_cache_behavior=[pinned]),
        "aws_cloudfront_cache_policy.p": {"name": "site", "min_ttl": 0, "default_ttl": 60, "max_ttl": 60},
        "aws_s3_object.o": e.of_bucket("a", key="health/region.json", cache_control=cache_control),
        e.CHECK: e.check(),
    }
    assert ("FW081" in found(resources)) is is_found


@pytest.mark.parametrize(("holders", "is_found"), [(("a",), True), (("a", "b"), False), ((), False)])
def test_error_page_object_belongs_in_both_buckets(holders: tuple[str, ...], is_found: bool) -> None:
    page = {f"aws_s3_object.{name}": e.of_bucket(name, key="errors/404.html") for name in holders}
    responses = e.error(404, response_page_path="/errors/404.html")
    assert ("FW181" in found({**e.site(custom_error_response=responses), **page})) is is_found


@pytest.mark.parametrize(
    ("code", "is_found"),
    [
        ("cf.updateRequestOrigin({timeouts: {readTimeout: 4}});", False),
        ("cf.updateRequestOrigin({timeouts: {readTimeout: 4}}); cf.createRequestOriginGroup({});", True),
        ("return event.request;", True),
        ('${file("router.js")}', False),
    ],
)
def test_function_may_lower_the_read_timeout_but_not_in_a_group_it_makes(code: str, is_found: bool) -> None:
    association = [{"event_type": "viewer-request", "function_arn": f"${{{e.FUNCTION}.arn}}"}]
    origins = [e.s3_origin("a", connection_attempts=2), e.s3_origin("b")]
    site = e.site(origin=origins, default_cache_behavior=e.behaviour(function_association=association))
    assert ("FW132" in found({**site, e.FUNCTION: {"code": code}})) is is_found


@pytest.mark.parametrize("name", ["www", "www.example.com", "WWW.example.com."])
def test_record_names_are_compared_in_full(name: str) -> None:
    zone = {"zone_id": "${aws_route53_zone.z.zone_id}"}
    resources = {
        "aws_route53_zone.z": {"name": "example.com"},
        e.RECORD_1: e.weighted(1, **zone),
        e.RECORD_2: e.to_endpoint(**zone, name=name, latency_routing_policy={"region": "us-east-1"}),
    }
    assert "FW052" in found(resources)


def test_records_of_different_zones_are_not_one_set() -> None:
    other = e.to_endpoint(zone_id="Z2", latency_routing_policy={"region": "us-east-1"})
    assert "FW052" not in found({e.RECORD_1: e.weighted(1), e.RECORD_2: other})


def test_secondary_to_cloudfront_needs_no_health_check() -> None:
    assert "FW023" not in found({e.D1: e.distribution(), e.RECORD_1: e.to_distribution(**e.failover("SECONDARY"))})


@pytest.mark.parametrize(
    "rule", [{"filter": {"tag": {"key": "k"}}}, {"filter": {"and": {"prefix": "r/", "tags": {"k": "v"}}}}]
)
def test_replication_by_tag_never_copies_delete_markers(rule: dict[str, Any]) -> None:
    assert "FW213" in found(e.replication(**rule))


def test_replication_of_the_old_form_copies_delete_markers() -> None:
    resources = e.replication()
    old = {key: value for key, value in e.rule(prefix="").items() if key not in ("filter", "delete_marker_replication")}
    assert "FW213" not in found({**resources, e.REPLICATION: e.of_bucket("a", rule=[old])})


def test_output_that_states_the_cost_is_a_word_on_cost() -> None:
    output = {"objectives": {"value": {"monthly_cost_usd": 7}}}
    assert "FW121" not in found({e.CHECK: e.check(request_interval=10)}, output=output)


def test_tag_about_europe_is_no_word_on_cost() -> None:
    assert "FW121" in found({e.CHECK: e.check(request_interval=10, tags={"Area": "Europe"})})


def test_key_in_a_policy_of_its_own_is_read() -> None:
    resources = {**e.site(), **e.kms(e.grant("kms:Encrypt"))}
    key_policy = {"key_id": "${aws_kms_key.k.key_id}", "policy": e.policy(e.grant("kms:Decrypt"))}
    assert "FW201" in found(resources)
    assert "FW201" not in found({**resources, "aws_kms_key_policy.k": key_policy})


def test_trust_without_a_subject_is_trust_in_everybody() -> None:
    trust = json.loads(e.trust("x")["assume_role_policy"])
    del trust["Statement"][0]["Condition"]["StringLike"]
    assert "FW301" in found({e.ROLE: {"assume_role_policy": json.dumps(trust)}})


@pytest.mark.parametrize(("address", "is_found"), [({}, True), ({"ip_address": "8.8.8.8"}, False)])
def test_check_by_address_may_send_the_records_name_as_host(address: dict[str, Any], is_found: bool) -> None:
    check = e.check(**address)
    assert check["fqdn"] == "www.example.com"
    resources = {e.CHECK: check, e.RECORD_1: e.to_endpoint(health_check_id=f"${{{e.CHECK}.id}}")}
    assert ("FW094" in found(resources)) is is_found


@pytest.mark.parametrize(
    ("address", "is_found"),
    [("203.0.113.10", False), ("2001:db8::10", False), ("192.168.0.1", True), ("fd00::1", True)],
)
def test_address_of_documentation_stands_for_a_public_one(address: str, is_found: bool) -> None:
    assert ("FW093" in found({e.CHECK: e.check(ip_address=address)})) is is_found
