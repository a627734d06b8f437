"""Which records of one name and type Route 53 answers with: the routing policies, and what illness changes.

The rule of every policy: choose by policy, look at health, drop the unhealthy, choose again; when none is
healthy, all count as healthy.
Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
"""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from aws_facts.places import distance_km
from localcloud.model.errors import UnsupportedResource
from localcloud.model.geography import (
    ViewerLocation,
    biased_distance_km,
    latency_milliseconds,
    region_coordinates,
)
from localcloud.model.records import FailoverRole, GeoLocation, ResourceRecordSet, RoutingPolicy

# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-multivalue.html
MAXIMUM_MULTIVALUE_ANSWERS = 8

Records: TypeAlias = tuple[ResourceRecordSet, ...]


def select_records(
    records: Sequence[ResourceRecordSet],
    *,
    viewer: ViewerLocation,
    is_healthy: Callable[[ResourceRecordSet], bool],
    draw: float,
) -> Records:
    """Return the records that answer a query, out of all records of one name and type.

    Args:
        records: All records that share one name and one type.
        viewer: Where the query comes from.
        is_healthy: Whether a record counts as healthy; no health check means healthy.
        draw: A uniform random number in [0, 1), the only source of chance.

    Returns:
        One record; up to eight for multivalue; none for geolocation without a match.

    Raises:
        UnsupportedResource: when the records mix routing policies, which Route 53 does not allow.
    """
    if not records:
        return ()
    policy = _only_policy(records)
    if policy is RoutingPolicy.SIMPLE:
        return tuple(records)
    healthy = tuple(record for record in records if is_healthy(record))
    choose = _POLICIES[policy]
    return (choose(healthy, viewer, draw) if healthy else ()) or choose(tuple(records), viewer, draw)


def _only_policy(records: Sequence[ResourceRecordSet]) -> RoutingPolicy:
    policies = {record.policy for record in records}
    if len(policies) > 1:
        names = ", ".join(sorted(policy.value for policy in policies))
        raise UnsupportedResource(
            f"records {records[0].name} {records[0].type}",
            reason=f"one name and type cannot mix routing policies ({names})",
            remedy="keep one policy for each name and type",
        )
    return policies.pop()


def _failover(candidates: Records, _viewer: ViewerLocation, _draw: float) -> Records:
    """PRIMARY while it is a candidate, else SECONDARY; with none healthy both are candidates: PRIMARY.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-problems.html
    """
    by_role = sorted(candidates, key=lambda record: record.failover is not FailoverRole.PRIMARY)
    return (by_role[0],)


def _weighted(candidates: Records, _viewer: ViewerLocation, draw: float) -> Records:
    """Weight over the sum of the candidates' weights; all weights zero: equal shares.

    A record of weight 0 is considered only when no record with a weight is a candidate.
    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-weighted.html
    """
    weights = [record.weight for record in candidates]
    if not any(weights):
        return (candidates[int(draw * len(candidates))],)
    point = draw * sum(weights)
    for record in candidates:
        point -= record.weight
        if point < 0:
            return (record,)
    return (max(candidates, key=lambda record: record.weight),)


def _latency(candidates: Records, viewer: ViewerLocation, _draw: float) -> Records:
    """The candidate in the region with the lowest latency to the viewer.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-latency.html
    """
    return (min(candidates, key=lambda record: latency_milliseconds(viewer, record.region or "")),)


def _geolocation(candidates: Records, viewer: ViewerLocation, _draw: float) -> Records:
    """The candidate with the smallest area that holds the viewer; none when not even a `*` record does.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-geo.html
    """
    matching = [
        (area, record)
        for record in candidates
        if record.geo_location and (area := _area_rank(record.geo_location, viewer)) is not None
    ]
    return (min(matching, key=lambda pair: pair[0])[1],) if matching else ()


def _area_rank(location: GeoLocation, viewer: ViewerLocation) -> int | None:
    """Return 0 for a subdivision, 1 a country, 2 a continent, 3 the default; None when it does not match."""
    if location.country == "*":
        return 3
    if location.subdivision:
        matches = (location.country or "US", location.subdivision) == (viewer.country, viewer.subdivision)
        return 0 if matches else None
    if location.country:
        return 1 if location.country == viewer.country else None
    return 2 if location.continent and location.continent == viewer.continent else None


def _geoproximity(candidates: Records, viewer: ViewerLocation, _draw: float) -> Records:
    """The candidate with the smallest biased distance to the viewer.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-geoproximity.html
    """
    return (min(candidates, key=lambda record: _biased_distance(record, viewer)),)


def _biased_distance(record: ResourceRecordSet, viewer: ViewerLocation) -> float:
    place = record.geo_proximity
    if place is None:
        raise UnsupportedResource(f"record {record.name}", reason="geoproximity without a location")
    if place.latitude is not None and place.longitude is not None:
        coordinates = (place.latitude, place.longitude)
    else:
        coordinates = region_coordinates(place.region or "")
    return biased_distance_km(distance_km((viewer.latitude, viewer.longitude), coordinates), place.bias)


def _multivalue(candidates: Records, _viewer: ViewerLocation, draw: float) -> Records:
    """Up to eight candidates at random.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-multivalue.html
    """
    chance = random.Random(draw)  # noqa: S311  a load-spreading choice, not a secret
    return tuple(chance.sample(candidates, min(MAXIMUM_MULTIVALUE_ANSWERS, len(candidates))))


_POLICIES: Mapping[RoutingPolicy, Callable[[Records, ViewerLocation, float], Records]] = {
    RoutingPolicy.FAILOVER: _failover,
    RoutingPolicy.WEIGHTED: _weighted,
    RoutingPolicy.LATENCY: _latency,
    RoutingPolicy.GEOLOCATION: _geolocation,
    RoutingPolicy.GEOPROXIMITY: _geoproximity,
    RoutingPolicy.MULTIVALUE: _multivalue,
}
