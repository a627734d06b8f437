"""Synthesizing a site file, as a program of its own: the commands never import constructs."""

from __future__ import annotations

import sys
from pathlib import Path

from scripts.errors import EnvironmentFailureError, WrongUsageError
from scripts.process_group import started

_MAIN = Path(__file__).parents[1] / "main.py"
_WRONG_SITE_FILE = 2


def synthesize(site_file: Path, outdir: Path) -> Path:
    """Runs main.py and returns the folder of the stacks.

    Raises:
        WrongUsageError: the site file is refused; the message is its report.
        EnvironmentFailureError: Node.js is missing, or the stacks hold a trap.
    """
    with started([sys.executable, str(_MAIN), str(site_file), "--output", str(outdir)], {}) as process:
        output, _ = process.communicate()
    if process.returncode == _WRONG_SITE_FILE:
        raise WrongUsageError(output.strip())
    if process.returncode != 0:
        raise EnvironmentFailureError(f"the synthesis failed:\n{output.strip()}")
    return outdir / "stacks"
