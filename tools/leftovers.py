"""Tells whether a CI step left a process running: `python tools/leftovers.py NAME=VALUE` looks for that variable.

Whatever a step starts inherits the variable, in a session of its own or not. Found processes get 5 s to end by themselves, then
are killed and the exit code is 1. Linux only: elsewhere there is no /proc and nothing is found.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

PATIENCE_SECONDS = 5.0
POLL_SECONDS = 0.1


def main(mark: str, *, processes: Path = Path("/proc")) -> int:
    """Return 0 when no process carries the mark within 5 s; else kill those that do and return 1."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := marked(mark, processes)) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    for pid, command in found.items():
        print(f"left running: {pid} {command}", file=sys.stderr)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return 1 if found else 0


def marked(mark: str, processes: Path) -> dict[int, str]:
    """Return the command lines by process id of those with `mark` (NAME=VALUE) in their environment, this one left out."""
    found = {}
    for folder in processes.glob("[0-9]*"):
        try:
            if mark.encode() not in (folder / "environ").read_bytes().split(b"\0") or int(folder.name) == os.getpid():
                continue
            found[int(folder.name)] = (
                (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            )
        except OSError:  # gone meanwhile, or somebody else's
            continue
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
