"""Rules between `[routing]`, `[[region]]` and `[[endpoint]]`: which combinations of entry, policy and targets can work.

Source of the policies' rules: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from constructs_lib.errors import Problem
from constructs_lib.site_file.aws_regions import REGIONS
from constructs_lib.site_file.models import Entry, Policy, Region, Role, Routing
from constructs_lib.site_file.targets import Endpoint, Target

Sections = Mapping[str, Any]

EDGE_POLICIES = (Policy.FAILOVER, Policy.WEIGHTED, Policy.LATENCY, Policy.GEOLOCATION)
"""What the router function can do behind one CloudFront name: docs/ROUTING.md."""

KEY_POLICIES = {
    "weight": Policy.WEIGHTED,
    "continents": Policy.GEOLOCATION,
    "countries": Policy.GEOLOCATION,
    "subdivisions": Policy.GEOLOCATION,
    "is_default_location": Policy.GEOLOCATION,
    "bias": Policy.GEOPROXIMITY,
    "near_region": Policy.LATENCY,
    "latitude": Policy.GEOPROXIMITY,
    "longitude": Policy.GEOPROXIMITY,
}
"""Key of a target -> the one policy that reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The sections of one site file that routing is about.

    Attributes:
        routed: key of the table, such as `region[0]` -> what the policy chooses between.
    """

    routing: Routing
    regions: tuple[Region, ...]
    endpoints: tuple[Endpoint, ...]

    @property
    def routed(self) -> dict[str, Target]:
        regions = () if self.routing.policy is Policy.MULTIVALUE else self.regions
        return {
            **{f"region[{index}]": region for index, region in enumerate(regions)},
            # Behind CloudFront an endpoint is the last exit, which no policy chooses.
            **({} if self.is_behind_cloudfront else self.endpoint_tables),
        }

    @property
    def endpoint_tables(self) -> dict[str, Endpoint]:
        return {f"endpoint[{index}]": endpoint for index, endpoint in enumerate(self.endpoints)}

    @property
    def is_behind_cloudfront(self) -> bool:
        return self.routing.entry is Entry.CLOUDFRONT

    def uses(self, policy: Policy) -> bool:
        return self.routing.policy is policy


Rule = Callable[[_Plan], Iterator[Problem]]


def entry_has_policy(plan: _Plan) -> Iterator[Problem]:
    """One CloudFront name knows no geoproximity, and takes no plain addresses."""
    if plan.routing.entry is Entry.CLOUDFRONT and plan.routing.policy not in EDGE_POLICIES:
        yield Problem(
            key="routing.policy",
            value=f'"{plan.routing.policy}" with entry = "cloudfront"',
            allowed=" or ".join(f'"{policy}"' for policy in EDGE_POLICIES),
            remedy='Route 53 cannot choose between two distributions of one name: use entry = "regional", '
            "where every policy is one of Route 53's records, or one of these, which the router function applies",
        )


def number_of_regions_fits(plan: _Plan) -> Iterator[Problem]:
    """An origin group has two members and a failover record two roles; the other policies take more regions."""
    is_pair = plan.routing.entry is Entry.CLOUDFRONT or plan.uses(Policy.FAILOVER)
    count = sum(region.role is Role.SECONDARY for region in plan.regions)
    if is_pair and count > 1:
        yield Problem(
            key="region",
            value=f"a list with {count} secondary regions",
            allowed='one [[region]] with role = "secondary" (an origin group has two members, a failover record two roles)',
            remedy='keep one, or use entry = "regional" with another policy than failover',
        )


def endpoints_are_different(plan: _Plan) -> Iterator[Problem]:
    """A name is a set identifier, and two records with one address survive nothing together."""
    names = Counter([region.name for region in plan.regions] + [endpoint.name for endpoint in plan.endpoints])
    addresses = Counter(address for endpoint in plan.endpoints for address in endpoint.addresses.values())
    for index, endpoint in enumerate(plan.endpoints):
        if names[endpoint.name] > 1:
            yield Problem(
                key=f"endpoint[{index}].name",
                value=f'"{endpoint.name}" (not the only one)',
                allowed="a name that no other [[endpoint]] or [[region]] has",
                remedy="rename it: the name tells the records of one set apart",
            )
        for address in endpoint.addresses.values():
            if addresses[address] > 1:
                yield Problem(
                    key=f"endpoint[{index}]",
                    value=f'address "{address}" (not the only one)',
                    allowed="an address that no other [[endpoint]] has",
                    remedy="give each endpoint its own address: one server twice is no second server",
                )


def keys_belong_to_policy(plan: _Plan) -> Iterator[Problem]:
    """A key that the policy does not read would be ignored; two policies on one name are refused by Route 53."""
    targets: dict[str, Target] = {f"region[{index}]": region for index, region in enumerate(plan.regions)}
    targets |= {} if plan.is_behind_cloudfront else plan.endpoint_tables  # rules/last_exit.py
    for table, target in targets.items():
        for key, policy in KEY_POLICIES.items():
            if key in target.model_fields_set and not plan.uses(policy):
                yield Problem(
                    key=f"{table}.{key}",
                    value=f'{_toml(getattr(target, key))} with policy = "{plan.routing.policy}"',
                    allowed=f'{key} with routing.policy = "{policy}" only',
                    remedy=f'remove it, or use policy = "{policy}": one name has one policy',
                )


def weights_share_something(plan: _Plan) -> Iterator[Problem]:
    """Every target has a weight, and not all are zero."""
    if not plan.uses(Policy.WEIGHTED):
        return
    for table, target in plan.routed.items():
        if target.weight is None:
            yield Problem(
                key=f"{table}.weight",
                value=None,
                allowed="a whole number from 0 to 255",
                remedy="add weight: the share is weight / sum of all weights; 0 answers only when all others are unhealthy",
            )
    if not any(target.weight or target.weight is None for target in plan.routed.values()):
        yield Problem(
            key="region[0].weight",
            value="0, and so is every other weight",
            allowed="at least one weight above 0",
            remedy="give the targets that should answer a weight: with all weights 0 Route 53 gives each an equal share",
        )


def areas_are_complete(plan: _Plan) -> Iterator[Problem]:
    """Each target has an area, no area two targets, and the rest of the world a default."""
    if not plan.uses(Policy.GEOLOCATION):
        return
    counts = Counter(area for target in plan.routed.values() for area in target.areas)
    for table, target in plan.routed.items():
        if not target.areas:
            yield Problem(
                key=f"{table}.countries",
                value=None,
                allowed="one of continents, countries, subdivisions, is_default_location",
                remedy="add what this target answers for, or it never answers",
            )
        for area in target.areas:
            if counts[area] > 1:
                yield Problem(
                    key=table,
                    value=f"{area} (not the only one)",
                    allowed="an area that no other target has",
                    remedy="name each area once: Route 53 refuses two records for one area",
                )
    if "default" not in counts:
        yield Problem(
            key="region[0].is_default_location",
            value=None,
            allowed="is_default_location = true on one target",
            remedy="add it to the target for the rest of the world: without it Route 53 gives some viewers no answer",
        )


def latency_regions_are_unique(plan: _Plan) -> Iterator[Problem]:
    """Route 53 knows the latency of AWS regions, each once a name."""
    if not plan.uses(Policy.LATENCY) or plan.is_behind_cloudfront:
        return
    taken = [region.name for region in plan.regions]
    for index, endpoint in enumerate(plan.endpoints):
        if endpoint.near_region is None or endpoint.near_region not in REGIONS or endpoint.near_region in taken:
            yield Problem(
                key=f"endpoint[{index}].near_region",
                value=None if endpoint.near_region is None else f'"{endpoint.near_region}"',
                allowed="an AWS region that no [[region]] and no other [[endpoint]] stands for",
                remedy="name the AWS region nearest to this endpoint: Route 53 measures latency to AWS regions only",
            )
        taken.append(endpoint.near_region or "")


def endpoints_have_a_place(plan: _Plan) -> Iterator[Problem]:
    """Geoproximity needs to know where an endpoint is."""
    for index, endpoint in enumerate(plan.endpoints if plan.uses(Policy.GEOPROXIMITY) else ()):
        for key in ("latitude", "longitude"):
            if getattr(endpoint, key) is None:
                yield Problem(
                    key=f"endpoint[{index}].{key}",
                    value=None,
                    allowed="degrees: latitude from -90 to 90, longitude from -180 to 180",
                    remedy=f"add {key} = 50.11 or whatever it is: geoproximity compares distances",
                )


def multivalue_has_endpoints(plan: _Plan) -> Iterator[Problem]:
    """Route 53 allows no alias in a multivalue answer, and regions can only be reached by alias."""
    if plan.uses(Policy.MULTIVALUE) and len(plan.endpoints) < 2:
        yield Problem(
            key="endpoint",
            value=f"{len(plan.endpoints)} tables",
            allowed='two or more [[endpoint]] with policy = "multivalue"',
            remedy="Route 53 allows no alias in a multivalue answer, and CloudFront and API Gateway can only be reached by alias "
            "(https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-multivalue.html): "
            "add endpoints with addresses, or use another policy for the regions",
        )


def failover_has_one_backup(plan: _Plan) -> Iterator[Problem]:
    """Behind both regions one endpoint may stand, reachable for everybody who could reach the regions."""
    if not plan.uses(Policy.FAILOVER) or plan.routing.entry is not Entry.REGIONAL:
        return
    if len(plan.endpoints) > 1:
        yield Problem(
            key="endpoint",
            value=f"{len(plan.endpoints)} tables",
            allowed='at most one [[endpoint]] with policy = "failover"',
            remedy="keep the one that takes over when both regions are unhealthy: a failover record has one SECONDARY",
        )
    for index, endpoint in enumerate(plan.endpoints):
        if endpoint.ipv6_address is None:
            yield Problem(
                key=f"endpoint[{index}].ipv6_address",
                value=None,
                allowed='a public IPv6 address with policy = "failover"',
                remedy="add it: A and AAAA fail over separately, and without one IPv6 viewers would stay where nothing answers",
            )


def _toml(value: object) -> str:
    return json.dumps(value, default=str)


_RULES: tuple[Rule, ...] = (
    entry_has_policy,
    number_of_regions_fits,
    endpoints_are_different,
    keys_belong_to_policy,
    weights_share_something,
    areas_are_complete,
    latency_regions_are_unique,
    endpoints_have_a_place,
    multivalue_has_endpoints,
    failover_has_one_backup,
)


def routing_problems(sections: Sections) -> list[Problem]:
    """Returns what all rules of this module find; nothing while a section that they read is itself wrong."""
    if not {"routing", "region", "endpoint"} <= sections.keys():
        return []
    plan = _Plan(routing=sections["routing"], regions=sections["region"], endpoints=sections["endpoint"])
    return [problem for rule in _RULES for problem in rule(plan)]
