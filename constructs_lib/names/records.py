"""DNS records of the site: the public name under its routing policy, and the plain names of the regions.

A and AAAA are separate groups in Route 53, so each gets all of its own records; otherwise IPv6 users would stay on a dead path.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.route53_record import (
    Route53Record,
    Route53RecordAlias,
    Route53RecordFailoverRoutingPolicy,
    Route53RecordGeolocationRoutingPolicy,
    Route53RecordGeoproximityRoutingPolicy,
    Route53RecordGeoproximityRoutingPolicyCoordinates,
    Route53RecordLatencyRoutingPolicy,
    Route53RecordWeightedRoutingPolicy,
)
from constructs import Construct

from constructs_lib.checkov_skips import skip
from constructs_lib.edge.regional_distribution import RegionalDistribution
from constructs_lib.site_file.models import Policy
from constructs_lib.site_file.targets import Endpoint, Target

RECORD_TYPES = ("A", "AAAA")
_SERVER_IS_NOT_OURS = (
    "A server outside AWS, by its address, which the site file names; no resource of ours can be behind it."
)
_PAIR_IS_BESIDE = (
    "An alias to other records of this zone, the failover pair of both regions: checkov follows no such alias."
)
_STANDBY_IS_ELSEWHERE = (
    "The regional endpoint is in its region's stack; in this one's plan its name is a value without a resource."
)

TTL_SECONDS = 60
"""Of records with plain addresses; alias records have their target's.

Route 53 advises 60 s or less with a health check: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTarget:
    """Where a record leads: to an alias, or to one plain address of each record type.

    Attributes:
        health_check_ids: record type -> id of the check that decides it.
        no_resource: why checkov finds no resource behind the record; empty when it finds one.
        only_in_plan: whether only a plan hides it, where references to other stacks are values already.
    """

    alias: Route53RecordAlias | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)
    health_check_ids: Mapping[str, str] = field(default_factory=dict)
    no_resource: str = ""
    only_in_plan: bool = False

    def arguments(self, record_type: str) -> dict[str, Any] | None:
        """Returns the record's arguments; None when there is no address of this type."""
        check = {"health_check_id": self.health_check_ids.get(record_type)}
        if self.alias is not None:
            return {"alias": self.alias, **check}
        address = self.addresses.get(record_type)
        return None if address is None else {"records": [address], "ttl": TTL_SECONDS, **check}


def _explain(record: Route53Record, record_type: str, target: RecordTarget) -> None:
    """Tells checkov, which looks at A records alone, where the resource behind the record is."""
    if record_type == "A" and target.no_resource:
        reasons = {"CKV2_AWS_23": target.no_resource}
        skip(record, {} if target.only_in_plan else reasons, in_plan_only=reasons if target.only_in_plan else {})


class AliasRecords(Construct):
    """`name` -> one target, without a policy: what health checks and operators use to reach one region."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        zone_id: str,
        name: str,
        target: RecordTarget,
        provider: AwsProvider,
    ) -> None:
        super().__init__(scope, id_)
        for record_type in RECORD_TYPES:
            record = Route53Record(
                self,
                record_type.lower(),
                zone_id=zone_id,
                name=name,
                type=record_type,
                alias=target.alias,
                provider=provider,
            )
            _explain(record, record_type, target)


class FailoverRecords(Construct):
    """A failover pair.

    AWS's texts disagree on EvaluateTargetHealth of a failover alias to CloudFront: the alias reference says it must be
    false (https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html), so a PRIMARY of that kind carries a
    health check of its own. To prove first in a sandbox: docs/SANDBOX.md.

    Attributes:
        all: the records, for what is an alias to them.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        zone_id: str,
        name: str,
        primary: RecordTarget,
        secondary: RecordTarget,
        depends_on: Sequence[ITerraformDependable],
        provider: AwsProvider,
    ) -> None:
        super().__init__(scope, id_)
        self.all: list[Route53Record] = []
        for record_type in RECORD_TYPES:
            for role, target in (("primary", primary), ("secondary", secondary)):
                arguments = target.arguments(record_type)
                if arguments is not None:
                    record = Route53Record(
                        self,
                        f"{role}_{record_type.lower()}",
                        zone_id=zone_id,
                        name=name,
                        type=record_type,
                        set_identifier=role,
                        failover_routing_policy=Route53RecordFailoverRoutingPolicy(type=role.upper()),
                        depends_on=list(depends_on),
                        provider=provider,
                        **arguments,
                    )
                    self.all.append(record)
                    _explain(record, record_type, target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One thing a policy chooses: a region or an external endpoint of the site file, and where its records lead."""

    name: str
    target: Target
    leads_to: RecordTarget


class RoutedRecords(Construct):
    """One name under weighted, latency, geolocation, geoproximity or multivalue routing."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        policy: Policy,
        zone_id: str,
        name: str,
        choices: Sequence[Choice],
        depends_on: Sequence[ITerraformDependable],
        provider: AwsProvider,
    ) -> None:
        super().__init__(scope, id_)
        for choice in choices:
            for set_identifier, routing in _routings(policy, choice):
                for record_type in RECORD_TYPES:
                    arguments = choice.leads_to.arguments(record_type)
                    if arguments is not None:
                        record = Route53Record(
                            self,
                            f"{set_identifier}_{record_type.lower()}".replace(" ", "_"),
                            zone_id=zone_id,
                            name=name,
                            type=record_type,
                            set_identifier=set_identifier,
                            depends_on=list(depends_on),
                            provider=provider,
                            **routing,
                            **arguments,
                        )
                        _explain(record, record_type, choice.leads_to)


