"""What a replay should show by arithmetic: which share of the page views of each view fails in what is played. Pure.

A range and no single figure where it depends on when each visitor's resolver asked last.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from functools import partial

from aws_facts.health_checks import ALIAS_TTL_SECONDS
from scripts.replay.incidents import IncidentFault
from scripts.replay.schedule import Schedule

TOLERANCE_RATIO = 0.05
"""How far outside its range a figure may be: of the range's nearer end."""
ANSWER_SECONDS = float(ALIAS_TTL_SECONDS)
"""How long a resolver keeps the public name's address, and, by the SOA that we manage, the answer that there is none."""
_ERROR_SECONDS = 1.0  # constructs_lib/edge/distribution.py: how long CloudFront keeps an error that an origin gave
_ROUNDS = 50
_NAMES_GONE = ("nxdomain", "nodata")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What decides the figures besides the incident.

    Attributes:
        rate_per_second: page views of each view.
        probes_per_second: of the region check, which ask what the view of one region asks.
        detection_seconds: how long the path check takes to notice, at least and at most.
        visitors: how many resolvers take turns.
    """

    rate_per_second: float
    probes_per_second: float
    detection_seconds: tuple[float, float]
    visitors: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The share of the page views, from the first fault on, that fail by arithmetic: at least and at most."""

    low_ratio: float
    high_ratio: float

    def is_met(self, ratio: float) -> bool:
        """Return whether a measured share is within 5 % of it."""
        return self.low_ratio * (1 - TOLERANCE_RATIO) <= ratio <= self.high_ratio * (1 + TOLERANCE_RATIO)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Lost:
    """Seconds in which page views fail, at least and at most."""

    low: float = 0.0
    high: float = 0.0

    def __add__(self, other: _Lost) -> _Lost:
        return _Lost(low=self.low + other.low, high=self.high + other.high)


def expected_of(schedule: Schedule, circumstances: Circumstances) -> tuple[Expected, Expected, Expected]:
    """Return the arithmetic of the three views: one region, with layer 1, with layers 1 and 3.

    One bucket loses what S3 loses. No bucket helps where CloudFront does not serve: the origin group loses all of that, and DNS
    what the path check and the resolvers need. What fails elsewhere, such as control planes, no visitor meets.
    """
    seconds = schedule.duration_seconds - schedule.fault_at_seconds
    of_s3, of_cloudfront, of_dns = (
        _sum(schedule, partial(find, circumstances)) for find in (_by_s3, _by_cloudfront, _by_dns)
    )
    return _expected(of_s3 + of_cloudfront, seconds), _expected(of_cloudfront, seconds), _expected(of_dns, seconds)


def _expected(lost: _Lost, seconds: float) -> Expected:
    return Expected(low_ratio=max(0.0, lost.low / seconds), high_ratio=min(1.0, lost.high / seconds))


def _sum(schedule: Schedule, find: Callable[[IncidentFault, float], _Lost]) -> _Lost:
    ends = [*(each.at_seconds for each in schedule.events[1:]), schedule.duration_seconds]
    total = _Lost()
    for played, end in zip(schedule.events, ends, strict=True):
        for fault in played.event.faults:
            total += find(fault, end - played.at_seconds)
    return total


def _by_s3(circumstances: Circumstances, fault: IncidentFault, seconds: float) -> _Lost:
    """A share of the requests fails, and CloudFront keeps each error for a second: whoever asks within it gets that error too."""
    if fault.target != "s3:{primary}":
        return _Lost()
    failing = seconds * _share_with_kept_errors(1.0 if fault.ratio is None else fault.ratio, circumstances)
    return _Lost(low=failing, high=failing)


def _share_with_kept_errors(ratio: float, circumstances: Circumstances) -> float:
    """Return which share of the page views fails where a share of what reaches the bucket does.

    Page views are further apart than a kept error lasts, so they meet errors of the region check's probes alone; those meet
    errors of either, and keep none then. How often is a Poisson process's share; the two settle in a few rounds.
    """
    probes, views = circumstances.probes_per_second, circumstances.rate_per_second
    kept_for_probes = kept_for_views = 0.0
    for _ in range(_ROUNDS):
        errors_of_probes = probes * (1 - kept_for_probes) * ratio
        errors_of_views = views * (1 - kept_for_views) * ratio
        kept_for_views = 1 - math.exp(-errors_of_probes * _ERROR_SECONDS)
        kept_for_probes = 1 - math.exp(-(errors_of_probes + errors_of_views) * _ERROR_SECONDS)
    return kept_for_views + (1 - kept_for_views) * ratio


def _by_cloudfront(circumstances: Circumstances, fault: IncidentFault, seconds: float) -> _Lost:
    """Where the names are gone, a visitor is lost when its address runs out, and back when what it was told instead does.

    Visitors' answers run out evenly over the minute: on average after half of it, give or take half the step between two.
    """
    if fault.target != "cloudfront":
        return _Lost()
    if fault.kind not in _NAMES_GONE:
        return _Lost(low=seconds, high=seconds)
    step = ANSWER_SECONDS / circumstances.visitors
    return _Lost(low=max(0.0, seconds - step), high=seconds + step)


def _by_dns(circumstances: Circumstances, fault: IncidentFault, seconds: float) -> _Lost:
    """Lost until the path check has noticed and the visitor asks again.

    Where CloudFront answers nobody, each visitor waits for the end of the address that it holds, up to a minute after the record
    has moved. Where its names are gone, those whose address runs out before that are told so and keep it for a minute; no
    others lose anything.
    """
    if fault.target != "cloudfront":
        return _Lost()
    least, most = circumstances.detection_seconds
    if fault.kind not in _NAMES_GONE:
        return _Lost(low=min(seconds, least), high=min(seconds, most + ANSWER_SECONDS))
    visitors = circumstances.visitors
    step = ANSWER_SECONDS / visitors
    told = min(visitors, math.floor(least / step)), min(visitors, math.ceil(most / step))
    return _Lost(low=ANSWER_SECONDS * told[0] / visitors, high=min(seconds, ANSWER_SECONDS * told[1] / visitors))
