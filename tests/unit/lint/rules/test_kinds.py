"""Each rule over the whole kind of its trap: other spellings and forms that it finds, and what looks alike and is none."""

from typing import Any

import pytest

from tests.unit.lint import examples as e
from tests.unit.lint.test_spellings import Json, is_found

ZONE: Json = {"aws_route53_zone.z": {"name": "example.com"}}
STATUS = {"versioning_configuration": {"status": "Enabled"}}


def of_zone(name: str, **more: Any) -> Json:
    return e.record(zone_id="${aws_route53_zone.z.zone_id}", name=name, **more)


def inside(**more: Any) -> Json:
    """Replication written inside the bucket, as provider 3 and before had it."""
    rule = {"id": "all", "status": "Enabled", "destination": {"bucket": "${aws_s3_bucket.b.arn}"}, **more}
    versioned = {"versioning": {"enabled": True}}
    return {
        "aws_s3_bucket.a": {**e.bucket("a", "aws.eu"), **versioned, "replication_configuration": {"rules": rule}},
        "aws_s3_bucket.b": {**e.bucket("b"), **versioned},
    }


def changed(resources: Json, **more: Any) -> Json:
    """The resources, with more in some: `a={"versioning": ...}` is for aws_s3_bucket.a."""
    return {
        **resources,
        **{f"aws_s3_bucket.{name}": {**resources[f"aws_s3_bucket.{name}"], **body} for name, body in more.items()},
    }


def wildcard(*records: Json, **check: Any) -> Json:
    """A distribution with a wildcard alias, records r1, r2 ... and a check of a name below it."""
    made = {f"aws_route53_record.r{number}": body for number, body in enumerate(records, 1)}
    return {**ZONE, **e.site(aliases=["*.example.com"]), **made, e.CHECK: e.check("/health/eu-central-1.json", **check)}


def global_name(provider: str = "aws", **more: Any) -> Json:
    origin = e.s3_origin("a", domain_name="${aws_s3_bucket.a.bucket_domain_name}")
    return {e.D1: e.distribution(origin=[origin]), "aws_s3_bucket.a": {**e.bucket("a", provider), **more}}


def rewriting(code: str | None, **behaviour: Any) -> Json:
    """A listable bucket without a default root object, behind a viewer-request function."""
    function = {"event_type": "viewer-request", "function_arn": f"${{{e.FUNCTION}.arn}}"}
    first = e.behaviour(function_association=function, **behaviour)
    return {
        **e.site(default_root_object=None, default_cache_behavior=first),
        **e.BOTH_POLICIES,
        e.FUNCTION: {"code": code},
    }


def caa(name: str, value: str, *names: str, **certificate: Any) -> Json:
    made = {f"aws_acm_certificate.c{number}": {"domain_name": one, **certificate} for number, one in enumerate(names)}
    return {e.RECORD_1: e.record(name=name, type="CAA", records=[value]), **made}


def routed_to_bucket(attribute: str) -> Json:
    values = [f"${{aws_s3_bucket.a.{attribute}}}"]
    return {
        "aws_s3_bucket.a": e.bucket("a"),
        e.RECORD_1: e.record(name="origin.example.com", type="CNAME", records=values, **e.failover("PRIMARY")),
        e.D1: e.distribution(origin=[{"origin_id": "a", "domain_name": f"${{{e.RECORD_1}.fqdn}}"}]),
    }


def balanced(policy: str, **more: Any) -> Json:
    """An HTTPS check of a load balancer whose listener has this TLS policy."""
    balancer = {
        "aws_lb.l": {"name": "l"},
        "aws_lb_listener.h": {"load_balancer_arn": "${aws_lb.l.arn}", "port": 443, "ssl_policy": policy},
    }
    return {**balancer, e.CHECK: e.check(fqdn="${aws_lb.l.dns_name}", port=443, **more)}


