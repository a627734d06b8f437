"""`failover localcloud`: the emulator's own command line, as a process of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from scripts.commands.shared.options import DEFAULT_OUTPUTS, OutputsOption
from scripts.processes import own_programs

CONTEXT_SETTINGS = {"ignore_unknown_options": True, "help_option_names": []}
"""Every option is localcloud's own, `--help` too."""


def localcloud(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(help="up, serve, save, restore, snapshots, console, env, conformance; with their options."),
    ] = None,
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    stacks: Annotated[Path, typer.Option(help="With up: the synthesized stacks, for the cost in reports.")] = Path(
        "cdktf.out/stacks"
    ),
) -> NoReturn:
    """Run the emulator: up, serve, save, restore, env. The rest is `python -m localcloud`'s own; alone it shows its help.

    `up` also takes `--outputs` and `--stacks` of the site that is deployed to it, for the drills and replays of its console.
    """
    own_programs.require_localcloud()
    if "up" in (arguments or [])[:1] and "--help" not in (arguments or []):
        from scripts.commands.shared.console_actions import ACTIONS_VARIABLE, console_actions

        os.environ.setdefault(ACTIONS_VARIABLE, console_actions(outputs=outputs, stacks=stacks))
    sys.stdout.flush()
    command = [*own_programs.LOCALCLOUD, *(arguments or ())]
    os.execve(sys.executable, command, own_programs.environment())  # noqa: S606  its options are the user's
