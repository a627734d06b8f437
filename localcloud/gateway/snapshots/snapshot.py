"""Saving the gateway's state while nothing changes, and putting it back before anything is served."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.code_digest import code_digest
from localcloud.gateway.clock import AwsClock
from localcloud.gateway.errors import ServiceError
from localcloud.gateway.snapshots import moto_state, own_state
from localcloud.gateway.snapshots.gate import Gate

_LONGEST_WAIT_REAL_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A state that was read from its file.

    Attributes:
        clock_seconds: the gateway's clock when it was saved: it goes on from there.
    """

    clock_seconds: float
    state: dict[str, Any]

    def has_service(self, *names: str) -> bool:
        """Return whether one of moto's services of these signing names had been used."""
        used = {module.split(".")[1] for module, *_ in self.state["moto"]}
        return bool(used & {{"monitoring": "cloudwatch"}.get(name, name) for name in names})


class Snapshots:
    """Saves the state of one gateway.

    Args:
        root: everything that keeps state is reachable from it.
        gate: every request and the clockwork pass through it.
        clock: AWS time.
        waits: each waits until its queue is empty, for so many real seconds, and tells whether it is.
    """

    def __init__(
        self, root: object, *, gate: Gate, clock: AwsClock, waits: tuple[Callable[[float], bool], ...]
    ) -> None:
        self._root = root
        self._gate = gate
        self._clock = clock
        self._waits = waits
        self.code = code_digest()  # of what runs: the files may be others when a state is saved

    def save(self, file: Path) -> int:
        """Write the state to a new file that its owner alone can read; return its size.

        Raises:
            ServiceError: 409 Busy: requests or replication go on for longer than half a minute.
            OSError: the file is there already, or cannot be written.
        """
        with self._gate.closed(_LONGEST_WAIT_REAL_SECONDS):
            if not all(wait(_LONGEST_WAIT_REAL_SECONDS) for wait in self._waits):
                raise ServiceError(409, "Busy", "replication goes on: try again when it has ended")
            data = moto_state.dump(
                {
                    "clock_seconds": self._clock.now_seconds(),
                    "own": own_state.read(self._root),
                    "moto": moto_state.read(),
                }
            )
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
            output.write(data)
            output.flush()
            os.fsync(output.fileno())
        return len(data)


def read_file(file: Path) -> Saved:
    """Read a state.

    Raises:
        ValueError: it is none of this version's.
        OSError: it cannot be read.
    """
    try:
        state = moto_state.load(file.read_bytes())
        return Saved(clock_seconds=float(state["clock_seconds"]), state=state)
    except (pickle.UnpicklingError, AttributeError, ImportError, EOFError, KeyError, IndexError, TypeError) as error:
        raise ValueError(f"{file} is no state of this version of localcloud: {error}") from error


def put_back(root: object, saved: Saved) -> None:
    """Give everything that is reachable from `root`, and moto, the state that was saved."""
    moto_state.write(saved.state["moto"])
    own_state.write(root, saved.state["own"])
