"""The prober that goes on: what it keeps, what it tells, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from scripts.clock import AwsClock, unix_now
from scripts.probe import watch as module
from scripts.probe.history import History, View
from scripts.probe.samples import Sample
from scripts.probe.schedule import OpenLoopProber, Ticket
from scripts.probe.survey import Finding
from scripts.probe.watch import Archive, Watch, WatchSettings

GOOD = Finding(kind="certificate", subject="x", is_ok=True, detail="")
BAD = Finding(kind="certificate", subject="x", is_ok=False, detail="")


class InstantProbe:
    async def view(self, ticket: Ticket) -> Sample:
        now_seconds = ticket.scheduled_at_seconds
        return Sample(
            sequence=ticket.sequence,
            client=ticket.client,
            family=ticket.family,
            scheduled_at_seconds=now_seconds,
            started_at_seconds=now_seconds,
            finished_at_seconds=now_seconds + 0.01,
            region="eu-central-1",
        )


class Run:
    """One watch of 0.6 s over an instant site; what it told and what its history holds."""

    def __init__(self, path: Path, looks: Sequence[Sequence[Finding]]) -> None:
        self.path = path
        self.looks = iter(looks)
        self.told: list[bool] = []
        self.said: list[str] = []
        self.watch: Watch | None = None

    async def look(self) -> list[Finding]:
        return list(next(self.looks, []))

    async def on_change(self, finding: Finding) -> None:
        self.told.append(finding.is_ok)

    async def on_minute(self, views: Sequence[View], findings: Sequence[Finding]) -> None:
        raise AssertionError(f"no minute passes in this test, yet {len(views)} views and {len(findings)} findings")

    async def __call__(self, work: Callable[[Watch], Awaitable[None]]) -> None:
        clock = AwsClock()
        archive = Archive(History(self.path))
        self.watch = Watch(
            settings=WatchSettings(
                hostname="www.example.test",
                resolver_names=("one", "two"),
                survey_seconds=0.1,
                for_seconds=0.6,
                retain_days=1,
            ),
            prober=OpenLoopProber(probe=InstantProbe(), clock=clock, rate_per_second=50, clients=2),
            look=self.look,
            archive=archive,
            clock=clock,
            on_change=self.on_change,
            on_minute=self.on_minute,
            say=self.said.append,
        )
        try:
            await work(self.watch)
        finally:
            archive.close()

    def kept(self) -> list[tuple[str, int]]:
        history = History(self.path)
        found = [(period.resolver, period.views) for period in history.periods(0, 1e12)]
        history.close()
        return found


def test_everything_seen_is_in_the_history_at_the_end(tmp_path: Path) -> None:
    run = Run(tmp_path / "h.sqlite", [])
    asyncio.run(run(lambda watch: watch.run()))
    assert run.watch is not None
    assert len(run.kept()) == run.watch.totals.views.total() >= 10
    assert {resolver for resolver, _ in run.kept()} == {"one", "two"}


def test_cancelled_watch_keeps_what_it_saw(tmp_path: Path) -> None:
    async def cancelled(watch: Watch) -> None:
        task = asyncio.create_task(watch.run())
        while not watch._pending:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run = Run(tmp_path / "h.sqlite", [])
    asyncio.run(run(cancelled))
    assert run.kept()


def test_only_changes_are_told(tmp_path: Path) -> None:
    run = Run(tmp_path / "h.sqlite", [[GOOD], [GOOD], [BAD], [BAD], [GOOD]])
    asyncio.run(run(lambda watch: watch.run()))
    assert run.told == [False, True]


def test_defect_of_a_survey_ends_the_watch_and_is_not_swallowed(tmp_path: Path) -> None:
    run = Run(tmp_path / "h.sqlite", [])

    async def defective() -> list[Finding]:
        raise ZeroDivisionError

    run.look = defective  # type: ignore[method-assign]  # the defect
    with pytest.raises(ZeroDivisionError):
        asyncio.run(run(lambda watch: watch.run()))


@pytest.mark.parametrize(("jump_seconds", "is_said"), [(0.0, False), (-3600.0, True), (3600.0, True)])
def test_clock_that_was_set_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump_seconds: float, is_said: bool
) -> None:
    offset, real = 0.0, unix_now
    monkeypatch.setattr(module, "unix_now", lambda: real() + offset)
    monkeypatch.setattr(module, "FLUSH_SECONDS", 0.05)

    async def jumping(watch: Watch) -> None:
        nonlocal offset
        task = asyncio.create_task(watch.run())
        await asyncio.sleep(0)
        offset = jump_seconds
        await task

    run = Run(tmp_path / "h.sqlite", [])
    asyncio.run(run(jumping))
    assert bool(run.said) == is_said
    assert len(run.kept()) > 0
