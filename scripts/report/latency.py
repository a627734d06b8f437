"""How long visitors waited: percentiles per region, family, resolver and phase, and what changed between two windows. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from scripts.probe.histogram import Histogram
from scripts.probe.history import PHASES, Period

GROUPS = ("region", "family", "resolver", "hostname")
ALL = "all"
RATIOS = (0.5, 0.95, 0.99)


@dataclasses.dataclass(slots=True, kw_only=True)
class Latency:
    """Good page views of one group.

    Attributes:
        views: how many.
        cached: how many an edge cache answered, of `cacheable` that told.
        phases: phase -> its durations, in AWS seconds.
    """

    views: int = 0
    cached: int = 0
    cacheable: int = 0
    phases: dict[str, Histogram] = dataclasses.field(default_factory=lambda: {phase: Histogram() for phase in PHASES})

    @property
    def hit_ratio(self) -> float | None:
        """The share that an edge cache answered; None where nothing told."""
        return self.cached / self.cacheable if self.cacheable else None

    def percentile(self, phase: str, ratio: float) -> float | None:
        """Return a percentile of one phase."""
        return self.phases[phase].percentile(ratio)


def latencies(periods: Iterable[Period], group_by: str = "region") -> dict[str, Latency]:
    """Return group -> its good page views, and `all` of them.

    Args:
        periods: of the window.
        group_by: one of `GROUPS`.
    """
    found: dict[str, Latency] = {ALL: Latency()}
    for period in periods:
        if period.error:
            continue
        for name in (ALL, str(getattr(period, group_by))):
            group = found.setdefault(name, Latency())
            group.views += period.views
            group.cached += period.cached
            group.cacheable += period.cacheable
            for phase in PHASES:
                group.phases[phase].merge(period.phases[phase])
    return found


def document(found: Mapping[str, Latency]) -> dict[str, object]:
    """Return the figures for `--json`; durations in AWS seconds."""
    return {
        name: {
            "page_views": group.views,
            "cache_hit_ratio": group.hit_ratio,
            "phases": {
                phase: {f"p{ratio * 100:g}_seconds": group.percentile(phase, ratio) for ratio in RATIOS}
                for phase in PHASES
            },
        }
        for name, group in found.items()
    }


def growth(before: Latency, after: Latency, *, phase: str = "total", ratio: float = 0.95) -> float | None:
    """Return by which share a percentile grew, 0.1 for a tenth; None where a window has no page views."""
    first, second = before.percentile(phase, ratio), after.percentile(phase, ratio)
    return None if first is None or second is None else second / first - 1


def rows(found: Mapping[str, Latency], phases: Sequence[str] = PHASES) -> list[list[str]]:
    """Return the table's cells: group, phase, page views, cache hits, percentiles in milliseconds."""
    table = []
    for name, group in found.items():
        for number, phase in enumerate(phases):
            hits = "-" if group.hit_ratio is None else f"{group.hit_ratio:.1%}"
            first = [name, f"{group.views:,}", hits] if number == 0 else ["", "", ""]
            table.append([*first, phase, *(_milliseconds(group.percentile(phase, ratio)) for ratio in RATIOS)])
    return table


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.0f}"
