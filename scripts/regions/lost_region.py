"""The drill of a region that is gone for good: everything in it dies, visitors go on, and another region takes its place.

Unlike the other drills nothing fails back: what is undone at the end is the fault, and the site stays where it moved to.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from scripts.drill.faults import Fault, LocalcloudFaults
from scripts.drill.journal import FaultJournal, JournaledFault, drill_lock, undo_leftover
from scripts.drill.rehearsal import browser_probe, interruptible
from scripts.drill.request import DrillRequest, DrillSettings
from scripts.drill.scenarios import FaultVariant, Scenario
from scripts.drill.streaks import (
    STREAK_LENGTH,
    has_failed,
    insert_in_order,
    lasting_streak_at,
    scheduled_since,
    streak_at,
)
from scripts.errors import DrillAbortedError, NotSteadyError
from scripts.local.control import ControlApi
from scripts.local.endpoints import Endpoints
from scripts.local.network import network_of
from scripts.probe.samples import Sample, as_written
from scripts.probe.schedule import OpenLoopProber
from scripts.terraform.outputs import Deployment

TARGETS = ("s3", "apigateway", "api")
"""Of a region: its buckets, its regional endpoints, and every control plane that is in it."""
_POLL_SECONDS = 0.5
_SCENARIO = Scenario(
    name="region-lost",
    layer=1,
    target="s3:{primary}",
    what_fails="All of {primary}",
    takes_over="the origin group inside CloudFront, until another region has its place",
    detects_by_marker=True,
    fills_pages=False,
    variants=(FaultVariant(name="refuse", title="refuses connections, its control planes too", kind="refuse"),),
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LostRegion:
    """What the drill found. Times in AWS seconds count from the fault; the replacement's in this machine's seconds.

    Attributes:
        lost: the region that died.
        new: the region that took its place.
        fault_at_seconds: on the clock of the samples.
        recovered_seconds: until the first page view of a streak from the region that stays after which none failed; None: never.
        failed_before: page views that failed until then.
        failed_after: page views that failed from then on, to the end of the drill.
        page_views: all of them.
        new_region_seconds: until the new region answered for good; None: it did not.
        replacement: what `failover replace-region --json` printed.
        samples: every page view.
    """

    lost: str
    new: str
    fault_at_seconds: float
    recovered_seconds: float | None
    failed_before: int
    failed_after: int
    page_views: int
    new_region_seconds: float | None
    replacement: dict[str, Any]
    samples: tuple[Sample, ...]

    @property
    def is_good(self) -> bool:
        """Whether nobody lost anything once the first failover was done, and the new region serves."""
        return self.recovered_seconds is not None and not self.failed_after and self.new_region_seconds is not None

    def to_document(self) -> dict[str, Any]:
        """Returns what the report holds, without the samples."""
        fields = {each.name: getattr(self, each.name) for each in dataclasses.fields(self) if each.name != "samples"}
        return {"scenario": _SCENARIO.name, "is_good": self.is_good, **fields}


def run_lost_region(
    deployment: Deployment,
    endpoints: Endpoints,
    *,
    release_id: str,
    new: str,
    replace: Sequence[str],
    state_folder: Path,
    rate_per_second: float,
    tell: Callable[[str], None],
) -> LostRegion:
    """Runs the drill; whatever ends it, no fault stays in force.

    Args:
        deployment: what Terraform made; its primary region is the one that dies.
        endpoints: the running localcloud.
        release_id: what every page view must show.
        new: the region that takes the place.
        replace: arguments of `failover` that replace the region and print JSON.
        state_folder: where the undo journals are kept.
        rate_per_second: page views started per AWS second.
        tell: is told what happens now.

    Raises:
        NotSteadyError: the primary does not serve everybody; nothing was broken.
        DrillAbortedError: nobody took over, or the replacement failed; the faults are undone.
    """
    request = DrillRequest(
        scenario=_SCENARIO,
        hostname=deployment.hostname,
        primary_region=deployment.primary,
        secondary_region=deployment.secondary,
        release_id=release_id,
        rto_seconds=deployment.objectives.rto_seconds,
        state_folder=state_folder,
        settings=DrillSettings(rate_per_second=rate_per_second),
    )
    drill = _LostRegionDrill(request, endpoints, new=new, replace=replace, tell=tell)
    with drill_lock(state_folder):
        return asyncio.run(interruptible(drill.run(), name=_SCENARIO.name))


class _LostRegionDrill:
    def __init__(
        self,
        request: DrillRequest,
        endpoints: Endpoints,
        *,
        new: str,
        replace: Sequence[str],
        tell: Callable[[str], None],
    ) -> None:
        self._request = request
        self._new = new
        self._replace = replace
        self._tell = tell
        network = network_of(endpoints)
        self._clock = network.clock()
        control = ControlApi(endpoints.control_url)
        # A journal holds one fault: each has a folder of its own, and the next drill of this kind undoes what is left in any.
        self._journals = [FaultJournal(request.state_folder / _SCENARIO.name / target) for target in TARGETS]
        self._faults = [
            JournaledFault(
                fault=Fault(target=f"{target}:{request.primary_region}", kind="refuse"),
                scenario=_SCENARIO.name,
                injector=LocalcloudFaults(control),
                journal=journal,
                control_url=control.url,
            )
            for target, journal in zip(TARGETS, self._journals, strict=True)
        ]
        settings = request.settings
        self._prober = OpenLoopProber(
            probe=browser_probe(request, network, self._clock),
            clock=self._clock,
            rate_per_second=settings.rate_per_second,
            families=settings.families,
            clients=settings.clients,
        )
        self._samples: list[Sample] = []  # in order of sequence

    async def run(self) -> LostRegion:
        for journal in self._journals:
            journal.path.parent.mkdir(parents=True, exist_ok=True)
            await undo_leftover(journal)
        probing = asyncio.create_task(self._prober.run(partial(insert_in_order, self._samples)))
        try:
            found = await self._order_of_events()
            self._prober.stop()
            await probing
        finally:
            probing.cancel()
            for fault in self._faults:
                await asyncio.shield(fault.undo())
        return self._measured(*found)

    async def _order_of_events(self) -> tuple[float, dict[str, Any]]:
        settings, lost = self._request.settings, self._request.primary_region
        self._tell(f"{lost} serves; waiting for {settings.steady_seconds:g} s of it")
        if not await self._until(lambda: self._is_steady(lost), settings.steady_timeout_seconds):
            raise NotSteadyError(f"{lost} does not serve every visitor, so nothing was broken: failover status")
        fault_at = self._clock.now_seconds()
        for fault in self._faults:
            await fault.inject()
        self._tell(f"all of {lost} is dead; waiting for {self._request.secondary_region}")
        if not await self._until(
            lambda: self._is_served_by(self._request.secondary_region, fault_at), settings.recovery_timeout_seconds
        ):
            raise DrillAbortedError(
                f"nobody took over within {settings.recovery_timeout_seconds:g} s; the faults are undone"
            )
        self._tell(f"{self._request.secondary_region} serves; {self._new} takes the place of {lost}")
        replacement = await self._replaced()
        self._tell(f"waiting for visitors to be served by {self._new}")
        await self._until(lambda: self._is_served_by(self._new, fault_at), settings.fail_back_timeout_seconds)
        await self._until(lambda: False, settings.tail_seconds)
        return fault_at, replacement

    async def _replaced(self) -> dict[str, Any]:
        """A process of its own, so that its work holds up no page view."""
        command = [str(Path(sys.executable).with_name("failover")), *self._replace]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        try:
            output, _ = await process.communicate()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        if process.returncode != 0:
            raise DrillAbortedError(
                f"failover {' '.join(self._replace)} ended with {process.returncode}; the faults are undone. Run it again"
            )
        document: dict[str, Any] = json.loads(output)
        return document

    async def _until(self, condition: Callable[[], bool], timeout_seconds: float) -> bool:
        deadline_seconds = self._clock.now_seconds() + timeout_seconds
        while not condition():
            if self._clock.now_seconds() >= deadline_seconds:
                return False
            await self._clock.sleep(_POLL_SECONDS)
        return True

    def _is_steady(self, region: str) -> bool:
        settings = self._request.settings
        length = max(STREAK_LENGTH, round(settings.steady_seconds * settings.rate_per_second))
        since_seconds = self._clock.now_seconds() - settings.steady_seconds - settings.probe_timeout_seconds
        return streak_at(scheduled_since(self._samples, since_seconds), region=region, length=length) is not None

    def _is_served_by(self, region: str, fault_at: float) -> bool:
        return lasting_streak_at(scheduled_since(self._samples, fault_at), region=region) is not None

    def _measured(self, fault_at: float, replacement: dict[str, Any]) -> LostRegion:
        samples = [as_written(sample) for sample in self._samples]
        outage = scheduled_since(samples, fault_at)
        recovered_at = streak_at(outage, region=self._request.secondary_region)
        failed = [sample for sample in outage if has_failed(sample)]
        after = [
            sample for sample in failed if recovered_at is not None and sample.scheduled_at_seconds >= recovered_at
        ]
        new_at = lasting_streak_at(outage, region=self._new)
        return LostRegion(
            lost=self._request.primary_region,
            new=self._new,
            fault_at_seconds=round(fault_at, 2),
            recovered_seconds=None if recovered_at is None else round(recovered_at - fault_at, 2),
            failed_before=len(failed) - len(after),
            failed_after=len(after),
            page_views=len(outage),
            new_region_seconds=None if new_at is None else round(new_at - fault_at, 2),
            replacement=replacement,
            samples=tuple(samples),
        )
