"""`failover replay`: play an outage that happened against your site."""

from __future__ import annotations

import json
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
from scripts.errors import WrongUsageError
from scripts.files import write_atomically
from scripts.local.endpoints import Endpoints
from scripts.replay.incidents import incident_ids, load_incident
from scripts.replay.page import document, render, summary
from scripts.replay.replaying import replay as play
from scripts.terraform.outputs import load_deployment

# The largest at which two cores keep the time of three views and the site's own probes; the page says how late it ran.
_SPEED = 5.0


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
        float, typer.Option(min=1, max=20, help="With --site-file: how much faster than AWS localcloud's clock runs.")
    ] = _SPEED,
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
    replays = []
    with _site(site_file, outputs, localcloud, report, speed) as (endpoints, session, state_folder):
        for each in incidents:
            console.print(f"[bold]{each.id}[/bold]  {each.title}")
            played = play(
                each,
                session.deployment,
                endpoints,
                release_id=session.release_id,
                state_folder=state_folder,
                longest_pause_minutes=longest_pause,
                tell=console.print,
            )
            write_atomically(report / f"{each.id}.html", render(played))
            replays.append(played)
    if as_json:
        print(json.dumps({"replays": [document(each) for each in replays]}))
        return
    Console().print(summary(replays))
    print(f"Pages: {report}")


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
