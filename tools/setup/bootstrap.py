"""Set-up of this folder: the virtual environment `.venv` from requirements.lock, then `tools.setup.prepare` inside it.

Run by the Makefile with whatever `python3` there is, so: standard library only, and a syntax that an old Python can read far
enough to say what it lacks. A stamp inside the environment, written last, says what it was made from; while that holds a
run costs one read. Without it the environment is half made or outdated, and is made anew.

Exit codes: 0 ready, 3 something is missing on this machine (the message says what to do), 130 interrupted.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
MINIMUM_PYTHON = (3, 11)
NEWER_PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11")
ENVIRONMENT_FAILURE = 3


class SetupError(Exception):
    """Something is missing on this machine; the message says what to do."""


class Layout:
    """Where everything of one working copy is.

    Args:
        root: the working copy.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lock_file = root / "requirements.lock"
        self.project_file = root / "pyproject.toml"
        self.venv = root / ".venv"
        self.python = self.venv / "bin" / "python"
        self.stamp = self.venv / ".setup.json"
        self.mutex = root / ".setup-lock"


def main() -> int:
    """Make this folder ready; return the exit code."""
    signal.signal(signal.SIGTERM, _end_on_sigterm)
    try:
        with_new_enough_python()
        set_up(Layout(ROOT))
    except SetupError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return ENVIRONMENT_FAILURE
    except KeyboardInterrupt:
        print("set-up: interrupted; the next run starts it over", file=sys.stderr)
        return 130
    return 0


def with_new_enough_python() -> None:
    """Go on under a Python 3.11 or newer from PATH when this one is older.

    Raises:
        SetupError: there is none.
    """
    if sys.version_info >= MINIMUM_PYTHON:
        return
    for name in NEWER_PYTHONS:
        newer = shutil.which(name)
        if newer is not None:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606 - the same script, a newer interpreter
    raise SetupError(
        f"Python {'.'.join(map(str, MINIMUM_PYTHON))} or newer is needed; {sys.executable} is {platform.python_version()} "
        f"and none of {', '.join(NEWER_PYTHONS)} is in PATH. Install one, or run `make PYTHON=/path/to/python3.11 ...`."
    )


def set_up(layout: Layout) -> None:
    """Bring the environment to what the lock file and pyproject.toml say; do nothing when it is there already.

    Raises:
        SetupError: a program is missing or a step failed.
    """
    if is_ready(read_stamp(layout), layout):
        return
    with only_one(layout.mutex):
        stamp = read_stamp(layout)  # another make may have finished while this one waited
        if is_ready(stamp, layout):
            return
        require_terraform(layout.root)
        if stamp.get("environment") != environment_key(layout) or not layout.python.exists():
            make_environment(layout)
        elif stamp.get("project") != project_key(layout):
            install_project(layout)
        write_stamp(layout, warmed=prepare(layout))


def is_ready(stamp: dict[str, object], layout: Layout) -> bool:
    """Return whether the stamp describes these very files and everything it names is still there."""
    warmed = stamp.get("warmed")
    return (
        stamp.get("environment") == environment_key(layout)
        and stamp.get("project") == project_key(layout)
        and layout.python.exists()
        and isinstance(warmed, list)
        and all(Path(str(path)).exists() for path in warmed)
    )


def environment_key(layout: Layout) -> str:
    """Return what the installed packages depend on. The folder counts: scripts in `.venv/bin` hold its absolute path."""
    parts = [platform.python_implementation(), platform.python_version(), platform.machine(), str(layout.venv)]
    return hashlib.sha256("\0".join(parts).encode() + layout.lock_file.read_bytes()).hexdigest()


def project_key(layout: Layout) -> str:
    """Return what the installation of the project itself depends on."""
    return hashlib.sha256(layout.project_file.read_bytes()).hexdigest()


