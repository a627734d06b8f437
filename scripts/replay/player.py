"""Plays an incident: faults by its schedule, page views of every view throughout, all faults undone whatever happens.

The undo is on disk before each fault, in localcloud's state folder; the next replay there ends what a crashed one left in force.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scripts.clock import Clock
from scripts.drill.faults import Fault, FaultInjector
from scripts.errors import NotSteadyError
from scripts.files import write_atomically
from scripts.probe.samples import Sample
from scripts.probe.schedule import OpenLoopProber, Probe
from scripts.replay.schedule import LEAD_SECONDS, Schedule
from scripts.replay.views import View

JOURNAL_NAME = "replay-journal.json"
RATE_PER_SECOND = 0.8
"""Page views of each view in an AWS second: three views at a speed of 5 are 12 handshakes a second, and the checkers' besides.

Further apart than the second for which CloudFront keeps an origin's error: closer together, page views meet the error of the one
before, and more of them fail than requests to S3 do.
"""
CLIENTS = 5
STEADY_LIMIT_SECONDS = 300.0
"""How long to wait for steady state: after a deploy the path check turns healthy, and DNS answers run out."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """What a replay works with; tests pass their own.

    `new_probe` is called once for each view; `tell` gets a line when an event happens.
    """

    clock: Clock
    injector: FaultInjector
    new_probe: Callable[[View], Probe]
    journal: Path
    regions: tuple[str, str]
    tell: Callable[[str], None]

    async def play(self, schedule: Schedule, views: Sequence[View]) -> dict[str, list[Sample]]:
        """Play it; returns name of the view -> its samples, on a clock that begins with the play.

        Raises:
            NotSteadyError: something is broken already; nothing was injected.
            OpsError: a fault could not be injected or ended; the journal stays for the next replay.
        """
        await self.recover()
        if active := await self.injector.active():
            faults = ", ".join(f"{each.fault} (id {each.fault_id})" for each in active)
            raise NotSteadyError(
                f"faults are in force already: {faults}. End each first: DELETE /_localcloud/faults/ID"
            )
        samples: dict[str, list[Sample]] = {view.name: [] for view in views}
        probers = [self._prober(view) for view in views]
        tasks = [
            asyncio.create_task(prober.run(samples[view.name].append))
            for prober, view in zip(probers, views, strict=True)
        ]
        try:
            began_seconds = await self._steady_since(samples)
            await self._follow(schedule, began_seconds)
        finally:
            await asyncio.shield(self._put_in_force(()))
            for prober in probers:
                prober.stop()
            await asyncio.gather(*tasks)
        return {
            name: [_since(began_seconds, each) for each in found if each.scheduled_at_seconds >= began_seconds]
            for name, found in samples.items()
        }

    async def recover(self) -> None:
        """End what a replay that crashed left in force."""
        if self.journal.exists():
            await self._end({Fault(**each) for each in json.loads(self.journal.read_text(encoding="utf-8"))})

    async def _steady_since(self, samples: Mapping[str, Sequence[Sample]]) -> float:
        """Wait until no view has failed for the lead; return when that began.

        Raises:
            NotSteadyError: it did not come to that; nothing was injected.
        """
        started_seconds = self.clock.now_seconds()
        while (now_seconds := self.clock.now_seconds()) - started_seconds < STEADY_LIMIT_SECONDS:
            since_seconds = now_seconds - LEAD_SECONDS
            bad = [name for name, found in samples.items() if any(_is_bad(each, since_seconds) for each in found)]
            if since_seconds >= started_seconds and not bad:
                return since_seconds
            await self.clock.sleep(1)
        raise NotSteadyError(
            f"page views failed without any fault ({', '.join(bad) or 'too few'}), so nothing was broken: the site is not well, "
            "or this machine is too busy for the speed of localcloud's clock; start it with a lower --speed"
        )

    async def _follow(self, schedule: Schedule, began_seconds: float) -> None:
        primary, secondary = self.regions
        for played in schedule.events:
            await self.clock.sleep(began_seconds + played.at_seconds - self.clock.now_seconds())
            self.tell(f"{played.at_seconds / 60:5.1f} min  {played.event.what}")
            await self._put_in_force([each.on(primary=primary, secondary=secondary) for each in played.event.faults])
        await self.clock.sleep(began_seconds + schedule.duration_seconds - self.clock.now_seconds())

    async def _put_in_force(self, faults: Sequence[Fault]) -> None:
        """Let exactly these faults be in force."""
        active = {each.fault for each in await self.injector.active()}
        write_atomically(
            self.journal, json.dumps([dataclasses.asdict(each) for each in {*active, *faults}]), durable=True
        )
        for fault in faults:
            if fault not in active:
                await self.injector.inject(fault)
        await self._end(active - set(faults), keeps_journal=bool(faults))

    async def _end(self, faults: set[Fault], *, keeps_journal: bool = False) -> None:
        for fault in faults:
            await self.injector.undo(fault, None)
        if not keeps_journal:
            self.journal.unlink(missing_ok=True)

    def _prober(self, view: View) -> OpenLoopProber:
        return OpenLoopProber(
            probe=self.new_probe(view), clock=self.clock, rate_per_second=RATE_PER_SECOND, clients=CLIENTS
        )


def _is_bad(sample: Sample, since_seconds: float) -> bool:
    return sample.scheduled_at_seconds >= since_seconds and not sample.is_good


def _since(began_seconds: float, sample: Sample) -> Sample:
    return dataclasses.replace(
        sample,
        scheduled_at_seconds=sample.scheduled_at_seconds - began_seconds,
        started_at_seconds=sample.started_at_seconds - began_seconds,
        finished_at_seconds=sample.finished_at_seconds - began_seconds,
    )
