"""Bringing the states of a site that an earlier version deployed into the layout of this one.

States alone are moved; then the plans must show what comes with the new layout, and nothing else: outputs, the tag `Stack`, which
names a resource's state, and the dashboards, which list the alarms in another order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.errors import UnsafePlanError
from scripts.files import write_atomically
from scripts.terraform.deploy import run_waves, stack_order
from scripts.terraform.states import Configuration, Move, State, moved, plan_moves
from scripts.terraform.synthesis import CONFIGURATION, read_stack, stack_folders

if TYPE_CHECKING:
    from rich.console import Console

    from scripts.terraform.cli import Terraform

EARLIER_STACKS = ("keys",)
"""Stacks of earlier versions that this one does not have."""
_OF_THE_LAYOUT = frozenset({"tags", "tags_all", "dashboard_body"})
_PLAN_FILE = "migration.tfplan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """What would move.

    Attributes:
        folders: stack -> folder in which Terraform reaches its state; stacks of earlier versions too.
        configurations: stack -> its resources.
        states: stack -> its state now; None: there is none yet.
        moves: nothing to do when empty.
    """

    folders: Mapping[str, Path]
    configurations: Mapping[str, Configuration]
    states: Mapping[str, State | None]
    moves: tuple[Move, ...]


def plan_migration(terraform: Terraform, stacks_folder: Path) -> Migration:
    """Reads every state and finds what lies in another one than its stack.

    Raises:
        StacksError: nothing is synthesized in the folder.
        TerraformError: a state cannot be read.
        UnsafePlanError: an entry belongs to no stack.
    """
    stacks = {folder.name: folder for folder in stack_folders(stacks_folder)}
    earlier = {
        name: _earlier_folder(stacks_folder, next(iter(stacks.values())), name)
        for name in EARLIER_STACKS
        if name not in stacks
    }
    states: dict[str, State | None] = {}
    for name, folder in {**stacks, **earlier}.items():
        terraform.init(folder)
        states[name] = terraform.pull(folder)
    configurations = {name: Configuration.read(folder) for name, folder in stacks.items()}
    return Migration(
        folders={**stacks, **earlier},
        configurations=configurations,
        states=states,
        moves=tuple(plan_moves(configurations, states)),
    )


def _earlier_folder(stacks_folder: Path, like: Path, name: str) -> Path:
    """Makes a folder that reaches the state of a stack that is not synthesized any more, at the depth of the others."""
    backend = read_stack(like)["terraform"]["backend"]
    text = json.dumps(backend).replace(f"{like.name}.tfstate", f"{name}.tfstate")
    folder = stacks_folder.parent / "earlier" / name
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / CONFIGURATION, json.dumps({"terraform": {"backend": json.loads(text)}}))
    return folder


def keep_copies(migration: Migration, folder: Path) -> Path:
    """Writes every state as it is into a new folder below `folder`, and returns it."""
    kept = folder / f"states-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    for name, state in migration.states.items():
        if state is not None:
            write_atomically(kept / f"{name}.tfstate", json.dumps(state, indent=2) + "\n", is_secret=True)
    return kept


def move_states(terraform: Terraform, migration: Migration) -> None:
    """Writes the states: first those that gain an entry, so that none is ever in no state. A second run ends what one left.

    Raises:
        TerraformError: a state could not be written.
    """
    gaining, losing = moved(list(migration.moves), migration.configurations, migration.states)
    for step in (gaining, losing):
        for name, state in step.items():
            terraform.push(migration.folders[name], state)


def settle(terraform: Terraform, stacks_folder: Path, console: Console) -> None:
    """Plans every stack in order and applies what the new layout brings.

    Raises:
        TerraformError: a stack could not be planned or applied; those after it were not touched.
        UnsafePlanError: a plan holds another change.
    """

    def act(folder: Path, tell: Callable[[str], None]) -> None:
        tell("planning")
        terraform.init(folder)
        try:
            plan = terraform.plan_to(folder, _PLAN_FILE)
            if others := list(foreign_changes(plan)):
                raise UnsafePlanError(
                    f"the states are moved, but the plan of {folder.name} changes more than the layout: {', '.join(others)}. "
                    "Look at it with `terraform plan`, apply it if it is meant, and run this again"
                )
            tell("applying outputs and tags")
            terraform.apply_plan(folder, _PLAN_FILE)
        finally:
            (folder / _PLAN_FILE).unlink(missing_ok=True)  # it holds what the state holds

    run_waves(terraform, stacks_folder, stack_order(stacks_folder), console, act)


def foreign_changes(plan: Mapping[str, Any]) -> Iterator[str]:
    """Yields action and address of everything in a plan that does not come with the layout."""
    for change in plan.get("resource_changes", ()):
        actions = change["change"]["actions"]
        if actions in (["no-op"], ["read"]) or (actions == ["update"] and _changed(change["change"]) <= _OF_THE_LAYOUT):
            continue
        yield f"{' and '.join(actions)} {change['address']}"


def _changed(change: Mapping[str, Any]) -> set[str]:
    before, after, unknown = change["before"], change["after"], change.get("after_unknown", {})
    return {key for key in {*before, *after, *unknown} if before.get(key) != after.get(key) or unknown.get(key)}
