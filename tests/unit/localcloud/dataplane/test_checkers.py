"""When a checker probes: uncoordinated with the others, also after this machine made all of them late."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.dataplane.checkers import HealthCheckers, next_due
from localcloud.dataplane.clock import AwsClock
from localcloud.dataplane.faults import FaultBoard
from localcloud.dataplane.probe import Ports
from localcloud.model.health import CheckType, HealthCheck

INTERVAL = 10.0
PAUSE_SECONDS = 34.0
REGIONS = ("eu-west-1", "us-east-1", "us-west-2")


class _PausingClock:
    """Virtual time in which nothing runs for a while: whoever was to wake up meanwhile wakes up at the pause's end."""

    def __init__(self, pause: tuple[float, float]) -> None:
        self._now = 0.0
        self._pause = pause
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        awake = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + max(0.0, seconds), awake))
        await awake

    async def run(self, until: float) -> None:
        """Let time pass, from sleeper to sleeper."""
        while True:
            for _ in range(10):  # whoever woke up goes to sleep again
                await asyncio.sleep(0)
            self._sleepers.sort(key=lambda each: each[0])
            if not self._sleepers or self._sleepers[0][0] > until:
                return
            due, awake = self._sleepers.pop(0)
            begin, end = self._pause
            self._now = max(self._now, end if begin <= due < end else due)
            awake.set_result(None)


async def _report(_id: str, _seen: Mapping[str, Any]) -> None:
    """Told to nobody."""


async def _probe_times(pause: tuple[float, float], until: float) -> list[float]:
    clock = _PausingClock(pause)
    begun: list[float] = []

    def resolve(_name: str) -> None:
        begun.append(clock.now())

    checkers = HealthCheckers(
        resolve_address=resolve,
        report=_report,
        faults=FaultBoard(),
        clock=cast(AwsClock, clock),
        ports=Ports(http=0, https=0),
    )
    check = HealthCheck(
        id="check",
        type=CheckType.HTTP,
        fully_qualified_domain_name="gone.example.com",
        request_interval_seconds=int(INTERVAL),
        regions=REGIONS,
    )
    checkers.follow({check.id: check})
    await clock.run(until)
    await checkers.close()
    return begun


def test_checkers_stay_uncoordinated_after_a_pause_of_the_machine() -> None:
    pause = (INTERVAL, INTERVAL + PAUSE_SECONDS)
    begun = asyncio.run(_probe_times(pause, pause[1] + 2 * INTERVAL))
    after = [each for each in begun if each > pause[1] + INTERVAL]
    phases = sorted(round(each % INTERVAL, 6) for each in begun if each < pause[0])
    assert len(phases) == len(set(phases)) == len(after)
    assert sorted(round(each % INTERVAL, 6) for each in after) == phases


@pytest.mark.parametrize(
    ("answered", "now", "expected"),
    [(100.0, 100.0, 110.0), (100.0, 104.0, 110.0), (100.0, 113.0, 120.0), (100.0, 145.0, 150.0)],
)
def test_next_probe_is_due_an_interval_after_the_answer(answered: float, now: float, expected: float) -> None:
    assert next_due(answered, INTERVAL, now=now) == expected


@given(st.floats(0, 1e6), st.floats(0, 1e3))
def test_next_probe_lies_ahead_and_within_an_interval(answered: float, late: float) -> None:
    now = answered + late
    assert now <= next_due(answered, INTERVAL, now=now) <= now + INTERVAL + 1e-6