def _routings(policy: Policy, choice: Choice) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields (set identifier, routing arguments): one record for a choice, under geolocation one for each of its areas."""
    target = choice.target
    match policy:
        case Policy.WEIGHTED:
            yield (
                choice.name,
                {"weighted_routing_policy": Route53RecordWeightedRoutingPolicy(weight=target.weight or 0)},
            )
        case Policy.LATENCY:
            near = target.near_region if isinstance(target, Endpoint) and target.near_region else choice.name
            yield choice.name, {"latency_routing_policy": Route53RecordLatencyRoutingPolicy(region=near)}
        case Policy.GEOLOCATION:
            for area in target.areas:
                yield f"{choice.name} {area}", {"geolocation_routing_policy": _geolocation(area)}
        case Policy.GEOPROXIMITY:
            yield choice.name, {"geoproximity_routing_policy": _geoproximity(choice)}
        case Policy.MULTIVALUE:
            yield choice.name, {"multivalue_answer_routing_policy": True}
        case Policy.FAILOVER:
            raise ValueError("failover has two roles: use FailoverRecords")


def _geolocation(area: str) -> Route53RecordGeolocationRoutingPolicy:
    kind, _, code = area.partition(" ")
    match kind:
        case "continent":
            return Route53RecordGeolocationRoutingPolicy(continent=code)
        case "country":
            return Route53RecordGeolocationRoutingPolicy(country=code)
        case "subdivision":
            country, _, state = code.partition("-")
            return Route53RecordGeolocationRoutingPolicy(country=country, subdivision=state)
        case _:
            return Route53RecordGeolocationRoutingPolicy(country="*")


def _geoproximity(choice: Choice) -> Route53RecordGeoproximityRoutingPolicy:
    target = choice.target
    if not isinstance(target, Endpoint):
        return Route53RecordGeoproximityRoutingPolicy(aws_region=choice.name, bias=target.bias)
    place = Route53RecordGeoproximityRoutingPolicyCoordinates(
        latitude=f"{target.latitude}", longitude=f"{target.longitude}"
    )
    return Route53RecordGeoproximityRoutingPolicy(coordinates=[place], bias=target.bias)


def to_distribution(distribution: RegionalDistribution, health_check_id: str | None = None) -> RecordTarget:
    """Returns the alias to a distribution, whose health Route 53 cannot evaluate (API_AliasTarget)."""
    alias = Route53RecordAlias(
        name=distribution.domain_name, zone_id=distribution.hosted_zone_id, evaluate_target_health=False
    )
    return RecordTarget(alias=alias, health_check_ids=_both_types(health_check_id))


def to_endpoint(domain_name: str, hosted_zone_id: str, health_check_id: str | None = None) -> RecordTarget:
    """Returns the alias to a regional endpoint; Route 53 takes it for healthy while API Gateway stands in the region.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/dns-failover.html
    """
    alias = Route53RecordAlias(name=domain_name, zone_id=hosted_zone_id, evaluate_target_health=True)
    return RecordTarget(
        alias=alias, health_check_ids=_both_types(health_check_id), no_resource=_STANDBY_IS_ELSEWHERE, only_in_plan=True
    )


def to_records(name: str, zone_id: str) -> RecordTarget:
    """Returns the alias to other records of the zone, healthy while one of them is."""
    alias = Route53RecordAlias(name=name, zone_id=zone_id, evaluate_target_health=True)
    return RecordTarget(alias=alias, no_resource=_PAIR_IS_BESIDE)


def to_addresses(addresses: Mapping[str, str], health_check_ids: Mapping[str, str]) -> RecordTarget:
    """Returns a server outside AWS; both maps by record type."""
    return RecordTarget(addresses=addresses, health_check_ids=health_check_ids, no_resource=_SERVER_IS_NOT_OURS)


def _both_types(health_check_id: str | None) -> dict[str, str]:
    return {} if health_check_id is None else dict.fromkeys(RECORD_TYPES, health_check_id)
