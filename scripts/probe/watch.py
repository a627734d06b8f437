"""The prober that goes on: page views at a rate, a survey once a minute, everything kept, until it is told to stop."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from scripts.clock import AwsClock, unix_now
from scripts.probe.history import History, View, view_of
from scripts.probe.openmetrics import Totals
from scripts.probe.samples import Sample
from scripts.probe.schedule import OpenLoopProber
from scripts.probe.survey import Finding

FLUSH_SECONDS = 1.0
"""Views that a SIGKILL may cost."""
COMPACT_SECONDS = 600.0
CLOCK_JUMP_SECONDS = 5.0

T = TypeVar("T")
OnChange = Callable[[Finding], Awaitable[None]]
OnMinute = Callable[[Sequence[View], Sequence[Finding]], Awaitable[None]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """How to watch, in AWS seconds.

    Args:
        hostname: what the views are filed under.
        resolver_names: the visitors, in the order of the prober's clients.
        survey_seconds: between two surveys. Default 60.
        for_seconds: how long. Default None: until it is cancelled.
        retain_days: how long the history is kept.
    """

    hostname: str
    resolver_names: tuple[str, ...]
    survey_seconds: float = 60.0
    for_seconds: float | None = None
    retain_days: float


class Archive:
    """A history behind a thread of its own: what SQLite waits for, the schedule of page views does not.

    Args:
        history: used by nobody else.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")

    async def do(self, work: Callable[[History], T]) -> T:
        """Return what the work returns; works follow each other."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self._history)

    def close(self) -> None:
        """Wait for what was begun, and close the file."""
        self._thread.shutdown()
        self._history.close()


class Watch:
    """One run of the prober.

    Args:
        settings: how.
        prober: makes the page views.
        look: makes a survey.
        archive: where everything is kept.
        clock: the site's.
        on_change: is awaited for each finding that changed between good and bad.
        on_minute: gets the views and findings of each past minute.
        say: tells an operator what is no finding, such as a clock that was set.
    """

    def __init__(
        self,
        *,
        settings: WatchSettings,
        prober: OpenLoopProber,
        look: Callable[[], Awaitable[list[Finding]]],
        archive: Archive,
        clock: AwsClock,
        on_change: OnChange,
        on_minute: OnMinute,
        say: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._prober = prober
        self._look = look
        self._archive = archive
        self._clock = clock
        self._on_change = on_change
        self._on_minute = on_minute
        self._say = say
        self._pending: list[View] = []
        self._minute: list[View] = []
        self._loop_offset = unix_now() - asyncio.get_running_loop().time()
        self.totals = Totals()

    async def run(self) -> None:
        """Watch; what was seen is in the history however this ends, short of a SIGKILL."""
        work = [
            asyncio.create_task(self._prober.run(self._record)),
            asyncio.create_task(self._survey_for_ever()),
            asyncio.create_task(self._flush_for_ever()),
            asyncio.create_task(self._tell_minutes()),
        ]
        try:
            done, _ = await asyncio.wait(
                work, timeout=self._real_seconds(self._settings.for_seconds), return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
            self._prober.stop()
            await work[0]
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await self._flush()

    def _real_seconds(self, aws_seconds: float | None) -> float | None:
        return None if aws_seconds is None else aws_seconds / self._clock.speed

    def _record(self, sample: Sample) -> None:
        age_seconds = (self._clock.now_seconds() - sample.scheduled_at_seconds) / self._clock.speed
        resolver = self._settings.resolver_names[sample.client]
        view = view_of(sample, at=unix_now() - age_seconds, hostname=self._settings.hostname, resolver=resolver)
        self._pending.append(view)
        self._minute.append(view)

    async def _survey_for_ever(self) -> None:
        due_seconds = self._clock.now_seconds()
        while True:
            findings = await self._look()
            self.totals.findings = findings
            for each in findings:
                if await note(self._archive, each):
                    await self._on_change(each)
            due_seconds = max(due_seconds + self._settings.survey_seconds, self._clock.now_seconds())
            await self._clock.sleep(due_seconds - self._clock.now_seconds())

    async def _flush_for_ever(self) -> None:
        loop, compacted_at = asyncio.get_running_loop(), -COMPACT_SECONDS
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self._flush()
            self._notice_clock_jump()
            if loop.time() - compacted_at >= COMPACT_SECONDS:
                compacted_at = loop.time()
                compact = partial(History.compact, now=unix_now(), retain_days=self._settings.retain_days)
                await self._archive.do(compact)

    async def _flush(self) -> None:
        views, self._pending = self._pending, []
        await self._archive.do(lambda history: history.add(views))
        self.totals.add(views)

    async def _tell_minutes(self) -> None:
        while True:
            await asyncio.sleep(60)
            views, self._minute = self._minute, []
            await self._on_minute(views, self.totals.findings)

    def _notice_clock_jump(self) -> None:
        offset = unix_now() - asyncio.get_running_loop().time()
        jump_seconds, self._loop_offset = offset - self._loop_offset, offset
        if abs(jump_seconds) > CLOCK_JUMP_SECONDS:
            self._say(
                f"this machine's clock was set by {jump_seconds:+.0f} s: the history has the times that it showed;"
                " durations and the schedule do not depend on it"
            )


async def note(archive: Archive, finding: Finding) -> bool:
    """Keep a finding if it is news; return whether it changed between good and bad."""
    return await archive.do(
        lambda history: history.note_finding(
            unix_now(), finding.kind, finding.subject, is_ok=finding.is_ok, detail=finding.detail
        )
    )
