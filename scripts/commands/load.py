"""`failover load`: more and more viewers, until the site bends and breaks."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    use_localcloud,
)
from scripts.errors import WrongUsageError

if TYPE_CHECKING:
    from scripts.load.knee import Step
    from scripts.load.plan import LoadPlan


def load(
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    endpoint: Annotated[
        str, typer.Option(help="Region whose endpoint is loaded, as after a failover. Default: the public name.")
    ] = "",
    own_target: Annotated[
        str, typer.Option("--i-own-this-target", help="The hostname, when the target is no localcloud.")
    ] = "",
    first_viewers: Annotated[int, typer.Option(min=1, help="Viewers of the first step; each has twice as many.")] = 5,
    most_viewers: Annotated[int, typer.Option(min=1, max=100_000, help="Viewers of the last step.")] = 320,
    step_seconds: Annotated[float, typer.Option(min=2, help="Length of a step.")] = 20,
    max_failed: Annotated[float, typer.Option(min=0, max=1, help="Share of failed page views that is broken.")] = 0.05,
    min_knee: Annotated[int, typer.Option(min=0, help="Exit with 1 when the knee is at fewer viewers.")] = 0,
    processes: Annotated[int, typer.Option(min=1, help="Locust's worker processes on this machine.")] = 1,
    web_port: Annotated[
        int | None, typer.Option(help="Show Locust's page at this port of 127.0.0.1 meanwhile.")
    ] = None,
    report: Annotated[Path, typer.Option(help="Folder for load.json, the steps and Locust's log.")] = Path(
        "build/load"
    ),
    as_json: JsonOption = False,
) -> None:
    """Double the viewers step by step, each making one page view a second, and find the knee and the breaking point.

    Only against localcloud, unless --i-own-this-target names the site. Beside a running drill it shows what the secondary bears.
    """
    from scripts.load.knee import breaking_point, knee
    from scripts.load.run import run_load

    plan = _plan(
        outputs,
        localcloud,
        endpoint=endpoint,
        own_target=own_target,
        first_viewers=first_viewers,
        most_viewers=most_viewers,
        step_seconds=step_seconds,
        max_failed_ratio=max_failed,
        output=str(report / "steps.jsonl"),
    )
    report.mkdir(parents=True, exist_ok=True)
    steps = run_load(plan, processes=processes, web_port=web_port, log=report / "locust.log")
    bend, end = knee(steps), breaking_point(steps, max_failed)
    document = {
        "hostname": plan.hostname,
        "dns_name": plan.dns_name,
        "steps": [dataclasses.asdict(step) for step in steps],
        "knee_viewers": None if bend is None else bend.viewers,
        "breaking_viewers": None if end is None else end.viewers,
    }
    (report / "load.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    if as_json:
        print(json.dumps(document))
    else:
        _print(document, steps)
    if min_knee and (bend is None or bend.viewers < min_knee):
        raise typer.Exit(1)


def _plan(outputs: Path, localcloud: Path | None, *, endpoint: str, own_target: str, **settings: object) -> LoadPlan:
    from scripts.load.plan import LoadPlan
    from scripts.local.network import network_of
    from scripts.terraform.outputs import deployment_of, load_outputs, regional_endpoints

    endpoints = use_localcloud(localcloud)
    document = load_outputs(outputs)
    hostname = deployment_of(document, outputs).hostname
    if endpoints is None and own_target != hostname:
        raise WrongUsageError(
            f"this loads {hostname} until it breaks, and its bill grows: say --i-own-this-target {hostname}, or rehearse with"
            " --localcloud DIR"
        )
    targets = regional_endpoints(document)
    if endpoint and endpoint not in targets:
        raise WrongUsageError(f"--endpoint {endpoint!r}; allowed: {', '.join(targets)}")
    network = network_of(endpoints)
    resolver = network.resolvers[0]
    return LoadPlan(
        hostname=hostname,
        dns_name=targets[endpoint] if endpoint else hostname,
        https_port=network.https_port,
        nameserver=(resolver.address, resolver.port),
        ca_certificate=str(network.ca_certificate or ""),
        **settings,  # type: ignore[arg-type]  # the caller names the rest of the fields
    )


def _print(document: Mapping[str, object], steps: list[Step]) -> None:
    from scripts.commands.shared.tables import results_console, results_table

    table = results_table("Viewers", "Good a second", "Failed", "p50 ms", "p95 ms", "Served by")
    for step in steps:
        served = ", ".join(f"{region} {count}" for region, count in step.served_by.items()) or "nobody"
        table.add_row(
            str(step.viewers),
            f"{step.good_per_second:.1f}",
            f"{step.failed_ratio:.1%}",
            f"{step.p50_seconds * 1000:.0f}",
            f"{step.p95_seconds * 1000:.0f}",
            served,
        )
    console = results_console()
    console.print(table)
    console.print(f"Knee: {document['knee_viewers'] or 'below the first step'} viewers, one page view a second each")
    console.print(f"Breaks at: {document['breaking_viewers'] or 'not reached'}")
