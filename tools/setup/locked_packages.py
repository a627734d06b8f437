"""Python packages that cannot be in the project's environment, installed once from a lock file of their own, hashes checked.

checkov pins an old boto3 and parliament needs an old setuptools, so each has an environment of its own; cdktn lies in a folder
beside the project's environment. What differs is in `LockedPackages`, what is the same for all in `install`.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import EnvironmentFailureError
from scripts.files import write_atomically

LOCK = "requirements.lock"
_STAMP = ".setup-stamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackages:
    """Some packages with a lock file.

    Attributes:
        name: what is installed, for messages.
        folder: holds `requirements.lock`; gets the file that keeps two runs apart.
        target: the folder that is made anew: an environment, or one that PYTHONPATH names.
        is_environment: whether `target` is an environment; without it the packages alone lie there, and what they need elsewhere.
        make: the verb that installs them, for messages.
    """

    name: str
    folder: Path
    target: Path
    is_environment: bool = True
    make: str

    def program(self, name: str) -> Path:
        """Returns a program of the environment.

        Raises:
            EnvironmentFailureError: it is not installed.
        """
        script = self.target / "bin" / name
        if not script.is_file():
            raise EnvironmentFailureError(f"{self.name} is not installed: {script} is missing. Run `{self.make}`.")
        return script


def install(packages: LockedPackages, *, python: Path | None = None) -> None:
    """Installs what the lock file lists, unless that was done already with this Python.

    Args:
        packages: which.
        python: makes the environment. Default: the one that runs this.

    Raises:
        EnvironmentFailureError: a step failed.
    """
    python = python or Path(sys.executable)
    stamp, key = packages.target / _STAMP, _key(packages, python)
    with (packages.folder / ".setup-lock").open("w") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == key:
            return
        print(f"set-up: installing {packages.name}, up to a minute", file=sys.stderr, flush=True)
        shutil.rmtree(packages.target, ignore_errors=True)
        for command in _commands(packages, python):
            _run(packages.name, command)
        write_atomically(stamp, key)


def _commands(packages: LockedPackages, python: Path) -> Iterable[list[str]]:
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    options = ["-qq", "--no-input", "--require-hashes", "-r", str(packages.folder / LOCK)]
    if packages.is_environment:
        yield [str(python), "-m", "venv", "--without-pip", str(packages.target)]
        yield [*pip, "--python", str(packages.target / "bin" / "python"), "install", *options]
    else:
        yield [*pip, "install", "--no-deps", "--target", str(packages.target), *options]


def _run(name: str, command: list[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise EnvironmentFailureError(
            f"{name} could not be installed (exit code {done.returncode} of {' '.join(command)}): "
            "check the network and pip's configuration (`pip config list`)"
        )


def _key(packages: LockedPackages, python: Path) -> str:
    """Return what an installation depends on; its scripts hold the folder's absolute path."""
    content = (packages.folder / LOCK).read_bytes()
    return hashlib.sha256(content + f"{python} {packages.target}".encode()).hexdigest()
