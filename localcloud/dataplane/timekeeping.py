"""Whether this machine keeps the clock's time: a periodic look at how late it wakes, and the speeds that it can keep.

Everything that localcloud measures is a wait of some AWS seconds in this process. At speed 60 ten AWS seconds are 167 ms, so that
a machine which wakes its sleepers 10 ms late stretches them by 12 %.
"""

import asyncio
import logging
import math
import statistics
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from localcloud.dataplane.clock import AwsClock, monotonic_seconds

logger = logging.getLogger(__name__)

REFERENCE_SECONDS = 10.0
"""AWS seconds by which lateness is judged: a connection timeout, a check's interval."""

WAKE_UPS = 2
"""Of a wait that somebody measures: this process wakes to answer, and then the one that measures."""

CLOSE_SPEED = 10.0
CLOSE_RATIO, WIDE_RATIO = 0.02, 0.05
"""How much longer the reference may become, up to CLOSE_SPEED and above it."""

_LOOKS = 5
_SAMPLES = 40
_PAUSE_REAL_SECONDS = 0.25
_NAP_REAL_SECONDS = 0.005


def allowed_ratio(speed: float) -> float:
    """Return by how much ten AWS seconds may be off at a speed."""
    return CLOSE_RATIO if speed <= CLOSE_SPEED else WIDE_RATIO


def stretched_ratio(lateness_real_seconds: float, speed: float) -> float:
    """Return by how much ten AWS seconds are stretched by waking late."""
    return WAKE_UPS * lateness_real_seconds * speed / REFERENCE_SECONDS


def fastest_speed(lateness_real_seconds: float) -> float:
    """Return the greatest speed that a machine keeps which wakes so late."""
    if lateness_real_seconds <= 0:
        return float("inf")
    for_one = REFERENCE_SECONDS / (WAKE_UPS * lateness_real_seconds)
    wide = WIDE_RATIO * for_one
    return wide if wide > CLOSE_SPEED else min(CLOSE_SPEED, CLOSE_RATIO * for_one)


def kept_speed(lateness_real_seconds: float) -> float:
    """Return to what a clock is slowed: a whole number that this machine keeps, CLOSE_SPEED at the least."""
    return max(CLOSE_SPEED, float(math.floor(min(100.0, fastest_speed(lateness_real_seconds)))))


async def typical_lateness(samples: int = 9) -> float:
    """Return the median of how late this process wakes from short naps, in real seconds; takes `samples` times 5 ms."""
    return statistics.median([await _nap() for _ in range(samples)])


async def _nap() -> float:
    began = monotonic_seconds()
    await asyncio.sleep(_NAP_REAL_SECONDS)
    return max(0.0, monotonic_seconds() - began - _NAP_REAL_SECONDS)


class TooFast(Exception):  # noqa: N818  what happened
    """This machine cannot keep the speed that was asked for; the message names one that it can."""


async def insist_on_time(speed: float) -> None:
    """Look a few times whether this machine keeps a speed, since other programs come and go.

    One good look is enough up to CLOSE_SPEED; above it, where a moment counts for more, the better half of the looks decides.

    Raises:
        TooFast: it does not.
    """
    looks: list[float] = []
    needed = 1 if speed <= CLOSE_SPEED else _LOOKS // 2 + 1
    while len(looks) < _LOOKS:
        looks.append(await typical_lateness())
        if sum(stretched_ratio(look, speed) <= allowed_ratio(speed) for look in looks) >= needed:
            return
    raise TooFast(f"--speed {speed:g}: {_too_fast(sorted(looks)[needed - 1], speed)}")


def _too_fast(lateness: float, speed: float) -> str:
    return (
        f"this machine wakes {lateness * 1000:.0f} ms late, so at speed {speed:g} ten AWS seconds would last "
        f"{10 * (1 + stretched_ratio(lateness, speed)):.1f}: more than the {allowed_ratio(speed):.0%} that are allowed. "
        f"The fastest that it keeps now is {fastest_speed(lateness):.1f}"
    )


class Timekeeper:
    """Watches how late this process wakes, and slows a clock that this machine no longer keeps.

    A machine may get busy after the start. Above CLOSE_SPEED a clock that was wrong for ten seconds is slowed to what is kept,
    though not below CLOSE_SPEED; up to there, where waits are long, the log says so.
    """

    def __init__(self, clock: AwsClock, slow_down: Callable[[float], Awaitable[None]] | None = None) -> None:
        """Watch nothing yet.

        Args:
            clock: What is watched.
            slow_down: Sets the speed of the whole localcloud; None: nothing is slowed.
        """
        self._clock = clock
        self._slow_down = slow_down
        self._said_for: float | None = None
        self._lateness: deque[float] = deque(maxlen=_SAMPLES)
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop watching."""
        if self._watching:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    def lateness_real_seconds(self) -> float:
        """Return how late this process typically woke in the last ten seconds; 0 before the first look."""
        return statistics.median(self._lateness) if self._lateness else 0.0

    def document(self) -> dict[str, Any]:
        """Return what the page shows: speed, stretched_ratio, allowed_ratio, fastest."""
        speed, lateness = self._clock.speed, self.lateness_real_seconds()
        return {
            "speed": speed,
            "stretched_ratio": round(stretched_ratio(lateness, speed), 4),
            "allowed_ratio": allowed_ratio(speed),
            "fastest": round(min(100.0, fastest_speed(lateness)), 1),
        }

    def refusal(self, speed: float) -> str | None:
        """Return why this machine cannot keep a speed now, and which one it can; None when it can."""
        lateness = self.lateness_real_seconds()
        if stretched_ratio(lateness, speed) <= allowed_ratio(speed):
            return None
        return _too_fast(lateness, speed)

    async def _watch(self) -> None:
        while True:
            self._lateness.append(await _nap())
            await self._judge()
            await asyncio.sleep(_PAUSE_REAL_SECONDS)

    async def _judge(self) -> None:
        """Slow the clock, or say once that it is not kept, when the last ten seconds were bad."""
        speed = self._clock.speed
        if self._slow_down is None or len(self._lateness) < _SAMPLES:
            return
        reason = self.refusal(speed)
        if reason is None:
            self._said_for = None
            return
        slower = kept_speed(self.lateness_real_seconds())
        if slower < speed:
            logger.warning("the clock is slowed from %g to %g: %s", speed, slower, reason)
            self._lateness.clear()
            await self._slow_down(slower)
        elif self._said_for != speed:
            self._said_for = speed
            logger.warning("the clock's time is not kept at the moment: %s", reason)
