"""When a drill must end before its time: an alarm, too many lost page views, too long. Its fault is undone then, as always."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence

from scripts.clock import Clock
from scripts.drill.streaks import has_failed, scheduled_since
from scripts.probe.samples import Sample

LOOK_BACK_SECONDS = 30.0
ALARM_INTERVAL_SECONDS = 10.0
FEWEST_VIEWS = 20
"""A share of fewer page views says nothing."""

ReadAlarm = Callable[[], Awaitable[str]]
"""Returns an alarm's state: OK, ALARM or INSUFFICIENT_DATA."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StopConditions:
    """When to stop. Times are AWS seconds.

    Args:
        max_failed_ratio: of the page views of the last 30 s; 1.0 never stops.
        max_fault_seconds: how long the fault may last.
        alarm: its name or ARN, for the reader; "" without one.
        read_alarm: asks for its state; None without an alarm.
    """

    max_failed_ratio: float = 1.0
    max_fault_seconds: float = float("inf")
    alarm: str = ""
    read_alarm: ReadAlarm | None = None


NEVER = StopConditions()
"""For drills in a laboratory."""


class Guard:
    """Watches one fault.

    Args:
        conditions: when to stop.
        clock: the drill's.
    """

    def __init__(self, conditions: StopConditions, clock: Clock) -> None:
        self._conditions = conditions
        self._clock = clock
        self._alarm_state = "not asked yet"

    def reason(self, samples: Sequence[Sample], *, fault_at_seconds: float | None) -> str | None:
        """Return why the drill must stop now, or None; the samples are in order of sequence."""
        now_seconds = self._clock.now_seconds()
        if self._alarm_state == "ALARM":
            return f"the stop alarm {self._conditions.alarm} is in ALARM"
        if fault_at_seconds is None:
            return None
        if now_seconds - fault_at_seconds > self._conditions.max_fault_seconds:
            return f"the fault lasted longer than {self._conditions.max_fault_seconds:g} s"
        since_seconds = max(fault_at_seconds, now_seconds - LOOK_BACK_SECONDS)
        recent = scheduled_since(samples, since_seconds)
        failed = sum(has_failed(each) for each in recent)
        if len(recent) >= FEWEST_VIEWS and failed / len(recent) > self._conditions.max_failed_ratio:
            return (
                f"{failed} of the last {len(recent)} page views failed,"
                f" more than {self._conditions.max_failed_ratio:.0%}"
            )
        return None

    async def watch_alarm(self) -> None:
        """Ask for the alarm's state until cancelled."""
        read = self._conditions.read_alarm
        if read is None:
            await asyncio.Event().wait()
            return
        while True:
            self._alarm_state = await read()
            await self._clock.sleep(ALARM_INTERVAL_SECONDS)
