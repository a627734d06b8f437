"""Runs of one drill in a row: which of them were worse than those before, and when AWS itself was the target. Pure."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Iterable, Sequence
from typing import Literal, TypedDict

from pydantic import BaseModel, ConfigDict

SHOWN = 10
SLOWER_RATIO = 1.25
SLOWER_SECONDS = 5.0
"""A run is a regression only if it is slower by both: a fast recovery varies by more than a quarter."""
FEWEST_BEFORE = 2


class DrillRecord(BaseModel):
    """One fault of one drill; times are AWS seconds, None where it was not seen."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    at: str
    hostname: str
    target: str
    scenario: str
    variant: str
    verdict: Literal["within", "outside", "inconclusive"]
    rto_seconds: float
    time_to_detect_seconds: float | None
    recovery_time_seconds: float | None
    time_to_fail_back_seconds: float | None
    requests: int
    failed_requests: int
    release: str
    recovery_point_seconds: float | None = None
    time_to_alarm_seconds: float | None = None
    time_to_mail_seconds: float | None = None
    seen_recovery_point_seconds: float | None = None


class RunRow(TypedDict):
    """One run as a report shows it; `regression` says how it was worse than those before, "" for not."""

    at: str
    release: str
    verdict: str
    recovery_time_seconds: float | None
    time_to_alarm_seconds: float | None
    failed_requests: int
    regression: str


def row_of(record: DrillRecord) -> RunRow:
    """Return a run, not judged yet."""
    return RunRow(
        at=record.at,
        release=record.release,
        verdict=record.verdict,
        recovery_time_seconds=record.recovery_time_seconds,
        time_to_alarm_seconds=record.time_to_alarm_seconds,
        failed_requests=record.failed_requests,
        regression="",
    )


def same_drill(records: Iterable[DrillRecord], *, like: DrillRecord) -> list[DrillRecord]:
    """Return the runs of the same fault on the same site and target, oldest first."""
    key = (like.hostname, like.target, like.scenario, like.variant)
    found = [each for each in records if (each.hostname, each.target, each.scenario, each.variant) == key]
    return sorted(found, key=lambda each: each.at)


def judged(rows: Sequence[RunRow]) -> list[RunRow]:
    """Return the rows, oldest first, each with how it was worse than those before it."""
    return [RunRow({**row, "regression": _regression(row, rows[:number])}) for number, row in enumerate(rows)]


def newest_regressions(records: Sequence[DrillRecord]) -> list[str]:
    """Returns a sentence for each drill whose newest run was worse than those before it."""
    drills = {(each.hostname, each.target, each.scenario, each.variant): each for each in records}
    found = []
    for (_, _, scenario, variant), like in drills.items():
        rows = judged([row_of(each) for each in same_drill(records, like=like)][-SHOWN:])
        if sentence := rows[-1]["regression"]:
            found.append(f"{scenario}, {variant}: {sentence}")
    return found


def _regression(row: RunRow, before: Sequence[RunRow]) -> str:
    within = [each for each in before if each["verdict"] == "within"]
    if row["verdict"] == "outside" and within:
        return f"it was within the objective on {within[-1]['at'][:10]}"
    times = [each["recovery_time_seconds"] for each in within if each["recovery_time_seconds"] is not None]
    seconds = row["recovery_time_seconds"]
    if seconds is None or len(times) < FEWEST_BEFORE:
        return ""
    usual = statistics.median(times)
    if seconds <= max(usual * SLOWER_RATIO, usual + SLOWER_SECONDS):
        return ""
    return f"recovery took {seconds - usual:.1f} s longer than usual ({usual:.1f} s)"


def proven_on_aws_at(records: Iterable[DrillRecord], *, hostname: str, scenario: str) -> str | None:
    """Return when this drill was last within its objective on AWS itself; None: never."""
    return max(
        (
            each.at
            for each in records
            if (each.hostname, each.scenario, each.target, each.verdict) == (hostname, scenario, "aws", "within")
        ),
        default=None,
    )


def age_in_words(at: str | None, *, now: str) -> str:
    """Return how old a proof is, for a reader."""
    if at is None:
        return "never proven on AWS"
    days = (dt.datetime.fromisoformat(now) - dt.datetime.fromisoformat(at)).days
    return f"last proven on AWS {'today' if days <= 0 else f'{days} days ago'} ({at[:10]})"
