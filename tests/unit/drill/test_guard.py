"""When a drill must end before its time."""

from __future__ import annotations

import asyncio

import pytest

from scripts.drill.guard import FEWEST_VIEWS, NEVER, Guard, StopConditions
from scripts.probe.samples import ErrorKind, Family, Sample
from tests.worlds.manual_clock import ManualClock

CONDITIONS = StopConditions(max_failed_ratio=0.2, max_fault_seconds=100)


def samples(good: int, bad: int, *, at_seconds: float = 50.0, error: ErrorKind = ErrorKind.TIMEOUT) -> list[Sample]:
    return [
        Sample(
            sequence=number,
            client=0,
            family=Family.IPV4,
            scheduled_at_seconds=at_seconds,
            started_at_seconds=at_seconds,
            finished_at_seconds=at_seconds,
            region="eu-central-1",
            error=error if number < bad else None,
        )
        for number in range(good + bad)
    ]


def reason(
    seen: list[Sample],
    *,
    now_seconds: float = 51.0,
    fault_at_seconds: float | None = 40.0,
    conditions: StopConditions = CONDITIONS,
) -> str | None:
    clock = ManualClock()
    clock.seconds = now_seconds
    return Guard(conditions, clock).reason(seen, fault_at_seconds=fault_at_seconds)


@pytest.mark.parametrize(("bad", "is_stopped"), [(0, False), (20, False), (21, True), (100, True)])
def test_share_of_failed_page_views_stops(bad: int, is_stopped: bool) -> None:
    assert (reason(samples(100 - bad, bad)) is not None) == is_stopped


def test_fewer_than_twenty_page_views_say_nothing() -> None:
    assert FEWEST_VIEWS == 20
    assert reason(samples(0, 19)) is None
    assert reason(samples(0, 20)) == "20 of the last 20 page views failed, more than 20%"


@pytest.mark.parametrize("at_seconds", [10.0, 39.0])
def test_failures_before_the_fault_or_long_ago_do_not_count(at_seconds: float) -> None:
    assert reason(samples(0, 100, at_seconds=at_seconds)) is None
    assert reason(samples(0, 100, at_seconds=45.0), now_seconds=90.0) is None


@pytest.mark.parametrize(
    ("at_seconds", "now_seconds", "is_stopped"),
    [(40.0, 51.0, True), (39.9, 51.0, False), (60.0, 90.0, True), (59.9, 90.0, False)],
    ids=["at the fault", "before it", "30 s ago", "longer ago"],
)
def test_page_views_of_the_fault_and_of_the_last_thirty_seconds_count(
    at_seconds: float, now_seconds: float, is_stopped: bool
) -> None:
    assert (reason(samples(0, 100, at_seconds=at_seconds), now_seconds=now_seconds) is not None) is is_stopped


def test_page_views_that_were_never_made_do_not_count_as_failed() -> None:
    assert reason(samples(0, 100, error=ErrorKind.OVERLOAD)) is None


def test_fault_that_lasts_too_long_stops() -> None:
    assert reason([], now_seconds=140.0) is None
    assert reason([], now_seconds=140.1) == "the fault lasted longer than 100 s"


def test_without_conditions_nothing_stops() -> None:
    assert (NEVER.max_failed_ratio, NEVER.max_fault_seconds) == (1.0, float("inf"))
    assert reason(samples(0, 100), now_seconds=1e6, fault_at_seconds=1e6 - 5, conditions=NEVER) is None


def test_alarm_stops_even_before_the_fault() -> None:
    async def alarm() -> str:
        return "ALARM"

    async def run() -> str | None:
        guard = Guard(StopConditions(alarm="mine", read_alarm=alarm), _Stepping())
        task = asyncio.create_task(guard.watch_alarm())
        for _ in range(100):
            if (found := guard.reason([], fault_at_seconds=None)) is not None:
                break
            await asyncio.sleep(0)
        task.cancel()
        return found

    assert asyncio.run(run()) == "the stop alarm mine is in ALARM"


def test_alarm_is_asked_for_every_ten_seconds() -> None:
    asked_at_seconds: list[float] = []

    async def run() -> None:
        clock = _Stepping()
        done = asyncio.Event()

        async def alarm() -> str:
            asked_at_seconds.append(clock.now_seconds())
            if len(asked_at_seconds) == 3:
                done.set()
            return "OK"

        task = asyncio.create_task(Guard(StopConditions(alarm="mine", read_alarm=alarm), clock).watch_alarm())
        await done.wait()
        task.cancel()

    asyncio.run(run())
    assert asked_at_seconds == [0, 10, 20]


class _Stepping(ManualClock):
    async def sleep(self, aws_seconds: float) -> None:
        await asyncio.sleep(0)
        await super().sleep(aws_seconds)
