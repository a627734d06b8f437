"""Lets requests through, and holds them back while the state is being saved."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from localcloud.gateway.errors import ServiceError


class Gate:
    """Open for as many as come, or closed for all but one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._is_closed = False

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Wait while the gate is closed, and keep it from closing for the length of the block."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_closed)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                if self._is_closed:
                    self._changed.notify_all()

    @contextmanager
    def closed(self, timeout_real_seconds: float) -> Iterator[None]:
        """Close the gate, wait until nobody is inside, and open it after the block.

        Raises:
            ServiceError: 409 Busy: somebody is inside for longer than the timeout, or another one holds the gate closed.
        """
        with self._changed:
            if self._is_closed:
                raise ServiceError(409, "Busy", "another snapshot is being saved")
            self._is_closed = True
        try:
            with self._changed:
                if not self._changed.wait_for(lambda: not self._inside, timeout_real_seconds):
                    message = f"{self._inside} requests last more than {timeout_real_seconds:g} s: end the fault that holds them"
                    raise ServiceError(409, "Busy", message)
            yield
        finally:
            with self._changed:
                self._is_closed = False
                self._changed.notify_all()
