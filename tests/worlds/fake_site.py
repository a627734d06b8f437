"""A site that fails over by AWS's timing model, in virtual time and without sockets, for the tests of the drill.

Layer 1: CloudFront asks the secondary's bucket when the primary's fails; unreachable costs 2 s. Layer 3: the health check
flips 28 s after the edge broke and 22 s after it came back; visitors keep a DNS answer for 60 s.
"""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

from scripts.clock import AwsClock
from scripts.drill.drill import DrillParts, drill
from scripts.drill.faults import ActiveFault, Fault
from scripts.drill.journal import FaultJournal
from scripts.drill.progress import DrillState
from scripts.drill.request import DrillRequest
from scripts.drill.result import ScenarioResult
from scripts.drill.scenarios import Scenario
from scripts.errors import AwsError
from scripts.probe.samples import ErrorKind, Phases, Sample
from scripts.probe.schedule import Ticket
from tests.worlds.virtual_time import run_virtually

PRIMARY, SECONDARY = "eu-central-1", "us-east-1"
DOWN_SECONDS, UP_SECONDS, TTL_SECONDS = 28.0, 22.0, 60.0
USUAL_SECONDS = 0.05
RELAPSE_SECONDS = 5.0
ADDED_SECONDS = {"unreachable": 2.0, "hang": 4.0, "status": 0.04}


@dataclasses.dataclass(kw_only=True)
class FakeSite:
    """The site, its faults and its health check; the flags say what goes wrong with it."""

    clock: AwsClock
    release: str = "r1"
    never_fails_over: bool = False
    never_fails_back: bool = False
    shrugs_faults_off: bool = False
    refuses_injection: bool = False
    refuses_undo: bool = False
    serves_old_release_from_secondary: bool = False
    is_just_deployed: bool = False
    refuses_invalidation: bool = False
    keeps_its_cache: bool = False
    relapses_after_seconds: float | None = None
    is_canary_ended: bool = False
    active_faults: dict[str, Fault] = dataclasses.field(default_factory=dict)
    history: list[str] = dataclasses.field(default_factory=list)
    changed_at_seconds: float = -1000.0
    answers: dict[tuple[int, str], tuple[str, float]] = dataclasses.field(default_factory=dict)
    asked: int = 0
    is_page_cached: bool = True
    first_secondary_answer_at_seconds: float | None = None
    shown: list[DrillState] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        if self.is_just_deployed:
            self.changed_at_seconds = self.clock.now_seconds()

    async def prepare(self, fault: Fault) -> None:
        """Nothing is to be journaled."""

    async def inject(self, fault: Fault) -> str:
        self.history.append(f"inject {fault}")
        if self.refuses_injection:
            raise AwsError(operation="POST /faults", resource="fake", code="400", detail="unknown target")
        self.active_faults["f1"] = fault
        self._note_edge_change(fault)
        return "f1"

    async def empty_edge_caches(self) -> None:
        self.history.append("invalidate")
        if self.refuses_invalidation:
            raise AwsError(operation="CreateInvalidation", resource="fake", code="AccessDenied")
        self.is_page_cached = self.keeps_its_cache

    async def undo(self, fault: Fault, fault_id: str | None) -> None:
        self.history.append(f"undo {fault} {fault_id}")
        if self.refuses_undo:
            raise AwsError(operation="DELETE /faults", resource="fake", code="500")
        self.active_faults.clear()
        self._note_edge_change(fault)

    async def active(self) -> list[ActiveFault]:
        return [ActiveFault(fault_id=key, fault=fault) for key, fault in self.active_faults.items()]

    async def is_healthy(self, health_check_id: str) -> bool | None:
        if health_check_id != "path-check":
            return None
        age_seconds = self.clock.now_seconds() - self.changed_at_seconds
        if self.fault("cloudfront"):
            return self.never_fails_over or age_seconds < DOWN_SECONDS
        return age_seconds >= UP_SECONDS and not (self.never_fails_back and self.changed_at_seconds > 0)

    def _note_edge_change(self, fault: Fault) -> None:
        if fault.target == "cloudfront":
            self.changed_at_seconds = self.clock.now_seconds()

    def fault(self, target: str) -> Fault | None:
        if self.shrugs_faults_off:
            return None
        return next((fault for fault in self.active_faults.values() if fault.target.startswith(target)), None)

    def show(self, state: DrillState) -> None:
        self.shown.append(state)

    async def view(self, ticket: Ticket) -> Sample:
        started_at_seconds = self.clock.now_seconds()
        region = await self._resolve(ticket)
        origin_fault = self.fault("s3:")
        if region == PRIMARY and self.fault("cloudfront"):
            return self._sample(ticket, started_at_seconds, error=ErrorKind.CONNECT_REFUSED)
        marker_seconds = USUAL_SECONDS
        canary = self.fault("aws")
        if canary is not None and canary.kind == "bad-release" and not self.is_canary_ended:
            return self._sample(ticket, started_at_seconds, error=ErrorKind.BAD_STATUS)
        if region == PRIMARY and origin_fault is not None and self._is_hit(origin_fault):
            if self.never_fails_over:
                return self._sample(ticket, started_at_seconds, error=ErrorKind.BAD_STATUS)
            region, marker_seconds = SECONDARY, USUAL_SECONDS + ADDED_SECONDS[origin_fault.kind]
        elif self.never_fails_back and self.history and "undo" in self.history[-1]:
            region = SECONDARY
        cache = "Hit from cloudfront" if self.is_page_cached else "Miss from cloudfront"
        self.is_page_cached = True
        await self.clock.sleep(marker_seconds)
        if region == SECONDARY and self._has_relapsed():
            return self._sample(ticket, started_at_seconds, error=ErrorKind.BAD_STATUS, region=region)
        if region == SECONDARY and self.serves_old_release_from_secondary:
            return self._sample(ticket, started_at_seconds, error=ErrorKind.WRONG_CONTENT, region=region)
        return self._sample(ticket, started_at_seconds, region=region, marker_seconds=marker_seconds, cache=cache)

    def _is_hit(self, fault: Fault) -> bool:
        """Every tenth view for a ratio of 0.1, and so on."""
        self.asked += 1
        ratio = 1.0 if fault.ratio is None else fault.ratio
        return int(self.asked * ratio) > int((self.asked - 1) * ratio)

    def _has_relapsed(self) -> bool:
        """For 5 s, once, so long after the secondary's first answer."""
        now_seconds = self.clock.now_seconds()
        if self.first_secondary_answer_at_seconds is None:
            self.first_secondary_answer_at_seconds = now_seconds
        if self.relapses_after_seconds is None:
            return False
        return 0 <= now_seconds - self.first_secondary_answer_at_seconds - self.relapses_after_seconds < RELAPSE_SECONDS

    async def _resolve(self, ticket: Ticket) -> str:
        key, now_seconds = (ticket.client, ticket.family.value), self.clock.now_seconds()
        region, expires_at_seconds = self.answers.get(key, ("", -1.0))
        if now_seconds >= expires_at_seconds:
            ttl_seconds = TTL_SECONDS * (1 if region else 1 - ticket.client / 5)
            region = PRIMARY if await self.is_healthy("path-check") else SECONDARY
            self.answers[key] = (region, now_seconds + ttl_seconds)
        return region

    def _sample(
        self,
        ticket: Ticket,
        started_at_seconds: float,
        *,
        error: ErrorKind | None = None,
        region: str | None = None,
        marker_seconds: float | None = None,
        cache: str | None = None,
    ) -> Sample:
        is_wrong = error is ErrorKind.WRONG_CONTENT
        return Sample(
            sequence=ticket.sequence,
            client=ticket.client,
            family=ticket.family,
            scheduled_at_seconds=ticket.scheduled_at_seconds,
            started_at_seconds=started_at_seconds,
            finished_at_seconds=self.clock.now_seconds(),
            phases=Phases(marker_seconds=marker_seconds),
            region=region,
            cache=cache,
            error=error,
            error_detail=None if error is None else "as told",
            requests=2 if region else 1,
            failed_requests=int(error is not None and not is_wrong),
            wrong_content_requests=int(is_wrong),
        )


