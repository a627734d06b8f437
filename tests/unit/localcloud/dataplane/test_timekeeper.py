"""A clock that this machine no longer keeps is slowed, not below ten; up to ten the log says so once."""

import asyncio
import logging

import pytest

from localcloud.dataplane import timekeeping
from localcloud.dataplane.clock import AwsClock
from localcloud.dataplane.timekeeping import Timekeeper, kept_speed


@pytest.mark.parametrize(
    ("lateness", "expected"), [(0.0, 100.0), (0.002, 100.0), (0.005, 50.0), (0.008, 31.0), (0.02, 12.0), (0.1, 10.0)]
)
def test_kept_speed_is_whole_and_ten_at_the_least(lateness: float, expected: float) -> None:
    assert kept_speed(lateness) == expected


def slowed(monkeypatch: pytest.MonkeyPatch, lateness: float, speed: float) -> list[float]:
    """Returns the speeds that are set while this process wakes so late, over three times the looks that are judged."""
    clock, changes, naps = AwsClock(speed=speed), [], 0
    done = asyncio.Event()

    async def nap() -> float:
        nonlocal naps
        naps += 1
        if naps > 3 * timekeeping._SAMPLES:
            done.set()
        return lateness

    async def slow_down(wanted: float) -> None:
        changes.append(wanted)
        clock.set_speed(wanted)

    monkeypatch.setattr(timekeeping, "_nap", nap)
    monkeypatch.setattr(timekeeping, "_PAUSE_REAL_SECONDS", 0)

    async def run() -> None:
        keeper = Timekeeper(clock, slow_down)
        keeper.start()
        await done.wait()
        await keeper.close()

    asyncio.run(run())
    return changes


def test_clock_is_slowed_once_to_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert slowed(monkeypatch, lateness=0.008, speed=60) == [31.0]


def test_clock_that_is_kept_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert slowed(monkeypatch, lateness=0.001, speed=60) == []


def test_clock_up_to_ten_is_not_slowed_and_the_log_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert slowed(monkeypatch, lateness=0.05, speed=10) == []
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1
    assert said[0].startswith("the clock's time is not kept at the moment: this machine wakes 50 ms late")