def by_record(policy: str) -> Json:
    alias = {"name": "${aws_lb.l.dns_name}", "zone_id": "Z9", "evaluate_target_health": True}
    return {
        **balanced(policy),
        **ZONE,
        e.RECORD_1: of_zone("eu", alias=alias),
        e.CHECK: e.check(fqdn="eu.example.com", port=443),
    }


def rest_api(policy: str) -> Json:
    return {
        e.REST_NAME: {"domain_name": "api.example.com", "security_policy": policy},
        e.CHECK: e.check(fqdn=f"${{{e.REST_NAME}.domain_name}}"),
    }


def pages(bucket: str = "b", **more: Any) -> Json:
    """404.html in bucket a, and an object of bucket b, behind a group of both."""
    return {
        **e.site(custom_error_response=e.error(404, response_page_path="/404.html")),
        "aws_s3_object.a": e.of_bucket("a", key="404.html"),
        "aws_s3_object.b": {**e.of_bucket(bucket), **more},
    }


def located(place: str, name: str) -> Json:
    policy = {"country": "*"} if place == "*" else {"continent": place}
    return of_zone(name, records=["192.0.2.1"], ttl=60, geolocation_routing_policy=policy)


SIMPLE = {"zone_id": "Z1", "type": "A", "records": ["192.0.2.1"], "ttl": 60}
HEALTH_AND = {**e.site(ordered_cache_behavior=e.PINNED), e.CHECK: e.check("/health/eu-central-1.json")}
ELSEWHERE = of_zone("www", records=["198.51.100.7"], ttl=60)
TO_D1 = of_zone(
    "www", alias={"name": f"${{{e.D1}.domain_name}}", "zone_id": e.CLOUDFRONT_ZONE, "evaluate_target_health": False}
)
LISTENER = "ELBSecurityPolicy-TLS13-1-3-2021-06"
LETS = '0 issue "letsencrypt.org"'
WEIGHTED = {"name": "www.example.com", "type": "A", "set_identifier": "b", "weighted_routing_policy": {"weight": 10}}
OF_ANY = {"bucket": "${var.bucket}", **STATUS}


