"""What Route 53 accepts as record sets. Pure: no store, no clock, no sockets.

Records are kept as the XML that the client sent, so that no field is lost; this module reads what rules need.
Sources: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html and API_AliasTarget.html
there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from xml.etree.ElementTree import Element

from localcloud.gateway.route53.record_values import problems_of_name, problems_of_values
from localcloud.gateway.xml_tree import flag
from localcloud.model.behaviours import alias_holder

CLOUDFRONT_ZONE_ID = "Z2FDTNDATAQYW2"
"""Hosted zone of every alias to CloudFront (API_AliasTarget)."""

MAXIMUM_WEIGHT = 255
MAXIMUM_WEIGHTED_RECORDS = 100
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-geo.html, Note under Location
RECORDLESS_COUNTRIES = frozenset({"BV", "CX", "EH", "HM"})
MAXIMUM_TTL_SECONDS = 2_147_483_647
MULTIVALUE_EXCEPTIONS = frozenset({"NS", "CNAME"})
"""Types that cannot have multivalue answers: R53API/API_ResourceRecordSet.html, MultiValueAnswer."""

MAXIMUM_BATCH_RECORDS = 1000
MAXIMUM_BATCH_CHARACTERS = 32_000
MAXIMUM_VALUES = 400
"""Of one record set: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html"""

ROUTING_ELEMENTS = {
    "Weight": "weighted",
    "Region": "latency",
    "Failover": "failover",
    "GeoLocation": "geolocation",
    "GeoProximityLocation": "geoproximity",
    "MultiValueAnswer": "multivalue",
    "CidrRoutingConfig": "IP-based",
}


class RecordKey(NamedTuple):
    """What makes a record set unique in its zone. The name is normalized; no set identifier is an empty string."""

    name: str
    type: str
    set_identifier: str

    def __str__(self) -> str:
        identifier = f", set identifier='{self.set_identifier}'" if self.set_identifier else ""
        return f"[name='{self.name}', type='{self.type}'{identifier}]"


RecordSets = Mapping[RecordKey, Element]


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasTargets:
    """What the account owns that an alias record may point to.

    Attributes:
        aliases_of_distribution: alternate domain names of the distribution with that domain name; None if unknown.
        zone_id_of_endpoint: hosted zone id of an API Gateway regional domain name; None if unknown.
    """

    aliases_of_distribution: Callable[[str], frozenset[str] | None]
    zone_id_of_endpoint: Callable[[str], str | None]


def normalize_name(name: str) -> str:
    r"""Return the name as Route 53 lists it: lower case, trailing dot, `*` written as `\052`."""
    return name.lower().rstrip(".").replace("*", "\\052") + "."


def key_of(record: Element) -> RecordKey:
    """Return the key of a ResourceRecordSet element."""
    return RecordKey(
        normalize_name(record.findtext("Name") or ""),
        record.findtext("Type") or "",
        record.findtext("SetIdentifier") or "",
    )


def routing_policies_of(record: Element) -> list[str]:
    """Return the routing policies that a record names; a simple record names none."""
    return [policy for tag, policy in ROUTING_ELEMENTS.items() if record.find(tag) is not None]


def values_of(record: Element) -> list[str]:
    """Return the values of a record; an alias has none."""
    return [node.text or "" for node in record.findall("ResourceRecords/ResourceRecord/Value")]


def contents_of(record: Element) -> tuple[object, ...]:
    """Return what a DELETE must repeat exactly, in a form that ignores order, case of names and trailing dots."""
    alias = record.find("AliasTarget")
    target = alias is not None and (
        alias.findtext("HostedZoneId"),
        normalize_name(alias.findtext("DNSName") or ""),
        flag(alias, "EvaluateTargetHealth"),
    )
    routing = tuple(
        (tag, tuple((node.tag, node.text or "") for node in part.iter()))
        for tag in (*ROUTING_ELEMENTS, "HealthCheckId")
        if (part := record.find(tag)) is not None
    )
    return record.findtext("TTL"), tuple(sorted(values_of(record))), target, routing


def problems_of_batch(changes: Iterable[Element]) -> Iterable[str]:
    """Yield why Route 53 would refuse a batch for its size: of UPSERT each value counts twice.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
    """
    counted = [
        (1 + (change.findtext("Action") == "UPSERT"), values_of(record)) for change in changes for record in change
    ]
    records = sum(times * len(values) for times, values in counted)
    characters = sum(times * sum(map(len, values)) for times, values in counted)
    if records > MAXIMUM_BATCH_RECORDS:
        yield f"Number of records limit of {MAXIMUM_BATCH_RECORDS} exceeded."
    if characters > MAXIMUM_BATCH_CHARACTERS:
        yield f"RDATA character limit of {MAXIMUM_BATCH_CHARACTERS} exceeded."


def problems_of_record(record: Element, zone_name: str) -> list[str]:
    """Return why Route 53 would refuse this record by itself, whatever else is in the zone."""
    key = key_of(record)
    checks = (
        _name_problems(key, zone_name),
        _routing_problems(key, record),
        _value_problems(key, record),
        _limit_problems(key, record),
        _geolocation_problems(key, record),
        _geoproximity_problems(key, record),
    )
    return [problem for problems in checks for problem in problems]


def _name_problems(key: RecordKey, zone_name: str) -> Iterable[str]:
    yield from problems_of_name(key.name)
    if key.name != zone_name and not key.name.endswith(f".{zone_name}"):
        yield f"RRSet with DNS name {key.name} is not permitted in zone {zone_name}"
    if key.type == "CNAME" and key.name == zone_name:
        yield f"RRSet of type CNAME with DNS name {key.name} is not permitted at apex in zone {zone_name}"


def _routing_problems(key: RecordKey, record: Element) -> Iterable[str]:
    policies = routing_policies_of(record)
    if len(policies) > 1:
        yield f"Only one routing policy is permitted on {key}, but it has {' and '.join(policies)}"
    if policies and not key.set_identifier:
        yield f"Missing field 'SetIdentifier' in Change with {key}"
    if key.set_identifier and not policies:
        yield f"SetIdentifier is not permitted without a routing policy on {key}"
    if record.find("AliasTarget") is not None and "multivalue" in policies:
        yield f"MultiValueAnswer is not permitted on the alias {key}"
    if key.type in MULTIVALUE_EXCEPTIONS and "multivalue" in policies:
        yield f"MultiValueAnswer is not permitted on a record of type {key.type}: {key}"


def _value_problems(key: RecordKey, record: Element) -> Iterable[str]:
    has_values = bool(values_of(record))
    is_alias = record.find("AliasTarget") is not None
    if is_alias == has_values or (has_values and record.find("TTL") is None):
        yield f"Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]] on {key}"
    yield from problems_of_values(key.type, values_of(record))
    if len(values_of(record)) > MAXIMUM_VALUES:
        yield f"{key} has {len(values_of(record))} values, but at most {MAXIMUM_VALUES} are permitted"
    if is_alias and record.find("TTL") is not None:
        yield f"TTL is not permitted on the alias {key}"
    if len(values_of(record)) > 1 and {"weighted", "latency"} & set(routing_policies_of(record)):
        yield f"Only one ResourceRecord is permitted on the weighted or latency record {key}"


def _limit_problems(key: RecordKey, record: Element) -> Iterable[str]:
    limits = (("Weight", MAXIMUM_WEIGHT), ("TTL", MAXIMUM_TTL_SECONDS))
    for tag, maximum in limits:
        text = record.findtext(tag)
        if text is not None and not (text.isdigit() and int(text) <= maximum):
            yield f"{tag} of {key} is '{text}', but must be between 0 and {maximum}"
    if (role := record.findtext("Failover")) not in {None, "PRIMARY", "SECONDARY"}:
        yield f"Failover of {key} is '{role}', but must be PRIMARY or SECONDARY"


def _geolocation_problems(key: RecordKey, record: Element) -> Iterable[str]:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_GeoLocation.html; countries: RECORDLESS_COUNTRIES."""
    place = record.find("GeoLocation")
    if place is None:
        return
    country, subdivision = place.findtext("CountryCode"), place.findtext("SubdivisionCode")
    if country in RECORDLESS_COUNTRIES:
        yield f"GeoLocation of {key} is '{country}', for which Route 53 makes no geolocation records"
    if subdivision and country not in {"US", "UA"}:
        yield f"GeoLocation of {key} has SubdivisionCode '{subdivision}', but not the CountryCode of the US or of Ukraine"


