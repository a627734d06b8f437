"""A clock for tests of what waits."""

from __future__ import annotations

import asyncio


class ManualClock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now_seconds(self) -> float:
        return self.seconds

    async def sleep(self, aws_seconds: float) -> None:
        self.seconds += aws_seconds

    def timeout_at(self, deadline_seconds: float) -> asyncio.Timeout:
        raise AssertionError(f"no request of this test waits until {deadline_seconds}")
