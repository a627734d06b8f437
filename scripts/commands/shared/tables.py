"""Tables and sentences for people on stdout: nothing is cut off, whatever the width; `--json` is for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Container

from rich.console import Console
from rich.table import Column, Table

_WIDER_THAN_ANY_TABLE = 10_000


def results_console() -> Console:
    """Returns stdout. Sentences are not broken into lines, and a pipe or file gets tables in their own width.

    A terminal's width, or COLUMNS where it is set, is kept to.
    """
    is_free = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(highlight=False, markup=False, soft_wrap=True, width=_WIDER_THAN_ANY_TABLE if is_free else None)


def results_table(*headers: str, whole: Container[str] = ()) -> Table:
    """Returns a table whose cells go on in the next line where others would be cut off.

    Args:
        headers: of the columns.
        whole: those of them that hold what is copied into the next command, such as an id: never broken.
    """
    return Table(*(Column(header, overflow="fold", no_wrap=header in whole) for header in headers))
