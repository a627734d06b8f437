"""Counters that tell the data plane when to read the configuration again, and which part of it."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any


class RevisionCounter:
    """Counts successful mutating requests: all of them, and by service.

    A service's own counter leaves out what changes data but no configuration: writes of S3 objects.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._revision = 0
        self._services: Counter[str] = Counter()

    def increase(self, service: str, *, is_configuration: bool) -> None:
        """Count one mutation of a service."""
        with self._lock:
            self._revision += 1
            if is_configuration:
                self._services[service] += 1

    def snapshot(self) -> dict[str, Any]:
        """Return the counters."""
        with self._lock:
            return {"revision": self._revision, "services": dict(self._services)}
