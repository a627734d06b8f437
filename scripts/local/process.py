"""Starts localcloud as a child process and stops it again. It is a program of its own; nothing is imported from it."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scripts.clock import AwsClock
from scripts.errors import EnvironmentFailureError, MissingOutputError
from scripts.local.endpoints import Endpoints, read_endpoints
from scripts.processes import own_programs
from scripts.processes.process_group import interrupts_deferred

ANY_PORT = ("--gateway-port", "0", "--dns-port", "0", "--https-port", "0", "--http-port", "0")
"""Options that let localcloud take free ports instead of its usual ones."""

_START_TIMEOUT_SECONDS = 300.0  # longer than localcloud's own, which gives the reason
_STOP_TIMEOUT_SECONDS = 10.0
_POLL_SECONDS = 0.1
_LOG_TAIL_LINES = 15


@contextmanager
def running_localcloud(
    folder: Path, *, speed: float, arguments: tuple[str, ...] = (), environment: Mapping[str, str] | None = None
) -> Iterator[Endpoints]:
    """Runs localcloud for the length of the block and yields where it listens.

    It gets a session of its own, so that Ctrl-C reaches this process alone and a drill can still undo its fault.

    Args:
        folder: its state folder; the log is `localcloud.log` in it.
        speed: how much faster than AWS its clock runs.
        arguments: further options of `python -m localcloud serve`.
        environment: variables on top of this process's own.

    Raises:
        EnvironmentFailureError: it is not installed; or it did not start (a port is taken, an instance runs already), with
            the end of its log.
    """
    own_programs.require_localcloud()
    folder.mkdir(parents=True, exist_ok=True)
    endpoints_file = folder / "endpoints.json"
    endpoints_file.unlink(missing_ok=True)
    log = folder / "localcloud.log"
    command = [
        *own_programs.LOCALCLOUD,
        "serve",
        "--speed",
        str(speed),
        "--state-dir",
        str(folder),
        *arguments,
    ]
    process = None
    try:
        with log.open("wb") as output, interrupts_deferred():
            process = subprocess.Popen(
                [*command, "--parent-pid", str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=own_programs.environment({**os.environ, **(environment or {})}),
            )
        yield _wait_until_ready(process, endpoints_file, log)
    finally:
        if process is not None:
            _stop(process)


@contextmanager
def sole_user(folder: Path, what: str) -> Iterator[None]:
    """Holds a lock on the folder, so that a second command of the same kind stops before it does harm.

    Raises:
        EnvironmentFailureError: another one runs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EnvironmentFailureError(
                f"another {what} is using {folder}: wait for it, stop it, or choose another --output"
            ) from error
        yield


def _wait_until_ready(process: subprocess.Popen[bytes], endpoints_file: Path, log: Path) -> Endpoints:
    clock = AwsClock(speed=1)
    deadline = clock.now_seconds() + _START_TIMEOUT_SECONDS
    while clock.now_seconds() < deadline:
        try:
            return read_endpoints(endpoints_file)
        except MissingOutputError:
            pass  # written whole once it is ready
        try:
            process.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        raise EnvironmentFailureError(
            f"localcloud did not start (exit code {process.returncode}):\n{_tail(log)}\n"
            "  A port that is taken: stop what uses it, or let localcloud choose with `failover demo --any-port`, "
            "which is `make demo ANY_PORT=1`"
        )
    raise EnvironmentFailureError(f"localcloud was not ready after {_START_TIMEOUT_SECONDS:g} s:\n{_tail(log)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-_LOG_TAIL_LINES:])
