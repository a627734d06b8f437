"""`failover verify`: whether both regions hold a release, and the repair of one from the other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import typer

from scripts.commands.shared.bars import byte_bar
from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    ApplyOption,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    open_website,
    release_argument,
    release_of_the_command_line,
    use_localcloud,
)
from scripts.commands.shared.parity_words import (
    PLAN_ONLY,
    foreign_lines,
    parity_document,
    parity_words,
    taken_down_line,
)
from scripts.commands.shared.tables import results_console, results_table
from scripts.commands.shared.waiting import waiting_for
from scripts.errors import MissingOutputError, UnsafePlanError, WrongUsageError
from scripts.exits.exits import Exits
from scripts.exits.store import Source
from scripts.exits.words import exit_documents, exit_words, exits_of
from scripts.release.parity import Parity, RepairPlan, check_parity, find_manifest, plan_repair, repair
from scripts.release.routing import Routing
from scripts.release.standing import standing_of, time_of
from scripts.release.store_parity import StoreParity, check_store, repair_store
from scripts.release.taken_down import refuse_taken_down
from scripts.release.website import Website

_SHOWN = 3


def verify(
    release_id: Annotated[str | None, release_argument("Release to compare; default: the active one.")] = None,
    repair_it: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Plan to put back what is missing: from the other region, or from versions that a deletion left.",
        ),
    ] = False,
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compare both regions with the manifest of RELEASE_ID; exit 1 while one lacks something.

    Servers outside AWS are compared with the active release. Also compares the index and the redirects in the KeyValueStore, if
    viewers may get it; without RELEASE_ID those of the previous release and a canary too.
    """
    if apply and not repair_it:
        raise WrongUsageError("--apply without --repair: verify only reads; add --repair to copy what is missing")
    use_localcloud(localcloud)
    site = open_website(outputs, is_hasty=True)
    with waiting_for(f"S3 in {' and '.join(site.buckets)}"):
        current = site.routing.read()
        with release_of_the_command_line(release_id):
            plan = _plan(site, current.routing, release_id)
        store = check_store(site.routing, current, site.buckets.values(), release_id)
    if repair_it:
        manifest = plan.parity.manifest
        standing = standing_of(site.routing, manifest.release_id)
        standing.refuse_claimed(time_of(current))
        refuse_taken_down(manifest.held_files, standing.takedowns, release_id=manifest.release_id, is_built=False)
        refuse_to_spread(store.foreign)
    exits = exits_of(outputs) if plan.parity.manifest.release_id == current.routing.release_id else Exits()
    with waiting_for("the servers outside AWS"):
        states = exits.compare(plan.parity.manifest)
    parity, repaired = plan.parity, store
    if apply and plan.regions:
        with byte_bar("Copying between regions", plan.copy_bytes) as advance:
            parity = repair(plan, open_website(outputs).buckets, advance, store=site.routing)
    if apply and store.lacking:
        repaired = repair_store(site.routing, store)
    if apply and not all(state.is_whole for state in states):
        exits.follow(parity.manifest, Source(site.buckets.values()).write)
        states = exits.compare(parity.manifest)
    are_whole = all(state.is_whole for state in states)
    if as_json:
        document = _document(plan, parity, planned=repair_it, applied=apply)
        document["in_parity"] = parity.is_reached and repaired.is_reached and are_whole
        document["exits"] = exit_documents(states)
        document["key_value_store"] = _store_document(store, repaired)
        print(json.dumps(document))
    else:
        _print(plan, parity, planned=repair_it, applied=apply)
        for line in _store_lines(store, planned=repair_it, applied=apply):
            print(line)
        for state in states:
            print(f"{state.name}, outside AWS: {exit_words(state)}")
        for line in _next_steps(parity, repaired, are_whole=are_whole, planned=repair_it, applied=apply):
            print(line)
    if not (parity.is_reached and repaired.is_reached and are_whole):
        raise typer.Exit(1)


