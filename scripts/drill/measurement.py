"""From samples to figures. Pure: no sockets, no clock, no files.

RTO is an objective and comes in; what a run measured has its own names. All times are AWS seconds of the drill's clock,
and page views are taken in the order in which they were *scheduled*: "from when on does a page work if opened now".
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence

from scripts.drill.streaks import has_failed, has_filled_page, lasting_streak_at, served_by, streak_at
from scripts.drill.verdict import LATE_SECONDS, Evidence, Expectation, Verdict, judge
from scripts.probe.samples import ErrorKind, Sample

SLOW_SECONDS = 1.0
"""How much longer than the steady median a page view takes that a visitor calls slow."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """When the drill did what, and when the control plane noticed. None: it never happened, or nobody listened for alarms.

    `release_age_seconds`: how long the release that every visitor is to see had been published at the fault; None: not known.
    """

    fault_at_seconds: float
    undo_at_seconds: float
    detected_at_seconds: float | None = None
    effect_at_seconds: float | None = None
    alarm_at_seconds: float | None = None
    mail_at_seconds: float | None = None
    has_listener: bool = False
    release_age_seconds: float | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MissCost:
    """What the fault added to a request that no cache answers: the region marker's time over its steady median."""

    steady_p50_seconds: float
    p50_seconds: float
    p95_seconds: float
    max_seconds: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What became of the page views that were made while the fault was in force."""

    failed_ratio: float
    slow_ratio: float
    covered_ratio: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """When what the fault set off was first seen, on the drill's clock. None: it was not seen."""

    detected_at_seconds: float | None
    switched_at_seconds: float | None
    recovered_at_seconds: float | None
    failed_back_at_seconds: float | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The figures of one fault; durations are None when their end was not seen.

    Detection, alarm, mail and recovery count from the fault, the switch from detection, failing back from the undo. `miss_cost`
    is None where CloudFront does not serve during the fault. `prober_lateness_p95_seconds`: how late this machine began
    page views, at the 95th percentile.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    rto_seconds: float
    time_to_detect_seconds: float | None
    time_to_switch_seconds: float | None
    recovery_time_seconds: float | None
    time_to_fail_back_seconds: float | None
    moments: Moments
    requests: int
    failed_requests: int
    wrong_content_requests: int
    overloaded_page_views: int
    prober_lateness_p95_seconds: float
    served_by: tuple[str, ...]
    miss_cost: MissCost | None
    shares: Shares
    time_to_alarm_seconds: float | None = None
    time_to_mail_seconds: float | None = None
    seen_recovery_point_seconds: float | None = None


def measure(samples: Iterable[Sample], marks: Marks, expected: Expectation) -> Measurement:
    """Turn the samples of one fault, in any order, into its figures."""
    ordered = sorted(samples, key=lambda sample: sample.sequence)
    moments = _moments(ordered, marks, expected)
    evidence = _evidence(ordered, marks, moments, expected)
    verdict, reasons = judge(evidence, expected)
    return Measurement(
        verdict=verdict,
        reasons=reasons,
        rto_seconds=expected.rto_seconds,
        time_to_detect_seconds=_since(marks.fault_at_seconds, moments.detected_at_seconds),
        time_to_switch_seconds=_since(moments.detected_at_seconds, moments.switched_at_seconds),
        recovery_time_seconds=_since(marks.fault_at_seconds, moments.recovered_at_seconds),
        time_to_fail_back_seconds=_since(marks.undo_at_seconds, moments.failed_back_at_seconds),
        time_to_alarm_seconds=_since(marks.fault_at_seconds, marks.alarm_at_seconds),
        time_to_mail_seconds=_since(marks.fault_at_seconds, marks.mail_at_seconds),
        seen_recovery_point_seconds=_seen_recovery_point(_outage(ordered, marks), marks, expected),
        moments=moments,
        requests=sum(s.requests for s in ordered),
        failed_requests=sum(s.failed_requests for s in ordered),
        wrong_content_requests=sum(s.wrong_content_requests for s in ordered),
        overloaded_page_views=sum(s.error is ErrorKind.OVERLOAD for s in ordered),
        prober_lateness_p95_seconds=percentile(_lateness(ordered) or [0.0], 0.95),
        served_by=served_by(ordered),
        miss_cost=_miss_cost(ordered, marks, expected) if expected.detects_by_marker else None,
        shares=Shares(
            failed_ratio=evidence.failed_ratio, slow_ratio=evidence.slow_ratio, covered_ratio=evidence.covered_ratio
        ),
    )


def _outage(samples: Iterable[Sample], marks: Marks) -> list[Sample]:
    return [s for s in samples if marks.fault_at_seconds <= s.scheduled_at_seconds < marks.undo_at_seconds]


def _after_undo(samples: Iterable[Sample], marks: Marks) -> list[Sample]:
    return [s for s in samples if s.scheduled_at_seconds >= marks.undo_at_seconds]


def _moments(ordered: Sequence[Sample], marks: Marks, expected: Expectation) -> Moments:
    outage = _outage(ordered, marks)
    if expected.heals:
        return _healing(ordered, outage, marks, expected)
    answered = [s for s in outage if s.region == expected.secondary]
    first_answer = min((s.finished_at_seconds for s in answered), default=None)
    return Moments(
        detected_at_seconds=first_answer if expected.detects_by_marker else marks.detected_at_seconds,
        switched_at_seconds=min((s.finished_at_seconds for s in answered if s.is_good), default=None),
        recovered_at_seconds=lasting_streak_at(outage, region=expected.secondary),
        failed_back_at_seconds=lasting_streak_at(_after_undo(ordered, marks), region=expected.primary),
    )


