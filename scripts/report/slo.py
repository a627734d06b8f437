"""Objectives against what was measured: availability and its error budget, detection, recovery, recovery point. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterable, Sequence
from typing import TypedDict

from scripts.probe.history import Period
from scripts.report.runs import DrillRecord

OVERLOAD = "overload"
"""Page views that the prober's machine was too busy to make say nothing about the site."""
BURN_HOURS = (1, 6, 24)
"""Windows of a burn rate: https://sre.google/workbook/alerting-on-slos/"""
BINS = 120


class Outcome(enum.StrEnum):
    """Whether an objective was met; the values are shown."""

    MET = "met"
    MISSED = "missed"
    NOT_MEASURED = "not measured"


class Row(TypedDict):
    """One objective."""

    name: str
    objective: float
    measured: float | None
    unit: str
    outcome: Outcome
    how: str


class Bin(TypedDict):
    """A stretch of the window, for the chart; Unix times."""

    start: float
    seconds: float
    good: int
    bad: int


class Slo(TypedDict):
    """The whole of slo.json."""

    schema: int
    hostname: str
    since: str
    until: str
    good: int
    bad: int
    unmeasured: int
    availability_ratio: float | None
    error_budget_spent_ratio: float | None
    burn_rates: dict[str, float | None]
    drills: int
    drills_within: int
    drills_inconclusive: int
    drill_success_ratio: float | None
    mttd_seconds: float | None
    mttr_seconds: float | None
    recovery_point_seconds: float | None
    objectives: list[Row]
    bins: list[Bin]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SloObjectives:
    """The site file's `[objectives]` that are measured here."""

    rto_seconds: float
    rpo_seconds: float
    availability_ratio: float


def evaluate(
    periods: Iterable[Period],
    drills: Sequence[DrillRecord],
    recovery_points: Sequence[float],
    objectives: SloObjectives,
    *,
    hostname: str,
    since: float,
    until: float,
) -> Slo:
    """Return what a window says about the objectives.

    Args:
        periods: the prober's, of the window.
        drills: the log's; those of the window and the hostname are taken.
        recovery_points: measured in the window, in seconds.
        objectives: what is held against.
        hostname: the site's.
        since: Unix time, the window's begin.
        until: Unix time, its end.
    """
    kept = list(periods)
    good, bad, unmeasured = _counts(kept)
    ratio = good / (good + bad) if good + bad else None
    allowed = 1 - objectives.availability_ratio
    mine = [each for each in drills if each.hostname == hostname and since <= _unix(each.at) < until]
    conclusive = [each for each in mine if each.verdict != "inconclusive"]
    within = sum(each.verdict == "within" for each in mine)
    mttr = _mean(each.recovery_time_seconds for each in conclusive)
    points = [
        *recovery_points,
        *(each.recovery_point_seconds for each in mine),
        *(each.seen_recovery_point_seconds for each in mine),
    ]
    recovery_point = max((each for each in points if each is not None), default=None)
    slowest = max((each.recovery_time_seconds or float("inf") for each in conclusive), default=None)
    return Slo(
        schema=1,
        hostname=hostname,
        since=_rfc3339(since),
        until=_rfc3339(until),
        good=good,
        bad=bad,
        unmeasured=unmeasured,
        availability_ratio=ratio,
        error_budget_spent_ratio=None if ratio is None or not allowed else (1 - ratio) / allowed,
        burn_rates={f"{hours}h": _burn_rate(kept, until - hours * 3600, until, allowed) for hours in BURN_HOURS},
        drills=len(mine),
        drills_within=within,
        drills_inconclusive=len(mine) - len(conclusive),
        drill_success_ratio=within / len(conclusive) if conclusive else None,
        mttd_seconds=_mean(each.time_to_detect_seconds for each in conclusive),
        mttr_seconds=mttr,
        recovery_point_seconds=recovery_point,
        objectives=[
            _row("availability", objectives.availability_ratio, ratio, "ratio", "share of page views that were good"),
            _row("recovery time", objectives.rto_seconds, slowest, "s", "the slowest recovery of a drill"),
            _row("recovery point", objectives.rpo_seconds, recovery_point, "s", "the oldest object not replicated"),
        ],
        bins=_bins(kept, since, until),
    )


def is_met(slo: Slo) -> bool:
    """Return whether no objective was missed."""
    return all(row["outcome"] is not Outcome.MISSED for row in slo["objectives"])


def headline(slo: Slo) -> str:
    """Return the outcome in one sentence."""
    missed = [row["name"] for row in slo["objectives"] if row["outcome"] is Outcome.MISSED]
    unknown = [row["name"] for row in slo["objectives"] if row["outcome"] is Outcome.NOT_MEASURED]
    told = f"missed: {', '.join(missed)}" if missed else "no objective was missed"
    return f"{slo['hostname']}: {told}" + (f"; not measured: {', '.join(unknown)}" if unknown else "")


def _row(name: str, objective: float, measured: float | None, unit: str, how: str) -> Row:
    if measured is None:
        outcome = Outcome.NOT_MEASURED
    else:
        is_good = measured >= objective if unit == "ratio" else measured <= objective
        outcome = Outcome.MET if is_good else Outcome.MISSED
    shown = (
        None if measured == float("inf") else measured
    )  # a drill that never recovered has no duration, and JSON no infinity
    return Row(name=name, objective=objective, measured=shown, unit=unit, outcome=outcome, how=how)


def _counts(periods: Iterable[Period]) -> tuple[int, int, int]:
    good = bad = unmeasured = 0
    for each in periods:
        if each.error == OVERLOAD:
            unmeasured += each.views
        elif each.error:
            bad += each.views
        else:
            good += each.views
    return good, bad, unmeasured


def _burn_rate(periods: Sequence[Period], since: float, until: float, allowed: float) -> float | None:
    """Return how many times faster than sustainable the budget is spent; None without page views, or without a budget."""
    good, bad, _ = _counts(each for each in periods if since <= each.start < until)
    return bad / (good + bad) / allowed if good + bad and allowed else None


def _bins(periods: Sequence[Period], since: float, until: float) -> list[Bin]:
    seconds = (until - since) / BINS
    found = [Bin(start=since + number * seconds, seconds=seconds, good=0, bad=0) for number in range(BINS)]
    for each in periods:
        if each.error == OVERLOAD:
            continue
        place = found[min(BINS - 1, max(0, int((each.start - since) / seconds)))]
        if each.error:
            place["bad"] += each.views
        else:
            place["good"] += each.views
    return found


def _mean(values: Iterable[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return sum(known) / len(known) if known else None


def _unix(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()


def _rfc3339(unix: float) -> str:
    return dt.datetime.fromtimestamp(unix, dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
