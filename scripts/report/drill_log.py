"""Every drill that was ever reported, one JSON line a fault: what trends, means and regressions are made of."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from scripts.errors import EnvironmentFailureError
from scripts.report.data import Report
from scripts.report.history import records_of
from scripts.report.runs import DrillRecord

LOG_NAME = "drills.jsonl"


def append(path: Path, report: Report) -> None:
    """Add a report's faults to the log in one write; they are on disk when this returns.

    A last line that a crash cut off goes: what is added behind it would be lost with it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(record.model_dump_json() + "\n" for record in records_of(report))
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # another drill's line is whole once it lets go
        _cut_to_whole_lines(descriptor)
        os.write(descriptor, lines.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cut_to_whole_lines(descriptor: int) -> None:
    with os.fdopen(os.dup(descriptor), "rb") as log:
        content = log.read()
    if not content.endswith(b"\n"):
        os.ftruncate(descriptor, content.rfind(b"\n") + 1)


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
