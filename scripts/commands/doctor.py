"""`failover doctor`: is everything ready for this site?"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.commands.shared.options import (
    JsonOption,
    LocalcloudOption,
    TerraformOption,
    use_localcloud,
    use_terraform,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.local.endpoints import Endpoints
    from scripts.onboarding.readiness import Look, Site


def doctor(
    site_file: Annotated[
        Path | None,
        typer.Option(
            "--site-file",
            envvar="SITE_FILE",
            show_envvar=True,
            help="The site. Default: this machine and account alone.",
        ),
    ] = None,
    repository: Annotated[
        str | None,
        typer.Option(
            metavar="ORG/REPO", help="Look at the guards of its branch and environments too; needs `gh`, signed in."
        ),
    ] = None,
    localcloud: LocalcloudOption = None,
    program: TerraformOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at this machine, the account, the domain and its certificates; exit 1 when something is not ready.

    Nothing is changed. Each line that is not ready says what to do. Example: failover doctor --site-file config/prod.toml
    """
    from scripts.commands.shared.tables import results_console, results_table
    from scripts.onboarding.readiness import State

    use_terraform(program, is_needed=False)
    looks = list(_looks(site_file, use_localcloud(localcloud)))
    if repository is not None:
        from scripts.onboarding.repository import ask_github
        from scripts.onboarding.repository import repository as looks_at

        looks += looks_at(repository, ask_github)
    if as_json:
        print(json.dumps([asdict(each) for each in looks]))
    else:
        signs = {State.READY: "✓", State.PROBLEM: "✗", State.UNKNOWN: "?"}
        table = results_table("", "What", "Found", "What to do")
        for each in looks:
            table.add_row(signs[each.state], each.subject, each.detail, each.remedy)
        console = results_console()
        console.print(table)
        counts = {state: sum(each.state is state for each in looks) for state in State}
        console.print(", ".join(f"{count} {state}" for state, count in counts.items() if count))
    if any(each.state is State.PROBLEM for each in looks):
        raise typer.Exit(1)


def _looks(site_file: Path | None, endpoints: Endpoints | None) -> Iterator[Look]:
    from scripts.local.network import network_of
    from scripts.onboarding import readiness

    yield from readiness.machine()
    if site_file is None:
        yield from readiness.account(())
        return
    site, look = _site(site_file)
    yield look
    if site is None:
        yield from readiness.account(())
        return
    of_the_account = list(readiness.account(site.regions))
    yield from of_the_account
    if (
        of_the_account[0].state is readiness.State.READY
    ):  # without credentials the rest would say so again, line by line
        yield from readiness.domain(site, network_of(endpoints))
        yield from readiness.certificates(site)


def _site(site_file: Path) -> tuple[Site | None, Look]:
    """Returns what the synthesized stacks say, and the look at the site file."""
    from scripts.cost.estimate import load_stacks
    from scripts.errors import OpsError
    from scripts.onboarding.readiness import Look, State
    from scripts.terraform.synthesis import synthesize

    try:
        with TemporaryDirectory() as folder:
            stacks = load_stacks(synthesize(site_file, Path(folder)))
    except OpsError as error:
        remedy = "mend the site file; the message names key, value and way out"
        return None, Look(subject=f"site file {site_file}", state=State.PROBLEM, detail=str(error), remedy=remedy)
    return _described(site_file, stacks), Look(
        subject=f"site file {site_file}", state=State.READY, detail=f"{len(stacks)} stacks"
    )


def _described(site_file: Path, stacks: dict[str, dict[str, Any]]) -> Site:
    import tomllib

    from scripts.onboarding.readiness import Site

    document = tomllib.loads(site_file.read_text(encoding="utf-8"))
    about = document["site"]
    regions = [str(region["name"]) for region in document["region"]]
    state_region = document.get("state", {}).get("region")
    return Site(
        domain=about["domain_name"],
        hostname=str(stacks["edge"]["output"]["hostname"]["value"]),
        regions=(*regions, *([state_region] if state_region else [])),
    )
