"""What a drill's report says of the deployment besides what visitors saw: cost, stacks, versions, prediction, runbook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from scripts.cost.estimate import estimate, load_stacks, monthly_cost_usd
from scripts.drill.result import DrillContext, ScenarioResult
from scripts.drill.session import DrillSession
from scripts.errors import MissingOutputError, WrongUsageError
from scripts.simulate.prediction import drilled_recovery
from scripts.simulate.site import site_of_stacks
from scripts.terraform.provenance import Provenance, provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderTest:
    """What the synthesized stacks say; all of it is missing where they are.

    Attributes:
        stacks: name -> the stack's JSON.
        origin: their digest, and the versions of what made them.
        cost_usd_per_month: the estimate.
    """

    stacks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    origin: Provenance = field(default_factory=Provenance)
    cost_usd_per_month: float | None = None

    def context(self, session: DrillSession, results: Sequence[ScenarioResult], *, site_file: str) -> DrillContext:
        """Return what the drills ran against, for their report."""
        found = self._predicted(results, speed=session.speed)
        return session.context(
            site_file=site_file,
            cost_usd_per_month=self.cost_usd_per_month,
            stacks_sha256=self.origin.stacks_sha256,
            versions=self.origin.versions,
            predicted={name: seconds for name, seconds in found.items() if seconds is not None},
            runbook=next(_runbooks(self.stacks), ""),
        )

    def _predicted(self, results: Sequence[ScenarioResult], *, speed: float) -> dict[str, tuple[float, float] | None]:
        try:
            site = site_of_stacks(self.stacks)
        except WrongUsageError:  # no stacks, or nothing in them that fails over
            return {}
        return {each.request.scenario.name: drilled_recovery(each, site, speed=speed) for each in results}


def under_test(stacks_folder: Path) -> UnderTest:
    """Read the stacks before a drill: afterwards nothing may stand between the result and its report."""
    try:
        stacks = load_stacks(stacks_folder)
        cost = monthly_cost_usd(estimate(stacks))
        return UnderTest(stacks=stacks, origin=provenance(stacks_folder), cost_usd_per_month=cost)
    except MissingOutputError as error:
        Console(stderr=True).print(
            f"The report will have no cost, no prediction and no digest of the stacks: {error}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        return UnderTest()


def _runbooks(stacks: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yields the site file's `alerts.runbook_url`, which the alert formatter is given."""
    for stack in stacks.values():
        for function in stack.get("resource", {}).get("aws_lambda_function", {}).values():
            variables = function.get("environment", {}).get("variables", {})
            if "RUNBOOK_URL" in variables:
                yield str(variables["RUNBOOK_URL"])
