"""Many drills of one scenario at once, in virtual time: numpy arrays with one value a drill, in AWS seconds.

What is measured is what a drill measures (`scripts/drill/measurement.py`): page views in order of their schedule, and recovery
from the first of ten good ones in a row after which none failed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from aws_facts.recovery import REFUSED_SECONDS, SILENT_SECONDS, DnsFailover
from scripts.drill.scenarios import FaultVariant, Scenario
from scripts.drill.streaks import STREAK_LENGTH
from scripts.simulate.checkers import (
    Seconds,
    draw_first_probes,
    draw_known_losses,
    draw_probes_to_health,
    healthy_after,
    unhealthy_after,
)
from scripts.simulate.conditions import Conditions, PageView
from scripts.simulate.resolvers import Answers, draw_answers
from scripts.simulate.site import OriginFailover, SimulatedSite

LOOK_INTERVAL_SECONDS = 0.5
"""How often a drill looks whether everybody has recovered, and then whether it has held the fault for long enough."""
# "Within a few seconds", as localcloud models it:
# https://aws.amazon.com/blogs/aws/introducing-amazon-cloudfront-keyvaluestore-a-low-latency-datastore-for-cloudfront-functions/
KEY_VALUE_STORE_SECONDS = 2.0
_CHUNK = 10_000
"""Drills at once: bounds the memory."""
_UNKNOWN_NAMES = ("nxdomain", "nodata")
_QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Drills:
    """What each drill came to; NaN where the moment was not seen.

    Attributes:
        failed_ratio: share of the page views that failed while the fault was in force.
    """

    detect: Seconds
    switch: Seconds
    recover: Seconds
    fail_back: Seconds
    failed_ratio: Seconds


def simulate(
    scenario: Scenario,
    variant: FaultVariant,
    site: SimulatedSite,
    conditions: Conditions,
    *,
    drills: int,
    seed: int = 1,
) -> Drills:
    """Drill a site in virtual time; the same seed gives the same drills."""
    play = _player(scenario, variant, site, conditions)
    sizes = [_CHUNK] * (drills // _CHUNK) + ([drills % _CHUNK] if drills % _CHUNK else [])
    streams = np.random.default_rng(seed).spawn(len(sizes))
    parts = [play(_Draw(random, size, conditions)) for random, size in zip(streams, sizes, strict=True)]
    fields = [field.name for field in dataclasses.fields(Drills)]
    return Drills(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in fields})


def _player(
    scenario: Scenario, variant: FaultVariant, site: SimulatedSite, conditions: Conditions
) -> Callable[[_Draw], Drills]:
    if scenario.stays:
        return _nothing_moves
    if "nobody" in scenario.takes_over or not _is_covered(scenario, variant, site):
        return lambda draw: _nobody_covers(draw, conditions.recovery_timeout_seconds)
    if scenario.layer == 3 and (dns := site.dns) is not None:
        return lambda draw: _by_dns(
            draw, variant, dns, site.negative_ttl_seconds, checks=2 if scenario.leaves_aws else 1
        )
    if scenario.layer == 2 or site.origins is None:
        return lambda draw: _by_origin(draw, KEY_VALUE_STORE_SECONDS)
    wait_seconds = _origin_wait_seconds(variant, site.origins)
    if scenario.degrades:
        return lambda draw: _on_a_share(draw, variant.ratio or 1.0, wait_seconds)
    return lambda draw: _by_origin(draw, 0.0, wait_seconds)


def _is_covered(scenario: Scenario, variant: FaultVariant, site: SimulatedSite) -> bool:
    if scenario.layer == 3:
        return site.dns is not None
    if scenario.layer == 2:
        return site.has_cloudfront
    codes = frozenset() if site.origins is None else site.origins.status_codes
    return site.origins is not None and (_status_code(variant) is None or _status_code(variant) in codes)


def _status_code(variant: FaultVariant) -> int | None:
    """Return the answer that an origin gives under this fault; a bucket that denies says 403."""
    return {"status": variant.value, "origin-denied": 403}.get(variant.kind)


def _origin_wait_seconds(variant: FaultVariant, origins: OriginFailover) -> float:
    """Return how much longer a request takes that no cache answers and the fault hits."""
    return {
        "unreachable": origins.connection_attempts * origins.connection_timeout_seconds,
        "hang": origins.connection_attempts * origins.read_timeout_seconds,
        "delay": min((variant.value or 0) / 1000, origins.connection_attempts * origins.read_timeout_seconds),
    }.get(variant.kind, 0.0)


class _Draw:
    """The random draws of some drills."""

    def __init__(self, random: np.random.Generator, drills: int, conditions: Conditions) -> None:
        self.random = random
        self.drills = drills
        self.conditions = conditions
        shares = np.cumsum([place.share for place in conditions.places])
        self._places = np.minimum(np.searchsorted(shares, random.random(drills)), len(conditions.places) - 1)

    def up_to(self, seconds: float) -> Seconds:
        return self.random.uniform(0.0, seconds, self.drills)

    def control(self) -> Seconds:
        """Return how late each order acts."""
        return self.up_to(self.conditions.control_seconds)

    def usual_view(self) -> Seconds:
        return self._view([place.usual for place in self.conditions.places])

    def diverted_view(self) -> Seconds:
        return self._view([place.diverted for place in self.conditions.places])

    def _view(self, views: list[PageView]) -> Seconds:
        drawn = self.random.random(self.drills)
        longest = [view.p95_seconds + 3 * (view.p95_seconds - view.p50_seconds) for view in views]
        curves = [
            np.interp(drawn, _QUANTILES, (0.8 * v.p05_seconds, v.p05_seconds, v.p50_seconds, v.p95_seconds, most))
            for v, most in zip(views, longest, strict=True)
        ]
        return np.choose(self._places, curves)

    def next_view(self) -> Seconds:
        """Return when the next page view of anybody begins."""
        return self.up_to(self.conditions.view_interval_seconds / self.conditions.resolvers)

    def never(self) -> Seconds:
        return np.full(self.drills, np.nan)

    def none(self) -> Seconds:
        return np.zeros(self.drills)


def _nothing_moves(draw: _Draw) -> Drills:
    """The primary serves on: a fault behind it that no viewer sees."""
    return Drills(
        detect=draw.never(),
        switch=draw.never(),
        recover=draw.never(),
        fail_back=draw.next_view() + draw.usual_view(),
        failed_ratio=draw.none(),
    )


def _nobody_covers(draw: _Draw, fault_seconds: float) -> Drills:
    """Every page view fails from the fault to its end, whoever ends it."""
    acts = draw.control()
    return Drills(
        detect=draw.never(),
        switch=draw.never(),
        recover=draw.never(),
        fail_back=draw.control() + draw.next_view() + draw.usual_view(),
        failed_ratio=1 - acts / fault_seconds,
    )


def _by_origin(draw: _Draw, until_it_acts: float, wait_seconds: float = 0.0) -> Drills:
    """CloudFront asks the other bucket: the first page view that no cache answers is the first that the secondary serves."""
    misses = 1 + (
        draw.random.random(draw.drills) < draw.conditions.page_miss_ratio
    )  # the marker, and then the page too
    recover = draw.control() + until_it_acts + draw.next_view() + misses * wait_seconds + draw.usual_view()
    return Drills(
        detect=recover,
        switch=draw.none(),
        recover=recover,
        fail_back=draw.control() + until_it_acts + draw.next_view() + draw.usual_view(),
        failed_ratio=draw.none(),
    )


def _on_a_share(draw: _Draw, ratio: float, wait_seconds: float) -> Drills:
    """CloudFront asks the other bucket for the requests that are hit; ten in a row from there only chance brings."""
    conditions = draw.conditions
    spacing = conditions.view_interval_seconds / conditions.resolvers
    count = max(1, round(conditions.degraded_seconds / spacing))
    is_hit = draw.random.random((draw.drills, count)) < ratio
    in_a_row = np.cumsum(is_hit, axis=1, dtype=np.int32)
    is_streak = in_a_row[:, STREAK_LENGTH - 1 :] - np.pad(in_a_row, ((0, 0), (1, 0)))[:, : count - STREAK_LENGTH + 1]
    began, extra = draw.control() + draw.next_view(), wait_seconds + draw.usual_view()
    detect = _first(is_hit) * spacing + began + extra
    return Drills(
        detect=detect,
        switch=np.where(np.isnan(detect), np.nan, 0.0),
        recover=_first(is_streak == STREAK_LENGTH) * spacing + began + extra,
        fail_back=draw.control() + draw.next_view() + draw.usual_view(),
        failed_ratio=draw.none(),
    )


def _first(is_so: np.typing.NDArray[np.bool_]) -> Seconds:
    """Return the index of the first True of each row, NaN without one."""
    return np.where(is_so.any(axis=1), is_so.argmax(axis=1).astype(np.float64), np.nan)


def _by_dns(
    draw: _Draw, variant: FaultVariant, dns: DnsFailover, negative_ttl_seconds: float, *, checks: int = 1
) -> Drills:
    """Route 53 answers with the secondary once its checkers agree; viewers follow as their answers run out.

    A last exit outside AWS is behind two checks, CloudFront's and the regional endpoint's, and each has checkers of its own.
    """
    conditions = draw.conditions
    acts = draw.control()
    is_lever = variant.kind == "path-check-inverted"  # the check itself is turned: no probe has to fail
    turns = acts if is_lever else acts + _unhealthy_after(draw, dns, variant)
    answers = draw_answers(draw.random, conditions, draw.drills, dns.ttl_seconds)
    all_turn = turns
    for _ in range(checks - 1):
        all_turn = np.maximum(all_turn, acts + _unhealthy_after(draw, dns, variant))
    changed = _changed(answers, variant, all_turn[:, np.newaxis], negative_ttl_seconds)
    last = changed.max(axis=1)
    spacing = conditions.view_interval_seconds / conditions.resolvers
    recover = np.maximum(0.0, last - conditions.view_interval_seconds + spacing) + draw.diverted_view()
    detect = turns + draw.up_to(conditions.health_poll_seconds)
    patience = conditions.recovery_timeout_seconds + variant.patience_seconds
    is_seen = recover <= patience
    undo = np.where(is_seen, last + conditions.hold_seconds + draw.up_to(2 * LOOK_INTERVAL_SECONDS), patience)
    return Drills(
        detect=np.where(detect <= undo, detect, np.nan),
        switch=np.where(is_seen, np.maximum(0.0, changed.min(axis=1) + draw.diverted_view() - detect), np.nan),
        recover=np.where(is_seen, recover, np.nan),
        fail_back=_back_after(draw, dns, variant, answers, changed, undo),
        failed_ratio=_failed_ratio(answers, variant, acts, changed, undo),
    )


def _probe_seconds(variant: FaultVariant) -> float:
    return SILENT_SECONDS if variant.kind in ("hang", "unreachable") else REFUSED_SECONDS


def _unhealthy_after(draw: _Draw, dns: DnsFailover, variant: FaultVariant) -> Seconds:
    losses = draw_known_losses(draw.random, dns, draw.drills, draw.conditions.probe_loss_ratio)
    return unhealthy_after(dns, _probe_seconds(variant), draw_first_probes(draw.random, dns, draw.drills), losses)


def _changed(answers: Answers, variant: FaultVariant, moment: Seconds, negative_ttl_seconds: float) -> Seconds:
    if variant.kind in _UNKNOWN_NAMES:
        return answers.changed_after_negatives(moment, negative_ttl_seconds)
    return answers.changed_after_failures(moment) if variant.kind == "servfail" else answers.changed_after(moment)


def _failed_ratio(answers: Answers, variant: FaultVariant, acts: Seconds, changed: Seconds, undo: Seconds) -> Seconds:
    """Return the share of failed page views; who still holds CloudFront's address is served where only its names are gone."""
    if variant.kind.startswith("path-check"):
        return np.zeros(len(undo))
    is_of_names = variant.kind in (*_UNKNOWN_NAMES, "servfail")
    begin = (
        np.maximum(answers.expiries, acts[:, np.newaxis])
        if is_of_names
        else np.broadcast_to(acts[:, np.newaxis], changed.shape)
    )
    until = np.minimum(changed, undo[:, np.newaxis])
    return np.asarray(np.maximum(0.0, until - begin).mean(axis=1) / undo)


def _back_after(
    draw: _Draw, dns: DnsFailover, variant: FaultVariant, answers: Answers, changed: Seconds, undo: Seconds
) -> Seconds:
    conditions = draw.conditions
    healthy = draw.control()
    if variant.kind != "path-check-inverted":
        probes = draw_probes_to_health(draw.random, dns, draw.drills, conditions.probe_loss_ratio)
        first = draw_first_probes(draw.random, dns, draw.drills, _probe_seconds(variant))
        healthy = healthy + healthy_after(dns, first, probes)
    moment = (undo + healthy)[:, np.newaxis]
    back = (changed + answers.rounds * np.ceil(np.maximum(0.0, moment - changed) / answers.rounds)).max(axis=1)
    spacing = conditions.view_interval_seconds / conditions.resolvers
    fail_back = back - undo - conditions.view_interval_seconds + spacing + draw.usual_view()
    return np.where(np.isfinite(fail_back), np.maximum(0.0, fail_back), np.nan)