def a_request(scenario: Scenario, folder: Path, **changes: object) -> DrillRequest:
    request = DrillRequest(
        scenario=scenario,
        hostname="www.example.test",
        primary_region=PRIMARY,
        secondary_region=SECONDARY,
        release_id="r1",
        rto_seconds=120.0,
        path_health_check_id="path-check",
        state_folder=folder,
    )
    return dataclasses.replace(request, **changes)  # type: ignore[arg-type]  # each test names fields of its own


def parts_for(site: FakeSite, folder: Path) -> DrillParts:
    return DrillParts(
        clock=site.clock,
        new_probe=lambda: site,
        injector=site,
        health=site,
        journal=FaultJournal(folder),
        control_url="http://127.0.0.1:9/_localcloud",
        progress=site,
        after_fault=site.empty_edge_caches,
    )


def drill_virtually(request: DrillRequest, **flags: object) -> tuple[ScenarioResult, FakeSite]:
    """Drill a fake site that has the given flags; returns when virtual time has passed."""

    async def run() -> tuple[ScenarioResult, FakeSite]:
        site = new_site(**flags)
        return await drill(request, parts_for(site, request.state_folder)), site

    return run_virtually(run())


def new_site(**flags: object) -> FakeSite:
    """Make a fake site within a virtual loop."""
    return FakeSite(clock=AwsClock(monotonic=asyncio.get_running_loop().time), **flags)  # type: ignore[arg-type]  # fields
