"""One operation of `.github/workflows/operations.yml`: fetches the outputs that were kept, then runs the verb, plan first.

The inputs come as environment variables, so that nothing that somebody types becomes code: OPERATION, TARGET, CONFIRM, APPLY.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

OUTPUTS = Path("build/outputs.json")
REPORT = Path("build/drill")
SITE = "site/build"
OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "status": ("status",),
    "rollback": ("rollback",),
    "verify-repair": ("verify", "--repair"),
    "publish-degraded": ("sync-content", SITE, "--allow-degraded"),
    "evacuate": ("evacuate",),
    "restore": ("restore",),
    "divert": ("divert",),
    "divert-end": ("divert", "--end"),
    "drill": ("drill", "--report", str(REPORT)),
    "takedown": ("takedown",),
}
_NEEDS_A_TARGET = ("evacuate", "restore", "drill", "takedown")
_TAKES_A_TARGET = (*_NEEDS_A_TARGET, "rollback")
# A region, a release or a scenario: nothing that could be an option.
_TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_NO_PATH = re.compile(r"-|.*[\x00-\x1f]", re.DOTALL)
_WRONG_USAGE = 2

Run = Callable[[Sequence[str]], int]


def command(environment: Mapping[str, str]) -> list[str]:
    """Returns the verb with its arguments.

    Raises:
        ValueError: an input is missing or wrong; the message says which and what is allowed.
    """
    operation, target = environment.get("OPERATION", ""), environment.get("TARGET", "").strip()
    if operation not in OPERATIONS:
        raise ValueError(f"operation {operation!r} is none of {', '.join(OPERATIONS)}")
    if operation in _NEEDS_A_TARGET and not target:
        raise ValueError(
            f"{operation} needs a target: the region, for a drill the scenario, for a takedown the file's path"
        )
    if target and operation not in _TAKES_A_TARGET:
        raise ValueError(f"{operation} takes no target, and {target!r} was given: leave it empty")
    if operation == "takedown" and _NO_PATH.match(target):
        raise ValueError(
            f"target {target!r} is no path: one that begins with - or has a control character is not taken"
        )
    if target and operation != "takedown" and not _TARGET.fullmatch(target):
        raise ValueError(f"target {target!r} is no region, release or scenario: letters, digits and - are allowed")
    verb = [*OPERATIONS[operation], *([target] if target else [])]
    if operation == "drill" and (confirm := environment.get("CONFIRM", "").strip()):
        verb.append(f"--confirm={confirm}")
    if operation != "status" and environment.get("APPLY") == "true":
        verb.append("--apply")
    return verb


def main(environment: Mapping[str, str], run: Run) -> int:
    """Runs the operation; returns the exit code of the first verb that fails."""
    try:
        verb = command(environment)
    except ValueError as error:
        print(f"operations: {error}", file=sys.stderr)
        return _WRONG_USAGE
    steps = [["outputs", "--fetch", "--save", str(OUTPUTS)], verb]
    if environment["OPERATION"] == "publish-degraded":
        steps.insert(1, ["build", "--site-file", environment["SITE_FILE"]])
    for step in steps:
        print(f"failover {' '.join(step)}", file=sys.stderr, flush=True)
        if code := run(step):
            return code
    return 0


def _run(arguments: Sequence[str]) -> int:
    return subprocess.run([sys.executable, "-m", "scripts.cli", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(os.environ, _run))
