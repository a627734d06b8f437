"""The gateway's only source of time. Nothing else in the gateway imports `time`."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the wall-clock time, UTC-aware."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """Format a moment the way AWS XML and JSON answers do, millisecond precision, `Z` suffix."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsClock:
    """A monotonic clock that counts AWS seconds: `speed` of them pass in one real second.

    Attributes:
        speed: AWS seconds per real second; default 1.
    """

    speed: float = 1.0
    _started: float = field(default_factory=time.monotonic)

    def now_seconds(self) -> float:
        """Return the AWS seconds since this clock was made."""
        return (time.monotonic() - self._started) * self.speed

    def real_seconds(self, aws_seconds: float) -> float:
        """Return how long a duration given in AWS seconds lasts on the wall."""
        return aws_seconds / self.speed