def read_stamp(layout: Layout) -> dict[str, object]:
    """Return the stamp, empty when there is none or it cannot be read."""
    try:
        stamp = json.loads(layout.stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(layout: Layout, *, warmed: list[str]) -> None:
    """Say in one atomic step that the set-up is complete."""
    stamp = {"environment": environment_key(layout), "project": project_key(layout), "warmed": warmed}
    temporary = layout.stamp.with_suffix(".tmp")
    temporary.write_text(json.dumps(stamp), encoding="utf-8")
    temporary.replace(layout.stamp)


@contextlib.contextmanager
def only_one(mutex: Path) -> Iterator[None]:
    """Wait until no other set-up works on this folder. The kernel lets go of the lock when its holder ends, however."""
    with mutex.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another make is setting this folder up; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def require_terraform(root: Path) -> None:
    """Look for Terraform before minutes of installing.

    Raises:
        SetupError: it is missing or too old.
    """
    sys.path.insert(0, str(root))
    from scripts import errors
    from scripts.terraform import toolchain  # both need only the standard library

    try:
        toolchain.terraform()
    except errors.OpsError as error:
        raise SetupError(str(error)) from error


def make_environment(layout: Layout) -> None:
    """Make `.venv` from nothing and install exactly what the lock file lists, checked by its hashes."""
    say(f"making {layout.venv} from {layout.lock_file.name}, about a minute")
    _remove(layout.venv)
    pip = _new_environment(layout)
    run(
        [*pip, "install", "-qq", "--no-input", "--no-compile", "--require-hashes", "-r", str(layout.lock_file)],
        layout,
        "pip could not install requirements.lock; check the network and pip's configuration (`pip config list`)",
    )
    # On all cores, which pip does not do: 18 s instead of 30. Not left to the first import: where PYTHONDONTWRITEBYTECODE is
    # set every process would compile again. A file that does not compile is its package's affair, so the exit code is not asked.
    subprocess.run([str(layout.python), "-m", "compileall", "-qq", "-j", "0", str(layout.venv / "lib")], check=False)
    install_project(layout)


def install_project(layout: Layout) -> None:
    """Install the project itself, editable: `.venv/bin/failover` runs the files of this folder."""
    pip = _pip(layout)
    options = ["-qq", "--no-input", "--no-deps", "--no-build-isolation", "--editable"]
    run([*pip, "install", *options, str(layout.root)], layout, "pip could not install the project itself")


def prepare(layout: Layout) -> list[str]:
    """Run the part of the set-up that needs the environment; return the files whose loss makes it necessary again."""
    command = [str(layout.python), "-m", "tools.setup.prepare"]
    answer = run(command, layout, "the tools could not be prepared", keep_output=True)
    return [str(path) for path in json.loads(answer)]


def run(command: list[str], layout: Layout, failure: str, *, keep_output: bool = False) -> str:
    """Run a step to its end, its messages shown; return what it printed if that is kept.

    Raises:
        SetupError: it exited with anything but 0.
    """
    output = subprocess.PIPE if keep_output else sys.stderr
    done = subprocess.run(command, cwd=layout.root, stdin=subprocess.DEVNULL, stdout=output, text=True, check=False)
    if done.returncode != 0:
        raise SetupError(f"{failure} (exit code {done.returncode} of {' '.join(command)})")
    return done.stdout or ""


def say(message: str) -> None:
    """Tell the user what takes its time."""
    print(f"set-up: {message}", file=sys.stderr, flush=True)


def _new_environment(layout: Layout) -> list[str]:
    """Make the environment and return how to run pip for it.

    Debian splits ensurepip off into python3-venv; the system's own pip then works from outside.
    """
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        run([sys.executable, "-m", "venv", "--without-pip", str(layout.venv)], layout, _NO_VENV)
    else:
        run([sys.executable, "-m", "venv", str(layout.venv)], layout, _NO_VENV)
    return _pip(layout)


_NO_VENV = f"{sys.executable} -m venv failed; on Debian and Ubuntu: apt-get install python3-venv"


def _pip(layout: Layout) -> list[str]:
    if list((layout.venv / "lib").glob("python*/site-packages/pip")):
        return [str(layout.python), "-m", "pip", "--disable-pip-version-check"]
    return [sys.executable, "-m", "pip", "--python", str(layout.python), "--disable-pip-version-check"]


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def _end_on_sigterm(_signal: int, _frame: object) -> NoReturn:
    # As an exception, so that the running step is ended and waited for before the lock is let go.
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
