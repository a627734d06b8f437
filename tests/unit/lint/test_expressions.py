"""Rules follow expressions, trees of records and policy documents, and stay silent where these end in the unknown."""

from typing import Any

import pytest

from tests.unit.lint.test_spellings import GITHUB, PROVIDER, A, B, Json, buckets, is_found, origin, policy, with_origins

ENDS: Json = {"name": "d-1.execute-api.us-east-1.amazonaws.com", "zone_id": "Z9", "evaluate_target_health": True}


def named(name: str, **more: Any) -> Json:
    return {"zone_id": "Z1", "name": name, "type": "A", **more}


def to(name: str, **more: Any) -> Json:
    """An alias to another record of the zone."""
    return {"alias": {"name": name, "zone_id": "Z1", "evaluate_target_health": True}, **more}


def pair_by_names_of_their_own(secondary: Json) -> Json:
    """PRIMARY and SECONDARY that point to records, which point to distributions."""
    distributions = {name: {"aliases": [f"{name}.example.com"]} for name in "ab"}
    records = {
        name: named(f"{name}.example.com", alias={"name": f"${{aws_cloudfront_distribution.{name}.domain_name}}"})
        for name in "ab"
    }
    records["b"].update(secondary)
    primary = to("a.example.com", failover_routing_policy={"type": "PRIMARY"})
    standby = to("${aws_route53_record.b.fqdn}", failover_routing_policy={"type": "SECONDARY"})
    pair = {"p": named("www.example.com", **primary), "s": named("www.example.com", **standby)}
    return {"resource": {"aws_cloudfront_distribution": distributions, "aws_route53_record": {**records, **pair}}}


def checked(check: Json, **more: Json) -> Json:
    record = named("${var.hostname}", alias=ENDS, health_check_id="${aws_route53_health_check.c.id}")
    return {
        "resource": {"aws_route53_health_check": {"c": check, **more}, "aws_route53_record": {"r": record}},
        "variable": {"hostname": {}},
    }


def share(first: str, second: str) -> Json:
    return {"resource": {"aws_cloudfront_distribution": {"a": {"aliases": [first]}, "b": {"aliases": [second]}}}}


def caa(*records: str, names: tuple[str, ...]) -> Json:
    record = {"zone_id": "Z1", "name": "example.com", "type": "CAA", "records": list(records)}
    certificate = {"domain_name": "example.com", "subject_alternative_names": list(names)}
    return {"resource": {"aws_route53_record": {"r": record}, "aws_acm_certificate": {"c": certificate}}}


def before_s3(domain_name: str) -> Json:
    record = named("origin.${var.zone}", type="CNAME", records=["b.s3.us-east-1.amazonaws.com"])
    routed = {**record, "failover_routing_policy": {"type": "PRIMARY"}}
    return {
        "resource": {
            "aws_route53_record": {"r": routed},
            "aws_cloudfront_distribution": {"d": {"origin": origin("a", domain_name)}},
        }
    }


def trusted_if(**conditions: Json) -> Json:
    trust = policy({"Federated": PROVIDER}, "sts:AssumeRoleWithWebIdentity", **conditions)
    return {
        "resource": {
            "aws_iam_openid_connect_provider": {"p": {"url": f"https://{GITHUB}"}},
            "aws_iam_role": {"r": {"assume_role_policy": trust}},
        }
    }


NESTED = {"type": "CALCULATED", "child_healthchecks": ["${aws_route53_health_check.child.id}"]}
SUB = f"{GITHUB}:sub"
ISSUE_AMAZON = '0 issue "amazon.com"'


