"""What a replay found, as an HTML page without scripts and as tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from rich.table import Table

from scripts.drill.verdict import LATE_SECONDS, MAX_OVERLOAD_RATIO
from scripts.replay.arithmetic import Expected
from scripts.replay.incidents import Incident
from scripts.replay.schedule import Schedule
from scripts.replay.views import Outcome

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What the site's operators were sent while it was played."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One incident that was played; `mails` in the order in which they were sent."""

    incident: Incident
    schedule: Schedule
    outcomes: tuple[Outcome, ...]
    hostname: str
    speed: float
    mails: tuple[Mail, ...] = ()

    @property
    def is_as_expected(self) -> bool:
        """Whether every figure is within 5 % of its arithmetic."""
        return all(each.is_as_expected for each in self.outcomes)

    @property
    def late_seconds(self) -> float:
        """How late 95 % of the page views at most began: this machine's share of every figure."""
        return max((each.late_seconds for each in self.outcomes), default=0.0)

    @property
    def kept_time(self) -> bool:
        """Whether this machine kept the time of localcloud's clock, so that the figures are the site's."""
        views = sum(sum((m.good, m.slow, m.failed)) for each in self.outcomes for m in each.minutes)
        overloaded = sum(each.overloaded for each in self.outcomes)
        return self.late_seconds <= LATE_SECONDS and overloaded <= MAX_OVERLOAD_RATIO * max(1, views + overloaded)


def render(replay: Replay) -> str:
    """Return the page: one file, no outside resources."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters["percent"] = percent
    environment.filters["range"] = ratio_range
    return environment.get_template("replay.html.j2").render(replay=replay, last=last_failure)


def summary(replays: Sequence[Replay]) -> Table:
    """Return the table incident x layer: the share of page views that failed, and until when."""
    table = Table(title="Page views that failed, and until how long after the first fault", title_justify="left")
    table.add_column("incident", style="bold")
    for outcome in replays[0].outcomes:
        table.add_column(outcome.view.name)
    for replay in replays:
        cells = [_cell(outcome) for outcome in replay.outcomes]
        table.add_row(f"{replay.incident.id}\n{replay.incident.title}", *cells)
    return table


def document(replay: Replay) -> dict[str, object]:
    """Return the figures for `--json`."""
    return {
        "incident": replay.incident.id,
        "hostname": replay.hostname,
        "speed": replay.speed,
        "kept_time": replay.kept_time,
        "shortened_minutes": replay.schedule.shortened_minutes,
        "mails": [{"subject": mail.subject, "text": mail.text} for mail in replay.mails],
        "views": [
            {
                "name": outcome.view.name,
                "failed_ratio": round(outcome.failed_ratio, 5),
                "expected_failed_ratio": [round(outcome.expected.low_ratio, 5), round(outcome.expected.high_ratio, 5)],
                "is_as_expected": outcome.is_as_expected,
                "slow_ratio": round(outcome.slow_ratio, 5),
                "last_failure_seconds": outcome.last_failure_seconds,
                "late_seconds": round(outcome.late_seconds, 3),
                "overloaded_page_views": outcome.overloaded,
            }
            for outcome in replay.outcomes
        ],
    }


def ratio_range(expected: Expected) -> str:
    """Return a range of shares for a reader."""
    low, high = percent(expected.low_ratio), percent(expected.high_ratio)
    return low if low == high else f"{low} to {high}"


def percent(ratio: float) -> str:
    """Return a share for a reader."""
    return f"{ratio:.1%}"


def last_failure(outcome: Outcome) -> str:
    """Return when the last page view failed, for a reader."""
    seconds = outcome.last_failure_seconds
    return "none failed" if seconds is None else f"until {seconds:.0f} s after the first fault"


def _cell(outcome: Outcome) -> str:
    verdict = "" if outcome.is_as_expected else ", OUTSIDE 5 %"
    return f"{percent(outcome.failed_ratio)}{_until(outcome)}\n(arithmetic: {ratio_range(outcome.expected)}{verdict})"


def _until(outcome: Outcome) -> str:
    return "" if outcome.last_failure_seconds is None else f", until {outcome.last_failure_seconds:.0f} s"
