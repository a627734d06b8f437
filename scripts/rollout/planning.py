"""Plans every stack, and tells which plans can be applied as they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.rollout.dependencies import reads
from scripts.rollout.plans import LOG, PLAN, SHOWN, Changes, Outcome, StackPlan, sha256, source_sha256
from scripts.terraform.cli import PLAN_CLEAN, Terraform, TerraformError

_REPLACE = ({"create", "delete"},)
_Progress = Callable[[str, str], None]


@dataclass(slots=True, kw_only=True)
class Planner:
    """Plans stacks one after another, each after those that it reads.

    Attributes:
        terraform: what plans.
        tell: gets a stack's name and what became of it, for a line of progress.
        is_locked: whether a plan takes the state's lock; a role that may only read cannot.
    """

    terraform: Terraform
    tell: _Progress
    is_locked: bool = False
    _changing: dict[str, set[str]] = field(default_factory=dict)
    _found: dict[str, StackPlan] = field(default_factory=dict)

    def plan(self, folders: Sequence[Path]) -> list[StackPlan]:
        """Returns a plan of each stack, in the order given, which is the order of application."""
        needed = reads(folders)
        for folder in folders:
            planned = self._plan(folder, needed[folder.name])
            self._found[folder.name] = planned
            self.tell(folder.name, planned.words)
        return list(self._found.values())

    def _plan(self, folder: Path, needed: Mapping[str, set[str]]) -> StackPlan:
        for name in (PLAN, SHOWN, LOG):
            (folder / name).unlink(missing_ok=True)
        source = source_sha256(folder)
        waits_for = tuple(sorted(name for name, outputs in needed.items() if self._will_change(name, outputs)))
        try:
            self.terraform.init(folder)
            source = source_sha256(folder)  # with the lock file that init makes where synth could not
            code = self.terraform.plan_exit_code(folder, out=PLAN, is_locked=self.is_locked)
            shown = self.terraform.show(folder, PLAN)
        except TerraformError as error:
            (folder / LOG).write_text(str(error), encoding="utf-8")
            if waits_for:
                return _waiting(folder, source, waits_for)
            return StackPlan(name=folder.name, outcome=Outcome.FAILED, source_sha256=source, reason=str(error))
        (folder / SHOWN).write_text(json.dumps(shown), encoding="utf-8")
        if waits_for:  # for a reviewer's eyes: what it reads is not yet what it will be
            (folder / PLAN).unlink()
            return _waiting(folder, source, waits_for)
        self._changing[folder.name] = _changing_outputs(shown)
        if code == PLAN_CLEAN:
            return StackPlan(name=folder.name, outcome=Outcome.UNCHANGED, source_sha256=source)
        return StackPlan(
            name=folder.name,
            outcome=Outcome.CHANGES,
            source_sha256=source,
            plan_sha256=sha256(folder / PLAN),
            changes=_changes(shown),
        )

    def _will_change(self, name: str, outputs: set[str]) -> bool:
        before = self._found.get(name)
        if before is not None and before.outcome in (Outcome.WAITS, Outcome.FAILED):
            return before.outcome is Outcome.WAITS
        return bool(self._changing.get(name, set()) & outputs)


def _waiting(folder: Path, source: str, waits_for: tuple[str, ...]) -> StackPlan:
    reason = f"it reads what changes in {', '.join(waits_for)}: it is planned once that is applied"
    return StackPlan(name=folder.name, outcome=Outcome.WAITS, source_sha256=source, waits_for=waits_for, reason=reason)


def _changing_outputs(shown: Mapping[str, Any]) -> set[str]:
    changes = shown.get("output_changes", {})
    return {name for name, change in changes.items() if change.get("actions") != ["no-op"]}


def _changes(shown: Mapping[str, Any]) -> Changes:
    counts = {"create": 0, "update": 0, "replace": 0, "delete": 0}
    for change in shown.get("resource_changes", ()):
        actions = change["change"]["actions"]
        kind = "replace" if set(actions) in _REPLACE else actions[0]
        if kind in counts:
            counts[kind] += 1
    return Changes(**counts)
