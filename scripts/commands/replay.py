"""`failover replay`: play an outage that happened against your site."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    use_localcloud,
)
from scripts.demo import Demo
from scripts.drill.session import DrillSession
from scripts.errors import NotSteadyError, WrongUsageError
from scripts.files import write_atomically
from scripts.local.endpoints import Endpoints
from scripts.replay.incidents import incident_ids, load_incident
from scripts.replay.page import document, percent, ratio_range, render, summary
from scripts.replay.replaying import replay as play
from scripts.terraform.outputs import load_deployment

# The largest at which two cores that do nothing else keep the time of three views and the site's own probes.
_QUIET_SPEED = 5.0
# Processes that wait for a CPU, for each of them -> the speed that still holds there.
_SPEEDS_OF_LOAD = ((0.75, _QUIET_SPEED), (2.0, 2.0))


def replay(
    incident: Annotated[
        str | None, typer.Argument(help=f"Which one: {', '.join(incident_ids())}.", show_default=False)
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Play every incident, one after the other.")] = False,
    site_file: Annotated[
        Path | None, typer.Option(help="Deploy this site to a localcloud of its own first, which takes minutes.")
    ] = None,
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    speed: Annotated[
        float | None,
        typer.Option(
            min=1,
            max=20,
            help="With --site-file: how much faster than AWS localcloud's clock runs. Default: 5, and less where this machine is "
            "busy.",
            show_default=False,
        ),
    ] = None,
    longest_pause: Annotated[
        float, typer.Option(min=1, max=1440, help="Minutes after which a time in which nothing changes is left out.")
    ] = 5.0,
    report: Annotated[Path, typer.Option(help="Folder for one HTML page an incident.")] = Path("build/replay"),
    as_json: JsonOption = False,
) -> None:
    """Play INCIDENT on localcloud: its faults in their order, visitors throughout, with and without our layers.

    Incidents are data with their sources; the page says what AWS stated, what is only reported, and what is assumed. The region
    that was hit stands for your primary region, or us-east-1 for itself.
    """
    if all_ == (incident is not None):
        raise WrongUsageError(f"name one incident, or --all; allowed: {', '.join(incident_ids())}")
    incidents = [load_incident(each) for each in (incident_ids() if incident is None else (incident,))]
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    replays, unplayed = [], {}
    chosen = speed or speed_that_holds(os.getloadavg()[0] / (os.cpu_count() or 1))
    if site_file is not None and localcloud is None and speed is None:
        fast = "as fast as AWS's" if chosen == 1 else f"{chosen:g} times faster than AWS's"
        console.print(f"localcloud's clock will run {fast}, by what this machine has to do now")
    with _site(site_file, outputs, localcloud, report, chosen) as (endpoints, session, state_folder):
        for each in incidents:
            console.print(f"[bold]{each.id}[/bold]  {each.title}")
            try:
                played = play(
                    each,
                    session.deployment,
                    endpoints,
                    release_id=session.release_id,
                    state_folder=state_folder,
                    longest_pause_minutes=longest_pause,
                    tell=console.print,
                )
            except NotSteadyError as error:
                if not all_:
                    raise
                console.print(f"not played: {error}", markup=False)
                unplayed[each.id] = str(error)
                continue
            write_atomically(report / f"{each.id}.html", render(played))
            replays.append(played)
            for outcome in (outcome for outcome in played.outcomes if not outcome.is_as_expected):
                console.print(
                    f"{outcome.view.name}: {percent(outcome.failed_ratio)} of the page views failed, by arithmetic "
                    f"{ratio_range(outcome.expected)}: more than 5 % outside it"
                )
            if not played.kept_time:
                console.print(
                    f"This machine began page views up to {played.late_seconds:.1f} s late, so the figures are worse than the "
                    f"site: replay it at a lower speed than {endpoints.speed:g}, or on a machine that does nothing else"
                )
    if as_json:
        print(json.dumps({"replays": [document(each) for each in replays], "not_played": unplayed}))
    elif replays:
        Console().print(summary(replays))
        print(f"Pages: {report}")
    if unplayed:
        raise NotSteadyError(
            f"{len(unplayed)} of {len(incidents)} incidents were not played: {', '.join(unplayed)}. Why is said above"
        )


def speed_that_holds(load_per_cpu: float) -> float:
    """Returns how much faster than AWS's localcloud's clock may run on a machine that does something else as well.

    Args:
        load_per_cpu: processes that run or wait for a CPU, on the average of the last minute, for each CPU.
    """
    return next((speed for load, speed in _SPEEDS_OF_LOAD if load_per_cpu <= load), 1.0)


@contextmanager
def _site(
    site_file: Path | None, outputs: Path, localcloud: Path | None, report: Path, speed: float
) -> Iterator[tuple[Endpoints, DrillSession, Path]]:
    """Yields the running site, deployed first if a site file is named, and localcloud's state folder."""
    if site_file is not None:
        if localcloud is not None:
            raise WrongUsageError(
                "--site-file deploys to a localcloud of its own, so --localcloud says nothing; leave one out"
            )
        folder = report / "site"
        folder.mkdir(parents=True, exist_ok=True)
        with Demo(site_file=site_file, folder=folder, speed=speed, any_port=True).site() as (endpoints, session):
            yield endpoints, session, folder / "localcloud"
        return
    running = use_localcloud(localcloud)
    if running is None or localcloud is None:
        raise WrongUsageError(
            "a replay breaks things, so it runs on localcloud alone: give --localcloud DIR or --site-file FILE"
        )
    yield running, DrillSession(load_deployment(outputs), running, state_folder=localcloud), localcloud
