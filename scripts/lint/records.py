"""Records as Route 53 reads them: sets of one name and type, their policy, and what they point to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from scripts.lint.distributions import DISTRIBUTION, is_s3_name
from scripts.lint.model import Configuration, Resource
from scripts.lint.values import Block, Expression, Value

RECORD = "aws_route53_record"
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html
CLOUDFRONT_ZONE_ID = "Z2FDTNDATAQYW2"
_ROUTING = {
    "failover_routing_policy": "failover",
    "weighted_routing_policy": "weighted",
    "latency_routing_policy": "latency",
    "geolocation_routing_policy": "geolocation",
    "geoproximity_routing_policy": "geoproximity",
    "cidr_routing_policy": "ip-based",
    "multivalue_answer_routing_policy": "multivalue",
}


class Record:
    """One aws_route53_record."""

    def __init__(
        self, configuration: Configuration, resource: Resource, sets: Mapping[tuple[str, str, str], list[Record]]
    ) -> None:
        self.configuration = configuration
        self.resource = resource
        self.body = resource.body
        self._sets = sets

    @cached_property
    def policies(self) -> tuple[str, ...]:
        """The routing policies it certainly states, at most one in a record that AWS takes; none is simple routing."""
        return tuple(name for key, name in _ROUTING.items() if self.body.blocks(key) or self.body.flag(key))

    @property
    def knows_policies(self) -> bool:
        """Whether it is certain that it has no other policy."""
        return not any(isinstance(self.body.value(key), Expression) for key in _ROUTING)

    @property
    def alias(self) -> Block:
        """The alias block, empty for a record with values."""
        return self.body.block("alias")

    @property
    def is_alias(self) -> bool:
        """Whether it is certainly an alias record."""
        return bool(self.body.blocks("alias"))

    @property
    def failover_role(self) -> str | None:
        """PRIMARY or SECONDARY, None when it is neither or unknown."""
        return self.body.block("failover_routing_policy").text("type")

    @cached_property
    def zone(self) -> str | None:
        """What tells its zone from others."""
        zone = self.configuration.resource(self.body.value("zone_id"), self.resource, "aws_route53_zone")
        if zone is not None:
            return f"{zone.document}:{zone.address}"
        return self.configuration.same(self.body.value("zone_id"), self.resource)

    @cached_property
    def name(self) -> str | None:
        """The full name in lower case, as far as the zone's name is known to complete it."""
        return full_name(self.configuration, self.resource)

    @property
    def knows_zone_name(self) -> bool:
        """Whether the zone's name is known, so that `name` is the full one."""
        zone = self.configuration.resource(self.body.value("zone_id"), self.resource, "aws_route53_zone")
        return zone is not None and zone.body.text("name") is not None

    @property
    def key(self) -> tuple[str, str, str] | None:
        """(zone, name, type), equal for the records of one set; None when one of them is unknown."""
        type_ = self.configuration.same(self.body.value("type"), self.resource)
        return (self.zone, self.name, type_) if self.zone and self.name and type_ else None

    def may_be_of(self, key: tuple[str, str, str]) -> bool:
        """Whether no part of its key certainly differs."""
        own = (self.zone, self.name, self.configuration.same(self.body.value("type"), self.resource))
        return all(mine is None or _may_equal(mine, part) for mine, part in zip(own, key, strict=True))

    @cached_property
    def ends(self) -> tuple[Record, ...]:
        """The records at the end of the tree of records that it points to: itself when it points to no other record."""
        return tuple(self._ends(set()))

    def _ends(self, seen: set[tuple[str, str]]) -> Iterator[Record]:
        """Yields the ends below that were not `seen`; it adds to them, so that each is visited once, in a circle too."""
        seen.add(self.resource.key)
        below = [record for value in (self.alias.value("name"), *self.values) for record in self._records_named(value)]
        if not below:
            yield self
        for record in below:
            if record.resource.key not in seen:
                yield from record._ends(seen)

    def _records_named(self, value: Value) -> list[Record]:
        """Returns the records of this zone, and of this type or an alias's, that a value names."""
        resource = self.configuration.resource(value, self.resource, RECORD) if isinstance(value, Expression) else None
        name = full_name(self.configuration, resource) if resource else self.configuration.same(value, self.resource)
        if not self.key or name is None or name == self.name:
            return []
        zone, _, type_ = self.key
        types = (type_,) if self.is_alias else ("a", "aaaa", "cname")
        return [record for one in types for record in self._sets.get((zone, name, one), [])]

    @cached_property
    def distribution(self) -> Resource | None:
        """The distribution it points to, when that is among what was given."""
        for value in (self.alias.value("name"), self.alias.value("zone_id"), *self.values):
            found = self.configuration.resource(value, self.resource, DISTRIBUTION)
            if found is not None:
                return found
        return None

    @property
    def values(self) -> list[Value]:
        """The values of a record that is no alias."""
        return self.body.items("records")

    @property
    def target(self) -> Literal["cloudfront", "s3", "other"]:
        """What it points to; "other" when that is unknown."""
        names = [
            value.lower().rstrip(".") for value in (self.alias.value("name"), *self.values) if isinstance(value, str)
        ]
        if self.distribution or self.alias.text("zone_id") == CLOUDFRONT_ZONE_ID:
            return "cloudfront"
        if any(name.endswith(".cloudfront.net") for name in names):
            return "cloudfront"
        if any(is_s3_name(name) for name in names) or any(map(self._is_bucket, self.values)):
            return "s3"
        return "other"

    def _is_bucket(self, value: Value) -> bool:
        """Whether a value is a reference to the name of a bucket's REST endpoint."""
        found = self.configuration.target(value, self.resource, "aws_s3_bucket")
        return found is not None and found.attribute in ("bucket_regional_domain_name", "bucket_domain_name")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSet:
    """The records of one zone, name and type, among which Route 53 chooses.

    `all_records` are those of every set, `doubtful` those of them whose zone, name or type is not known.
    """

    zone: str
    name: str
    type: str
    records: Sequence[Record]
    all_records: Sequence[Record]
    doubtful: Sequence[Record]

    @property
    def is_complete(self) -> bool:
        """Whether no other record may belong to it, such as one whose type is not known, and each one's policy is known."""
        key = (self.zone, self.name, self.type)
        knows_policies = all(record.policies or record.knows_policies for record in self.records)
        own = {record.resource.key for record in self.records}
        others = self.all_records if any("${" in part for part in key) else self.doubtful
        return knows_policies and not any(record.may_be_of(key) for record in others if record.resource.key not in own)

    def with_policy(self, policy: str) -> list[Record]:
        """Returns its records of one routing policy."""
        return [record for record in self.records if policy in record.policies]


