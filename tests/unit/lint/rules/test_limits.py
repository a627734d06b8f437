"""Rules of record sets and health checks at their limits: the last value that is fine, and the first that is not."""

from typing import Any

import pytest

from scripts.lint.model import Configuration
from scripts.lint.reading import read_document
from scripts.lint.rule import lint
from scripts.lint.rules import ALL_RULES
from tests.unit.lint import examples as e
from tests.unit.lint.test_spellings import Json, is_found

ZONE: Json = {"aws_route53_zone.z": {"name": "example.com"}}
TREE, OTHER_END = "aws_route53_record.tree", "aws_route53_record.other_end"


def in_zone(name: str, **more: Any) -> Json:
    return e.record(zone_id="${aws_route53_zone.z.zone_id}", name=name, **more)


def to_d1(name: str, **more: Any) -> Json:
    alias = {"name": f"${{{e.D1}.domain_name}}", "zone_id": e.CLOUDFRONT_ZONE, "evaluate_target_health": False}
    return in_zone(name, alias=alias, **more)


def with_secondary_tree(*ends: Json) -> Json:
    """PRIMARY is CloudFront; SECONDARY leads to a latency set of these ends."""
    to_tree = {"name": "tree.example.com", "zone_id": "${aws_route53_zone.z.zone_id}", "evaluate_target_health": True}
    made = {f"aws_route53_record.end{number}": end for number, end in enumerate(ends)}
    return {
        **ZONE,
        e.D1: e.distribution(),
        e.RECORD_1: to_d1("www.example.com", **e.failover("PRIMARY")),
        e.RECORD_2: in_zone("www.example.com", alias=to_tree, **e.failover("SECONDARY")),
        **made,
    }


def latency(region: str) -> Json:
    return {"latency_routing_policy": {"region": region}, "set_identifier": region}


CLOUDFRONT_END = to_d1("tree.example.com", **latency("us-east-1"))
SERVER_END = in_zone("tree.example.com", records=["192.0.2.1"], ttl=60, **latency("eu-west-1"))


def with_ttl(ttl: int, **more: Any) -> Json:
    return {e.RECORD_1: e.record(records=["192.0.2.1"], ttl=ttl, **{"health_check_id": "11111111", **more})}


def located(**policy: Any) -> Json:
    return {e.RECORD_1: e.to_endpoint(geolocation_routing_policy=policy, set_identifier=str(policy))}


def blocked(**settings: bool) -> Json:
    return {
        "aws_s3_bucket.a": e.bucket("a"),
        "aws_s3_bucket_public_access_block.a": e.of_bucket("a", **settings),
        e.CHECK: e.check(fqdn="content-a.s3.us-east-1.amazonaws.com"),
    }


def asked_in(count: int, **more: Any) -> Json:
    america, asia = ["us-east-1", "us-west-1", "us-west-2", "sa-east-1"], ["ap-southeast-1", "ap-southeast-2"]
    regions = [*america, *asia, "ap-northeast-1", "eu-west-1"]
    return {e.CHECK: e.check(**{"regions": regions[:count], **more})}


def redirecting(kind: str, policy: str) -> Json:
    return {**e.site(default_cache_behavior=e.behaviour(viewer_protocol_policy=policy)), e.CHECK: e.check(type=kind)}


