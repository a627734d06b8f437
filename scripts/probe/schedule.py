"""When page views start: at a fixed rate, however the earlier ones fare, by visitors in turn.

Nothing here touches the network; `prober` does.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from typing import Protocol

from scripts.clock import Clock
from scripts.probe.samples import ErrorKind, Family, Sample

DEFAULT_RATE_PER_SECOND = 10.0
MAX_IN_FLIGHT = 512


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One page view to make: its place in the schedule, and which visitor makes it over which family."""

    sequence: int
    client: int
    family: Family
    scheduled_at_seconds: float


class Probe(Protocol):
    """Makes one page view. The seam between the schedule and the network."""

    async def view(self, ticket: Ticket) -> Sample:
        """Make the page view and tell what it was like; raises nothing but on a defect."""


class OpenLoopProber:
    """Starts page views at a fixed rate, whatever became of the earlier ones.

    A closed loop would ask less often just when the site is slow and so leave out the worst (coordinated omission).

    Args:
        probe: makes one page view.
        clock: the schedule's time.
        rate_per_second: page views started per AWS second. Default 10.
        families: taken in turn. Default both.
        clients: how many visitors take turns, each with its own resolver. Default 1.
        max_in_flight: page views at the same time; one more becomes an OVERLOAD sample. Default 512.
    """

    def __init__(
        self,
        *,
        probe: Probe,
        clock: Clock,
        rate_per_second: float = DEFAULT_RATE_PER_SECOND,
        families: Sequence[Family] = tuple(Family),
        clients: int = 1,
        max_in_flight: int = MAX_IN_FLIGHT,
    ) -> None:
        self._probe = probe
        self._clock = clock
        self._interval_seconds = 1 / rate_per_second
        self._families = tuple(families)
        self._clients = clients
        self._max_in_flight = max_in_flight
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Start no more page views; `run` ends when those under way have ended."""
        self._stopping.set()

    async def run(self, record: Callable[[Sample], None]) -> None:
        """Probe until `stop`; `record` gets each sample as it ends, so not in order of schedule."""
        in_flight: set[asyncio.Task[None]] = set()
        start_seconds = self._clock.now_seconds()
        sequence = 0
        try:
            while not self._stopping.is_set():
                ticket = self._ticket(sequence, start_seconds + sequence * self._interval_seconds)
                await self._clock.sleep(ticket.scheduled_at_seconds - self._clock.now_seconds())
                _raise_defects(in_flight)
                if len(in_flight) >= self._max_in_flight:
                    record(_overload(ticket))
                else:
                    in_flight.add(asyncio.create_task(self._view(ticket, record)))
                sequence += 1
            await asyncio.gather(*in_flight)
        finally:
            for task in in_flight:
                task.cancel()
            await asyncio.gather(*in_flight, return_exceptions=True)

    async def _view(self, ticket: Ticket, record: Callable[[Sample], None]) -> None:
        record(await self._probe.view(ticket))

    def _ticket(self, sequence: int, scheduled_at_seconds: float) -> Ticket:
        turn, family = divmod(sequence, len(self._families))
        return Ticket(
            sequence=sequence,
            client=turn % self._clients,
            family=self._families[family],
            scheduled_at_seconds=scheduled_at_seconds,
        )


def _overload(ticket: Ticket) -> Sample:
    return Sample(
        sequence=ticket.sequence,
        client=ticket.client,
        family=ticket.family,
        scheduled_at_seconds=ticket.scheduled_at_seconds,
        started_at_seconds=ticket.scheduled_at_seconds,
        finished_at_seconds=ticket.scheduled_at_seconds,
        error=ErrorKind.OVERLOAD,
        error_detail="too many page views under way on this machine",
    )


def _raise_defects(in_flight: set[asyncio.Task[None]]) -> None:
    done = {task for task in in_flight if task.done()}
    in_flight -= done
    for task in done:
        task.result()
