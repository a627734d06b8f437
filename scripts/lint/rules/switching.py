"""Records that cannot switch, are refused, or are kept beside the switch by resolvers and clients (traps 3, 5, 33, 35)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from scripts.lint.checks import HEALTH_CHECK
from scripts.lint.distributions import DISTRIBUTION
from scripts.lint.model import Configuration, Resource
from scripts.lint.records import Record, RecordSet, record_sets, records
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import route53, route53_api
from scripts.lint.validation import OPTIONS
from scripts.lint.values import Expression, Value

_ADDRESS_TYPES = ("a", "aaaa")
_TARGETS = (
    DISTRIBUTION,
    "aws_lb",
    "aws_alb",
    "aws_apigatewayv2_domain_name",
    "aws_api_gateway_domain_name",
    "aws_s3_bucket",
)
_BOTH = {"PRIMARY", "SECONDARY"}
# An alias to CloudFront, API Gateway or a load balancer is answered with this TTL.
_ALIAS_SECONDS = 60
# What Route 53 gives to a new zone: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html
_ZONE_SOA_SECONDS = 900
# primary server, mailbox, serial, refresh, retry, expire, minimum (RFC 1035, section 3.3.13)
_SOA = re.compile(r"\S+\s+\S+\s+\d+\s+\d+\s+\d+\s+\d+\s+(?P<minimum>\d+)\s*")
# priority, target, parameters (RFC 9460, section 2.1)
_SERVICE = re.compile(r"\s*(?P<priority>\d+)\s+(?P<target>\S+)(?P<parameters>.*)", re.DOTALL)
_HINT = re.compile(r"\bipv[46]hint\s*=", re.IGNORECASE)


def _half_a_pair(configuration: Configuration) -> Iterator[Finding]:
    if not configuration.is_whole:
        return
    groups = {(group.zone, group.name, group.type): group for group in record_sets(configuration)}
    for group in groups.values():
        roles = _roles(group)
        if len(roles) == 1 and roles < _BOTH and group.is_complete and not _may_be_of_fw031(group, groups):
            (missing,) = _BOTH - roles
            yield at(group.records[0].resource, f"{group.type.upper()} {group.name} has {roles.pop()} and no {missing}")


def _may_be_of_fw031(group: RecordSet, groups: Mapping[tuple[str, str, str], RecordSet]) -> bool:
    """Whether the other address type has, or may have, the whole pair: then FW031 speaks of this one."""
    if group.type not in _ADDRESS_TYPES:
        return False
    (other,) = {*_ADDRESS_TYPES} - {group.type}
    nothing = replace(group, type=other, records=())
    sibling = groups.get((group.zone, group.name, other), nothing)
    return not sibling.is_complete or "?" in _roles(sibling) or _roles(sibling) >= _BOTH


def _roles(group: RecordSet) -> set[str]:
    """The roles in a set, "?" for one that is not known."""
    return {record.failover_role or "?" for record in group.with_policy("failover")}


def _one_check_for_all(configuration: Configuration) -> Iterator[Finding]:
    for group in record_sets(configuration):
        routed = [record for record in group.records if record.policies]
        checks = [_told_apart(record, record.body.value("health_check_id"), HEALTH_CHECK) for record in routed]
        if len(routed) > 1 and None not in checks and "" not in checks and len(set(checks)) == 1:
            others = " and ".join(record.resource.address for record in routed[1:])
            yield at(routed[0].resource, f"has the same health_check_id as {others}")


def _same_target(configuration: Configuration) -> Iterator[Finding]:
    for group in record_sets(configuration):
        pair = {record.failover_role: record for record in group.with_policy("failover")}
        primary, secondary = pair.get("PRIMARY"), pair.get("SECONDARY")
        if primary and secondary and (target := _target(primary)) and target == _target(secondary):
            yield at(secondary.resource, f"leads to {', '.join(target)}, as {primary.resource.address} does")


def _target(record: Record) -> tuple[str, ...] | None:
    """Returns where a record leads, for comparison; None when that is not known as a whole."""
    values = [record.alias.value("name")] if record.is_alias else record.values
    known = [_told_apart(record, value, *_TARGETS) for value in values]
    return tuple(sorted(one for one in known if one)) if known and all(known) else None


def _told_apart(record: Record, value: Value, *types: str) -> str | None:
    """Returns a text that is equal for equal values; a plan, which knows no text yet, is asked for the resource."""
    if isinstance(value, Expression) and not value.is_whole:
        found = record.configuration.resource(value, record.resource, *types)
        return found.address if found else None
    return record.configuration.same(value, record.resource)


def _cname_in_company(configuration: Configuration) -> Iterator[Finding]:
    by_name: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records(configuration):
        if record.zone and record.name and record.body.text("type"):
            by_name[record.zone, record.name].append(record)
    for members in by_name.values():
        others = [record for record in members if _type(record) != "CNAME"]
        for record in members:
            if _type(record) != "CNAME":
                continue
            if _is_at_apex(configuration, record):
                yield at(record.resource, f"CNAME at the apex {record.name}")
            elif others:
                yield at(
                    record.resource, f"CNAME {record.name} beside {_type(others[0])} ({others[0].resource.address})"
                )


def _type(record: Record) -> str:
    return (record.body.text("type") or "").upper()


def _is_at_apex(configuration: Configuration, record: Record) -> bool:
    zone = configuration.resource(record.body.value("zone_id"), record.resource, "aws_route53_zone")
    name = (zone.body.text("name") or "").lower().rstrip(".") if zone else ""
    return bool(name) and record.name == name


def _identifier_twice(configuration: Configuration) -> Iterator[Finding]:
    for group in record_sets(configuration):
        held: dict[str, Record] = {}
        for record in group.records:
            identifier = record.body.text("set_identifier")
            first = held.setdefault(identifier, record) if identifier else record
            if first is not record:
                yield at(record.resource, f"set_identifier {identifier!r} is also that of {first.resource.address}")


def _simple_twice(configuration: Configuration) -> Iterator[Finding]:
    for group in record_sets(configuration):
        simple = [
            one
            for one in group.records
            if not one.policies and one.knows_policies and _is_made_new(one.body.value("allow_overwrite"))
        ]
        others = [one for one in simple[1:] if "${" not in group.name or _block(one) != _block(simple[0])]
        for record in others if "${" not in group.type else []:
            detail = (
                f"{group.type.upper()} {group.name} is also made by {simple[0].resource.address}, both without a policy"
            )
            yield at(record.resource, detail)


def _block(record: Record) -> str:
    """Returns the address of the block that makes a record: its instances may have names that are not known apart."""
    return re.sub(r"\[[^\]]*\]$", "", record.resource.address)


def _is_made_new(allow_overwrite: object) -> bool:
    return allow_overwrite in (None, False, "false", "")


def _long_negative_answer(configuration: Configuration) -> Iterator[Finding]:
    by_zone: dict[str, list[Record]] = defaultdict(list)
    may_be_soa = []
    for record in records(configuration):
        by_zone[record.zone or ""].append(record)
        is_unknown = record.zone is None or "${" in record.zone
        may_be_soa += [record] if is_unknown and (not _knows_type(record) or _type(record) == "SOA") else []
    for zone in configuration.of_type("aws_route53_zone"):
        members = by_zone[f"{zone.document}:{zone.address}"]
        seconds = _shortest_failover_ttl(members)
        soa = [record for record in members if (record.body.text("type") or "").upper() == "SOA"]
        if seconds is None or not zone.body.is_unset("vpc") or may_be_soa or not all(map(_knows_type, members)):
            continue
        kept = _negative_seconds(soa[0].resource) if soa else _ZONE_SOA_SECONDS
        if kept is not None and kept > seconds:
            detail = f"negative answers are kept for {kept:g} s, and failover records for {seconds:g} s"
            yield at(soa[0].resource if soa else zone, detail)


def _knows_type(record: Record) -> bool:
    """Whether it is certain that a record is an SOA record or none; one that proves a certificate is none."""
    value = record.body.value("type")
    spelled = value.text if isinstance(value, Expression) else ""
    return isinstance(value, str) or "resource_record_type" in spelled or OPTIONS in spelled


def _shortest_failover_ttl(members: list[Record]) -> float | None:
    """Seconds; None without failover records."""
    failing = [record for record in members if "failover" in record.policies]
    known = [_ALIAS_SECONDS if record.is_alias else record.body.number("ttl") for record in failing]
    return min((seconds for seconds in known if seconds is not None), default=None)


def _negative_seconds(soa: Resource) -> float | None:
    """How long a resolver keeps that a name is absent: the lower of the SOA's TTL and its last field (RFC 2308, section 5)."""
    fields = [match for text in soa.body.texts("records") if (match := _SOA.fullmatch(text))]
    ttl = soa.body.number("ttl")
    return min(ttl, float(fields[0]["minimum"])) if fields and ttl is not None else None


