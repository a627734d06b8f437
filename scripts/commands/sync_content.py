"""`failover sync-content`: publish a folder to both regions and switch to it."""

from __future__ import annotations

import json
from pathlib import Path
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
    publisher,
    use_localcloud,
)
from scripts.errors import RegionUnavailableError
from scripts.release.manifest import read_folder
from scripts.release.publish import Publisher, PublishPlan
from scripts.release.routing import Routing


def sync_content(
    folder: Annotated[Path, typer.Argument(help="The built site.")] = Path("site/src"),
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    allow_degraded: Annotated[
        bool,
        typer.Option("--allow-degraded", help="Publish without a region whose S3 does not answer, and drain it first."),
    ] = False,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Publish FOLDER to both regions, verify both, then switch with one write.

    Every file goes to an immutable key of the release, so the old release stays live until the switch, and a crash before it
    changes nothing for users. Run it again to finish an interrupted publish.
    """
    use_localcloud(localcloud)
    site = publisher(outputs)
    try:
        plan = site.plan(read_folder(folder), allow_degraded=allow_degraded)
        if apply and not plan.is_empty:
            publish(site, plan, folder)
    except RegionUnavailableError as error:
        raise _with_way_out(error, is_allowed=allow_degraded) from error
    if as_json:
        print(json.dumps(_document(plan, applied=apply)))
    else:
        _print(plan, applied=apply)


def publish(site: Publisher, plan: PublishPlan, folder: Path) -> Routing:
    """Carries a plan out with a progress bar on stderr."""
    with byte_bar(f"Uploading to {' and '.join(plan.uploads)}", plan.upload_bytes) as advance:
        return site.apply(plan, folder, advance)


def _with_way_out(error: RegionUnavailableError, *, is_allowed: bool) -> RegionUnavailableError:
    way_out = "Run it again" if is_allowed else "To drain it and publish to the other region only, add --allow-degraded"
    return RegionUnavailableError(
        region=error.region,
        operation=error.operation,
        resource=error.resource,
        code=error.code,
        detail=f"{error.detail}. S3 in {error.region} does not answer. {way_out}",
    )


def _document(plan: PublishPlan, *, applied: bool) -> dict[str, object]:
    return {
        "release_id": plan.manifest.release_id,
        "active_release_id": plan.manifest.release_id if applied else plan.current.routing.release_id,
        "files": len(plan.manifest.files),
        "bytes": plan.manifest.size_bytes,
        "uploads": {region: [file.path for file in files] for region, files in plan.uploads.items()},
        "left_out": list(plan.left_out),
        "drains": list(plan.drains),
        "switches": plan.switches,
        "applied": applied,
    }


def _print(plan: PublishPlan, *, applied: bool) -> None:
    console = Console()
    table = Table("Region", "Files in release", "To upload", "Bytes to upload")
    for region, files in plan.uploads.items():
        total = sum(file.size_bytes for file in files)
        table.add_row(region, str(len(plan.manifest.files)), str(len(files)), f"{total:,}")
    console.print(f"Release {plan.manifest.release_id} (active now: {plan.current.routing.release_id or 'none'})")
    console.print(table)
    for region in plan.left_out:
        console.print(f"{region} does not answer: {'drained' if applied else 'to be drained'}, published without it.")
    if plan.is_empty:
        console.print(f"Nothing to do: {_takes_part(plan)} it and it is active.")
    elif applied:
        console.print(f"Published: {' and '.join(plan.uploads)} verified, then switched.")
    else:
        console.print("This is the plan. Run again with --apply to carry it out.")
    for region in plan.left_out if applied else ():
        console.print(
            f"When {region} answers again: failover verify --repair --apply, then failover restore {region} --apply"
        )


def _takes_part(plan: PublishPlan) -> str:
    return f"{next(iter(plan.uploads))} holds" if plan.left_out else "both regions hold"
