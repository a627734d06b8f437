"""What somebody changed by hand: a plan of what is deployed already should hold nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from scripts.rollout.plans import SHOWN, Outcome, Plans

_SHOWN = 20


def drift_text(plans: Plans, stacks_folder: Path) -> str:
    """Returns Markdown that names what differs from what is synthesized, and what was not planned; "" for nothing."""
    return "\n".join(_lines(plans, stacks_folder))


def _lines(plans: Plans, stacks_folder: Path) -> Iterator[str]:
    for stack in plans.stacks:
        if stack.outcome is Outcome.CHANGES:
            yield f"**{stack.name}**: {stack.changes}\n"
            found = list(_changed(stacks_folder / stack.name / SHOWN))
            yield from (f"- `{address}`: {action}" for address, action in found[:_SHOWN])
            if len(found) > _SHOWN:
                yield f"- and {len(found) - _SHOWN} more"
            yield ""
        elif stack.outcome is not Outcome.UNCHANGED:
            yield f"**{stack.name}**: {stack.reason}\n"
    if plans.of(Outcome.CHANGES):
        yield "Put back what was changed by hand, or bring it into the site file; or main is not deployed yet.\n"


def _changed(path: Path) -> Iterator[tuple[str, str]]:
    document = json.loads(path.read_bytes())
    for change in document.get("resource_changes", ()):
        actions = [action for action in change["change"]["actions"] if action not in ("no-op", "read")]
        if actions:
            yield str(change["address"]), " and ".join(actions)
