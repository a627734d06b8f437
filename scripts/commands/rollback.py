"""`failover rollback`: go back to an older release with one write, or end a canary."""

from __future__ import annotations

import json
from typing import Annotated

from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    ApplyOption,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    open_website,
    release_argument,
    release_of_the_command_line,
    switcher,
    use_localcloud,
)
from scripts.commands.shared.parity_words import PLAN_ONLY
from scripts.release.switching import RollbackPlan


def rollback(
    release_id: Annotated[str | None, release_argument("Release to go back to; default: the previous one.")] = None,
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Switch back to RELEASE_ID. Nothing is uploaded: the regions still hold it, which is verified first.

    While a canary runs, a rollback without RELEASE_ID ends the canary and leaves the active release. A region that does not
    answer does not stop a rollback: it is brought in line later with `failover verify --repair --apply`.
    """
    use_localcloud(localcloud)
    site = switcher(open_website(outputs, is_hasty=True))
    with release_of_the_command_line(release_id):
        plan = site.plan_rollback(release_id)
    if apply:
        site.rollback(plan)
    if as_json:
        print(json.dumps(_document(plan, applied=apply)))
        return
    for line in _lines(plan, applied=apply):
        print(line)


def _document(plan: RollbackPlan, *, applied: bool) -> dict[str, object]:
    return {
        "from_release_id": plan.leaves,
        "to_release_id": plan.manifest.release_id,
        "cancels_canary": plan.cancels_canary,
        "left_out": list(plan.left_out),
        "applied": applied,
    }


def _lines(plan: RollbackPlan, *, applied: bool) -> list[str]:
    verb = "Rolled back" if applied else "Would roll back"
    lines = [f"{verb} from {plan.leaves} to {plan.manifest.release_id}; every region that answers holds it."]
    if plan.cancels_canary:
        verb = "Ended" if applied else "Would end"
        lines = [f"{verb} the canary {plan.leaves}; every viewer gets {plan.manifest.release_id}."]
    if (canary := plan.ends_canary) is not None:
        ends = "Ended with it" if applied else "Ends with it"
        lines.append(f"{ends}: the canary {canary.release.id}, which {canary.percent} % of the viewers get.")
    lines += [
        f"{region} does not answer: run failover verify --repair --apply when it does." for region in plan.left_out
    ]
    return lines if applied else [*lines, PLAN_ONLY]
