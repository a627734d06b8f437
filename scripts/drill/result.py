"""What a drill found: a run per fault, the scenario that they belong to, and what they ran against."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from scripts.drill.measurement import Marks, Measurement
from scripts.drill.request import DrillRequest
from scripts.drill.scenarios import FaultVariant
from scripts.drill.verdict import Verdict
from scripts.probe.samples import Sample


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
    """All faults of one scenario, in the order in which they ran; at least one.

    `recovery_point_seconds` is the worst that was measured, at the fault or while it lasted; None where it was not.
    """

    request: DrillRequest
    runs: tuple[FaultRun, ...]
    recovery_point_seconds: float | None = None

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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DrillContext:
    """What the drills themselves do not know.

    Args:
        target: "localcloud" or "aws".
        speed: how many times faster than the wall the target's clock ran; 1.0 on AWS.
        site_file: the site file as the operator named it.
        hostname: the site's public name.
        release: the release id that was live.
        cost_usd_per_month: the estimate for the site; default None, not estimated.
        stacks_sha256: of the synthesized stacks that were deployed; default None, not known.
        versions: of what made them, such as terraform and the provider; default: not known.
        predicted: scenario -> the shortest and longest recovery that the health checks promise, in AWS seconds; default: none.
        runbook: URL of the team's runbook; default: the page in this repository.
    """

    target: str
    speed: float
    site_file: str
    hostname: str
    release: str
    cost_usd_per_month: float | None = None
    stacks_sha256: str | None = None
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    predicted: Mapping[str, tuple[float, float]] = dataclasses.field(default_factory=dict)
    runbook: str = ""
