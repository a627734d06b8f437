"""The comment on a pull request: what every stack's plan would do, and what the site would cost.

`python -m tools.plan_comment STACKS_FOLDER` reads `<stack>/plan.json`, written by `terraform show -json`, and prints Markdown. A
replacement or a deletion is named with its address: it is what a reviewer must not miss.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.cost.estimate import estimate, load_stacks, monthly_cost_usd, objective_usd
from scripts.errors import OpsError, StacksError

# https://docs.github.com/en/rest/issues/comments: a body holds 65,536 characters.
MAXIMUM_CHARACTERS = 65_536
_KINDS = ("create", "update", "replace", "delete")


def main(arguments: Sequence[str]) -> int:
    """Print the comment; return the exit code: 0 done, 2 the folder lacks stacks or plans."""
    parser = argparse.ArgumentParser(prog="plan_comment", description=__doc__)
    parser.add_argument("stacks", type=Path, help="folder of the synthesized stacks, such as cdktf.out/stacks")
    folder = parser.parse_args(arguments).stacks
    try:
        stacks = load_stacks(folder)
        usd, objective = monthly_cost_usd(estimate(stacks)), objective_usd(stacks)
        plans = {stack: _plan(folder / stack / "plan.json") for stack in sorted(stacks)}
    except OpsError as error:
        print(f"plan_comment: {error}", file=sys.stderr)
        return error.exit_code
    print(comment(plans, usd=usd, objective_usd=objective))
    return 0


def _plan(path: Path) -> Mapping[str, Any]:
    """Reads a stack's plan. Without it a reviewer would take the stack for one that does not change.

    Raises:
        StacksError: it is not there, or not what `terraform show -json` prints of a plan.
    """
    try:
        plan = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or f"not JSON ({error})"
        raise StacksError(f"{path}: {reason}; write it with `terraform show -json` of the stack's plan") from error
    if not isinstance(plan, dict) or "planned_values" not in plan:
        raise StacksError(f"{path} is no plan; write it with `terraform show -json` of the stack's plan")
    return plan


def comment(plans: Mapping[str, Mapping[str, Any]], *, usd: float, objective_usd: float) -> str:
    """Return the Markdown. `plans`: stack -> `terraform show -json` of its plan; costs are USD a month."""
    changes = {stack: kinds_of(plan) for stack, plan in plans.items()}
    lines = ["### Plan", "", f"| Stack | {' | '.join(_KINDS)} |", f"|---|{'---|' * len(_KINDS)}"]
    for stack, found in changes.items():
        counts = Counter(found.values())
        lines.append(f"| {stack} | {' | '.join(str(counts[kind]) for kind in _KINDS)} |")
    lines += [
        "",
        f"**{usd:.2f} USD a month** at the site file's traffic; the objective is {objective_usd:.2f} USD.",
        "",
    ]
    dangerous = [
        f"- {kind} `{address}` ({stack})"
        for stack, found in changes.items()
        for address, kind in found.items()
        if kind in ("replace", "delete")
    ]
    lines += ["**Look at these:**", *dangerous] if dangerous else ["Nothing is replaced or deleted."]
    return _shortened("\n".join(lines))


def kinds_of(plan: Mapping[str, Any]) -> dict[str, str]:
    """Return address -> create, update, replace or delete of everything that the plan would change.

    https://developer.hashicorp.com/terraform/internals/json-format#change-representation: a replacement has both actions.
    """
    found = {}
    for change in plan.get("resource_changes", []):
        actions = set(change["change"]["actions"])
        if {"create", "delete"} <= actions:
            found[change["address"]] = "replace"
        elif kind := actions & {"create", "update", "delete"}:
            found[change["address"]] = kind.pop()
    return found


def _shortened(text: str) -> str:
    if len(text) <= MAXIMUM_CHARACTERS:
        return text
    note = "\n\n(shortened: the run's log has all of it)"
    return text[: MAXIMUM_CHARACTERS - len(note)] + note


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
