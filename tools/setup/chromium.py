"""The Chromium in which tests open pages: the machine's own, or Debian's package; `python -m tools.setup.chromium` makes sure.

Playwright's own downloads are not used: its host is closed to many build machines.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.errors import EnvironmentFailureError, OpsError

VARIABLE = "FAILOVER_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def find() -> Path | None:
    """Return the browser's program: what FAILOVER_CHROMIUM names, else one from PATH, else Chrome on macOS; None without."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is not None:
        return Path(found)
    return _MAC if _MAC.is_file() else None


def install() -> Path:
    """Return the browser's program, installed by apt where there is none and this user may.

    Raises:
        EnvironmentFailureError: there is none, and it cannot be installed from here.
    """
    found = find()
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        print(
            "set-up: installing Debian's chromium for the tests of pages, about a minute", file=sys.stderr, flush=True
        )
        # A machine whose package lists are old or absent needs them first.
        _apt_get("install") or (_apt_get("update") and _apt_get("install"))
        found = find()
    if found is None:
        raise EnvironmentFailureError(
            "The tests of pages need Chromium or Chrome, and none is in PATH. Install it (Debian: `sudo apt-get install "
            f"chromium`, macOS: `brew install --cask chromium`), or name its program in {VARIABLE}."
        )
    if not os.access(found, os.X_OK) or not found.is_file():
        raise EnvironmentFailureError(f"{VARIABLE} names {found}, which is no program that this user may run.")
    return found


def _apt_get(verb: str) -> bool:
    packages = ["--no-install-recommends", "chromium"] if verb == "install" else []
    command = ["apt-get", verb, "-qq", "-y", *packages]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        print(f"set-up: `{' '.join(command)}` failed: {done.stderr.strip()[-400:]}", file=sys.stderr)
    return done.returncode == 0


def main() -> int:
    """Make sure that there is one; return the exit code, 3 when there is none."""
    try:
        install()
    except OpsError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
