"""A part of the data plane that ends is not lost: the process learns why."""

import asyncio

import pytest

from localcloud.dataplane.service import DataPlane


async def part(ends: BaseException | None) -> None:
    """One part of a data plane; None goes on for ever."""
    if ends is not None:
        raise ends
    await asyncio.Event().wait()


async def failure_of(*ends: BaseException | None, within_seconds: float = 60) -> None:
    """Waits for the failure of a data plane whose parts end so."""
    plane = object.__new__(DataPlane)  # its parts alone, without sockets
    plane._tasks = [asyncio.create_task(part(each)) for each in ends]
    try:
        async with asyncio.timeout(within_seconds):
            await plane.failure()
    finally:
        for task in plane._tasks:
            task.cancel()
        await asyncio.gather(*plane._tasks, return_exceptions=True)


def test_part_that_fails_says_why() -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(failure_of(None, ZeroDivisionError()))


def test_parts_that_go_on_are_no_failure() -> None:
    with pytest.raises(TimeoutError):
        asyncio.run(failure_of(None, None, within_seconds=0.2))
