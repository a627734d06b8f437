"""`failover prune`: delete old releases in both regions."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Annotated

import typer

from scripts.clock import AwsClock
from scripts.commands.shared.bars import object_bar
from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    ApplyOption,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    open_website,
    use_localcloud,
)
from scripts.commands.shared.parity_words import PLAN_ONLY
from scripts.commands.shared.tables import results_console, results_table
from scripts.exits.words import exits_of
from scripts.release.deletion import DEFAULT_PAUSE_SECONDS
from scripts.release.deletion import prune as delete_releases
from scripts.release.prune import DEFAULT_GRACE_SECONDS, DEFAULT_KEEP, PrunePlan, plan_prune

_LONGEST_GRACE_SECONDS = 10 * 366 * 86_400
_LONGEST_PAUSE_SECONDS = 86_400


def prune(
    keep: Annotated[int, typer.Option("--keep", min=1, help="How many of the newest releases stay.")] = DEFAULT_KEEP,
    grace_seconds: Annotated[
        int,
        typer.Option(
            "--grace-seconds",
            min=0,
            max=_LONGEST_GRACE_SECONDS,
            help="How long a release stays after it was published or replaced.",
        ),
    ] = DEFAULT_GRACE_SECONDS,
    pause_seconds: Annotated[
        int,
        typer.Option(
            "--pause-seconds",
            min=0,
            max=_LONGEST_PAUSE_SECONDS,
            help="How long to wait between claiming the releases and deleting them: longer than a request of a publish takes.",
        ),
    ] = DEFAULT_PAUSE_SECONDS,
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Delete old releases and the remains of unfinished ones; never the active or the previous release.

    What goes is claimed first: who planned to switch to it before is refused, and so is who plans it meanwhile. Ages are by S3's
    clock, and what was uploaded within six hours and has no manifest yet stays whatever --grace-seconds says. The buckets are
    versioned, so each object becomes a delete marker; lifecycle removes the old version later.
    """
    endpoints = use_localcloud(localcloud)
    site = open_website(outputs)
    plan = plan_prune(site, keep=keep, grace=timedelta(seconds=grace_seconds))
    if apply:
        if plan.removals and pause_seconds:
            print(f"Claimed first, deleted after {pause_seconds} s: --pause-seconds", file=sys.stderr)
        clock = AwsClock(speed=1.0 if endpoints is None else endpoints.speed)
        with object_bar("Deleting from every region", plan.objects) as advance:
            delete_releases(site, plan, advance, clock=clock, pause_seconds=pause_seconds)
        for failure in exits_of(outputs).keep_only(plan.kept.keys()):
            print(f"failover: {failure}. Its old releases stay until the next prune", file=sys.stderr)
    if as_json:
        print(json.dumps(_document(plan, applied=apply)))
    else:
        _print(plan, applied=apply)


def _document(plan: PrunePlan, *, applied: bool) -> dict[str, object]:
    return {
        "removals": [
            {
                "release_id": each.release_id,
                "reason": each.reason.value,
                "objects": {region: len(keys) for region, keys in each.keys.items()},
            }
            for each in plan.removals
        ],
        "kept": {release_id: reason.value for release_id, reason in plan.kept.items()},
        "index_keys": len(plan.index_keys),
        "applied": applied,
    }


def _print(plan: PrunePlan, *, applied: bool) -> None:
    console = results_console()
    table = results_table("Release", "", "Why", "Objects", whole=("Release",))
    for release_id, reason in plan.kept.items():
        table.add_row(release_id, "stays", reason.value, "")
    for each in reversed(plan.removals):
        objects = sum(len(keys) for keys in each.keys.values())
        table.add_row(each.release_id, "deleted" if applied else "goes", each.reason.value, f"{objects:,}")
    console.print(table)
    if plan.index_keys:
        console.print(
            f"{len(plan.index_keys)} KeyValueStore keys of indexes and redirects {'deleted' if applied else 'go'} with them."
        )
    if not plan.removals and not plan.index_keys:
        console.print("Nothing to delete.")
    elif not applied:
        console.print(PLAN_ONLY)
