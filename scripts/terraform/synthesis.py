"""Synthesizing a site file, as a program of its own, and finding what was synthesized: the commands never import constructs."""

from __future__ import annotations

import sys
from pathlib import Path

from scripts.errors import EnvironmentFailureError, StacksError, WrongUsageError
from scripts.processes.own_programs import ROOT
from scripts.processes.process_group import started

MAIN = ROOT / "main.py"
_WRONG_SITE_FILE = 2


def synthesize(site_file: Path, outdir: Path, *, program: Path = MAIN) -> Path:
    """Runs main.py and returns the folder of the stacks.

    Args:
        site_file: the site file.
        outdir: where the folder `stacks` is written.
        program: another revision's main.py; default: this one's.

    Raises:
        WrongUsageError: the site file is refused; the message is its report.
        EnvironmentFailureError: Node.js is missing, or the stacks hold a trap.
    """
    with started([sys.executable, str(program), str(site_file), "--output", str(outdir)], {}) as process:
        output, _ = process.communicate()
    if process.returncode == _WRONG_SITE_FILE:
        raise WrongUsageError(output.strip())
    if process.returncode != 0:
        raise EnvironmentFailureError(f"the synthesis failed:\n{output.strip()}")
    return outdir / "stacks"


def site_file_schema() -> str:
    """Returns the site file's JSON Schema, as main.py prints it.

    Raises:
        EnvironmentFailureError: the program failed.
    """
    with started([sys.executable, str(MAIN), "--schema"], {}) as process:
        output, _ = process.communicate()
    if process.returncode != 0:
        raise EnvironmentFailureError(f"the site file's schema could not be written:\n{output.strip()}")
    return str(output)


def stack_folders(stacks_folder: Path) -> list[Path]:
    """Returns the folder of each synthesized stack, by name.

    Raises:
        StacksError: there is nothing synthesized.
    """
    found = sorted(path.parent for path in stacks_folder.glob("*/cdk.tf.json"))
    if not found:
        reason = "holds no */cdk.tf.json" if stacks_folder.is_dir() else "is no folder"
        raise StacksError(f"{stacks_folder} {reason}: run `python main.py` first, or name another folder")
    return found