@pytest.mark.parametrize(
    ("rule_id", "resources", "expected"),
    [
        ("FW041", {e.RECORD_1: located("EU", "${var.domain}"), e.RECORD_2: ELSEWHERE | {"name": "api.${var.domain}"}}, True),
        ("FW041", {e.RECORD_1: located("EU", "${var.a}"), e.RECORD_2: located("*", "${var.b}")}, False),
        ("FW041", {e.RECORD_1: located("EU", "${var.a}"), e.RECORD_2: located("*", "www.example.com")}, False),
        ("FW056", {e.RECORD_1: SIMPLE | {"name": "${var.name}"}, e.RECORD_2: SIMPLE | {"name": "${var.name}"}}, True),
        ("FW056", {e.RECORD_1: SIMPLE | {"name": "${var.name}", "for_each": {"a": 1, "b": 2}}}, False),
        ("FW042", {e.RECORD_1: e.weighted(0), e.RECORD_2: {**WEIGHTED, "zone_id": "Z1", "type": "${var.type}"}}, False),
        ("FW042", {e.RECORD_1: e.weighted(0), e.RECORD_2: {**WEIGHTED, "zone_id": "Z1", "name": "api.example.com"}}, True),
        ("FW054", {e.RECORD_1: e.weighted(1, records=["192.0.2.1", "192.0.2.2"])}, False),
        ("FW071", wildcard(ELSEWHERE), False),
        ("FW071", wildcard(TO_D1), True),
        ("FW071", wildcard(), False),
        ("FW071", wildcard(of_zone("www", type="CNAME", records=["api.example.net"], ttl=60)), False),
        ("FW071", wildcard(fqdn=f"${{{e.D1}.domain_name}}"), True),
        ("FW071", {**ZONE, **HEALTH_AND, e.RECORD_1: of_zone("${var.name}", records=["198.51.100.7"])}, False),
        ("FW081", wildcard(ELSEWHERE), False),
        ("FW084", {**HEALTH_AND, **e.replication(filter={"prefix": "", "not": {"prefix": "health/"}})}, False),
        ("FW084", {**HEALTH_AND, **e.replication(filter={"and": {"prefix": "health/"}})}, True),
        ("FW084", {**HEALTH_AND, **inside(prefix="health/")}, True),
        ("FW084", {**HEALTH_AND, **inside(filter={"prefix": "", "tags": {"a": "b"}})}, False),
        ("FW093", {e.CHECK: e.check(ip_address="10.0.0.1", endpoint_type="PRIVATE")}, False),
        ("FW151", rewriting("function handler(e) { e.request.uri += 'index.html'; return e.request; }"), False),
        ("FW151", rewriting("function handler(e) { return { statusCode: 302 }; }"), False),
        ("FW151", rewriting("${file(\"f.js\")}"), False),
        ("FW151", rewriting("function handler(e) { return e.request; }"), True),
        ("FW151", rewriting("function handler(e) { return e.request; }", target_origin_id="elsewhere"), False),
        ("FW181", pages(key="${each.key}", for_each="${fileset(\".\", \"*\")}"), False),
        ("FW181", pages(key="other.html"), True),
        ("FW181", pages(key="404.html"), False),
        ("FW181", {**pages(key="x"), "aws_s3_object.b": {"bucket": "${var.bucket}", "key": "404.html"}}, False),
        ("FW192", global_name("aws"), False),
        ("FW192", global_name("aws.eu"), True),
        ("FW192", global_name("${var.provider}"), False),
        ("FW202", {**e.kms(e.grant("kms:Decrypt")), **e.replication(
            source_selection_criteria={"sse_kms_encrypted_objects": {"status": "Enabled"}},
            destination={"bucket": "${aws_s3_bucket.b.arn}", "encryption_configuration": {"use_source_multi_region_key": True}},
        )}, False),
        ("FW202", {**e.kms(e.grant("kms:Decrypt")), **inside()}, True),
        ("FW202", {**e.kms(e.grant("kms:Decrypt")), **inside(
            source_selection_criteria={"sse_kms_encrypted_objects": {"enabled": True}},
            destination={"bucket": "${aws_s3_bucket.b.arn}", "replica_kms_key_id": "key"},
        )}, False),
        ("FW211", inside(), False),
        ("FW211", changed(inside(), a={"versioning": {"enabled": False}}), True),
        ("FW211", changed(inside(), b={"versioning": None}), True),
        ("FW211", changed(inside(), b={"versioning": "${var.versioning}"}), False),
        ("FW211", {**changed(inside(), b={"versioning": None}), "aws_s3_bucket_versioning.x": OF_ANY}, False),
        ("FW212", {**inside(), e.VERSIONING_B: e.of_bucket("b", **STATUS)}, True),
        ("FW213", inside(filter={"prefix": ""}), True),
        ("FW213", inside(filter={"prefix": ""}, delete_marker_replication_status="Enabled"), False),
        ("FW213", inside(filter={"prefix": ""}, delete_marker_replication_status="${var.markers}"), False),
        ("FW213", inside(prefix=""), False),
        ("FW213", inside(filter={"tags": {"a": "b"}}, delete_marker_replication_status="Enabled"), True),
        ("FW214", inside(destination={"bucket": "arn:aws:s3:::b", "replication_time": {"status": "Enabled"}}), True),
        ("FW293", {"aws_s3_bucket.s": {"bucket": "acme-tfstate"}}, True),
        ("FW293", {"aws_s3_bucket.s": {"bucket": "${var.org}-terraform-state"}}, True),
        ("FW293", {"aws_s3_bucket.terraform_state": {"bucket": "${var.name}"}}, True),
        ("FW293", {"aws_s3_bucket.s": {"bucket": "acme-tfstate-logs"}}, False),
        ("FW293", {"aws_s3_bucket.s": {"bucket": "acme-estate-photos"}}, False),
        ("FW293", {"aws_s3_bucket.s": {"bucket": "acme-tfstate", "versioning": [{"enabled": True}]}}, False),
        ("FW294", changed(inside(filter={"prefix": ""}), a={"bucket": "acme-tf-state"}), True),
        ("FW232", balanced(LISTENER), True),
        ("FW232", balanced("ELBSecurityPolicy-TLS13-1-2-2021-06"), False),
        ("FW232", balanced("ELBSecurityPolicy-TLS13-1-3-PQ-2025-09"), True),
        ("FW232", balanced("${var.policy}"), False),
        ("FW232", balanced(LISTENER, type="HTTP"), False),
        ("FW232", by_record(LISTENER), True),
        ("FW232", rest_api("SecurityPolicy_TLS13_1_3_2025_09"), True),
        ("FW232", rest_api("SecurityPolicy_TLS13_1_2_2021_06"), False),
        ("FW241", routed_to_bucket("bucket_regional_domain_name"), True),
        ("FW241", routed_to_bucket("website_endpoint"), False),
        ("FW312", caa("example.com", LETS), False),
        ("FW312", caa("example.com", LETS, "www.example.com"), True),
        ("FW312", caa("shop.example.com", LETS, "www.example.com"), False),
        ("FW312", caa("example.com", LETS, "www.example.com", private_key="k"), False),
        ("FW312", caa("example.com", LETS, "www.example.com", certificate_authority_arn="arn:aws:acm-pca:x"), False),
        ("FW312", {**caa("example.com", LETS, "www.example.com"),
                   e.RECORD_2: e.record(name="www.example.com", type="CAA", records=['0 issue "amazon.com"'])}, False),
        ("FW312", {**caa("example.com", LETS, "www.example.com"),
                   e.RECORD_2: e.record(name="${var.name}", type="CAA", records=['0 issue "amazon.com"'])}, False),
    ],
)  # fmt: skip
def test_rule_knows_the_whole_kind(rule_id: str, resources: Json, expected: bool) -> None:
    assert is_found(rule_id, e.document(resources)) is expected


