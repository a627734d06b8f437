"""Under which conditions drills are simulated: who looks, how resolvers behave, what probes are lost, where viewers are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_facts.places import KM_PER_ROUND_TRIP_MILLISECOND, REGION_COORDINATES, distance_km
from scripts.drill.request import DrillSettings
from scripts.errors import WrongUsageError

_EDGE_ROUND_TRIP_SECONDS = 0.02
"""To an edge of CloudFront, which is near most viewers; AWS publishes no figure."""
_ROUND_TRIPS = 4
"""Of a page view: TCP, TLS 1.3, the page, the region marker."""
_FUNCTION_SECONDS = 0.05
"""How long the regional endpoint's function thinks about each of the two requests."""
POLL_INTERVAL_REAL_SECONDS = 0.08
"""How often localcloud's data plane asks for new faults."""
_EARLY_RATIO = 0.15
"""Seen in the samples of drills on a busy machine: 6 of 43 answers of 60 s ran out after 60 s, the others after 61 s."""
_PAGE_MISS_RATIO = 0.5
"""A drill of the origins empties the caches right after the fault: which of the two the edge hears of first is chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """How long a page view takes: the quantiles 5, 50 and 95 %, in AWS seconds."""

    p05_seconds: float
    p50_seconds: float
    p95_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Viewers near one AWS region.

    Attributes:
        share: of all viewers, 0 to 1.
        usual: a page view while the primary region serves.
        diverted: one while DNS leads to the regional endpoint of the secondary region.
    """

    name: str
    share: float
    usual: PageView
    diverted: PageView


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a simulated drill meets. Ages of DNS answers, the phases of checkers and the moment of the fault are drawn for each.

    Attributes:
        clients: viewers with a resolver of their own, whose answers are evenly aged. Default 50: the slowest switches about a
            whole TTL after the records do.
        families: of addresses, each asked of DNS by itself.
        view_interval_seconds: between two page views of one client over one family.
        error_keeping_ratio: share of the clients whose resolver keeps negative answers (RFC 2308) and failures (RFC 9520).
        overstay_ratio: share of the resolvers that keep an answer longer than its TTL,
        overstay_seconds: by so much.
        probe_loss_ratio: share of the checkers' probes that fail although the endpoint answers.
        control_seconds: how long at most until a fault, or its end, acts after it was ordered.
        health_poll_seconds: how late at most a health check's flip is noted.
        early_ratio: share of the clients that begin a page view a little late once in a TTL, so that their answer has run out
            one page view sooner.
        page_miss_ratio: share of the drills in which no cache holds the page either, at the first page view after the fault.
        hold_seconds: how long the fault stays after everybody has recovered.
        recovery_timeout_seconds: how long it stays when nobody recovers.
        degraded_seconds: how long a fault on a share of the requests stays.
        places: of the viewers.
    """

    clients: int = 50
    families: int = 2
    view_interval_seconds: float = 1.0
    error_keeping_ratio: float = 1.0
    overstay_ratio: float = 0.0
    overstay_seconds: float = 0.0
    probe_loss_ratio: float = 0.0
    control_seconds: float = 0.0
    health_poll_seconds: float = 0.0
    early_ratio: float = 0.0
    page_miss_ratio: float = 0.0
    hold_seconds: float = 10.0
    recovery_timeout_seconds: float = 300.0
    degraded_seconds: float = 60.0
    places: tuple[Place, ...]

    @property
    def resolvers(self) -> int:
        """How many answers are kept: one for each client and family."""
        return self.clients * self.families


def viewers_near(shares: Mapping[str, float], *, primary: str, secondary: str) -> tuple[Place, ...]:
    """Return the places of viewers on AWS, from the distances to the regions.

    Args:
        shares: AWS region near which they are -> their weight; any positive numbers.
        primary: whose bucket CloudFront asks.
        secondary: whose endpoint takes over.

    Raises:
        WrongUsageError: a region that nobody knows, or a weight that is not positive.
    """
    for name, weight in shares.items():
        if name not in REGION_COORDINATES:
            raise WrongUsageError(
                f"viewers near {name!r}: no known AWS region; allowed: {', '.join(REGION_COORDINATES)}"
            )
        if not (math.isfinite(weight) and weight > 0):
            raise WrongUsageError(f"viewers near {name}: a weight of {weight:g}; allowed: above 0")
    total = sum(shares.values())
    return tuple(
        Place(
            name=name,
            share=weight / total,
            usual=_spread(_ROUND_TRIPS * _EDGE_ROUND_TRIP_SECONDS + _round_trip_seconds(name, primary)),
            diverted=_spread(_ROUND_TRIPS * _round_trip_seconds(name, secondary) + 2 * _FUNCTION_SECONDS),
        )
        for name, weight in shares.items()
    )


def _round_trip_seconds(one: str, other: str) -> float:
    """Return the round trip between two regions; a name that is no region's counts as near."""
    if one not in REGION_COORDINATES or other not in REGION_COORDINATES:
        return _EDGE_ROUND_TRIP_SECONDS
    kilometres = distance_km(REGION_COORDINATES[one], REGION_COORDINATES[other])
    return max(_EDGE_ROUND_TRIP_SECONDS, kilometres / KM_PER_ROUND_TRIP_MILLISECOND / 1000)


def _spread(seconds: float) -> PageView:
    """Return page views around a usual one; networks are at most a little faster and often slower."""
    return PageView(p05_seconds=0.8 * seconds, p50_seconds=seconds, p95_seconds=2 * seconds)


def as_drilled(
    settings: DrillSettings, *, speed: float, page_view: Sequence[float], health_poll_seconds: float
) -> Conditions:
    """Return the conditions of a drill on localcloud.

    Args:
        settings: of the drill.
        speed: of its clock. What takes real time there takes so many AWS seconds more.
        page_view: quantiles 5, 50, 95 % of its page views before the fault, AWS seconds.
        health_poll_seconds: how often it looks at the health check, AWS seconds.
    """
    usual = PageView(p05_seconds=page_view[0], p50_seconds=page_view[1], p95_seconds=page_view[2])
    families = len(settings.families)
    return Conditions(
        clients=settings.clients,
        families=families,
        view_interval_seconds=settings.clients * families / settings.rate_per_second,
        error_keeping_ratio=settings.error_keeping_ratio,
        control_seconds=POLL_INTERVAL_REAL_SECONDS * speed,
        health_poll_seconds=health_poll_seconds,
        early_ratio=_EARLY_RATIO,
        page_miss_ratio=_PAGE_MISS_RATIO,
        hold_seconds=settings.hold_seconds,
        recovery_timeout_seconds=settings.recovery_timeout_seconds,
        degraded_seconds=settings.degraded_seconds,
        places=(Place(name="this machine", share=1.0, usual=usual, diverted=usual),),
    )
