"""The timeline picture of one fault as geometry; the template draws it.

Zero is the fault; the unit is AWS seconds. Who served is told by the row a bar stands in, and by its pattern and colour.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from scripts.drill.measurement import percentile
from scripts.drill.result import FaultRun
from scripts.probe.samples import ErrorKind, Sample

WIDTH = 960
PLOT_LEFT, PLOT_RIGHT = 150, 940
ROW_HEIGHT, ROW_GAP = 30, 10
LABEL_HEIGHT = 19
LATENCY_HEIGHT = 90
CHARACTER_WIDTH = 6.9
"""Of the labels' 12 px type, generously: a label that is a little short does no harm, one that overlaps does."""
MAX_BINS = 200
TIME_STEPS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
LATENCY_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of bars: how many of the page views, over time, had this outcome."""

    label: str
    note: str
    css_class: str
    y: float
    bars: tuple[Bar, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A moment: a line down to the axis, and its label beside the line's top."""

    label: str
    x: float
    y: float
    anchor: str
    css_class: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on an axis."""

    position: float
    label: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """All a template needs to draw one fault."""

    width: int
    height: float
    plot_left: int
    plot_right: int
    rows_top: float
    axis_y: float
    row_height: int
    fault_band: Bar
    rows: tuple[Row, ...]
    flags: tuple[Flag, ...]
    time_ticks: tuple[Tick, ...]
    latency_top: float
    latency_ticks: tuple[Tick, ...]
    latency_line: str
    latency_dots: tuple[tuple[float, float], ...]


class _Scale:
    def __init__(self, first_seconds: float, last_seconds: float) -> None:
        self.first_seconds = first_seconds
        self.last_seconds = max(last_seconds, first_seconds + 1)
        self.bin_seconds = _nice_step((self.last_seconds - first_seconds) / MAX_BINS, TIME_STEPS)

    def x(self, seconds: float) -> float:
        ratio = (seconds - self.first_seconds) / (self.last_seconds - self.first_seconds)
        return round(PLOT_LEFT + min(1.0, max(0.0, ratio)) * (PLOT_RIGHT - PLOT_LEFT), 1)

    def bin_of(self, seconds: float) -> int:
        return math.floor((seconds - self.first_seconds) / self.bin_seconds)

    def bin_start(self, number: int) -> float:
        return self.first_seconds + number * self.bin_seconds


def chart(run: FaultRun, *, primary: str, secondary: str) -> Chart:
    """Lay out one fault's timeline."""
    zero = run.marks.fault_at_seconds
    views = [(sample.scheduled_at_seconds - zero, sample) for sample in run.samples]
    scale = _Scale(min(at for at, _ in views), max(at for at, _ in views)) if views else _Scale(-1.0, 1.0)
    flags, rows_top = _flags(run, scale)
    rows = _rows(views, scale, primary=primary, secondary=secondary, top=rows_top)
    latency_top = rows_top + len(rows) * (ROW_HEIGHT + ROW_GAP) + ROW_GAP
    axis_y = latency_top + LATENCY_HEIGHT
    latency_ticks, line, dots = _latency(views, scale, top=latency_top)
    fault_x = scale.x(0.0)
    return Chart(
        width=WIDTH,
        height=axis_y + 44,
        plot_left=PLOT_LEFT,
        plot_right=PLOT_RIGHT,
        rows_top=rows_top,
        axis_y=axis_y,
        row_height=ROW_HEIGHT,
        fault_band=Bar(
            x=fault_x,
            y=rows_top - 4,
            width=round(scale.x(run.marks.undo_at_seconds - zero) - fault_x, 1),
            height=axis_y - rows_top + 4,
        ),
        rows=rows,
        flags=flags,
        time_ticks=_time_ticks(scale),
        latency_top=latency_top,
        latency_ticks=latency_ticks,
        latency_line=line,
        latency_dots=dots,
    )


def moments_of(run: FaultRun) -> list[tuple[str, float | None]]:
    """Return the run's moments in AWS seconds since the fault, in their causal order; None: not seen."""
    zero, moments = run.marks.fault_at_seconds, run.measurement.moments
    named = [
        ("fault", run.marks.fault_at_seconds),
        ("detected", moments.detected_at_seconds),
        ("switched", moments.switched_at_seconds),
        ("recovered", moments.recovered_at_seconds),
        ("undone", run.marks.undo_at_seconds),
        ("failed back", moments.failed_back_at_seconds),
    ]
    return [(name, None if at is None else round(at - zero, 3)) for name, at in named]


