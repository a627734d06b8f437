"""The gateway's only source of time. Nothing else in the gateway imports `time`."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

SLOWEST, FASTEST = 0.1, 100.0
"""AWS seconds in a real second that a clock may be set to."""


def utc_now() -> datetime:
    """Return the wall-clock time, UTC-aware."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """Format a moment the way AWS XML and JSON answers do, millisecond precision, `Z` suffix."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class AwsClock:
    """A monotonic clock that counts AWS seconds: `speed` of them pass in one real second, until the speed is changed."""

    def __init__(self, *, speed: float = 1.0, starts_at_seconds: float = 0.0) -> None:
        """Start.

        Args:
            speed: AWS seconds per real second; default 1.
            starts_at_seconds: what it shows first: default 0, or where another one was stopped.
        """
        # (real, AWS, speed) from which on each speed has held; the newest is last. Replaced as a whole, so readers need no lock.
        self._stretches: tuple[tuple[float, float, float], ...] = ((time.monotonic(), starts_at_seconds, speed),)
        self._on_change: list[Callable[[], None]] = []

    @property
    def speed(self) -> float:
        """AWS seconds per real second."""
        return self._stretches[-1][2]

    def set_speed(self, speed: float) -> None:
        """Let AWS time pass at another speed from now on, and wake whoever waits by this clock."""
        self._stretches = (*self._stretches, (time.monotonic(), self.now_seconds(), speed))
        for tell in self._on_change:
            tell()

    def on_change(self, tell: Callable[[], None]) -> None:
        """Call this after each change of the speed."""
        self._on_change.append(tell)

    def now_seconds(self) -> float:
        """Return the AWS seconds since this clock was made, or of the one that it goes on from."""
        real, aws, speed = self._stretches[-1]
        return aws + (time.monotonic() - real) * speed

    def real_seconds(self, aws_seconds: float) -> float:
        """Return how long a duration given in AWS seconds lasts on the wall, if the speed stays."""
        return aws_seconds / self.speed

    def real_seconds_ago(self, moment_seconds: float) -> float:
        """Return how long ago a moment of this clock was on the wall, whatever the speeds since."""
        stretches = self._stretches
        real, aws, speed = next((each for each in reversed(stretches) if each[1] <= moment_seconds), stretches[0])
        return time.monotonic() - (real + (moment_seconds - aws) / speed)