def _seen_recovery_point(outage: Sequence[Sample], marks: Marks, expected: Expectation) -> float | None:
    """Return how far back visitors of the secondary were taken: the age of the release that they did not get.

    0 when each of them got the active release; None when the secondary served nobody, or nobody knows the release's age.
    """
    seen = [s for s in outage if s.region == expected.secondary and (s.is_good or s.error is ErrorKind.WRONG_CONTENT)]
    if not seen or marks.release_age_seconds is None:
        return None
    return marks.release_age_seconds if any(s.error is ErrorKind.WRONG_CONTENT for s in seen) else 0.0


def _healing(ordered: Sequence[Sample], outage: Sequence[Sample], marks: Marks, expected: Expectation) -> Moments:
    """Return when a fault that ends by itself was noticed (the watch acted, which the drill marks) and when it was over."""
    failed = [s for s in outage if has_failed(s)]
    after = [s for s in outage if failed and s.sequence > failed[-1].sequence]
    return Moments(
        detected_at_seconds=marks.detected_at_seconds,
        switched_at_seconds=min((s.finished_at_seconds for s in after if s.is_good), default=None),
        recovered_at_seconds=lasting_streak_at(outage, region=expected.primary) if failed else None,
        failed_back_at_seconds=lasting_streak_at(_after_undo(ordered, marks), region=expected.primary),
    )


def _evidence(ordered: Sequence[Sample], marks: Marks, moments: Moments, expected: Expectation) -> Evidence:
    outage = _outage(ordered, marks)
    lost = [s.finished_at_seconds for s in _after_undo(ordered, marks) if has_failed(s)]
    return Evidence(
        recovery_time_seconds=_since(marks.fault_at_seconds, moments.recovered_at_seconds),
        has_failed_back=moments.failed_back_at_seconds is not None,
        has_failed=any(has_failed(s) for s in outage),
        has_relapsed=streak_at(outage, region=expected.taker) is not None,
        has_filled_page=has_filled_page(outage, region=expected.secondary),
        fail_back_loss_seconds=max(lost, default=marks.undo_at_seconds) - marks.undo_at_seconds,
        wrong_content_requests=sum(s.wrong_content_requests for s in ordered),
        overload_ratio=_overload_ratio(ordered),
        late_ratio=_ratio(late > LATE_SECONDS for late in _lateness(ordered)),
        latest_seconds=max(_lateness(ordered), default=0.0),
        seen=served_by(ordered),
        failed_ratio=_ratio(has_failed(s) for s in outage),
        slow_ratio=_slow_ratio(ordered, marks, outage),
        covered_ratio=_ratio(s.is_good and s.region == expected.secondary for s in outage),
        lost_page_views=sum(has_failed(s) for s in ordered if s.scheduled_at_seconds >= marks.fault_at_seconds),
        has_effect=not expected.stays or marks.effect_at_seconds is not None,
    )


def _ratio(claims: Iterable[bool]) -> float:
    found = list(claims)
    return sum(found) / len(found) if found else 0.0


def _slow_ratio(ordered: Sequence[Sample], marks: Marks, outage: Sequence[Sample]) -> float:
    usual = [s.total_seconds for s in ordered if s.finished_at_seconds < marks.fault_at_seconds and s.is_good]
    if not usual:
        return 0.0
    limit_seconds = percentile(usual, 0.5) + SLOW_SECONDS
    return _ratio(s.is_good and s.total_seconds > limit_seconds for s in outage)


def percentile(values: Sequence[float], ratio: float) -> float:
    """Return the smallest of the values that at least `ratio` of them do not exceed (nearest rank).

    Raises:
        ValueError: no values, or a ratio outside 0 to 1.
    """
    if not values or not 0 <= ratio <= 1:
        raise ValueError(f"a percentile needs values and a ratio of 0 to 1, got {len(values)} values and {ratio}")
    return sorted(values)[max(0, math.ceil(ratio * len(values)) - 1)]


def _overload_ratio(samples: Sequence[Sample]) -> float:
    return _ratio(s.error is ErrorKind.OVERLOAD for s in samples)


def _lateness(samples: Iterable[Sample]) -> list[float]:
    """Return how long after its time each page view began: the prober's own doing, whatever the site does."""
    return [s.started_at_seconds - s.scheduled_at_seconds for s in samples if s.error is not ErrorKind.OVERLOAD]


def _since(start_seconds: float | None, end_seconds: float | None) -> float | None:
    if start_seconds is None or end_seconds is None:
        return None
    # Detection is read by polling and may be noted just after the first visitor profited from it.
    return max(0.0, end_seconds - start_seconds)


def _miss_cost(samples: Sequence[Sample], marks: Marks, expected: Expectation) -> MissCost | None:
    before = [s for s in samples if s.finished_at_seconds < marks.fault_at_seconds]
    steady = _marker_seconds(before, region=expected.primary)
    broken = _marker_seconds(_outage(samples, marks), region=expected.secondary)
    if not steady or not broken:
        return None
    usual = percentile(steady, 0.5)
    added = [seconds - usual for seconds in broken]
    return MissCost(
        steady_p50_seconds=usual,
        p50_seconds=percentile(added, 0.5),
        p95_seconds=percentile(added, 0.95),
        max_seconds=max(added),
    )


def _marker_seconds(samples: Iterable[Sample], *, region: str) -> list[float]:
    return [s.phases.marker_seconds for s in samples if s.region == region and s.phases.marker_seconds is not None]
