"""The `failover` command: the list of its verbs, and what happens to their errors."""

from __future__ import annotations

import sys

import typer

from scripts.commands.cost import cost
from scripts.commands.demo import demo
from scripts.commands.drill import drill
from scripts.commands.outputs import outputs
from scripts.commands.rollback import rollback
from scripts.commands.sync_content import sync_content
from scripts.errors import OpsError

_INTERRUPTED = 130

app = typer.Typer(
    name="failover",
    help="Publish a website to two AWS regions, break it on purpose, and measure what users lost.",
    epilog="Exit codes: 0 done and within the objective, 1 checked and outside it, 2 wrong usage or site file, 3 failure of "
    "AWS or of this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo)
app.command("sync-content")(sync_content)
app.command("rollback")(rollback)
app.command("drill")(drill)
app.command("outputs")(outputs)
app.command("cost")(cost)


def main() -> None:
    """Runs the command line and turns every expected failure into one message and an exit code."""
    try:
        app()
    except OpsError as error:
        print(f"failover: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("failover: interrupted; nothing was left running", file=sys.stderr)
        sys.exit(_INTERRUPTED)
