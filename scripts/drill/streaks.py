"""What a row of samples shows: since when a region serves, and which regions served in turn. Pure."""

from __future__ import annotations

import bisect
from collections import Counter, deque
from collections.abc import Iterable, Sequence

from scripts.probe.samples import ErrorKind, Sample

STREAK_LENGTH = 10
"""Consecutive good page views that count as recovered."""
WINDOW_LENGTH = 10
WINDOW_MAJORITY = 8


def lasting_streak_at(samples: Sequence[Sample], *, region: str) -> float | None:
    """Return when a visitor saw the first good page view of a streak after which none failed, or None.

    Not one may fail: a site that answers ten visitors and then fails the next has not recovered.

    Args:
        samples: in order of sequence; the first and last of them bound what is looked at.
        region: who must have answered the streak. A good page view from elsewhere after it changes nothing.
    """
    first = next((index + 1 for index in reversed(range(len(samples))) if has_failed(samples[index])), 0)
    return streak_at(samples[first:], region=region)


def insert_in_order(samples: list[Sample], sample: Sample) -> None:
    """Put a sample in its place by sequence: page views end in another order than they begin, but seldom much later."""
    bisect.insort(samples, sample, key=lambda each: each.sequence)


def scheduled_since(samples: Sequence[Sample], seconds: float) -> Sequence[Sample]:
    """Return the samples whose turn came at a moment or after it.

    Args:
        samples: in order of sequence, which is the order of schedule.
        seconds: AWS time.
    """
    return samples[bisect.bisect_left(samples, seconds, key=lambda sample: sample.scheduled_at_seconds) :]


def has_filled_page(samples: Iterable[Sample], *, region: str) -> bool:
    """Return whether the region answered a good page view whose page no edge cache held.

    CloudFront says so in X-Cache: https://repost.aws/knowledge-center/cloudfront-x-cache-header
    """
    return any(s.is_good and s.region == region and (s.cache or "").startswith("Miss") for s in samples)


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
            streak.clear()
        previous = sample.sequence
        if sample.error is ErrorKind.OVERLOAD:
            continue
        if sample.is_good and sample.region == region:
            streak.append(sample)
        else:
            streak.clear()
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


def has_failed(sample: Sample) -> bool:
    """Return whether a visitor got no good page; one that this machine was too busy to make tells nothing."""
    return not sample.is_good and sample.error is not ErrorKind.OVERLOAD
