"""A clock whose speed changes, and whether a machine keeps it."""

import asyncio
import time

import pytest

from localcloud.dataplane import timekeeping
from localcloud.dataplane.clock import AwsClock
from localcloud.dataplane.timekeeping import Timekeeper, TooFast, allowed_ratio, fastest_speed, insist_on_time
from localcloud.gateway.clock import AwsClock as GatewayClock


def test_sleeper_follows_a_faster_clock() -> None:
    async def run() -> float:
        clock = AwsClock(speed=1)
        began, before = time.monotonic(), clock.now()
        asyncio.get_running_loop().call_later(0.05, clock.set_speed, 1000.0)
        await clock.sleep(30)
        assert clock.now() - before >= 30
        return time.monotonic() - began

    assert asyncio.run(run()) < 5


def test_limit_follows_a_faster_clock() -> None:
    async def run() -> float:
        clock, began = AwsClock(speed=1), time.monotonic()
        asyncio.get_running_loop().call_later(0.05, clock.set_speed, 1000.0)
        with pytest.raises(TimeoutError):
            async with clock.timeout(30):
                await asyncio.sleep(60)
        return time.monotonic() - began

    assert asyncio.run(run()) < 5


def test_clock_never_jumps_when_its_speed_changes() -> None:
    clock = AwsClock(speed=10)
    before = clock.now()
    clock.set_speed(100)
    clock.set_speed(0.5)
    assert 0 <= clock.now() - before < 5


def test_sleep_that_is_cancelled_is_forgotten() -> None:
    async def run() -> int:
        clock = AwsClock()
        task = asyncio.create_task(clock.sleep(60))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return len(clock._waits)

    assert asyncio.run(run()) == 0


def test_gateways_clock_knows_when_a_moment_was_on_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("localcloud.gateway.clock.time.monotonic", lambda: now)
    clock = GatewayClock(speed=10)
    told: list[float] = []
    clock.on_change(lambda: told.append(clock.speed))
    now = 1006.0
    clock.set_speed(1)
    now = 1016.0
    assert clock.now_seconds() == 70.0
    assert clock.real_seconds_ago(70) == 0
    assert clock.real_seconds_ago(65) == 5
    assert clock.real_seconds_ago(60) == 10
    assert clock.real_seconds_ago(30) == 13
    assert told == [1]


@pytest.mark.parametrize(("speed", "ratio"), [(1, 0.02), (10, 0.02), (10.5, 0.05), (60, 0.05)])
def test_ratio_that_is_allowed(speed: float, ratio: float) -> None:
    assert allowed_ratio(speed) == ratio


@pytest.mark.parametrize(
    ("milliseconds", "speed"), [(1, 250), (10, 25), (24, 0.25 / 0.024), (25, 4), (50, 2), (500, 0.2)]
)
def test_fastest_speed_is_one_that_is_kept(milliseconds: float, speed: float) -> None:
    assert fastest_speed(milliseconds / 1000) == pytest.approx(speed)


def test_machine_that_wakes_late_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def late() -> float:
        return 0.02

    monkeypatch.setattr(timekeeping, "_nap", late)
    with pytest.raises(TooFast, match=r"--speed 60: .* 20 ms late.* 12\.4.* fastest that it keeps now is 12\.5"):
        asyncio.run(insist_on_time(60))
    asyncio.run(insist_on_time(2))


@pytest.mark.parametrize(("speed", "good_looks"), [(10, 1), (60, 3)])
def test_few_good_looks_are_enough(monkeypatch: pytest.MonkeyPatch, speed: float, good_looks: int) -> None:
    looks = iter([0.5, 0.5, *[0.001] * (good_looks - 1), 0.004, 0.5, 0.5, 0.5])

    async def look() -> float:
        return next(looks)

    monkeypatch.setattr(timekeeping, "typical_lateness", look)
    asyncio.run(insist_on_time(speed))
    with pytest.raises(TooFast):
        looks = iter([0.001] * (good_looks - 1) + [0.5] * 5)
        asyncio.run(insist_on_time(speed))


def test_timekeeper_refuses_what_the_machine_does_not_keep() -> None:
    keeper = Timekeeper(AwsClock(speed=5))
    assert keeper.refusal(60) is None  # before the first look nothing is known against it
    keeper._lateness.extend([0.015] * 9)
    assert keeper.refusal(5) is None
    assert "The fastest that it keeps now is" in str(keeper.refusal(60))
    assert keeper.document()["stretched_ratio"] == 0.015


def test_speed_may_change_at_the_moment_in_which_a_limit_ends() -> None:
    """The limit has ended and its block has not been left yet: a busy machine makes that moment long."""

    async def run() -> None:
        clock = AwsClock(speed=1)
        with pytest.raises(TimeoutError):
            async with clock.timeout(0.01):
                try:
                    await asyncio.sleep(60)
                finally:
                    clock.set_speed(5)

    asyncio.run(run())