def _may_equal(one: str, other: str) -> bool:
    """Whether two values, as `Configuration.same` spells them, may be equal: `${var.a}` may be anything.

    `api.${var.domain}` is certainly not `${var.domain}`.
    """
    if one == other or not ("${" in one or "${" in other):
        return one == other
    return _interpolations(one) != _interpolations(other)


def _interpolations(spelled: str) -> tuple[str, frozenset[str]]:
    """Returns what a value depends on: the document whose variables it takes, and the expressions."""
    document = spelled.partition(":")[0] if "${" in spelled else ""
    return document, frozenset(re.findall(r"\$\{[^}]*\}", spelled))


def records(configuration: Configuration) -> list[Record]:
    """Returns all records."""
    return configuration.once("records", lambda: _records(configuration))


def _records(configuration: Configuration) -> list[Record]:
    sets: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
    found = [Record(configuration, resource, sets) for resource in configuration.of_type(RECORD)]
    for record in found:
        if record.key:
            sets[record.key].append(record)
    return found


def records_of(configuration: Configuration, distribution: Resource) -> list[Record]:
    """Returns the records that lead to a distribution, through others too."""
    return configuration.once("records of distributions", lambda: _by_distribution(configuration)).get(
        distribution.key, []
    )


def _by_distribution(configuration: Configuration) -> dict[tuple[str, str], list[Record]]:
    found: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records(configuration):
        for key in {end.distribution.key for end in record.ends if end.distribution}:
            found[key].append(record)
    return found


def full_name(configuration: Configuration, record: Resource) -> str | None:
    """Returns a record's name in lower case, as far as its zone's name is known to complete it."""
    name = configuration.same(record.body.value("name"), record)
    zone = configuration.resource(record.body.value("zone_id"), record, "aws_route53_zone")
    suffix = (zone.body.text("name") or "").lower().rstrip(".") if zone else ""
    if name is None or not suffix or "${" in name or name == suffix or name.endswith("." + suffix):
        return name
    return f"{name}.{suffix}".lstrip(".")


def record_sets(configuration: Configuration) -> list[RecordSet]:
    """Returns the sets whose zone, name and type are known."""
    return configuration.once("record sets", lambda: _record_sets(configuration))


def _record_sets(configuration: Configuration) -> list[RecordSet]:
    found: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
    all_records = records(configuration)
    for record in all_records:
        if record.key:
            found[record.key].append(record)
    doubtful = [record for record in all_records if not record.key or any("${" in part for part in record.key)]
    return [
        RecordSet(zone=zone, name=name, type=type_, records=members, all_records=all_records, doubtful=doubtful)
        for (zone, name, type_), members in found.items()
    ]