def _flags(run: FaultRun, scale: _Scale) -> tuple[tuple[Flag, ...], float]:
    taken: list[list[tuple[float, float]]] = []
    flags = []
    for name, seconds in sorted(moments_of(run), key=lambda moment: moment[1] or 0.0):
        if seconds is None:
            continue
        label, x = f"{name} {seconds:.1f} s", scale.x(seconds)
        width = len(label) * CHARACTER_WIDTH + 8
        anchor = "end" if x + width > WIDTH else "start"
        span = (x - width, x) if anchor == "end" else (x, x + width)
        level = next((i for i, spans in enumerate(taken) if not _overlaps(span, spans)), len(taken))
        taken += [[]] if level == len(taken) else []
        taken[level].append(span)
        flags.append(
            Flag(label=label, x=x, y=14 + level * LABEL_HEIGHT, anchor=anchor, css_class=name.replace(" ", "-"))
        )
    return tuple(flags), 14 + len(taken) * LABEL_HEIGHT + 6


def _overlaps(span: tuple[float, float], others: Sequence[tuple[float, float]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def _rows(
    views: Sequence[tuple[float, Sample]], scale: _Scale, *, primary: str, secondary: str, top: float
) -> tuple[Row, ...]:
    outcomes = (
        (primary, "primary", "primary"),
        (secondary, "secondary", "secondary"),
        ("failed", "or wrong content", "failed"),
    )
    totals: Counter[int] = Counter()
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for seconds, sample in views:
        if sample.error is not ErrorKind.OVERLOAD:
            totals[scale.bin_of(seconds)] += 1
            counts[str(sample.region) if sample.is_good else "failed"][scale.bin_of(seconds)] += 1
    rows = []
    for index, (outcome, note, css_class) in enumerate(outcomes):
        y = top + index * (ROW_HEIGHT + ROW_GAP)
        shares = {number: count / totals[number] for number, count in counts[outcome].items()}
        rows.append(Row(label=outcome, note=note, css_class=css_class, y=y, bars=_bars(shares, scale, y=y)))
    return tuple(rows)


def _bars(shares: dict[int, float], scale: _Scale, *, y: float) -> tuple[Bar, ...]:
    bars: list[Bar] = []
    start: int | None = None
    for number in sorted(shares):
        start = number if start is None else start
        if shares.get(number + 1) == shares[number]:
            continue
        x, height = scale.x(scale.bin_start(start)), round(max(2.0, shares[number] * ROW_HEIGHT), 1)
        width = round(scale.x(scale.bin_start(number + 1)) - x, 1)
        bars.append(Bar(x=x, y=round(y + ROW_HEIGHT - height, 1), width=width, height=height))
        start = None
    return tuple(bars)


def _latency(
    views: Sequence[tuple[float, Sample]], scale: _Scale, *, top: float
) -> tuple[tuple[Tick, ...], str, tuple[tuple[float, float], ...]]:
    slowest: dict[int, float] = defaultdict(float)
    good: dict[int, list[float]] = defaultdict(list)
    for seconds, sample in views:
        number = scale.bin_of(seconds)
        if sample.error is not ErrorKind.OVERLOAD:
            slowest[number] = max(slowest[number], sample.total_seconds)
        if sample.is_good:
            good[number].append(sample.total_seconds)
    longest = max(slowest.values(), default=1.0)
    step = _nice_step(longest / 4, LATENCY_STEPS)
    ceiling = max(step, math.ceil(longest / step) * step)

    def y(seconds: float) -> float:
        return round(top + LATENCY_HEIGHT * (1 - seconds / ceiling), 1)

    def middle(number: int) -> float:
        return scale.x(scale.bin_start(number) + scale.bin_seconds / 2)

    # A gap where no view was good: what failed at once must not look fast.
    commands = [
        f"{'L' if number - 1 in good else 'M'}{middle(number)} {y(percentile(good[number], 0.5))}"
        for number in sorted(good)
    ]
    dots = tuple((middle(number), y(seconds)) for number, seconds in sorted(slowest.items()))
    ticks = tuple(
        Tick(position=y(index * step), label=f"{index * step:g} s") for index in range(round(ceiling / step) + 1)
    )
    return ticks, " ".join(commands), dots


def _time_ticks(scale: _Scale) -> tuple[Tick, ...]:
    step = _nice_step((scale.last_seconds - scale.first_seconds) / 14, TIME_STEPS)
    first, last = math.ceil(scale.first_seconds / step), math.floor(scale.last_seconds / step)
    return tuple(_time_tick(number * step, scale) for number in range(first, last + 1))


def _time_tick(seconds: float, scale: _Scale) -> Tick:
    return Tick(position=scale.x(seconds), label=f"{seconds:g}".replace("-", "−"))


def _nice_step(at_least: float, steps: Sequence[float]) -> float:
    return next((step for step in steps if step >= at_least), math.ceil(at_least))


def describe(run: FaultRun) -> str:
    """Return the picture in words, for those who do not see it."""
    failed = sum(not sample.is_good for sample in run.samples)
    seen = [f"{name} at {seconds:.1f} s" for name, seconds in moments_of(run) if seconds is not None]
    served = ", then ".join(run.measurement.served_by) or "nobody"
    return f"Served by {served}. {failed} of {len(run.samples)} page views failed. Since the fault: {'; '.join(seen)}."
