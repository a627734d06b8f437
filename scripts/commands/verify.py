"""`failover verify`: whether both regions hold a release, and the repair of one from the other."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from scripts.commands.bars import byte_bar
from scripts.commands.options import (
    DEFAULT_OUTPUTS,
    ApplyOption,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    open_website,
    release_argument,
    use_localcloud,
)
from scripts.commands.parity_words import PLAN_ONLY, parity_document, parity_words
from scripts.errors import MissingOutputError, WrongUsageError
from scripts.release.parity import Parity, RepairPlan, check_parity, find_manifest, plan_repair, repair
from scripts.release.website import Website


def verify(
    release_id: Annotated[str | None, release_argument("Release to compare; default: the active one.")] = None,
    repair_it: Annotated[
        bool, typer.Option("--repair", help="Plan to copy what one region lacks from the other region.")
    ] = False,
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compare both regions with the manifest of RELEASE_ID; exit 1 while one lacks something."""
    if apply and not repair_it:
        raise WrongUsageError("--apply without --repair: verify only reads; add --repair to copy what is missing")
    use_localcloud(localcloud)
    site = open_website(outputs)
    plan = _plan(site, release_id)
    parity = plan.parity
    if apply and plan.regions:
        with byte_bar("Copying between regions", plan.copy_bytes) as advance:
            parity = repair(plan, site.buckets, advance)
    if as_json:
        print(json.dumps(_document(plan, parity, planned=repair_it, applied=apply)))
    else:
        _print(plan, parity, planned=repair_it, applied=apply)
    if not parity.is_reached:
        raise typer.Exit(1)


def _plan(site: Website, release_id: str | None) -> RepairPlan:
    routing = site.routing.read().routing
    wanted = release_id or routing.release_id
    if wanted is None:
        raise MissingOutputError("no release is active: name one, or publish first")
    manifest = find_manifest(site.buckets.values(), wanted)
    return plan_repair(check_parity(site.buckets.values(), manifest, routing), routing)


def _document(plan: RepairPlan, parity: Parity, *, planned: bool, applied: bool) -> dict[str, object]:
    copies = [{"path": each.file.path, "from": each.source, "to": each.destination} for each in plan.copies]
    return {
        "release_id": parity.manifest.release_id,
        "files": len(parity.manifest.files),
        "in_parity": parity.is_reached,
        "regions": {region: parity_document(found) for region, found in parity.regions.items()},
        "copies": copies if planned else None,
        "lost": [file.path for file in plan.lost],
        "applied": applied,
    }


def _print(plan: RepairPlan, parity: Parity, *, planned: bool, applied: bool) -> None:
    console = Console()
    table = Table("Region", "Parity")
    for region, found in parity.regions.items():
        table.add_row(region, parity_words(found))
    console.print(f"Release {parity.manifest.release_id}, {len(parity.manifest.files)} files")
    console.print(table)
    if plan.lost:
        console.print(f"{len(plan.lost)} files are in no region: publish the release again.")
    if planned and plan.regions:
        verb = "Copied" if applied else "To copy"
        console.print(
            f"{verb}: {len(plan.copies)} files, {plan.copy_bytes:,} bytes, into {' and '.join(plan.regions)}."
        )
    if parity.is_reached:
        console.print("Every region holds all of it.")
    elif planned and not applied:
        console.print(PLAN_ONLY)
    elif not planned:
        console.print("To copy what is missing: failover verify --repair")
