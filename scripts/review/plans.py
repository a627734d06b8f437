"""The plans of all stacks, read from `terraform show -json`; a stack without a plan is a fact of its own, never "no change".

Format: https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from scripts.terraform.synthesis import stack_folders

PLAN_FILE = "plan.json"
LOG_FILE = "plan.log"
_LOG_LINES = 12


class Kind(StrEnum):
    """What a plan does to a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One resource that a plan changes.

    Attributes:
        stack: whose plan.
        address: the resource's address in it.
        before: its attributes now; empty when it is created.
        after: its attributes afterwards, without those that only the apply knows; empty when it is deleted.
        unknown: attributes that only the apply knows, as Terraform marks them.
        hidden: attributes whose values are secret, as Terraform marks them.
        forced_by: attributes whose change forces a replacement.
        new_first: whether a replacement is made before the old one goes.
    """

    stack: str
    address: str
    type: str
    kind: Kind
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    unknown: Any
    hidden: tuple[Any, Any]
    forced_by: tuple[str, ...]
    new_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPlan:
    """What one stack's plan says.

    Attributes:
        problem: why there is no plan; None when there is one.
        log: the end of what Terraform said, where it was kept.
        changed_outputs: outputs that get another value.
    """

    stack: str
    problem: str | None
    log: str = ""
    changes: tuple[Change, ...] = ()
    changed_outputs: tuple[str, ...] = ()


def read_plans(stacks_folder: Path) -> list[StackPlan]:
    """Returns the plan of every synthesized stack, by name.

    Raises:
        StacksError: nothing is synthesized in the folder.
    """
    return [_read(folder) for folder in stack_folders(stacks_folder)]


def _read(folder: Path) -> StackPlan:
    log = _end_of(folder / LOG_FILE)
    try:
        plan = json.loads((folder / PLAN_FILE).read_bytes())
    except FileNotFoundError:
        return StackPlan(stack=folder.name, problem="Terraform made no plan", log=log)
    except (OSError, ValueError) as error:
        return StackPlan(stack=folder.name, problem=f"{PLAN_FILE} cannot be read ({error})", log=log)
    if not isinstance(plan, dict) or "planned_values" not in plan:
        return StackPlan(stack=folder.name, problem=f"{PLAN_FILE} is no plan", log=log)
    if plan.get("errored"):
        return StackPlan(stack=folder.name, problem="Terraform stopped with an error half-way", log=log)
    return StackPlan(
        stack=folder.name,
        problem=None,
        changes=tuple(_changes(folder.name, plan)),
        changed_outputs=tuple(
            name for name, change in plan.get("output_changes", {}).items() if change.get("actions") != ["no-op"]
        ),
    )


def _changes(stack: str, plan: Mapping[str, Any]) -> Iterator[Change]:
    for one in plan.get("resource_changes", []):
        change, mode = one["change"], one.get("mode", "managed")
        if mode == "managed" and (kind := _kind(change["actions"])) is not None:
            yield Change(
                stack=stack,
                address=one["address"],
                type=one.get("type", one["address"].split(".")[0]),
                kind=kind,
                before=change.get("before") or {},
                after=change.get("after") or {},
                unknown=change.get("after_unknown") or {},
                hidden=(change.get("before_sensitive") or {}, change.get("after_sensitive") or {}),
                forced_by=tuple(".".join(map(str, path)) for path in change.get("replace_paths", ())),
                new_first=change["actions"] == ["create", "delete"],
            )


def _kind(actions: list[str]) -> Kind | None:
    if {"create", "delete"} <= set(actions):
        return Kind.REPLACE
    found = set(actions) & set(Kind)
    return Kind(found.pop()) if found else None


def _end_of(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(line for line in lines[-_LOG_LINES:] if line.strip())
