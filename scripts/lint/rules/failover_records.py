"""Record sets: failover pairs, policies that contradict each other, weights and TTLs (traps 2 to 6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from scripts.lint.model import Configuration
from scripts.lint.records import Record, RecordSet, record_sets, records
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import route53, route53_api

_ADDRESS_TYPES = ("a", "aaaa")
# 0 to 255: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
_LARGEST_WEIGHT = 255
# "we recommend that you specify a TTL of 60 seconds or less", same page.
_LONGEST_TTL_SECONDS = 60


def _both_cloudfront(configuration: Configuration) -> Iterator[Finding]:
    for group in record_sets(configuration):
        primaries = [record for record in group.records if record.failover_role == "PRIMARY"]
        if any(_leads_to_cloudfront(record) for record in primaries):
            for record in group.records:
                if record.failover_role == "SECONDARY" and _leads_to_cloudfront(record):
                    yield at(
                        record.resource,
                        f"{group.type.upper()} {group.name}: PRIMARY and SECONDARY both point to CloudFront",
                    )


def _leads_to_cloudfront(record: Record) -> bool:
    """Whether every record of the tree it points to ends at CloudFront."""
    return bool(record.ends) and all(end.target == "cloudfront" for end in record.ends)


def _evaluate_target_health(configuration: Configuration) -> Iterator[Finding]:
    for record in records(configuration):
        if record.target == "cloudfront" and record.alias.flag("evaluate_target_health"):
            yield at(record.resource, "alias to CloudFront with evaluate_target_health = true")


def _without_health_check(configuration: Configuration) -> Iterator[Finding]:
    for record in records(configuration):
        is_last_resort = "failover" in record.policies and record.failover_role != "PRIMARY"
        is_unchecked = record.body.is_unset("health_check_id") and not is_last_resort
        if record.policies and record.target == "cloudfront" and is_unchecked:
            yield at(record.resource, f"{record.policies[0]} record to CloudFront without health_check_id")


def _incomplete_pair(configuration: Configuration) -> Iterator[Finding]:
    by_name: dict[tuple[str, str], dict[str, RecordSet]] = defaultdict(dict)
    for group in record_sets(configuration):
        if group.type in _ADDRESS_TYPES:
            by_name[group.zone, group.name][group.type] = group
    for groups in by_name.values():
        if any(_roles(group) >= {"PRIMARY", "SECONDARY"} for group in groups.values()):
            for group in groups.values():
                is_alone = None not in _roles(group) and "SECONDARY" not in _roles(group)
                if is_alone and group.is_complete:
                    yield at(
                        group.records[0].resource,
                        f"{group.type.upper()} {group.name} has no SECONDARY; its sibling type has",
                    )


def _roles(group: RecordSet) -> set[str | None]:
    """PRIMARY, SECONDARY, "simple" for records without a policy, None for roles that are unknown."""
    return {
        "simple" if not record.policies and record.knows_policies else record.failover_role for record in group.records
    }


def _no_default_location(configuration: Configuration) -> Iterator[Finding]:
    for group in record_sets(configuration):
        located = group.with_policy("geolocation")
        blocks = [record.body.block("geolocation_routing_policy") for record in located]
        is_known = all(block.values and block.is_known("country") for block in blocks)
        has_default = any(block.text("country") == "*" for block in blocks)
        if located and is_known and not has_default and group.is_complete:
            yield at(
                located[0].resource, f"{group.type.upper()} {group.name} has geolocation records but none for country *"
            )


def _weights(group: RecordSet) -> list[tuple[Record, float | None]]:
    return [
        (record, record.body.block("weighted_routing_policy").number("weight"))
        for record in group.with_policy("weighted")
    ]


def _all_weights_zero(configuration: Configuration) -> Iterator[Finding]:
    for group in record_sets(configuration):
        weights = _weights(group)
        if weights and all(weight == 0 for _, weight in weights) and group.is_complete:
            yield at(weights[0][0].resource, f"every weight of {group.type.upper()} {group.name} is 0")


def _weight_out_of_range(configuration: Configuration) -> Iterator[Finding]:
    for record in records(configuration):
        weight = record.body.block("weighted_routing_policy").number("weight")
        if weight is not None and not 0 <= weight <= _LARGEST_WEIGHT:
            yield at(record.resource, f"weight {weight:g}, allowed 0 to {_LARGEST_WEIGHT}")


def _unequal_ttls(configuration: Configuration) -> Iterator[Finding]:
    for group in record_sets(configuration):
        members = [record for record in group.with_policy("weighted") if not record.is_alias]
        ttls = {ttl for record in members if (ttl := record.body.number("ttl")) is not None}
        if len(ttls) > 1:
            listed = ", ".join(f"{ttl:g}" for ttl in sorted(ttls))
            yield at(members[0].resource, f"weighted {group.type.upper()} {group.name} has TTLs {listed}")


def _multivalue_alias(configuration: Configuration) -> Iterator[Finding]:
    for record in records(configuration):
        if "multivalue" in record.policies and record.body.flag("multivalue_answer_routing_policy") and record.is_alias:
            yield at(record.resource, "multivalue_answer_routing_policy on an alias record")


def _mixed_policies(configuration: Configuration) -> Iterator[Finding]:
    for group in record_sets(configuration):
        known = [record for record in group.records if record.policies or record.knows_policies]
        policies = {policy for record in known for policy in record.policies or ("simple",)}
        if len(policies) > 1:
            detail = f"{group.type.upper()} {group.name} mixes {' and '.join(sorted(policies))}"
            yield at(group.records[-1].resource, detail)


def _long_ttl(configuration: Configuration) -> Iterator[Finding]:
    for record in records(configuration):
        ttl = record.body.number("ttl")
        if (
            ttl is not None
            and ttl > _LONGEST_TTL_SECONDS
            and not record.is_alias
            and not record.body.is_unset("health_check_id")
        ):
            yield at(record.resource, f"ttl {ttl:g} s with a health check, advised at most {_LONGEST_TTL_SECONDS} s")


_RECORD_SET = route53_api("API_ResourceRecordSet")

RULES = (
    Rule(
        id="FW021",
        slug="failover-both-cloudfront",
        title="PRIMARY and SECONDARY both point to CloudFront",
        why="Route 53 does not take CloudFront as both; and the edge would pick the distribution by Host, so nothing "
        "would fail over.",
        source=route53_api("API_AliasTarget"),
        remedy="Point SECONDARY at a regional endpoint (API Gateway, load balancer) that holds a certificate for the same name.",
        check=_both_cloudfront,
    ),
    Rule(
        id="FW022",
        slug="cloudfront-target-health",
        title="evaluate_target_health on an alias to CloudFront",
        why="Route 53 cannot evaluate a distribution's health; with CloudFront the setting must be false. Plan accepts true.",
        source=route53_api("API_AliasTarget"),
        remedy="Set evaluate_target_health = false and give the record a health_check_id.",
        check=_evaluate_target_health,
    ),
    Rule(
        id="FW023",
        slug="cloudfront-record-unchecked",
        title="A routed record to CloudFront without a health check",
        why="Target health is not evaluated for CloudFront, so without health_check_id the record counts as healthy for ever.",
        source=route53("dns-failover-complex-configs"),
        remedy="Set health_check_id to a check of another alias of that distribution. (A SECONDARY needs none.)",
        check=_without_health_check,
    ),
    Rule(
        id="FW031",
        slug="incomplete-failover-pair",
        title="A or AAAA has no SECONDARY while the other type has",
        why="A and AAAA are separate record sets: IPv6 (or IPv4) users stay on the dead path when only the other "
        "type fails over.",
        source=_RECORD_SET,
        remedy="Give each address type its own PRIMARY and SECONDARY.",
        check=_incomplete_pair,
    ),
    Rule(
        id="FW041",
        slug="geolocation-without-default",
        title="Geolocation records without a default",
        why="A location that no record matches gets an empty answer, and resolvers whose place is unknown always do.",
        source=route53("resource-record-sets-values-geo"),
        remedy='Add a record with country = "*".',
        check=_no_default_location,
    ),
    Rule(
        id="FW042",
        severity=Severity.WARNING,
        slug="weights-all-zero",
        title="Every weight is 0",
        why="Weight 0 means only when all others fail; when all are 0 they share equally, so the standby takes part "
        "of the traffic.",
        source=_RECORD_SET,
        remedy="Give at least one record a weight above 0.",
        check=_all_weights_zero,
    ),
    Rule(
        id="FW043",
        slug="weight-out-of-range",
        title="A weight outside 0 to 255",
        why="Route 53 refuses it at apply; plan accepts it.",
        source=_RECORD_SET,
        remedy="Use weights of 0 to 255.",
        check=_weight_out_of_range,
    ),
    Rule(
        id="FW044",
        slug="weighted-unequal-ttl",
        title="Weighted records with different TTLs",
        why="Records of one weighted set must have one TTL: Route 53 refuses another at apply, plan does not; Terraform, which "
        "changes one record at a time, cannot change it in place.",
        source=_RECORD_SET,
        remedy="Use the same TTL, at most 60 s, in the whole set.",
        check=_unequal_ttls,
    ),
    Rule(
        id="FW051",
        slug="multivalue-alias",
        title="Multivalue answer with an alias",
        why="Route 53 refuses alias records in a multivalue set; plan accepts them.",
        source=route53("resource-record-sets-values-multivalue"),
        remedy="Use addresses with a health check each, or another policy for AWS targets.",
        check=_multivalue_alias,
    ),
    Rule(
        id="FW052",
        slug="mixed-policies",
        title="Two routing policies on one name and type",
        why="All records of one name and type must have the same policy; the second kind is refused at apply, not at plan.",
        source=_RECORD_SET,
        remedy="Nest: give the inner set its own name and point an alias record of the outer set at it.",
        check=_mixed_policies,
    ),
    Rule(
        id="FW061",
        severity=Severity.WARNING,
        slug="long-ttl",
        title="A TTL above 60 s on a record with a health check",
        why="Resolvers keep the dead answer for the whole TTL after Route 53 has switched.",
        source=_RECORD_SET,
        remedy="Set ttl to 60 or less, or use an alias record.",
        check=_long_ttl,
    ),
)