def _plan(site: Website, routing: Routing, release_id: str | None) -> RepairPlan:
    wanted = release_id or routing.release_id
    if wanted is None:
        raise MissingOutputError("no release is active: name one, or publish first")
    manifest = find_manifest(site.buckets.values(), wanted)
    return plan_repair(check_parity(site.buckets.values(), manifest, routing), routing, site.buckets)


def _document(plan: RepairPlan, parity: Parity, *, planned: bool, applied: bool) -> dict[str, object]:
    copies = [{"path": each.file.path, "from": each.source, "to": each.destination} for each in plan.copies]
    return {
        "release_id": parity.manifest.release_id,
        "files": len(parity.manifest.files),
        "taken_down": sorted(parity.manifest.emptied),
        "regions": {region: parity_document(found) for region, found in parity.regions.items()},
        "copies": copies if planned else None,
        "restores": [{"path": each.file.path, "region": each.region} for each in plan.restores] if planned else None,
        "lost": [file.path for file in plan.lost],
        "applied": applied,
    }


def _store_document(before: StoreParity, after: StoreParity) -> dict[str, object]:
    return {
        "compared": list(before.compared),
        "in_parity": after.is_reached,
        "lacking": list(before.lacking),
        "lost": list(before.lost),
        "foreign": {release_id: list(words) for release_id, words in before.foreign.items()},
    }


def _print(plan: RepairPlan, parity: Parity, *, planned: bool, applied: bool) -> None:
    console = results_console()
    table = results_table("Region", "Parity", whole=("Region",))
    for region, found in parity.regions.items():
        table.add_row(region, parity_words(found))
    console.print(f"Release {parity.manifest.release_id}, {len(parity.manifest.files)} files")
    console.print(table)
    if gone := parity.manifest.emptied:
        console.print(taken_down_line(gone), highlight=False, soft_wrap=True)
    if plan.lost:
        console.print(
            f"{len(plan.lost)} files are in no region, nor an earlier version of them: send them from the release's folder, "
            "failover sync-content FOLDER --force --apply."
        )
    if planned and plan.restores:
        verb = "Restored" if applied else "To restore"
        console.print(
            f"{verb}: {len(plan.restores)} files that no region holds, from versions that their deletion left."
        )
    if planned and plan.regions:
        verb = "Copied" if applied else "To copy"
        console.print(
            f"{verb}: {len(plan.copies)} files, {plan.copy_bytes:,} bytes, into {' and '.join(plan.regions)};"
            f" then the manifest and the pointer{' were written' if applied else ''}."
        )


def _store_lines(store: StoreParity, *, planned: bool, applied: bool) -> Iterator[str]:
    if store.lacking:
        verb = ("Written" if applied else "To write") if planned else "Absent or different"
        yield f"{verb}: {len(store.lacking)} keys of the KeyValueStore, {_first(list(store.lacking))}."
    yield from foreign_lines(store.foreign)
    if store.lost:
        yield (
            f"The KeyValueStore lacks {len(store.lost)} keys that no manifest gives, {_first(store.lost)}: publish another "
            "release, or roll back to one, which writes its own."
        )


def refuse_to_spread(foreign: Mapping[str, Sequence[str]]) -> None:
    """Refuses to repair anything by a routing that no manifest gives.

    Raises:
        UnsafePlanError: says what it has and how to get rid of it.
    """
    if foreign:
        raise UnsafePlanError("\n".join([*foreign_lines(foreign), "Nothing is repaired from it."]))


def _first(keys: Sequence[str]) -> str:
    return ", ".join(keys[:_SHOWN]) + (" ..." if len(keys) > _SHOWN else "")


def _next_steps(parity: Parity, store: StoreParity, *, are_whole: bool, planned: bool, applied: bool) -> Iterator[str]:
    if parity.is_reached:
        yield "Every region holds all of it."
    if parity.is_reached and store.is_reached and are_whole:
        return
    if planned and not applied:
        yield PLAN_ONLY
    elif not planned:
        yield "To put back what is missing: failover verify --repair"