@pytest.mark.parametrize(
    ("rule_id", "resources", "expected"),
    [
        ("FW021", with_secondary_tree(CLOUDFRONT_END), True),
        ("FW021", with_secondary_tree(CLOUDFRONT_END, SERVER_END), False),
        ("FW021", with_secondary_tree(SERVER_END), False),
        ("FW041", located(country="DE"), True),
        ("FW041", located(country="${var.country}"), False),
        ("FW041", located(country="*"), False),
        ("FW042", {e.RECORD_1: e.weighted(0)}, True),
        ("FW042", {e.RECORD_1: e.weighted(0), e.RECORD_2: e.weighted(1)}, False),
        ("FW043", {e.RECORD_1: e.weighted(-1)}, True),
        ("FW043", {e.RECORD_1: e.weighted(0)}, False),
        ("FW043", {e.RECORD_1: e.weighted(255)}, False),
        ("FW043", {e.RECORD_1: e.weighted(256)}, True),
        ("FW044", {e.RECORD_1: e.weighted(1), e.RECORD_2: e.weighted(1)}, False),
        ("FW044", {e.RECORD_1: e.weighted(1), e.RECORD_2: e.weighted(1, ttl=61)}, True),
        ("FW061", with_ttl(60), False),
        ("FW061", with_ttl(61), True),
        ("FW061", with_ttl(61, health_check_id=None), False),
        ("FW091", redirecting("HTTP", "redirect-to-https"), True),
        ("FW091", redirecting("HTTP_STR_MATCH", "redirect-to-https"), True),
        ("FW091", redirecting("HTTPS_STR_MATCH", "redirect-to-https"), False),
        ("FW091", redirecting("HTTP", "allow-all"), False),
        ("FW092", blocked(restrict_public_buckets=True), True),
        ("FW092", blocked(block_public_policy=True), True),
        ("FW092", blocked(block_public_acls=True), False),
        ("FW092", {e.CHECK: e.check(fqdn="content-a.s3.us-east-1.amazonaws.com")}, False),
        ("FW093", {e.CHECK: e.check(ip_address="10.0.0.1")}, True),
        ("FW093", {e.CHECK: e.check(ip_address="192.0.2.1")}, False),
        ("FW093", {e.CHECK: e.check(ip_address="224.0.0.1")}, True),
        ("FW093", {e.CHECK: e.check(ip_address="8.8.8.8")}, False),
        ("FW093", {e.CHECK: e.check(ip_address="2600::1")}, False),
        ("FW093", {e.CHECK: e.check(ip_address="4000::1")}, True),
        ("FW093", {e.CHECK: e.check(ip_address="not one")}, False),
        ("FW093", {e.CHECK: e.check()}, False),
        ("FW111", e.watched(), False),
        ("FW111", e.watched(period=59), True),
        ("FW111", e.watched(datapoints_to_alarm=2), False),
        ("FW111", e.watched(datapoints_to_alarm=1), True),
        ("FW111", e.watched(metric_query=[{"id": "a"}]), True),
        ("FW121", asked_in(3, request_interval=10), True),
        ("FW121", asked_in(3, request_interval=11), False),
        ("FW121", asked_in(3), False),
        ("FW121", asked_in(7), False),
        ("FW121", asked_in(8), True),
        ("FW121", asked_in(0), True),
        ("FW121", asked_in(8, tags={"Note": "costs 1.00 USD"}), False),
        ("FW121", asked_in(8, tags="${var.tags}"), False),
        ("FW121", asked_in(8, type="CALCULATED"), False),
        ("FW122", asked_in(1), True),
        ("FW122", asked_in(2), True),
        ("FW122", asked_in(3), False),
        ("FW122", {e.CHECK: e.check(regions="${var.regions}")}, False),
    ],
)
def test_rule_ends_where_the_documentation_says(rule_id: str, resources: Json, expected: bool) -> None:
    assert is_found(rule_id, e.document(resources)) is expected


def test_alarm_that_a_check_reads_is_told_with_what_is_wrong_with_it() -> None:
    for settings, reason in (
        ({"datapoints_to_alarm": 1}, "is M out of N: 1 of 2"),
        ({"period": 10}, "has high resolution: period 10 s"),
        ({"metric_query": [{"id": "a"}]}, "uses metric math"),
    ):
        assert e.ALARM in str(messages("FW111", e.watched(**settings)))
        assert reason in str(messages("FW111", e.watched(**settings)))


def messages(rule_id: str, resources: Json) -> list[str]:
    (rule,) = (rule for rule in ALL_RULES if rule.id == rule_id)
    configuration = Configuration([read_document("given", e.document(resources))])
    return [str(violation) for violation in lint(configuration, [rule])]
