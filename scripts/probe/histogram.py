"""Durations counted in buckets that grow by a tenth: percentiles of a year from a few hundred bytes an hour. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

SMALLEST_SECONDS = 0.0001
GROWTH = 1.1
"""A percentile is at most this factor too high."""
_LOG_GROWTH = math.log(GROWTH)


class Histogram:
    """How many durations fell into which bucket; a bucket holds what is at most its bound and above the one before.

    Args:
        counts: bucket's number -> how many. Default: none yet.
    """

    def __init__(self, counts: Iterable[tuple[int, int]] = ()) -> None:
        self._counts: Counter[int] = Counter(dict(counts))

    def add(self, seconds: float) -> None:
        """Count one duration; what is shorter than 0.1 ms counts as that."""
        self._counts[max(0, math.ceil(math.log(max(seconds, SMALLEST_SECONDS) / SMALLEST_SECONDS) / _LOG_GROWTH))] += 1

    def merge(self, other: Histogram) -> None:
        """Count what the other one counted, too."""
        self._counts.update(other._counts)

    @property
    def total(self) -> int:
        """How many were counted."""
        return self._counts.total()

    def percentile(self, ratio: float) -> float | None:
        """Return a bound in seconds that at least `ratio` of the durations do not exceed (nearest rank); None without any."""
        rank, seen = max(1, math.ceil(ratio * self.total)), 0
        for bucket in sorted(self._counts):
            seen += self._counts[bucket]
            if seen >= rank:
                return bound_seconds(bucket)
        return None

    def values(self) -> list[tuple[float, int]]:
        """Return the bound of each bucket in use, in seconds, and its count."""
        return [(bound_seconds(bucket), count) for bucket, count in sorted(self._counts.items())]

    def to_text(self) -> str:
        """Return it as text, such as "61:3 62:1"."""
        return " ".join(f"{bucket}:{count}" for bucket, count in sorted(self._counts.items()))

    @classmethod
    def from_text(cls, text: str) -> Histogram:
        """Return what `to_text` wrote."""
        return cls((int(bucket), int(count)) for bucket, _, count in (each.partition(":") for each in text.split()))


def bound_seconds(bucket: int) -> float:
    """Return the longest duration that a bucket holds."""
    return SMALLEST_SECONDS * GROWTH**bucket
