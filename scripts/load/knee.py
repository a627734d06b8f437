"""Where a site bends and where it breaks, from the steps of a load test. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

KEPT_UP_RATIO = 0.9
"""A step keeps up when this share of the page views that its viewers were to make was made and good."""
SLOWER_FACTOR = 3.0
"""And when its 95th percentile is at most so many times that of the first step."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step.

    Attributes:
        viewers: each of whom was to make one page view a second.
        seconds: how long it lasted.
        views: page views that ended.
        failed: of them.
        p50_seconds: of the good ones.
        p95_seconds: of the good ones.
        served_by: region -> good page views.
    """

    viewers: int
    seconds: float
    views: int
    failed: int
    p50_seconds: float
    p95_seconds: float
    served_by: Mapping[str, int]

    @property
    def good_per_second(self) -> float:
        """Good page views a second."""
        return (self.views - self.failed) / self.seconds

    @property
    def failed_ratio(self) -> float:
        """Share of failed page views; 1 when not one ended."""
        return self.failed / self.views if self.views else 1.0


def knee(steps: Sequence[Step]) -> Step | None:
    """Return the largest step up to which every one kept up; None when not even the first did."""
    found = None
    for step in steps:
        if not _keeps_up(step, steps[0]):
            break
        found = step
    return found


def breaking_point(steps: Sequence[Step], max_failed_ratio: float) -> Step | None:
    """Return the first step of which more page views failed than allowed; None when the site held."""
    return next((step for step in steps if step.failed_ratio > max_failed_ratio), None)


def _keeps_up(step: Step, first: Step) -> bool:
    is_served = step.good_per_second >= step.viewers * KEPT_UP_RATIO
    return is_served and (not first.p95_seconds or step.p95_seconds <= first.p95_seconds * SLOWER_FACTOR)
