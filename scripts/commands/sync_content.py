"""`failover sync-content`: publish a folder to both regions and switch to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from scripts.commands.options import (
    DEFAULT_OUTPUTS,
    ApplyOption,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    publisher,
    use_localcloud,
)
from scripts.release.manifest import read_folder
from scripts.release.publish import Publisher, PublishPlan
from scripts.release.routing import Routing


def sync_content(
    folder: Annotated[Path, typer.Argument(help="The built site.")] = Path("site/src"),
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Publish FOLDER to both regions, verify both, then switch with one write.

    Every file goes to an immutable key of the release, so the old release stays live until the switch, and a crash before it
    changes nothing for users. Run it again to finish an interrupted publish.
    """
    use_localcloud(localcloud)
    site = publisher(outputs)
    plan = site.plan(read_folder(folder))
    if apply and not plan.is_empty:
        publish(site, plan, folder)
    if as_json:
        print(json.dumps(_document(plan, applied=apply)))
    else:
        _print(plan, applied=apply)


def publish(site: Publisher, plan: PublishPlan, folder: Path) -> Routing:
    """Carries a plan out with a progress bar on stderr."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Uploading to both regions", total=plan.upload_bytes)
        return site.apply(plan, folder, lambda size: progress.advance(task, size))


def _document(plan: PublishPlan, *, applied: bool) -> dict[str, object]:
    return {
        "release_id": plan.manifest.release_id,
        "active_release_id": plan.manifest.release_id if applied else plan.current.routing.release_id,
        "files": len(plan.manifest.files),
        "bytes": plan.manifest.size_bytes,
        "uploads": {region: [file.path for file in files] for region, files in plan.uploads.items()},
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
    if plan.is_empty:
        console.print("Nothing to do: both regions hold it and it is active.")
    elif applied:
        console.print("Published: both regions verified, then switched.")
    else:
        console.print("This is the plan. Run again with --apply to carry it out.")
