"""Time as AWS would count it. The only module that imports `time`.

localcloud may run its clock `speed` times faster than the wall: what AWS documents as d seconds then lasts d / speed.
Whoever measures asks this clock, so all figures are in AWS seconds whatever the speed; tests pass a monotonic source.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # 0.02 s, and who only wants the time of day awaits nothing
    import asyncio


class Clock(Protocol):
    """What the prober, the resolver and the drill need of time."""

    def now_seconds(self) -> float:
        """Return AWS seconds since this clock was made; never goes back."""

    async def sleep(self, aws_seconds: float) -> None:
        """Wait; zero or less yields once to the other tasks."""

    def timeout_at(self, deadline_seconds: float) -> asyncio.Timeout:
        """Return a context manager that raises TimeoutError at that time of `now_seconds`."""


class AwsClock:
    """A monotonic clock that runs `speed` times faster than the wall.

    Args:
        speed: 1.0 on AWS; localcloud states its own in endpoints.json.
        monotonic: source of real seconds. Default `time.monotonic`; asyncio's loop must run on the same one.
    """

    def __init__(self, *, speed: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be above 0, got {speed}")
        self.speed = speed
        self._monotonic = monotonic
        self._zero = monotonic()

    def now_seconds(self) -> float:
        """Return AWS seconds since this clock was made."""
        return (self._monotonic() - self._zero) * self.speed

    async def sleep(self, aws_seconds: float) -> None:
        """Wait for `aws_seconds` / speed real seconds."""
        import asyncio  # as above

        await asyncio.sleep(max(0.0, aws_seconds / self.speed))

    def timeout_at(self, deadline_seconds: float) -> asyncio.Timeout:
        """Return `asyncio.timeout` for a deadline in AWS seconds."""
        import asyncio  # as above

        return asyncio.timeout(max(0.0, (deadline_seconds - self.now_seconds()) / self.speed))


def utc_now() -> dt.datetime:
    """Return the present moment, aware of being UTC."""
    return dt.datetime.now(dt.UTC)


def unix_now() -> float:
    """Return the present moment in seconds since 1970 UTC; it may jump when somebody sets the machine's clock."""
    return time.time()


def rfc3339(moment: dt.datetime) -> str:
    """Return a UTC moment as RFC 3339 with milliseconds and a Z."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
