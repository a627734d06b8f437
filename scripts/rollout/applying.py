"""Applies reviewed plans stage by stage, and looks after each region whether it still serves what it served before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.errors import OpsError
from scripts.rollout.plans import PLAN, Outcome, Plans, StackPlan
from scripts.rollout.stages import Stage
from scripts.terraform.cli import StalePlanError, Terraform

# A global table and replicas cannot be changed while one of their regions is down; pages do not wait for them.
_TOLERATED = ("api-table",)

Look = Callable[[str | None], Sequence[str]]
"""From a region, or None for every entry, to what served before the rollout and does not serve now, in words."""


class StoppedError(OpsError):
    """A stage failed, so the later ones were left as they were."""

    exit_code = 1


@dataclass(slots=True, kw_only=True)
class Rollout:
    """One run over the stages.

    Attributes:
        terraform: what applies.
        stacks_folder: holds the stacks with their plans.
        look: asks entries; nothing to ask where nothing was deployed before.
        is_degraded: whether a region that fails is left out, so that the others are not held up.
        tell: gets a line of progress.
    """

    terraform: Terraform
    stacks_folder: Path
    look: Look
    tell: Callable[[str], None]
    is_degraded: bool = False
    applied: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def run(self, stages: Sequence[Stage], plans: Plans) -> None:
        """Applies what is to be applied.

        Raises:
            StalePlanError: a state has changed since it was planned; degraded or not, everything after it is left alone.
            StoppedError: a stage failed, and nothing allows to go on without it.
        """
        of_stack = {stack.name: stack for stack in plans.stacks}
        for stage in stages:
            if stage.region is not None and stage.region in self.left_out:
                self.tell(f"{stage.name}: left out, {self.left_out[stage.region]}")
                continue
            reason = self._stage(stage, of_stack)
            if reason is None:
                continue
            if not self._may_go_on(stage):
                raise StoppedError(self._stopped(stage, reason, stages))
            self.left_out[stage.region or stage.name] = reason
            self.tell(f"{stage.name}: {reason}; going on without it, as asked")

    def _stage(self, stage: Stage, of_stack: Mapping[str, StackPlan]) -> str | None:
        """Applies one stage; returns why it failed, or None."""
        worked_on = False
        for name in stage.stacks:
            plan = of_stack[name]
            if plan.outcome is Outcome.FAILED:
                return f"{name} could not be planned"
            if plan.outcome is not Outcome.CHANGES:
                continue
            self.tell(f"{name}: {plan.changes}")
            try:
                self.terraform.init(self.stacks_folder / name)
                self.terraform.apply_plan(self.stacks_folder / name, PLAN)
            except StalePlanError:
                raise
            except OpsError as error:
                return f"{name} failed: {error}"
            self.applied.append(name)
            worked_on = True
        worse = self.look(stage.region) if worked_on else ()
        return f"what served before does not serve now: {'; '.join(worse)}" if worse else None

    def _may_go_on(self, stage: Stage) -> bool:
        return self.is_degraded and (stage.region is not None or set(stage.stacks) <= set(_TOLERATED))

    def _stopped(self, stage: Stage, reason: str, stages: Sequence[Stage]) -> str:
        later = [name for each in stages[stages.index(stage) + 1 :] for name in each.stacks]
        return "\n".join(_sentences(reason, self.applied, later, is_of_a_region=stage.region is not None))


def _sentences(reason: str, applied: Sequence[str], later: Sequence[str], *, is_of_a_region: bool) -> Iterator[str]:
    yield reason
    yield f"Applied: {', '.join(applied) or 'nothing'}. Left as it was: {', '.join(later) or 'nothing'}."
    if is_of_a_region:
        yield "If the region is down and the others must not wait for it, run this again with --degraded."
