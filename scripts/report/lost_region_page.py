"""The page of a drill `region-lost`: who answered visitors when, and the clock of the replacement, step by step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import jinja2

from scripts.drill.streaks import has_failed
from scripts.regions.lost_region import LostRegion
from scripts.report.report import TEMPLATES

_COLUMNS = 60
_FAILED = "failed"
_OTHERS = "another region"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A span of the drill.

    Attributes:
        at_seconds: when it begins, counted from the fault.
        counts: who answered -> page views; `failed` for those that nobody did.
    """

    at_seconds: float
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """All page views of the span."""
        return sum(self.counts.values())


def render_lost_region(found: LostRegion, *, hostname: str, speed: float, generated_at: str) -> str:
    """Return the page: one file without scripts or outside resources.

    Args:
        found: what the drill found.
        hostname: the public name.
        speed: how much faster than AWS's localcloud's clock ran.
        generated_at: RFC 3339.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return environment.get_template("lost_region.html.j2").render(
        found=found,
        hostname=hostname,
        speed=speed,
        generated_at=generated_at,
        headline=headline(found),
        who=[found.lost, staying_of(found), found.new, _FAILED],
        columns=columns_of(found),
        longest_step=max((step["seconds"] for step in found.replacement.get("steps", ())), default=1.0) or 1.0,
    )


def headline(found: LostRegion) -> str:
    """Return what came of it, and why where it is not good."""
    if found.is_good:
        return f"{found.new} has the place of {found.lost}; no page view failed once the first failover was done."
    if found.recovered_seconds is None:
        return f"Nobody took over from {found.lost} for good."
    if found.failed_after:
        return f"{found.failed_after} page views failed after the first failover of {found.lost}."
    return f"{found.new} never served every visitor."


def staying_of(found: LostRegion) -> str:
    """Return the region that served meanwhile, by what visitors saw."""
    seen = Counter(each.region for each in found.samples if each.region not in (None, found.lost, found.new))
    return str(seen.most_common(1)[0][0]) if seen else _OTHERS


def columns_of(found: LostRegion) -> Sequence[Column]:
    """Return the drill in equal spans, from the first page view to the last."""
    if not found.samples:
        return ()
    times = [each.scheduled_at_seconds - found.fault_at_seconds for each in found.samples]
    begin, width = min(times), max(max(times) - min(times), 1.0) / _COLUMNS
    spans: list[Counter[str]] = [Counter() for _ in range(_COLUMNS)]
    known = (found.lost, staying_of(found), found.new)
    for sample, at_seconds in zip(found.samples, times, strict=True):
        who = _FAILED if has_failed(sample) else str(sample.region)
        spans[min(_COLUMNS - 1, int((at_seconds - begin) / width))][who if who in (*known, _FAILED) else _OTHERS] += 1
    return [Column(at_seconds=begin + number * width, counts=dict(span)) for number, span in enumerate(spans)]
