"""Every drill that was ever reported, one JSON line a fault: what trends, means and regressions are made of."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from scripts.errors import EnvironmentFailureError
from scripts.report.data import Report

LOG_NAME = "drills.jsonl"


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


def records_of(report: Report) -> list[DrillRecord]:
    """Return what a report says, a record for each fault."""
    return [
        DrillRecord.model_validate(
            {
                **variant,
                "at": report["generated_at"],
                "hostname": report["hostname"],
                "target": report["target"],
                "scenario": scenario["name"],
                "variant": variant["name"],
                "release": report["release"],
                "recovery_point_seconds": scenario["recovery_point_seconds"],
            }
        )
        for scenario in report["scenarios"]
        for variant in scenario["variants"]
    ]


def append(path: Path, report: Report) -> None:
    """Add a report's faults to the log, each line in one write; they are on disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(record.model_dump_json() + "\n" for record in records_of(report))
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, lines.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: Path) -> list[DrillRecord]:
    """Return all records, oldest first; none when there is no log yet. A last line that a crash cut off is left out.

    Raises:
        EnvironmentFailureError: another line is no record.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    found = []
    for number, line in enumerate(lines[:-1], start=1):
        try:
            found.append(DrillRecord.model_validate(_object(line)))
        except (ValueError, ValidationError) as error:
            raise EnvironmentFailureError(f"{path}, line {number}, is no drill ({error}): remove the line") from error
    return found


def _object(line: bytes) -> Mapping[str, object]:
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError(f"not an object: {line[:40]!r}")
    return found
