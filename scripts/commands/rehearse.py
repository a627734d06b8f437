"""`failover rehearse`: anybody's Terraform applied to a localcloud of its own, broken, and measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scripts.commands.shared.options import (
    JsonOption,
    TerraformOption,
    use_terraform,
)
from scripts.errors import WrongUsageError
from scripts.files import write_atomically
from scripts.local.process import sole_user
from scripts.rehearse.rehearsing import Wish
from scripts.rehearse.rehearsing import rehearse as run
from scripts.rehearse.tables import show

NOT_GOOD = 1
DEFAULT_FOLDER = Path("build/rehearse")


def rehearse(
    directory: Annotated[Path, typer.Argument(help="The folder where you run terraform. It is never written to.")],
    var: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A variable's value, as for terraform plan; repeatable."),
    ] = None,
    var_file: Annotated[
        list[Path] | None, typer.Option(help="Values of variables, as for terraform plan; repeatable.")
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:PORT]=127.0.0.1:PORT",
            help="Where your own stand-in of a custom origin listens; without it one is started that answers every path.",
        ),
    ] = None,
    drill: Annotated[
        list[str] | None, typer.Option(help="Only drills with this word in their name, such as edge; repeatable.")
    ] = None,
    sites: Annotated[int, typer.Option(min=1, help="How many distributions are drilled at most.")] = 3,
    speed: Annotated[
        float, typer.Option(min=0.1, max=100, help="How much faster than the wall its clock runs.")
    ] = 10.0,
    output: Annotated[Path, typer.Option(help="Folder for the copy, the logs and report.json.")] = DEFAULT_FOLDER,
    program: TerraformOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rehearse the failover of any Terraform of S3, CloudFront and Route 53, without an account.

    A copy of DIRECTORY is applied to a localcloud of its own by the real provider, and linted. Then the origin and CloudFront's
    edge fail, one after the other, and viewers' page views say what was lost and what came back in what time. Backend,
    profiles, roles and provisioners are replaced in the copy. Nothing of yours is read but the folder; nothing is written to it.

    Exit codes: 0 viewers kept the site or got it back by itself in every drill; 1 they did not, the linter finds errors, or
    something was refused as AWS refuses it; 2 there is nothing to rehearse; 3 it cannot be planned, or this machine lacks
    something.
    """
    use_terraform(program)
    variables = dict(_pair(each) for each in var or ())
    progress = Console(stderr=True)
    last = ""

    def tell(text: str) -> None:
        nonlocal last
        if text != last:
            last = text
            print(f"rehearse: {text}", file=sys.stderr, flush=True)

    wish = Wish(
        directory=directory,
        folder=output.absolute(),
        variables=variables,
        variable_files=tuple(var_file or ()),
        origins=tuple(origin or ()),
        drills=tuple(drill or ()),
        speed=speed,
        most_sites=sites,
    )
    with sole_user(output, "rehearsal"):
        found = run(wish, tell)
    text = json.dumps(found.document(), indent=2)
    write_atomically(output / "report.json", text + "\n")
    if as_json:
        print(text)
    else:
        show(found, Console())
    progress.print(f"report: {output / 'report.json'}", markup=False, highlight=False)
    if not found.is_good:
        raise typer.Exit(NOT_GOOD)


def _pair(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not name or not equals:
        raise WrongUsageError(f"--var {given}: give NAME=VALUE")
    return name, value
