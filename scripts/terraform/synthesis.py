"""Synthesizing a site file, as a program of its own, and finding what was synthesized: the commands never import constructs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.errors import EnvironmentFailureError, StacksError, WrongUsageError
from scripts.processes.own_programs import ROOT
from scripts.processes.process_group import started

MAIN = ROOT / "main.py"
SETTING = "FAILOVER_PROGRAM"
"""Names a team's own program, which adds its stacks to ours: docs/CONSTRUCTS.md."""
CONFIGURATION = "cdk.tf.json"
"""What a stack's folder holds its configuration in."""
_SECTIONS = ("data", "output", "provider", "resource", "terraform")
_WRONG_SITE_FILE = 2


def chosen_program(environment: Mapping[str, str] = os.environ) -> Path:
    """Returns the program that turns site files into stacks: main.py, or the one that FAILOVER_PROGRAM names.

    Raises:
        WrongUsageError: there is no such file.
    """
    given = environment.get(SETTING)
    if not given:
        return MAIN
    path = Path(given).absolute()
    if not path.is_file():
        raise WrongUsageError(f"{SETTING}={given} is no file: name the program that makes the stacks, or unset it")
    return path


def synthesize(site_file: Path, outdir: Path, *, program: Path | None = None) -> Path:
    """Runs the program of `chosen_program` and returns the folder of the stacks.

    Args:
        site_file: the site file.
        outdir: where the folder `stacks` is written.
        program: another revision's; default: this one's.

    Raises:
        WrongUsageError: the site file is refused, with its report, or FAILOVER_PROGRAM names no file.
        EnvironmentFailureError: Node.js is missing, or the stacks hold a trap.
    """
    program = program or chosen_program()
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
    found = sorted(path.parent for path in stacks_folder.glob(f"*/{CONFIGURATION}"))
    if not found:
        reason = "holds no */cdk.tf.json" if stacks_folder.is_dir() else "is no folder"
        raise StacksError(f"{stacks_folder} {reason}: run `python main.py` first, or name another folder")
    return found


def read_stack(folder: Path) -> dict[str, Any]:
    """Returns a synthesized stack's configuration.

    Raises:
        StacksError: it is not there, or no Terraform JSON.
    """
    path = folder / CONFIGURATION
    again = "synthesize the site again with `python main.py`"
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise StacksError(f"{path} is not there: {again}, or name another folder") from error
    except ValueError as error:
        raise StacksError(f"{path} is no JSON ({error}): {again}") from error
    if not isinstance(found, dict) or any(not isinstance(found.get(name, {}), dict | list) for name in _SECTIONS):
        raise StacksError(f"{path} is no Terraform JSON: {again}")
    return found