def _hints(configuration: Configuration) -> Iterator[Finding]:
    routed = {
        (group.zone, group.name)
        for group in record_sets(configuration)
        if group.type in _ADDRESS_TYPES and any(record.policies for record in group.records)
    }
    for record in records(configuration):
        type_ = (record.body.text("type") or "").upper()
        if type_ in ("HTTPS", "SVCB") and (record.zone, record.name) in routed and _never_switches(record):
            for text in record.body.texts("records"):
                if reason := _leads_past(text, record.name or ""):
                    yield at(record.resource, f"{type_} {record.name} {reason}, and its addresses are routed")


def _never_switches(record: Record) -> bool:
    return not record.policies and record.knows_policies


def _leads_past(text: str, name: str) -> str | None:
    match = _SERVICE.fullmatch(text)
    if match is None:
        return None
    if _HINT.search(match["parameters"]):
        return "has address hints"
    target = match["target"].lower().rstrip(".")
    return f"leads to {target}" if target not in ("", name) else None


_RECORD_SET = route53_api("API_ResourceRecordSet")

RULES = (
    Rule(
        id="FW033",
        severity=Severity.WARNING,
        slug="half-a-pair",
        title="A PRIMARY without a SECONDARY, or the other way round",
        why="Route 53 answers with the only record there is, healthy or not: there is nothing to fail over to.",
        source=route53("health-checks-how-route-53-chooses-records"),
        remedy="Make the other record of the pair, or give both stacks of it to one call of the linter.",
        check=_half_a_pair,
    ),
    Rule(
        id="FW034",
        slug="one-check-for-all",
        title="Records of one set that all depend on one health check",
        why="When it fails all of them are unhealthy at once, and Route 53 then answers as if all were healthy: nothing "
        "switches.",
        source=route53("health-checks-how-route-53-chooses-records"),
        remedy="Give each record a check of its own endpoint. (A SECONDARY needs none.)",
        check=_one_check_for_all,
    ),
    Rule(
        id="FW035",
        slug="same-target",
        title="PRIMARY and SECONDARY lead to the same target",
        why="The switch changes nothing: what is down answers under both records.",
        source=route53("dns-failover-types"),
        remedy="Point the SECONDARY at the other region's endpoint.",
        check=_same_target,
    ),
    Rule(
        id="FW055",
        slug="set-identifier-twice",
        title="Two records of one set with the same set identifier",
        why="The identifier tells the records of a set apart: the second record replaces the first or is refused at apply, plan"
        " accepts it.",
        source=_RECORD_SET,
        remedy="Give each record of a name and type a set_identifier of its own.",
        check=_identifier_twice,
    ),
    Rule(
        id="FW056",
        slug="simple-record-twice",
        title="Two records without a policy on one name and type",
        why="A name and type has one simple record: the second fails at apply because it exists already, plan accepts it.",
        source=_RECORD_SET,
        remedy="Put the values into one record, or give both a routing policy and a set_identifier.",
        check=_simple_twice,
    ),
    Rule(
        id="FW057",
        slug="cname-in-company",
        title="A CNAME at the apex of a zone, or beside other records of its name",
        why="A name with a CNAME has no other record, and the apex always has two (SOA, NS): Route 53 refuses it at apply, plan"
        " accepts it.",
        source=route53("ResourceRecordTypes"),
        remedy="Use an alias record (A and AAAA), which may stand beside others and at the apex.",
        check=_cname_in_company,
    ),
    Rule(
        id="FW331",
        severity=Severity.NOTE,
        slug="long-negative-answer",
        title="Negative answers that outlive the failover records",
        why="A resolver keeps that a name is absent for the lower of the SOA record's TTL and its last field, 900 s in a new "
        "zone: who asks while the name has no answer, as during an outage of the alias's target, stays away that long.",
        source=route53("SOA-NSrecords"),
        remedy='Manage the zone\'s SOA (aws_route53_record, type "SOA", allow_overwrite = true) with a TTL or last field of 60.',
        check=_long_negative_answer,
    ),
    Rule(
        id="FW351",
        severity=Severity.WARNING,
        slug="hints-beside-failover",
        title="An HTTPS or SVCB record that leads past the failover",
        why="Browsers connect to the record's address hints, or to its target, without asking for the A and AAAA records that "
        "switch: they stay on the dead region.",
        source="https://www.rfc-editor.org/rfc/rfc9460#section-7.3",
        remedy="Leave ipv4hint and ipv6hint out and keep the target '.', or route the record by the same policy and health "
        "check.",
        check=_hints,
    ),
)
