"""The console's own time line: what the data plane shows and the gateway does not know, and one order for both."""

import itertools
from collections import deque
from typing import Any

from localcloud.dataplane.clock import rfc3339_now

KEPT_EVENTS = 400


class History:
    """The latest events of gateway and console, each with the number under which pages have seen it."""

    def __init__(self) -> None:
        """Begin empty."""
        self._events: deque[dict[str, Any]] = deque(maxlen=KEPT_EVENTS)
        self._numbers = itertools.count(1)
        self.seen_of_gateway = 0
        """The number of the newest event of the gateway's that is in here."""

    def note(self, kind: str, text: str) -> None:
        """Add an event that happens now.

        Args:
            kind: `check`, `dns`, `visitors`, `drill`, `cache` or one of the gateway's: `fault`, `alarm`, `mail`, `clock`.
            text: A whole sentence.
        """
        self._events.append({"number": next(self._numbers), "at": rfc3339_now(), "kind": kind, "text": text})

    def take(self, events: list[dict[str, Any]]) -> None:
        """Add the gateway's events that are new."""
        for event in events:
            if event["number"] > self.seen_of_gateway:
                self.seen_of_gateway = event["number"]
                self._events.append({**event, "number": next(self._numbers)})

    def after(self, number: int) -> list[dict[str, Any]]:
        """Return the kept events with a greater number, oldest first; keys: number, at (RFC 3339), kind, text."""
        return [event for event in self._events if event["number"] > number]
