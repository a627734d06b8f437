"""The drill: steady state, fault, probing throughout, undo always, steady state again.

Here is the order of events. What is broken is in `scenarios`, how in `faults`, how the site is looked at in `prober`,
what the samples mean in `measurement` and `verdict`; `rehearsal` puts the parts together for a running target.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TypeVar

from scripts.clock import Clock
from scripts.drill.faults import FaultInjector, HealthReader
from scripts.drill.guard import NEVER, Guard, StopConditions
from scripts.drill.journal import FaultJournal, JournaledFault
from scripts.drill.levers.news import News
from scripts.drill.measurement import Marks, measure
from scripts.drill.progress import DrillState, Progress
from scripts.drill.request import DrillRequest
from scripts.drill.result import FaultRun, ScenarioResult
from scripts.drill.scenarios import FaultVariant
from scripts.drill.streaks import (
    STREAK_LENGTH,
    has_failed,
    has_filled_page,
    insert_in_order,
    lasting_streak_at,
    scheduled_since,
    streak_at,
)
from scripts.errors import DrillAbortedError, NotSteadyError, OpsError
from scripts.probe.samples import Sample, as_written
from scripts.probe.schedule import OpenLoopProber, Probe

T = TypeVar("T")
POLL_INTERVAL_SECONDS = 0.5
"""How often the drill looks at its samples; figures come from the samples' own times and do not depend on it."""
EFFECT_POLL_INTERVAL_SECONDS = 2.0
HEALTH_POLL_INTERVAL_SECONDS = 0.5
"""How much later than it happened a health check's flip may be noted."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DrillParts:
    """What a drill works with; tests pass their own.

    `effect` tells whether the fault works, where visitors are not to see it. Default None: visitors see it.
    `news` tells what operators have heard by now. Default None: nobody listens.
    `stop` says when a drill must end before its time. Default: never.
    `new_probe` is called once for each fault, so that no visitor's DNS cache is carried over. `after_fault` is awaited as
    soon as the fault is in force; an OpsError of it ends the drill. Default None: nothing follows the fault.
    """

    clock: Clock
    new_probe: Callable[[], Probe]
    injector: FaultInjector
    health: HealthReader
    journal: FaultJournal
    control_url: str
    progress: Progress
    after_fault: Callable[[], Awaitable[None]] | None = None
    effect: Callable[[], Awaitable[bool]] | None = None
    news: Callable[[], Awaitable[News]] | None = None
    stop: StopConditions = NEVER


async def drill(request: DrillRequest, parts: DrillParts) -> ScenarioResult:
    """Run all variants of a scenario one after the other. Whatever ends it, no fault stays in force.

    Raises:
        NotSteadyError: the site is not healthy from its primary, or something is broken already; nothing was injected.
        DrillAbortedError: what is to follow the fault failed; the fault is undone.
        OpsError: the fault could not be injected, or not undone (then the journal stays for the next drill).
    """
    await _refuse_foreign_faults(parts.injector)
    variants = request.scenario.select(request.variant_names)
    return ScenarioResult(request=request, runs=tuple([await FaultDrill(request, v, parts).run() for v in variants]))


class FaultDrill:
    """One fault of a drill."""

    def __init__(self, request: DrillRequest, variant: FaultVariant, parts: DrillParts) -> None:
        self._request = request
        self._settings = request.settings
        self._variant = variant
        self._clock = parts.clock
        self._health = parts.health
        self._progress = parts.progress
        self._after_fault = parts.after_fault
        self._effect = parts.effect
        self._news = parts.news
        self._guard = Guard(parts.stop, parts.clock)
        self._fault = JournaledFault(
            fault=request.scenario.fault(variant, primary=request.primary_region, secondary=request.secondary_region),
            scenario=request.scenario.name,
            injector=parts.injector,
            journal=parts.journal,
            control_url=parts.control_url,
        )
        self._prober = OpenLoopProber(
            probe=parts.new_probe(),
            clock=parts.clock,
            rate_per_second=self._settings.rate_per_second,
            families=self._settings.families,
            clients=self._settings.clients,
        )
        self._samples: list[Sample] = []  # in order of sequence
        self._good = 0
        self._region: str | None = None
        self._is_path_healthy: bool | None = None
        self._started_at_seconds = 0.0
        self._unhealthy_standbys: tuple[str, ...] = request.standby_health_check_ids
        self._fault_at_seconds: float | None = None
        self._detected_at_seconds: float | None = None
        self._effect_at_seconds: float | None = None
        self._alarm_at_seconds: float | None = None
        self._mail_at_seconds: float | None = None
        self._has_effect = False
        self._is_in_force = False

    async def run(self) -> FaultRun:
        """Drill and measure."""
        started_at_seconds = self._started_at_seconds = self._clock.now_seconds()
        background = [asyncio.create_task(self._prober.run(self._record))]
        background.append(asyncio.create_task(self._guard.watch_alarm()))
        if self._effect is not None:
            background.append(asyncio.create_task(self._watch_effect(self._effect)))
        if self._news is not None:
            background.append(asyncio.create_task(self._watch_news(self._news)))
        if not self._request.scenario.detects_by_marker:
            background.append(asyncio.create_task(self._watch_health_check()))
        try:
            marks = await self._order_of_events(background)
            self._prober.stop()
            await background[0]
        finally:
            await _end(background)
        samples = tuple(
            as_written(sample) for sample in self._samples
        )  # so that an audit of the file finds the same figures
        return FaultRun(
            variant=self._variant,
            started_at_seconds=started_at_seconds,
            marks=marks,
            samples=samples,
            measurement=measure(samples, marks, self._request.expectation),
        )

    async def _order_of_events(self, background: list[asyncio.Task[None]]) -> Marks:
        await self._reach_steady_state(background)
        fault_at_seconds = self._fault_at_seconds = self._clock.now_seconds()
        try:
            self._is_in_force = True
            await _finish(self._fault.inject())
            await self._follow_fault_up()
            await self._outlast_fault(fault_at_seconds, background)
        finally:
            undo_at_seconds = self._clock.now_seconds()
            await _finish(self._fault.undo())
            self._is_in_force = False
        await self._outlast_fail_back(undo_at_seconds, background)
        return Marks(
            fault_at_seconds=fault_at_seconds,
            undo_at_seconds=undo_at_seconds,
            detected_at_seconds=self._detected_at_seconds,
            effect_at_seconds=self._effect_at_seconds,
            alarm_at_seconds=self._alarm_at_seconds,
            mail_at_seconds=self._mail_at_seconds,
            has_listener=self._news is not None,
            release_age_seconds=self._release_age_seconds(fault_at_seconds),
        )

    def _release_age_seconds(self, at_seconds: float) -> float | None:
        age = self._request.release_age_seconds
        return None if age is None else age + at_seconds - self._started_at_seconds

    async def _reach_steady_state(self, background: list[asyncio.Task[None]]) -> None:
        is_steady = await self._until(
            self._is_steady,
            phase=f"waiting for {self._settings.steady_seconds:g} s of steady state",
            timeout_seconds=self._settings.steady_timeout_seconds,
            background=background,
        )
        if not is_steady:
            raise NotSteadyError(self._unsteady_message())
        self._forget_what_was_before_steady_state()

    def _forget_what_was_before_steady_state(self) -> None:
        """Keeps the samples from the steady stretch on: who answered while the site came up is no part of the drill."""
        ordered = self._samples
        started_at_seconds = self._clock.now_seconds() - self._settings.steady_seconds
        unsteady = [s for s in ordered if not (s.is_good and s.region == self._request.primary_region)]
        last = max((s.sequence for s in unsteady), default=-1)
        self._samples = [s for s in ordered if s.sequence > last or s.scheduled_at_seconds >= started_at_seconds]
        self._good = sum(sample.is_good for sample in self._samples)

    async def _follow_fault_up(self) -> None:
        if self._after_fault is None:
            return
        try:
            await self._after_fault()
        except OpsError as error:
            raise DrillAbortedError(f"{error}; the drill ended there, nothing is broken any more") from error
        if self._request.scenario.heals:
            self._detected_at_seconds = self._clock.now_seconds()  # what follows the fault is who notices it and acts

    async def _outlast_fault(self, fault_at_seconds: float, background: list[asyncio.Task[None]]) -> None:
        if self._request.scenario.degrades:
            await self._go_on(self._settings.degraded_seconds, "fault on a share of the requests", background)
            return
        if self._request.scenario.stays:
            await self._outlast_standing(background)
            return
        taker, fills_pages = self._request.expectation.taker, self._request.expectation.fills_pages

        def recovered_at() -> float | None:
            outage = self._since(fault_at_seconds)
            if fills_pages and not has_filled_page(outage, region=taker):
                return None
            if self._request.scenario.heals and not any(has_failed(each) for each in outage):
                return None
            return lasting_streak_at(outage, region=taker)

        await self._reach_and_stay(
            recovered_at,
            phases=(f"fault in force, waiting for {taker}", f"fault in force, {taker} serves"),
            timeout_seconds=self._settings.recovery_timeout_seconds + self._variant.patience_seconds,
            stay_seconds=self._settings.hold_seconds,
            background=background,
        )

    async def _outlast_standing(self, background: list[asyncio.Task[None]]) -> None:
        primary = self._request.primary_region
        has_effect = await self._until(
            lambda: self._has_effect,
            phase="fault in force, waiting for its effect",
            timeout_seconds=self._settings.recovery_timeout_seconds,
            background=background,
        )
        if has_effect:
            await self._go_on(self._settings.stand_seconds, f"fault in force, {primary} is to serve on", background)

    async def _watch_effect(self, effect: Callable[[], Awaitable[bool]]) -> None:
        while True:
            self._has_effect = await effect()
            has_fault = self._fault_at_seconds is not None
            if has_fault and self._has_effect and self._effect_at_seconds is None:
                self._effect_at_seconds = self._clock.now_seconds()
            await self._clock.sleep(EFFECT_POLL_INTERVAL_SECONDS)

    async def _watch_news(self, news: Callable[[], Awaitable[News]]) -> None:
        """Notes the first alarm and the first mail of the fault; what was firing before it tells nothing."""
        was_firing = False
        while True:
            try:
                heard = await news()
            except OpsError:
                heard = (
                    News()
                )  # a drill does not end because nobody can say what operators hear; the figure is missing then
            if self._fault_at_seconds is None:
                was_firing = bool(heard.alarm)
            else:
                now_seconds = self._clock.now_seconds()
                if heard.alarm and not was_firing and self._alarm_at_seconds is None:
                    self._alarm_at_seconds = now_seconds
                if heard.mail and self._mail_at_seconds is None:
                    self._mail_at_seconds = now_seconds
            await self._clock.sleep(EFFECT_POLL_INTERVAL_SECONDS)

    async def _outlast_fail_back(self, undo_at_seconds: float, background: list[asyncio.Task[None]]) -> None:
        primary = self._request.primary_region
        await self._reach_and_stay(
            lambda: lasting_streak_at(self._since(undo_at_seconds), region=primary),
            phases=(f"fault undone, waiting for {primary}", f"{primary} serves again"),
            timeout_seconds=self._settings.fail_back_timeout_seconds,
            stay_seconds=self._settings.tail_seconds,
            background=background,
        )

    async def _reach_and_stay(
        self,
        reached_at: Callable[[], float | None],
        *,
        phases: tuple[str, str],
        timeout_seconds: float,
        stay_seconds: float,
        background: list[asyncio.Task[None]],
    ) -> None:
        """Waits until it is reached and then on; both again when a relapse put it off, while the timeout allows."""
        reaching, staying = phases
        deadline_seconds = self._clock.now_seconds() + timeout_seconds
        while await self._until(
            lambda: reached_at() is not None,
            phase=reaching,
            timeout_seconds=deadline_seconds - self._clock.now_seconds(),
            background=background,
        ):
            first_seconds = reached_at() or 0.0
            await self._go_on(stay_seconds, staying, background)
            last_seconds = reached_at()
            has_relapsed = last_seconds is None or last_seconds > first_seconds
            if not has_relapsed or self._clock.now_seconds() >= deadline_seconds:
                return

    async def _go_on(self, seconds: float, phase: str, background: list[asyncio.Task[None]]) -> None:
        await self._until(lambda: False, phase=phase, timeout_seconds=seconds, background=background)

    async def _until(
        self,
        condition: Callable[[], bool],
        *,
        phase: str,
        timeout_seconds: float,
        background: list[asyncio.Task[None]],
    ) -> bool:
        began_seconds = self._clock.now_seconds()
        while not condition():
            elapsed_seconds = self._clock.now_seconds() - began_seconds
            if elapsed_seconds >= timeout_seconds:
                return False
            for task in background:
                if task.done():
                    task.result()
            if self._is_in_force and (
                reason := self._guard.reason(self._samples, fault_at_seconds=self._fault_at_seconds)
            ):
                raise DrillAbortedError(f"{reason}, so the drill ended before its time; nothing is broken any more")
            self._show(phase, elapsed_seconds)
            await self._clock.sleep(POLL_INTERVAL_SECONDS)
        return True

    def _record(self, sample: Sample) -> None:
        insert_in_order(self._samples, sample)
        if sample.is_good:
            self._good += 1
            self._region = sample.region

    def _since(self, seconds: float) -> Sequence[Sample]:
        return scheduled_since(self._samples, seconds)

    def _is_steady(self) -> bool:
        if not self._request.scenario.detects_by_marker and (
            self._is_path_healthy is not True or self._unhealthy_standbys
        ):
            return False
        length = max(STREAK_LENGTH, round(self._settings.steady_seconds * self._settings.rate_per_second))
        # Page views end up to the timeout after their start, so the latest complete stretch may be that old.
        margin_seconds = self._settings.steady_seconds + self._settings.probe_timeout_seconds
        since_seconds = self._clock.now_seconds() - margin_seconds
        return streak_at(self._since(since_seconds), region=self._request.primary_region, length=length) is not None

    async def _watch_health_check(self) -> None:
        health_check_id = self._request.path_health_check_id
        if health_check_id is None:
            raise NotSteadyError(
                f"{self._request.scenario.name} needs the id of the path health check; it is a Terraform output of edge"
            )
        while True:
            self._is_path_healthy = await self._health.is_healthy(health_check_id)
            standbys = self._request.standby_health_check_ids
            self._unhealthy_standbys = tuple(
                [each for each in standbys if await self._health.is_healthy(each) is not True]
            )
            has_fault = self._fault_at_seconds is not None
            if has_fault and self._detected_at_seconds is None and self._is_path_healthy is False:
                self._detected_at_seconds = self._clock.now_seconds()
            await self._clock.sleep(HEALTH_POLL_INTERVAL_SECONDS)

    def _show(self, phase: str, elapsed_seconds: float) -> None:
        self._progress.show(
            DrillState(
                drill=f"{self._request.scenario.name}/{self._variant.name}",
                phase=phase,
                elapsed_seconds=elapsed_seconds,
                good=self._good,
                bad=len(self._samples) - self._good,
                region=self._region,
            )
        )

    def _unsteady_message(self) -> str:
        request = self._request
        wrong = Counter(_complaint(sample, request.primary_region) for sample in self._samples)
        del wrong[""]
        reasons = [f"{count} x {complaint}" for complaint, count in wrong.most_common(3)]
        if not request.scenario.detects_by_marker and self._is_path_healthy is not True:
            state = "unhealthy" if self._is_path_healthy is False else "not known"
            reasons.append(f"the path health check {request.path_health_check_id} is {state}")
        if not request.scenario.detects_by_marker:
            reasons += [f"the health check {each} of the standby is not healthy" for each in self._unhealthy_standbys]
        return (
            f"{request.hostname} did not serve release {request.release_id} from {request.primary_region} for"
            f" {self._settings.steady_seconds:g} s without a fault; nothing was broken."
            f" Seen in {len(self._samples)} page views: {'; '.join(reasons) or 'too few good ones in time'}"
        )


def _complaint(sample: Sample, primary: str) -> str:
    if sample.error is not None:
        return f"{sample.error}: {sample.error_detail}"
    return "" if sample.region == primary else f"served by {sample.region}"


async def _refuse_foreign_faults(injector: FaultInjector) -> None:
    active = await injector.active()
    if active:
        faults = ", ".join(f"{each.fault} (id {each.fault_id})" for each in active)
        raise NotSteadyError(
            f"faults are in force already: {faults}; nothing was broken."
            " End each first: DELETE faults/ID below control_url of endpoints.json"
        )


async def _finish(work: Coroutine[None, None, T]) -> T:
    # An injection that is cut short may or may not act later; the undo must come after it, so let it end first.
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
        raise


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
