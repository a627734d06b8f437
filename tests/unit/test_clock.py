"""AWS seconds and real seconds."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from scripts.clock import AwsClock, rfc3339, utc_now


def test_clock_counts_aws_seconds_from_its_making() -> None:
    real = iter([100.0, 100.5])
    clock = AwsClock(speed=10, monotonic=lambda: next(real))
    assert clock.now_seconds() == 5.0


def test_clock_rejects_a_speed_that_stands_still() -> None:
    with pytest.raises(ValueError, match="speed"):
        AwsClock(speed=0)


def test_sleep_lasts_the_aws_duration_divided_by_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def record(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", record)
    asyncio.run(AwsClock(speed=10).sleep(60))
    asyncio.run(AwsClock(speed=10).sleep(-1))
    assert slept == [6.0, 0.0]


def test_timeout_at_a_past_deadline_ends_the_next_wait() -> None:
    async def wait() -> None:
        clock = AwsClock(speed=10)
        async with clock.timeout_at(clock.now_seconds() - 1):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(wait())


def test_timestamps_are_utc_rfc3339() -> None:
    moment = dt.datetime(2026, 11, 23, 7, 0, 0, 123456, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    assert rfc3339(moment) == "2026-11-23T06:00:00.123Z"
    assert utc_now().tzinfo is dt.UTC
