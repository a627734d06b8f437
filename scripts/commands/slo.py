"""`failover slo`: the objectives of the site file against what probers and drills measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.clock import unix_now, utc_now
from scripts.commands.probe import DEFAULT_HISTORY, HistoryOption
from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    use_localcloud,
)
from scripts.commands.shared.windows import moment_of, seconds_of

if TYPE_CHECKING:
    from scripts.terraform.outputs import Deployment


def slo(
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    history: HistoryOption = DEFAULT_HISTORY,
    drills: Annotated[Path, typer.Option(help="Log of all drills, which `failover drill` writes.")] = Path(
        "build/drills.jsonl"
    ),
    window: Annotated[str, typer.Option(help="Length of the window, such as 24h or 30d.")] = "30d",
    until: Annotated[str, typer.Option(help="Its end, such as 2026-11-30T14:00Z. Default: now.")] = "",
    measure: Annotated[
        bool, typer.Option(help="Ask S3 for the recovery point first, and keep it in the history.")
    ] = False,
    report: Annotated[Path, typer.Option(help="Folder for slo.json, slo.html and slo.md.")] = Path("build/slo"),
    as_json: JsonOption = False,
) -> None:
    """Report availability, error budget and burn rate, detection and recovery, drills and the recovery point.

    Exit code 1 when an objective was missed; what was not measured is said and misses nothing.
    """
    from scripts.probe.history import open_existing
    from scripts.report.drill_log import read
    from scripts.report.slo import SloObjectives, evaluate, is_met
    from scripts.report.slo_pages import summary_table, write_slo
    from scripts.terraform.outputs import load_deployment

    endpoints = use_localcloud(localcloud)
    deployment = load_deployment(outputs)
    length = seconds_of("--window", window)
    with open_existing(history) as kept:
        if measure:
            seconds = _recovery_point(deployment, speed=1.0 if endpoints is None else endpoints.speed)
            kept.note_recovery_point(unix_now(), seconds, "s3")
        end = moment_of("--until", until) if until else unix_now()
        found = evaluate(
            kept.periods(end - length, end),
            read(drills),
            [seconds for _, seconds, _ in kept.recovery_points(end - length, end)],
            SloObjectives(
                rto_seconds=deployment.objectives.rto_seconds,
                rpo_seconds=deployment.objectives.rpo_seconds,
                availability_ratio=deployment.objectives.availability_ratio,
            ),
            hostname=deployment.hostname,
            since=end - length,
            until=end,
        )
    written = write_slo(found, report)
    if as_json:
        print(json.dumps(found))
    else:
        from scripts.commands.shared.tables import results_console

        results_console().print(summary_table(found))
        print(f"Report: {written}")
    if not is_met(found):
        raise typer.Exit(1)


def _recovery_point(deployment: Deployment, *, speed: float) -> float:
    from scripts.aws.clients import s3_client
    from scripts.release.bucket import ContentBucket
    from scripts.release.recovery_point import measure_recovery_point

    primary, secondary = (
        ContentBucket(s3_client(region, is_hasty=True), region=region, name=deployment.buckets[region])
        for region in (deployment.primary, deployment.secondary)
    )
    found = measure_recovery_point(primary, secondary, now=utc_now(), speed=speed)
    typer.echo(f"Recovery point: {found}", err=True)
    return found.seconds
