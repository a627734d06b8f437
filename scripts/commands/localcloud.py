"""`failover localcloud`: the emulator's own command line, as a process of its own."""

from __future__ import annotations

import os
import sys
from typing import Annotated, NoReturn

import typer

CONTEXT_SETTINGS = {"ignore_unknown_options": True, "help_option_names": []}
"""Every option is localcloud's own, `--help` too."""


def localcloud(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="serve, env or conformance, with their options.")
    ] = None,
) -> NoReturn:
    """Run the emulator: serve, env, conformance. What follows is `python -m localcloud`'s own; alone it shows its help."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "localcloud", *(arguments or ())])  # noqa: S606  its options are the user's
