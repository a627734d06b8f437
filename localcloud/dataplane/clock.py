"""AWS time: a clock that runs `speed` times faster than the machine's. The only data-plane module with `time`."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsClock:
    """Converts AWS durations to real ones: every AWS duration d lasts d / speed."""

    speed: float = 1.0

    def now(self) -> float:
        """Return monotonic AWS seconds; the zero point means nothing."""
        return time.monotonic() * self.speed

    def real_seconds(self, aws_seconds: float) -> float:
        """Return how long an AWS duration really lasts."""
        return aws_seconds / self.speed

    async def sleep(self, aws_seconds: float) -> None:
        """Wait for an AWS duration."""
        await asyncio.sleep(self.real_seconds(aws_seconds))

    def timeout(self, aws_seconds: float) -> asyncio.Timeout:
        """Return a context that raises TimeoutError after an AWS duration."""
        return asyncio.timeout(self.real_seconds(aws_seconds))


def utc_now() -> datetime:
    """Return the wall clock's time, aware, in UTC."""
    return datetime.now(UTC)


def rfc3339_now() -> str:
    """Return the wall clock's time as RFC 3339 with milliseconds and Z."""
    return utc_now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
