"""How late this machine wakes who sleeps: what is timed on a machine that does something else says nothing of the product."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aws_facts.health_checks import HTTP_RESPONSE_BUDGET_SECONDS
from scripts.clock import AwsClock

_NAP_REAL_SECONDS = 0.05
# Of the shortest time that anything here is given, a health checker's two seconds for the first byte: what is left is enough.
_ALLOWED_RATIO = 0.5


@dataclass(slots=True)
class Lateness:
    """The longest that this process slept past its time, in real seconds, since `forget`."""

    worst_real_seconds: float = 0.0
    _clock: AwsClock = field(default_factory=lambda: AwsClock(speed=1))

    def forget(self) -> None:
        """Begins anew."""
        self.worst_real_seconds = 0.0

    def reason(self, speed: float) -> str | None:
        """Returns why what was timed by localcloud's clock at this speed says nothing; None when it does."""
        allowed = _ALLOWED_RATIO * HTTP_RESPONSE_BUDGET_SECONDS / speed
        if self.worst_real_seconds <= allowed:
            return None
        return (
            f"this machine was busy: it woke a sleeping process up to {self.worst_real_seconds:.1f} s late, and at speed "
            f"{speed:g} no more than {allowed:.1f} s are allowed"
        )

    async def watch(self) -> None:
        """Naps until it is cancelled."""
        while True:
            began_seconds = self._clock.now_seconds()
            await asyncio.sleep(_NAP_REAL_SECONDS)
            slept_seconds = self._clock.now_seconds() - began_seconds
            self.worst_real_seconds = max(self.worst_real_seconds, slept_seconds - _NAP_REAL_SECONDS)


@asynccontextmanager
async def watched() -> AsyncIterator[Lateness]:
    """Watches for the length of the block."""
    lateness = Lateness()
    watching = asyncio.create_task(lateness.watch())
    try:
        yield lateness
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
