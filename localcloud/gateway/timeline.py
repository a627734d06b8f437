"""What happened to the emulated cloud, in order: faults, alarms, mails, the clock. Nothing acts on it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import ClassVar, Literal, TypeAlias

from localcloud.gateway.clock import rfc3339, utc_now
from localcloud.gateway.wire import JsonObject

KEPT_EVENTS = 500
EventKind: TypeAlias = Literal["alarm", "clock", "fault", "mail"]
Note: TypeAlias = Callable[[EventKind, str], None]
"""Takes a kind and a whole sentence."""


def unnoted(kind: EventKind, text: str) -> None:
    """Forget an event: where nobody looks on."""


class Timeline:
    """The latest events, each with a number that only grows."""

    STATE: ClassVar[tuple[str, ...]] = ("_events", "_count")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: deque[JsonObject] = deque(maxlen=KEPT_EVENTS)
        self._count = 0

    def note(self, kind: EventKind, text: str) -> None:
        """Add an event that happens now."""
        with self._lock:
            self._count += 1
            self._events.append({"number": self._count, "at": rfc3339(utc_now()), "kind": kind, "text": text})

    def after(self, number: int) -> list[JsonObject]:
        """Return the kept events with a greater number, oldest first; keys: number, at (RFC 3339), kind, text."""
        with self._lock:
            return [event for event in self._events if event["number"] > number]
