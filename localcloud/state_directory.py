"""The state folder of a running localcloud: its lock, the certificate of its throwaway CA and `endpoints.json`."""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from localcloud.files import write_whole

ENDPOINTS_FILE = "endpoints.json"
CA_CERTIFICATE_FILE = "ca.pem"
LOCK_FILE = "lock"
CALL_LOG_FILE = "calls.jsonl"
MEASURING_LOCK_FILE = "drill.lock"
"""Whoever measures by the clock locks it, so that the clock is not changed meanwhile; `failover drill` and `replay` do."""


class AlreadyRunning(Exception):  # noqa: N818  what happened
    """Another localcloud uses this state folder."""


class StateDirectory:
    """The folder, locked for one localcloud while this object is open."""

    def __init__(self, path: Path) -> None:
        """Make the folder if need be and lock it; a crashed instance leaves no lock behind.

        Raises:
            AlreadyRunning: when another process holds the lock.
        """
        self.path = path.resolve()
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock: IO[str] = (self.path / LOCK_FILE).open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.seek(0)
            owner = self._lock.read().strip() or "unknown"
            self._lock.close()
            raise AlreadyRunning(
                f"another localcloud (process {owner}) uses {self.path}; stop it or choose another --state-dir"
            ) from error
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()
        self.remove_endpoints()

    def write_endpoints(self, endpoints: Mapping[str, Any]) -> None:
        """Write `endpoints.json` atomically, readable by its owner alone: it holds the secret of the run."""
        data = json.dumps(endpoints, indent=2).encode() + b"\n"
        write_whole(self.path / ENDPOINTS_FILE, data, mode=0o600)

    def remove_endpoints(self) -> None:
        """Remove `endpoints.json`: nothing answers any more, or not yet."""
        (self.path / ENDPOINTS_FILE).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove `endpoints.json`, and give up the lock."""
        self.remove_endpoints()
        self._lock.close()


def update_speed(path: Path, speed: float) -> None:
    """Say in `endpoints.json` that the clock now runs at this speed; whoever measures reads it there.

    Raises:
        OSError: localcloud has not announced itself yet, or has ended.
    """
    endpoints = {**read_endpoints(path), "speed": speed}
    write_whole(path / ENDPOINTS_FILE, json.dumps(endpoints, indent=2).encode() + b"\n", mode=0o600)


def is_measured(path: Path) -> bool:
    """Return whether a drill runs that measures by this localcloud's clock: it holds a lock as long."""
    try:
        lock = (path / MEASURING_LOCK_FILE).open("rb")
    except FileNotFoundError:
        return False
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def read_endpoints(path: Path) -> dict[str, Any]:
    """Return the parsed `endpoints.json` of a running localcloud.

    Raises:
        OSError: when none is running there.
        ValueError: when the file is another program's.
    """
    endpoints: dict[str, Any] = json.loads((path / ENDPOINTS_FILE).read_text())
    return endpoints
