"""What visitors saw of an incident, with and without our layers: figures from samples. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from scripts.drill.measurement import SLOW_SECONDS, percentile
from scripts.drill.streaks import has_failed
from scripts.probe.samples import ErrorKind, Sample
from scripts.replay.arithmetic import Expected


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One way to build the site, and the name at which that is seen.

    Args:
        name: as the table heads its column.
        title: the same for a reader of the page.
        hostname: whose page views these are.
        marker_path: what no cache holds, read in each page view.
    """

    name: str
    title: str
    hostname: str
    marker_path: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """Page views that were to start within one minute of the play."""

    good: int
    slow: int
    failed: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the visitors of one view saw.

    Attributes:
        expected: the share that fails by arithmetic.
        failed_ratio: page views that failed, of those from the first fault on.
        last_failure_seconds: from the first fault to the end of the last failed page view; None when none failed.
        late_seconds: how late 95 % of the page views at most began, by their schedule.
    """

    view: View
    expected: Expected
    minutes: tuple[Minute, ...]
    failed_ratio: float
    slow_ratio: float
    last_failure_seconds: float | None
    late_seconds: float
    overloaded: int

    @property
    def is_as_expected(self) -> bool:
        """Whether the share that failed is within 5 % of its arithmetic."""
        return self.expected.is_met(self.failed_ratio)


def outcome_of(
    view: View, samples: Sequence[Sample], *, expected: Expected, fault_at_seconds: float, duration_seconds: float
) -> Outcome:
    """Return the figures; all times of the samples are AWS seconds since the play began."""
    seen = [sample for sample in samples if sample.error is not ErrorKind.OVERLOAD]
    usual = [s.total_seconds for s in seen if s.finished_at_seconds < fault_at_seconds and s.is_good]
    limit_seconds = (percentile(usual, 0.5) if usual else 0.0) + SLOW_SECONDS
    after = [sample for sample in seen if sample.scheduled_at_seconds >= fault_at_seconds]
    failed = [sample for sample in after if has_failed(sample)]
    late = [max(0.0, s.started_at_seconds - s.scheduled_at_seconds) for s in seen]
    return Outcome(
        view=view,
        expected=expected,
        minutes=tuple(_minute(seen, number, limit_seconds) for number in range(round(duration_seconds / 60))),
        failed_ratio=len(failed) / len(after) if after else 0.0,
        slow_ratio=sum(_is_slow(s, limit_seconds) for s in after) / len(after) if after else 0.0,
        last_failure_seconds=max((s.finished_at_seconds for s in failed), default=fault_at_seconds) - fault_at_seconds
        if failed
        else None,
        late_seconds=percentile(late, 0.95) if late else 0.0,
        overloaded=len(samples) - len(seen),
    )


def _minute(samples: Sequence[Sample], number: int, limit_seconds: float) -> Minute:
    these = [s for s in samples if 60 * number <= s.scheduled_at_seconds < 60 * (number + 1)]
    failed, slow = sum(map(has_failed, these)), sum(_is_slow(s, limit_seconds) for s in these)
    return Minute(good=len(these) - failed - slow, slow=slow, failed=failed)


def _is_slow(sample: Sample, limit_seconds: float) -> bool:
    return sample.is_good and sample.total_seconds > limit_seconds