@pytest.mark.parametrize(
    ("rule_id", "raw", "expected"),
    [
        ("FW011", share("${var.hostname}", "${var.hostname}"), True),
        ("FW011", share("${var.hostname}", "www.${var.hostname}"), False),
        ("FW021", pair_by_names_of_their_own({}), True),
        ("FW021", pair_by_names_of_their_own({"alias": ENDS}), False),
        ("FW094", checked({"fqdn": "${aws_route53_record.r.fqdn}"}), True),
        ("FW094", checked({"fqdn": "${var.hostname}"}), True),
        ("FW094", checked({"fqdn": "eu.${var.hostname}"}), False),
        ("FW094", checked(NESTED, child={"fqdn": "${aws_route53_record.r.name}"}), True),
        ("FW241", before_s3("${aws_route53_record.r.fqdn}"), True),
        ("FW241", before_s3("origin.${var.zone}"), True),
        ("FW241", before_s3("other.${var.zone}"), False),
        ("FW301", trusted_if(StringNotLike={SUB: "repo:acme/site:*"}), True),
        ("FW301", trusted_if(**{"ForAllValues:StringLike": {SUB: "repo:acme/site:*"}}), True),
        ("FW301", trusted_if(**{"ForAnyValue:StringLike": {SUB: "repo:acme/site:*"}}), False),
        ("FW301", trusted_if(StringEquals={SUB: "repo:acme/*"}), False),
        ("FW301", trusted_if(StringLike={SUB: "*:environment:production"}), True),
        ("FW301", trusted_if(StringLike={SUB: "repo:acme/site:*"}), False),
        ("FW312", caa(ISSUE_AMAZON, '0 issuewild ";"', names=("*.example.com",)), True),
        ("FW312", caa(ISSUE_AMAZON, '0 issuewild "amazon.com"', names=("*.example.com",)), False),
        ("FW312", caa(ISSUE_AMAZON, '0 issuewild ";"', names=("www.example.com",)), False),
    ],
)
def test_rule_follows_expressions_and_trees(rule_id: str, raw: Json, expected: bool) -> None:
    assert is_found(rule_id, raw) is expected


CLOUDFRONT = {"Service": "cloudfront.amazonaws.com"}


def test_records_in_a_circle_have_no_end() -> None:
    records = {
        f"{name}{number}": named(f"{name}.example.com", **to(f"{other}.example.com"), set_identifier=str(number))
        for name, other in ("ab", "ba")
        for number in range(30)
    }
    for number, role in enumerate(("PRIMARY", "SECONDARY")):
        records[f"a{number}"]["failover_routing_policy"] = {"type": role}
    assert not is_found("FW021", {"resource": {"aws_route53_record": records}})


ROLES = [{"type": "Service", "identifiers": ["cloudfront.amazonaws.com"]}]
BOUND = {"test": "StringEquals", "variable": "AWS:SourceArn", "values": ["arn:aws:cloudfront::1:distribution/E1"]}
READ = {"actions": ["s3:GetObject"], "principals": ROLES, "condition": BOUND}


def by_document(*statements: Json, **more: Any) -> Json:
    """Two buckets in a group; the first one's policy is a data source."""
    raw = buckets(CLOUDFRONT)
    bound = {"AWS:SourceArn": "arn:aws:cloudfront::1:distribution/E1"}
    raw["resource"]["aws_s3_bucket_policy"]["b"]["policy"] = policy(CLOUDFRONT, "s3:GetObject", StringEquals=bound)
    raw["resource"]["aws_s3_bucket_policy"]["a"]["policy"] = "${data.aws_iam_policy_document.a.json}"
    listing = {"statement": [{**READ, "actions": ["s3:ListBucket"]}]}
    raw["data"] = {"aws_iam_policy_document": {"a": {"statement": list(statements), **more}, "listing": listing}}
    return raw


def made_by(block: str, **more: Any) -> Json:
    return {**more, "dynamic": {block: {"for_each": "${var.all}", "content": {}}}}


@pytest.mark.parametrize(
    ("rule_id", "raw", "expected"),
    [
        ("FW144", by_document(READ), True),
        ("FW144", by_document(READ, source_policy_documents=["${data.aws_iam_policy_document.listing.json}"]), False),
        ("FW144", by_document(READ, override_policy_documents=["${var.more}"]), False),
        ("FW144", by_document(READ, **made_by("statement")), False),
        ("FW144", by_document(made_by("principals", actions=["s3:ListBucket"])), False),
        ("FW144", by_document({**READ, "actions": ["s3:*List*", "s3:Get?bject"]}), False),
        ("FW193", by_document({**READ, "condition": []}), True),
        ("FW193", by_document(made_by("condition", actions=["s3:GetObject"], principals=ROLES)), False),
        ("FW194", by_document({**READ, "principals": [{"type": "*", "identifiers": ["*"]}]}), False),
        ("FW194", by_document({**READ, "actions": ["s3:PutObject"]}), True),
    ],
)
def test_rule_reads_policy_documents_as_far_as_they_are_known(rule_id: str, raw: Json, expected: bool) -> None:
    assert is_found(rule_id, raw) is expected


def test_blocks_beside_a_dynamic_one_stay_known() -> None:
    raw = with_origins(A, B, 500, **made_by("origin"))
    assert is_found("FW143", raw)
