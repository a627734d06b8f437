"""What a drill found: a run per fault, and the scenario that they belong to."""

from __future__ import annotations

import dataclasses

from scripts.drill_request import DrillRequest
from scripts.measurement import Marks, Measurement
from scripts.samples import Sample
from scripts.scenarios import FaultVariant
from scripts.verdict import Verdict


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FaultRun:
    """One fault from steady state to steady state. `started_at_seconds` is on the same clock as marks and samples."""

    variant: FaultVariant
    started_at_seconds: float
    marks: Marks
    samples: tuple[Sample, ...]
    measurement: Measurement


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioResult:
    """All faults of one scenario, in the order in which they ran; at least one."""

    request: DrillRequest
    runs: tuple[FaultRun, ...]

    @property
    def worst(self) -> FaultRun:
        """Return the run that speaks for the scenario: the worst verdict, then the longest recovery."""
        severity = list(Verdict)
        return max(
            self.runs,
            key=lambda run: (
                severity.index(run.measurement.verdict),
                run.measurement.recovery_time_seconds or 0.0,
            ),
        )