def _geoproximity_problems(key: RecordKey, record: Element) -> Iterable[str]:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_GeoProximityLocation.html and API_Coordinates.html there."""
    place = record.find("GeoProximityLocation")
    if place is None:
        return
    if sum(place.find(tag) is not None for tag in ("AWSRegion", "LocalZoneGroup", "Coordinates")) != 1:
        yield f"GeoProximityLocation of {key} must have exactly one of AWSRegion, LocalZoneGroup and Coordinates"
    for path, limit in (("Bias", 99), ("Coordinates/Latitude", 90), ("Coordinates/Longitude", 180)):
        value = float(place.findtext(path) or 0)
        if abs(value) > limit:
            yield f"{path} of {key} is '{value:g}', but must be between -{limit} and {limit}"


def problems_of_alias(record: Element, zone_id: str, records: RecordSets, targets: AliasTargets) -> list[str]:
    """Return why Route 53 would refuse the alias target of this record; a non-alias has no such problem."""
    alias = record.find("AliasTarget")
    if alias is None:
        return []
    key, target_zone = key_of(record), alias.findtext("HostedZoneId") or ""
    target = normalize_name(alias.findtext("DNSName") or "")
    prefix = f"Tried to create an alias that targets {target}, type {key.type} in zone {target_zone}, but"
    if target_zone == CLOUDFRONT_ZONE_ID:
        return _cloudfront_alias_problems(key, alias, prefix, targets.aliases_of_distribution(target[:-1]))
    if target_zone == zone_id:
        found = any((other.name, other.type) == (target, key.type) for other in records)
        return [] if found else [f"{prefix} that target was not found"]
    if target.endswith(".amazonaws.com.") and ".execute-api." in target:
        if targets.zone_id_of_endpoint(target[:-1]) != target_zone:
            return [f"{prefix} the alias target name does not lie within the target zone"]
        return []
    return [f"{prefix} localcloud models aliases to CloudFront, API Gateway and the same zone only"]


def _cloudfront_alias_problems(
    key: RecordKey, alias: Element, prefix: str, aliases: frozenset[str] | None
) -> list[str]:
    if aliases is None:
        return [f"{prefix} that target was not found"]
    problems = []
    if flag(alias, "EvaluateTargetHealth"):
        problems.append(f"EvaluateTargetHealth cannot be true on {key}: its alias target is CloudFront")
    name = key.name.rstrip(".").replace("\\052", "*")
    if alias_holder(dict.fromkeys(aliases, ""), name) is None:
        problems.append(f"{prefix} {name} is not among the alternate domain names of that distribution")
    return problems


def problems_of_groups(records: RecordSets, changed: Iterable[RecordKey]) -> list[str]:
    """Return the conflicts between the changed records and others of their name."""
    names = {key.name for key in changed}
    problems: list[str] = []
    for name in sorted(names):
        of_name = {key: record for key, record in records.items() if key.name == name}
        types = sorted({key.type for key in of_name})
        if "CNAME" in types and len(types) > 1:
            problems.append(
                f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records"
            )
        for type_ in types:
            group = [record for key, record in of_name.items() if key.type == type_]
            problems += _group_problems(f"{name}, type {type_}", group)
    return problems


def _group_problems(label: str, group: list[Element]) -> Iterable[str]:
    if len({tuple(routing_policies_of(record)) for record in group}) > 1:
        yield f"RRSets with DNS name {label} cannot mix routing policies"
        return
    for tag in ("Failover", "Region", "GeoLocation"):
        for value, count in Counter(_routing_value(record, tag) for record in group).items():
            if value and count > 1:
                yield f"RRSet with DNS name {label} cannot be created as there is already one with {tag} {value}"
    weighted = [record for record in group if record.find("Weight") is not None]
    if len({record.findtext("TTL") for record in weighted if record.find("TTL") is not None}) > 1:
        yield f"RRSet with DNS name {label} cannot be created as weighted sets must contain the same TTL"
    if len(weighted) > MAXIMUM_WEIGHTED_RECORDS:
        yield f"RRSets with DNS name {label} are {len(weighted)}, but at most {MAXIMUM_WEIGHTED_RECORDS} can be weighted"
    failover_aliases = [record for record in group if record.find("Failover") is not None]
    if len(failover_aliases) > 1 and all(map(_targets_cloudfront, failover_aliases)):
        yield f"PRIMARY and SECONDARY with DNS name {label} cannot both be aliases to CloudFront"


def _routing_value(record: Element, tag: str) -> str:
    part = record.find(tag)
    return "" if part is None else " ".join((node.text or "").strip() for node in part.iter()).strip()


def _targets_cloudfront(record: Element) -> bool:
    return record.findtext("AliasTarget/HostedZoneId") == CLOUDFRONT_ZONE_ID


def listing_order(key: RecordKey) -> tuple[tuple[str, ...], str, str]:
    """Return the sort key of ListResourceRecordSets: labels from the right, then type, then identifier."""
    return tuple(reversed(key.name.rstrip(".").split("."))), key.type, key.set_identifier
