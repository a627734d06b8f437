"""AWS time: a clock that runs `speed` times faster than the machine's. The only data-plane module with `time`."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime


class AwsClock:
    """Converts AWS durations to real ones: every AWS duration d lasts d / speed.

    The speed may change: what sleeps or waits for a limit by this clock then follows the new one.
    """

    def __init__(self, *, speed: float = 1.0) -> None:
        """Start anywhere: the zero point means nothing.

        Args:
            speed: AWS seconds in a real second.
        """
        self._real, self._aws, self._speed = time.monotonic(), time.monotonic(), speed
        self._waits: set[Callable[[], None]] = set()

    @property
    def speed(self) -> float:
        """AWS seconds in a real second."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Let AWS time pass at another speed from now on; call it in the event loop that waits by this clock."""
        now = time.monotonic()
        self._aws += (now - self._real) * self._speed
        self._real, self._speed = now, speed
        for adapt in tuple(self._waits):
            adapt()

    def now(self) -> float:
        """Return monotonic AWS seconds; the zero point means nothing."""
        return self._aws + (time.monotonic() - self._real) * self._speed

    def real_seconds(self, aws_seconds: float) -> float:
        """Return how long an AWS duration really lasts, if the speed stays."""
        return aws_seconds / self._speed

    async def sleep(self, aws_seconds: float) -> None:
        """Wait for an AWS duration."""
        loop, deadline = asyncio.get_running_loop(), self.now() + aws_seconds
        awake: asyncio.Future[None] = loop.create_future()
        handle: asyncio.TimerHandle | None = None

        def wake() -> None:
            if not awake.done():
                awake.set_result(None)

        def adapt() -> None:
            nonlocal handle
            if handle:
                handle.cancel()
            handle = loop.call_later(max(0.0, self.real_seconds(deadline - self.now())), wake)

        adapt()
        self._waits.add(adapt)
        try:
            await awake
        finally:
            self._waits.discard(adapt)
            if handle:
                handle.cancel()

    @contextlib.asynccontextmanager
    async def timeout(self, aws_seconds: float) -> AsyncIterator[asyncio.Timeout]:
        """A context that raises TimeoutError after an AWS duration."""
        loop, deadline = asyncio.get_running_loop(), self.now() + aws_seconds
        async with asyncio.timeout(self.real_seconds(aws_seconds)) as limit:

            def adapt() -> None:
                if not limit.expired():  # one that ends at this very moment cannot be moved any more
                    limit.reschedule(loop.time() + self.real_seconds(deadline - self.now()))

            self._waits.add(adapt)
            try:
                yield limit
            finally:
                self._waits.discard(adapt)


def monotonic_seconds() -> float:
    """Return real seconds on the machine's own monotonic clock."""
    return time.monotonic()


def utc_now() -> datetime:
    """Return the wall clock's time, aware, in UTC."""
    return datetime.now(UTC)


def rfc3339_now() -> str:
    """Return the wall clock's time as RFC 3339 with milliseconds and Z."""
    return utc_now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
