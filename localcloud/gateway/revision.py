"""Counters that tell the data plane when to read the configuration again, and how far it has followed."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar


class RevisionCounter:
    """Counts successful mutating requests: all of them, and by service.

    A service's own counter leaves out what changes data but no configuration: writes of S3 objects.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_revision", "_services")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._revision = 0
        self._services: Counter[str] = Counter()
        self._followed: int | None = None

    def increase(self, service: str, *, is_configuration: bool) -> int:
        """Count one mutation of a service; return the revision that has it."""
        with self._lock:
            self._revision += 1
            if is_configuration:
                self._services[service] += 1
            return self._revision

    def snapshot(self) -> dict[str, Any]:
        """Return the counters."""
        with self._lock:
            return {"revision": self._revision, "services": dict(self._services)}

    def note_followed(self, revision: int) -> None:
        """Note that the data plane serves everything up to a revision."""
        with self._lock:
            self._followed = max(revision, self._followed or 0)

    def is_followed(self, revision: int) -> bool:
        """Return whether the data plane serves a revision; without a data plane there is nothing to wait for."""
        with self._lock:
            return self._followed is None or revision <= self._followed


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of one service whose status (`Deployed`, `INSYNC`, `Completed`) follows the data plane."""

    counter: RevisionCounter
    service: str

    def note(self) -> int:
        """Note a change and return its revision; call it when the change can be read, before its lock is released."""
        return self.counter.increase(self.service, is_configuration=True)

    def are_live(self, revision: int) -> bool:
        """Return whether the data plane serves the change of this revision."""
        return self.counter.is_followed(revision)
