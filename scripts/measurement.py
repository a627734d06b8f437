"""From samples to figures and a verdict. Pure: no sockets, no clock, no files.

RTO is an objective and comes in; what a run measured has its own names. All times are AWS seconds of the drill's clock,
and page views are taken in the order in which they were *scheduled*: "from when on does a page work if opened now".
"""

from __future__ import annotations

import dataclasses
import enum
import math
from collections import Counter, deque
from collections.abc import Iterable, Sequence

from scripts.samples import ErrorKind, Sample

STREAK_LENGTH = 10
"""Consecutive good page views that count as recovered."""
WINDOW_LENGTH = 10
WINDOW_MAJORITY = 8
MAX_OVERLOAD_RATIO = 0.01


class Verdict(enum.StrEnum):
    """What a drill proved about its objective, best first."""

    WITHIN = "within"
    OUTSIDE = "outside"
    INCONCLUSIVE = "inconclusive"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """When the drill did what, and when the control plane noticed. None: it never happened."""

    fault_at_seconds: float
    undo_at_seconds: float
    detected_at_seconds: float | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MissCost:
    """What the fault added to a request that no cache answers: the region marker's time over its steady median."""

    steady_p50_seconds: float
    p50_seconds: float
    p95_seconds: float
    max_seconds: float


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

    Detection and recovery count from the fault, the switch from detection, failing back from the undo. `miss_cost` is
    None where CloudFront does not serve during the fault.
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
    served_by: tuple[str, ...]
    miss_cost: MissCost | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the drill is to show.

    Args:
        primary: the region that serves before and after.
        secondary: the region that is to take over.
        rto_seconds: the objective.
        detects_by_marker: detection is the first page view that the secondary answered, as when CloudFront itself
            retries another origin; else it is the health check's flip in the marks.
        fills_pages: the edge caches are emptied during the fault, so the secondary is to be seen filling a page anew; without
            that the drill shows only that caches work. Default: not expected.
    """

    primary: str
    secondary: str
    rto_seconds: float
    detects_by_marker: bool
    fills_pages: bool = False


def measure(samples: Iterable[Sample], marks: Marks, expected: Expectation) -> Measurement:
    """Turn the samples of one fault, in any order, into its figures."""
    ordered = sorted(samples, key=lambda sample: sample.sequence)
    moments = _moments(ordered, marks, expected)
    verdict, reasons = _judge(_evidence(ordered, marks, moments, expected), expected)
    return Measurement(
        verdict=verdict,
        reasons=reasons,
        rto_seconds=expected.rto_seconds,
        time_to_detect_seconds=_since(marks.fault_at_seconds, moments.detected_at_seconds),
        time_to_switch_seconds=_since(moments.detected_at_seconds, moments.switched_at_seconds),
        recovery_time_seconds=_since(marks.fault_at_seconds, moments.recovered_at_seconds),
        time_to_fail_back_seconds=_since(marks.undo_at_seconds, moments.failed_back_at_seconds),
        moments=moments,
        requests=sum(s.requests for s in ordered),
        failed_requests=sum(s.failed_requests for s in ordered),
        wrong_content_requests=sum(s.wrong_content_requests for s in ordered),
        overloaded_page_views=sum(s.error is ErrorKind.OVERLOAD for s in ordered),
        served_by=served_by(ordered),
        miss_cost=_miss_cost(ordered, marks, expected) if expected.detects_by_marker else None,
    )


def _outage(samples: Iterable[Sample], marks: Marks) -> list[Sample]:
    return [s for s in samples if marks.fault_at_seconds <= s.scheduled_at_seconds < marks.undo_at_seconds]


def _after_undo(samples: Iterable[Sample], marks: Marks) -> list[Sample]:
    return [s for s in samples if s.scheduled_at_seconds >= marks.undo_at_seconds]


def _moments(ordered: Sequence[Sample], marks: Marks, expected: Expectation) -> Moments:
    outage = _outage(ordered, marks)
    answered = [s for s in outage if s.region == expected.secondary]
    first_answer = min((s.finished_at_seconds for s in answered), default=None)
    return Moments(
        detected_at_seconds=first_answer if expected.detects_by_marker else marks.detected_at_seconds,
        switched_at_seconds=min((s.finished_at_seconds for s in answered if s.is_good), default=None),
        recovered_at_seconds=lasting_streak_at(outage, region=expected.secondary),
        failed_back_at_seconds=lasting_streak_at(_after_undo(ordered, marks), region=expected.primary),
    )


def lasting_streak_at(samples: Sequence[Sample], *, region: str) -> float | None:
    """Return when a visitor saw the first good page view of a streak after which none failed, or None.

    Not one may fail: a site that answers ten visitors and then fails the next has not recovered.

    Args:
        samples: in order of sequence; the first and last of them bound what is looked at.
        region: who must have answered the streak. A good page view from elsewhere after it changes nothing.
    """
    failures = [index for index, sample in enumerate(samples) if _has_failed(sample)]
    return streak_at(samples[failures[-1] + 1 :] if failures else samples, region=region)


def has_filled_page(samples: Iterable[Sample], *, region: str) -> bool:
    """Return whether the region answered a good page view whose page no edge cache held.

    CloudFront says so in X-Cache: https://repost.aws/knowledge-center/cloudfront-x-cache-header
    """
    return any(s.is_good and s.region == region and (s.cache or "").startswith("Miss") for s in samples)


def _has_failed(sample: Sample) -> bool:
    return not sample.is_good and sample.error is not ErrorKind.OVERLOAD


def streak_at(samples: Sequence[Sample], *, region: str, length: int = STREAK_LENGTH) -> float | None:
    """Return when a visitor saw the first of `length` consecutive good page views from a region, or None.

    Consecutive means in sequence without a gap: a page view still under way is a gap. Overloaded ones are no page
    views and neither extend nor break the streak.

    Args:
        samples: in order of sequence.
        region: who must have answered.
        length: default 10.
    """
    streak: list[Sample] = []
    previous: int | None = None
    for sample in samples:
        if previous is not None and sample.sequence != previous + 1:
            streak = []
        previous = sample.sequence
        if sample.error is ErrorKind.OVERLOAD:
            continue
        streak = [*streak, sample] if sample.is_good and sample.region == region else []
        if len(streak) == length:
            return streak[0].finished_at_seconds
    return None


def served_by(samples: Iterable[Sample]) -> tuple[str, ...]:
    """Return the regions that served, in order, no two neighbours alike.

    While a change spreads, visitors with older DNS answers still see the other region, so single answers flicker. The
    rule: over a sliding window of 10 good page views in order of schedule, the region in service changes when another
    region gave at least 8 of the 10. Half and half changes nothing, and a region with fewer than 8 is never listed.
    """
    window: deque[str] = deque(maxlen=WINDOW_LENGTH)
    seen: list[str] = []
    for sample in sorted(samples, key=lambda sample: sample.sequence):
        if sample.region is None or not sample.is_good:
            continue
        window.append(sample.region)
        region, answers = Counter(window).most_common(1)[0]
        if answers >= WINDOW_MAJORITY and (not seen or seen[-1] != region):
            seen.append(region)
    return tuple(seen)


def percentile(values: Sequence[float], ratio: float) -> float:
    """Return the smallest of the values that at least `ratio` of them do not exceed (nearest rank).

    Raises:
        ValueError: no values, or a ratio outside 0 to 1.
    """
    if not values or not 0 <= ratio <= 1:
        raise ValueError(f"a percentile needs values and a ratio of 0 to 1, got {len(values)} values and {ratio}")
    return sorted(values)[max(0, math.ceil(ratio * len(values)) - 1)]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    recovery_time_seconds: float | None
    has_failed_back: bool
    has_failed: bool
    has_relapsed: bool
    has_filled_page: bool
    fail_back_loss_seconds: float
    wrong_content_requests: int
    overload_ratio: float
    seen: tuple[str, ...]


def _evidence(ordered: Sequence[Sample], marks: Marks, moments: Moments, expected: Expectation) -> _Evidence:
    outage = _outage(ordered, marks)
    lost = [s.finished_at_seconds for s in _after_undo(ordered, marks) if _has_failed(s)]
    return _Evidence(
        recovery_time_seconds=_since(marks.fault_at_seconds, moments.recovered_at_seconds),
        has_failed_back=moments.failed_back_at_seconds is not None,
        has_failed=any(_has_failed(s) for s in outage),
        has_relapsed=streak_at(outage, region=expected.secondary) is not None,
        has_filled_page=has_filled_page(outage, region=expected.secondary),
        fail_back_loss_seconds=max(lost, default=marks.undo_at_seconds) - marks.undo_at_seconds,
        wrong_content_requests=sum(s.wrong_content_requests for s in ordered),
        overload_ratio=_overload_ratio(ordered),
        seen=served_by(ordered),
    )


def _judge(evidence: _Evidence, expected: Expectation) -> tuple[Verdict, tuple[str, ...]]:
    # A drill that broke the site and never saw it recover, from the fault or from its undo, is outside, whatever else was
    # seen. One in which primary, then secondary, then primary again was not seen proves nothing.
    if evidence.recovery_time_seconds is None and evidence.has_failed:
        return Verdict.OUTSIDE, (_never_recovered(evidence),)
    misses = _misses(evidence, expected.rto_seconds)
    if evidence.fail_back_loss_seconds > expected.rto_seconds:
        return Verdict.OUTSIDE, misses
    doubts = _doubts(evidence, expected)
    if evidence.recovery_time_seconds is None or doubts:
        return Verdict.INCONCLUSIVE, doubts or ("the fault had no effect that a visitor could see",)
    if misses:
        return Verdict.OUTSIDE, misses
    return Verdict.WITHIN, (f"recovery took {evidence.recovery_time_seconds:.1f} s of {expected.rto_seconds:g} s",)


def _never_recovered(evidence: _Evidence) -> str:
    if evidence.has_relapsed:
        return "page views failed again after the secondary had taken over, and the fault ended before that did"
    return "the secondary never took over while the fault lasted"


def _misses(evidence: _Evidence, rto_seconds: float) -> tuple[str, ...]:
    misses = []
    if evidence.recovery_time_seconds is not None and evidence.recovery_time_seconds > rto_seconds:
        misses.append(f"recovery took {evidence.recovery_time_seconds:.1f} s, the objective is {rto_seconds:g} s")
    if evidence.fail_back_loss_seconds > rto_seconds:
        loss_seconds = evidence.fail_back_loss_seconds
        misses.append(
            f"page views failed until {loss_seconds:.1f} s after the undo, the objective is {rto_seconds:g} s"
        )
    if evidence.wrong_content_requests:
        misses.append(f"{evidence.wrong_content_requests} requests were answered with the wrong content")
    return tuple(misses)


def _doubts(evidence: _Evidence, expected: Expectation) -> tuple[str, ...]:
    doubts = []
    regions = (expected.primary, expected.secondary, expected.primary)
    if expected.fills_pages and evidence.recovery_time_seconds is not None and not evidence.has_filled_page:
        doubts.append(f"every page came from an edge cache, so none was read from the bucket in {expected.secondary}")
    if evidence.recovery_time_seconds is not None and not evidence.has_failed_back:
        doubts.append("the primary was not seen serving again after the fault was undone")
    if evidence.seen != regions:
        doubts.append(f"visitors saw {_arrows(evidence.seen)}, expected {_arrows(regions)}")
    if evidence.overload_ratio > MAX_OVERLOAD_RATIO:
        doubts.append(f"this machine was too busy to make {evidence.overload_ratio:.0%} of the page views")
    return tuple(doubts)


def _arrows(regions: Sequence[str]) -> str:
    return " → ".join(regions) or "nobody"


def _overload_ratio(samples: Sequence[Sample]) -> float:
    return sum(s.error is ErrorKind.OVERLOAD for s in samples) / len(samples) if samples else 0.0


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
