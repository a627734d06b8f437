"""Installs checkov into an environment of its own, once, from its own lock file with hashes checked.

Its own, because checkov pins boto3 1.35.49, and the project needs a newer one (`tools/examples/checkov/requirements.in`).
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.errors import EnvironmentFailureError, OpsError
from scripts.files import write_atomically

FOLDER = Path(__file__).resolve().parent / "checkov"


def install(folder: Path = FOLDER, *, python: Path | None = None) -> None:
    """Install what the lock file lists, unless that was done already with this Python.

    Args:
        folder: holds requirements.lock; gets `.venv`.
        python: makes the environment. Default: the one that runs this.

    Raises:
        EnvironmentFailureError: a step failed.
    """
    environment, python = folder / ".venv", python or Path(sys.executable)
    stamp = environment / ".setup-stamp"
    with (folder / ".setup-lock").open("w") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == _key(folder, python):
            return
        print("set-up: installing checkov, about a minute", file=sys.stderr, flush=True)
        shutil.rmtree(environment, ignore_errors=True)
        _run([str(python), "-m", "venv", "--without-pip", str(environment)])
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--python", str(environment / "bin" / "python")]
        lock = str(folder / "requirements.lock")
        _run([*pip, "install", "-qq", "--no-input", "--require-hashes", "-r", lock])
        write_atomically(stamp, _key(folder, python))


def command(folder: Path = FOLDER) -> list[str]:
    """Return how to start checkov.

    Raises:
        EnvironmentFailureError: it is not installed.
    """
    script = folder / ".venv" / "bin" / "checkov"
    if not script.is_file():
        raise EnvironmentFailureError(f"checkov is not installed: {script} is missing. Run `make checkov`.")
    return [str(script)]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise EnvironmentFailureError(
            f"checkov could not be installed (exit code {done.returncode} of {' '.join(command)}): "
            "check the network and pip's configuration (`pip config list`)"
        )


def _key(folder: Path, python: Path) -> str:
    """Return what an installation depends on; its scripts hold the folder's absolute path."""
    content = (folder / "requirements.lock").read_bytes()
    return hashlib.sha256(content + f"{python} {folder}".encode()).hexdigest()


def main() -> int:
    """Install; return the exit code, 3 when something is missing."""
    try:
        install()
    except OpsError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
