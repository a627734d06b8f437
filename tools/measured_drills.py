"""Runs each drill many times on localcloud and keeps what was measured: `python -m tools.measured_drills`.

The simulator is held against it (tests/unit/simulate/test_measured.py). Every round starts localcloud anew, with the site
restored from a snapshot: the phases of Route 53's checkers are then drawn anew too. In each round the faults come another
twentieth of the interval later in which visitors' DNS answers run out, and so meet them at every age. A drill that this
machine was too busy for is made again. The file is written after each drill; a second run goes on.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from scripts.clock import rfc3339, utc_now
from scripts.demo import Demo
from scripts.drill.measurement import percentile
from scripts.drill.request import DrillSettings
from scripts.drill.scenarios import SCENARIOS
from scripts.drill.session import DrillSession
from scripts.drill.streaks import has_failed
from scripts.drill.verdict import LATE_SECONDS, MAX_LATE_RATIO
from scripts.errors import NotSteadyError
from scripts.files import write_atomically

ROOT = Path(__file__).parents[1]
SITE_FILE = ROOT / "config" / "demo.toml"
EXIT_SITE_FILE = ROOT / "config" / "last-exit.example.toml"
FOLDER = ROOT / "build" / "measured-drills"
SAMPLES = ROOT / "tests" / "unit" / "simulate" / "measured.json"
STEADY_SECONDS = 10.0
SPREAD_SECONDS = 12.0
"""Five visitors' answers of 60 s are 12 s apart: after as long everything looks the same again."""
_PATIENCE_SECONDS = 30.0
"""How long a fault stays that nobody covers, or that hits a share of the requests: what is seen does not depend on it."""
_SLOW_SECONDS = 1.0
"""AWS seconds; a page view that takes longer without a fault is this machine's doing, and so may be what follows."""


def measured(session: DrillSession, scenario: str, variant: str, settings: DrillSettings) -> dict[str, Any] | None:
    """Returns the figures of one drill, in AWS seconds; None when this machine was too busy."""
    try:
        (run,) = session.run(SCENARIOS[scenario], (variant,), settings).runs
    except NotSteadyError as error:  # the health checkers' probes came too late
        print(f"{scenario} {variant}: {error}; again", file=sys.stderr)
        return None
    before = [s for s in run.samples if s.finished_at_seconds < run.marks.fault_at_seconds and s.is_good]
    late = [s for s in run.samples if s.started_at_seconds - s.scheduled_at_seconds > LATE_SECONDS]
    slow = [s for s in before if s.total_seconds > _SLOW_SECONDS]
    if max(len(late) / len(run.samples), len(slow) / len(before)) > MAX_LATE_RATIO:
        print(
            f"{scenario} {variant}: {len(late)} page views late, {len(slow)} slow without a fault; again",
            file=sys.stderr,
        )
        return None
    figures = run.measurement
    return {
        "scenario": scenario,
        "variant": variant,
        "detect_seconds": _rounded(figures.time_to_detect_seconds),
        "switch_seconds": _rounded(figures.time_to_switch_seconds),
        "recover_seconds": _rounded(figures.recovery_time_seconds),
        "fail_back_seconds": _rounded(figures.time_to_fail_back_seconds),
        "failed_ratio": round(figures.shares.failed_ratio, 4),
        "steady_seconds": settings.steady_seconds,
        "page_views": len(run.samples),
        "failed_page_views": sum(map(has_failed, run.samples)),
        "page_view_seconds": [
            round(percentile([s.total_seconds for s in before], each), 3) for each in (0.05, 0.5, 0.95)
        ],
        "fault_seconds": _rounded(run.marks.undo_at_seconds - run.marks.fault_at_seconds),
        "verdict": str(figures.verdict),
    }


def main() -> None:
    """Measures what is missing in the file."""
    parser = argparse.ArgumentParser(prog="python -m tools.measured_drills", description=__doc__)
    parser.add_argument("--drills", type=int, default=20, help="of each variant (default: 20)")
    parser.add_argument("--variant", action="append", metavar="SCENARIO/VARIANT", help="default: each scenario's own")
    parser.add_argument("--speed", type=float, default=10.0, help="of localcloud's clock (default: 10)")
    parser.add_argument("--output", type=Path, default=SAMPLES)
    options = parser.parse_args()
    variants = options.variant or [f"{each.name}/{one.name}" for each in SCENARIOS.values() for one in each.select()]
    document = _document(options.output, speed=options.speed)
    for number in range(options.drills):
        for site_file in (SITE_FILE, EXIT_SITE_FILE):
            missing = [
                (scenario, variant)
                for scenario, _, variant in (name.partition("/") for name in variants)
                if site_file_of(scenario) == site_file and _count(document["drills"], scenario, variant) <= number
            ]
            if missing:
                shift_seconds = SPREAD_SECONDS * number / options.drills
                for row in _round(site_file, missing, options.speed, shift_seconds, document):
                    document["drills"].append(row)
                    _write(options.output, document)


def _round(
    site_file: Path, variants: list[tuple[str, str]], speed: float, shift_seconds: float, document: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    demo = Demo(site_file=site_file, folder=FOLDER / site_file.stem, speed=speed, any_port=True)
    with demo.site() as (_, session):
        for scenario, variant in variants:
            settings = settings_of(scenario, steady_seconds=STEADY_SECONDS + shift_seconds)
            while (row := measured(session, scenario, variant, settings)) is None:
                document["too_busy"] += 1
            yield row


def site_file_of(scenario: str) -> Path:
    """Returns the site that a scenario is drilled on: one with a server outside AWS where that takes over."""
    return EXIT_SITE_FILE if SCENARIOS[scenario].leaves_aws else SITE_FILE


def settings_of(scenario: str, *, steady_seconds: float = STEADY_SECONDS) -> DrillSettings:
    """Returns the settings of a measured drill: the usual ones, but little patience where nobody takes over for good."""
    settings = DrillSettings(steady_seconds=steady_seconds, degraded_seconds=_PATIENCE_SECONDS)
    if "nobody" not in SCENARIOS[scenario].takes_over:
        return settings
    return dataclasses.replace(settings, recovery_timeout_seconds=_PATIENCE_SECONDS)


def _document(path: Path, *, speed: float) -> dict[str, Any]:
    if path.is_file():
        found: dict[str, Any] = json.loads(path.read_bytes())
        return found
    return {
        "made_by": "python -m tools.measured_drills",
        "began_at": rfc3339(utc_now()),
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        "speed": speed,
        "too_busy": 0,
        "drills": [],
    }


def _count(rows: Sequence[dict[str, Any]], scenario: str, variant: str) -> int:
    return sum((row["scenario"], row["variant"]) == (scenario, variant) for row in rows)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _write(path: Path, document: dict[str, Any]) -> None:
    rows = ",\n".join(json.dumps(row) for row in document["drills"])
    head = json.dumps({key: value for key, value in document.items() if key != "drills"}, indent=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, f'{head[:-2]},\n "drills": [\n{rows}\n ]\n}}\n')


if __name__ == "__main__":
    main()
