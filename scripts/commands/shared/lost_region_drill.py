"""The drill `region-lost`, which moves the site and so has options and a report of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from scripts.clock import rfc3339, utc_now
from scripts.commands.shared.options import use_localcloud
from scripts.errors import MissingOutputError, WrongUsageError
from scripts.files import write_atomically
from scripts.probe.samples import to_json_lines

if TYPE_CHECKING:
    from scripts.regions.lost_region import LostRegion

NAME = "region-lost"


def run_lost_region_drill(
    *,
    site_file: str,
    new: str,
    stacks: Path,
    outputs: Path,
    localcloud: Path | None,
    report: Path,
    rate: float,
    as_json: bool,
) -> None:
    """Runs the drill and writes its report; exits with 1 when a page view failed after the first failover."""
    from rich.console import Console

    from scripts.aws.clients import key_value_store_client
    from scripts.regions.lost_region import run_lost_region
    from scripts.release.routing import RoutingStore
    from scripts.report.lost_region_page import render_lost_region
    from scripts.terraform.outputs import load_deployment

    if localcloud is None:
        raise WrongUsageError(f"{NAME} kills a whole region, which AWS has no call for: run it with --localcloud DIR")
    if not site_file or not new:
        raise WrongUsageError(
            f"{NAME} gives the primary region's place to another one: name that with --new-region REGION and the deployed site "
            "file with --site-file FILE; both are changed"
        )
    endpoints = use_localcloud(localcloud)
    assert endpoints is not None  # noqa: S101  (a folder was given)
    deployment = load_deployment(outputs)
    release_id = RoutingStore(key_value_store_client(), deployment.key_value_store_arn).read().routing.release_id
    if release_id is None:
        raise MissingOutputError("nothing is published yet: run `failover sync-content --apply` before a drill")
    common = [
        "--site-file",
        site_file,
        "--stacks",
        str(stacks),
        "--outputs",
        str(outputs),
        "--localcloud",
        str(localcloud),
    ]
    console = Console(stderr=True, soft_wrap=True)
    found = run_lost_region(
        deployment,
        endpoints,
        release_id=release_id,
        new=new,
        replace=["replace-region", deployment.primary, new, *common, "--apply", "--json"],
        state_folder=localcloud,
        rate_per_second=rate,
        tell=lambda what: console.print(f"[bold]{NAME}[/bold]  {what}", highlight=False),
    )
    document = json.dumps(found.to_document(), indent=2)
    write_atomically(report / f"{NAME}.json", document + "\n")
    page = render_lost_region(
        found, hostname=deployment.hostname, speed=endpoints.speed, generated_at=rfc3339(utc_now())
    )
    write_atomically(report / f"{NAME}.html", page)
    write_atomically(report / f"{NAME}.samples.jsonl", to_json_lines(found.samples, variant=NAME))
    print(document if as_json else _words(found, report))
    if not found.is_good:
        raise typer.Exit(1)


def _words(found: LostRegion, report: Path) -> str:
    steps = found.replacement.get("steps", [])
    width = max((len(step["name"]) for step in steps), default=0)
    recovered = "never" if found.recovered_seconds is None else f"after {found.recovered_seconds:.1f} s"
    moved = "not for good" if found.new_region_seconds is None else f"after {found.new_region_seconds:.0f} s"
    return "\n".join([
        f"All of {found.lost} died, its control planes too; {found.new} has its place now.",
        f"  first failover     {recovered}; {found.failed_before} page views failed until then (AWS seconds)",
        f"  from then on       {found.failed_after} of {found.page_views - found.failed_before:,} page views failed",
        f"  {found.new:<18} served everybody {moved}",
        f"  the replacement    {found.replacement.get('seconds', 0):.0f} s by this machine's clock, "
        f"{found.replacement.get('verified', 0):,} objects compared:",
        *(f"    {step['name']:<{width}}  {step['seconds']:6.1f} s" for step in steps),
        f"Report: {report / NAME}.html and .json, every page view in {NAME}.samples.jsonl. The faults are undone.",
        f"What is left in {found.lost}: failover retire-region {found.lost} --apply",
    ])  # fmt: skip