def test_state_bucket_is_known_by_who_reads_it() -> None:
    read = {"backend": "s3", "config": {"bucket": "platform"}}
    data = {"terraform_remote_state": {"network": read}}
    assert is_found("FW293", e.document({"aws_s3_bucket.s": {"bucket": "platform"}}, data=data))


@pytest.mark.parametrize(
    ("constraint", "origin", "expected"),
    [
        ("~> 6.0", {"s3_origin_config": {"origin_read_timeout": 5}}, True),
        ("~> 6.12.0", {"response_completion_timeout": 60}, True),
        (">= 5.0", {"response_completion_timeout": 60}, False),
        ("", {"response_completion_timeout": 60}, False),
    ],
)
def test_setting_is_beyond_the_releases_that_a_constraint_leaves(constraint: str, origin: Json, expected: bool) -> None:
    required = {"required_providers": {"aws": {"source": "hashicorp/aws", "version": constraint}}}
    resources = {e.D1: e.distribution(origin=[e.s3_origin("a", **origin)])}
    assert is_found("FW231", e.document(resources, terraform=required)) is expected


@pytest.mark.parametrize(("second", "expected"), [("aws", False), ("aws.eu", True)])
def test_state_and_alarms_of_one_region_are_no_trap(second: str, expected: bool) -> None:
    site = {**e.site(), "aws_s3_bucket.a": e.bucket("a", second)}
    alarm = {e.ALARM: {"namespace": "AWS/CloudFront"}}
    backend = {"backend": {"s3": {"bucket": "s", "key": "k", "region": "us-east-1", "use_lockfile": True}}}
    assert is_found("FW282", e.document({**site, **alarm})) is expected
    assert is_found("FW291", e.document(site, terraform=backend)) is expected
