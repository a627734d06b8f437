"""`failover rollback`: go back to an older release with one write, or end a canary."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from scripts.commands.shared.asking import Probe, network_probe, shown
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
from scripts.commands.shared.parity_words import PLAN_ONLY, taken_down_line
from scripts.errors import ProbeRefusedError
from scripts.exits.store import ExitUnavailableError, Source
from scripts.exits.words import exits_of, left_behind
from scripts.release.changes import Changes
from scripts.release.samples import sample
from scripts.release.switching import RollbackPlan


def rollback(
    release_id: Annotated[str | None, release_argument("Release to go back to; default: the previous one.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also to a RELEASE_ID that was rolled back from before.")
    ] = False,
    probe: Annotated[
        bool, typer.Option("--probe/--no-probe", help="Ask the site's names after the switch; exit 1 if they fail.")
    ] = True,
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Switch back to RELEASE_ID. Nothing is uploaded: the regions hold it, which is verified before the switch and after it.

    The release that is left is marked: a second rollback does not go there, and a publish of it is refused; both with --force
    only. After the switch the public name and every regional name are asked; if they do not serve the release it stays, because
    the one before was left for a reason (exit code 1).

    While a canary runs, a rollback without RELEASE_ID ends the canary and leaves the active release. A region that does not
    answer does not stop a rollback: it is brought in line later with `failover verify --repair --apply`, and so is a server
    outside AWS whose store does not.
    """
    endpoints = use_localcloud(localcloud)
    website = open_website(outputs, is_hasty=True)
    site = switcher(website)
    with release_of_the_command_line(release_id):
        plan = site.plan_rollback(release_id, force=force)
    behind: list[ExitUnavailableError] = []
    if apply:
        site.rollback(plan)
        site.verify(plan)
        if not plan.cancels_canary:
            behind = exits_of(outputs).follow(plan.manifest, Source(website.buckets.values()).write)
        if probe:
            _insist_on_answers(plan, network_probe(website, endpoints))
    if as_json:
        print(json.dumps({**_document(plan, applied=apply), "exits_left_behind": [each.name for each in behind]}))
        return
    for line in (*_lines(plan, applied=apply), *left_behind(behind)):
        print(line)


def _insist_on_answers(plan: RollbackPlan, probe: Probe) -> None:
    """Asks the site's names for the release.

    Raises:
        ProbeRefusedError: they do not serve it; it is active all the same.
    """
    release_id = plan.manifest.release_id
    if bad := probe(sample(plan.manifest, Changes(new=(), changed=(), removed=()))):
        raise ProbeRefusedError(
            f"release {release_id} is active again, and the site does not serve it:\n{shown(bad)}\n"
            f"Nothing was switched back to {plan.leaves}. See failover status; failover releases lists what else there is"
        )


def _document(plan: RollbackPlan, *, applied: bool) -> dict[str, object]:
    return {
        "from_release_id": plan.leaves,
        "to_release_id": plan.manifest.release_id,
        "cancels_canary": plan.cancels_canary,
        "taken_down": sorted(plan.manifest.emptied),
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
    if not plan.cancels_canary and plan.leaves != plan.manifest.release_id and plan.marks.puts:
        lines.append(
            f"{plan.leaves} {'is' if applied else 'will be'} marked as rolled back from: it comes back with --force only."
        )
    if gone := plan.manifest.emptied:
        lines.append(taken_down_line(gone))
    lines += [
        f"{region} does not answer: run failover verify --repair --apply when it does." for region in plan.left_out
    ]
    return lines if applied else [*lines, PLAN_ONLY]
