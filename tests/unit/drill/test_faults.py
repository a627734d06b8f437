"""Faults through localcloud's control API, and the undo journal, against a real HTTP server on loopback."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from scripts import files
from scripts.drill import journal
from scripts.drill.faults import Fault, LocalcloudFaults, LocalcloudHealthChecks
from scripts.drill.journal import FaultJournal, JournaledFault, JournalEntry, drill_lock, recover_journal, undo_leftover
from scripts.errors import AwsError, EnvironmentFailureError, LocalcloudGoneError
from scripts.local.control import ControlApi
from tests.worlds.control_server import ControlServer, control_server
from tests.worlds.control_server import gone_url as gone_url

FAULT = Fault(target="s3:eu-central-1", kind="status", value=503)


def with_server(scenario: Callable[[ControlServer], Awaitable[None]]) -> None:
    async def run() -> None:
        async with control_server() as server:
            await scenario(server)

    asyncio.run(run())


def an_entry(url: str, fault_id: str | None = "f1") -> JournalEntry:
    return JournalEntry(
        scenario="origin-outage",
        control_url=url,
        target=FAULT.target,
        kind=FAULT.kind,
        value=FAULT.value,
        fault_id=fault_id,
        written_at="2026-11-23T06:13:00.000Z",
    )


def test_injected_fault_is_active_until_undone() -> None:
    async def scenario(server: ControlServer) -> None:
        faults = LocalcloudFaults(ControlApi(server.url))
        fault_id = await faults.inject(FAULT)
        assert [(each.fault_id, each.fault) for each in await faults.active()] == [(fault_id, FAULT)]
        await faults.undo(FAULT, fault_id)
        assert await faults.active() == []

    with_server(scenario)


def test_fault_without_value_is_sent_without_one() -> None:
    async def scenario(server: ControlServer) -> None:
        await LocalcloudFaults(ControlApi(server.url)).inject(Fault(target="cloudfront", kind="refuse"))
        assert server.faults == {"f1": {"target": "cloudfront", "kind": "refuse"}}

    with_server(scenario)


def test_undo_may_be_repeated() -> None:
    async def scenario(server: ControlServer) -> None:
        faults = LocalcloudFaults(ControlApi(server.url))
        await faults.undo(FAULT, await faults.inject(FAULT))
        await faults.undo(FAULT, "f1")

    with_server(scenario)


def test_undo_without_id_ends_faults_like_it_and_no_others() -> None:
    async def scenario(server: ControlServer) -> None:
        faults = LocalcloudFaults(ControlApi(server.url))
        await faults.inject(FAULT)
        await faults.inject(Fault(target="cloudfront", kind="refuse"))
        await faults.undo(FAULT, None)
        assert list(server.faults) == ["f2"]

    with_server(scenario)


def test_undo_leaves_another_fault_that_got_the_same_id_alone() -> None:
    async def scenario(server: ControlServer) -> None:
        faults = LocalcloudFaults(ControlApi(server.url))
        await faults.inject(Fault(target="cloudfront", kind="refuse"))
        await faults.undo(FAULT, "f1")
        assert list(server.faults) == ["f1"]

    with_server(scenario)


def test_refused_fault_names_operation_and_reason() -> None:
    async def scenario(server: ControlServer) -> None:
        server.failing = "POST"
        with pytest.raises(AwsError, match=r"POST /faults .* 500: .*told to fail"):
            await LocalcloudFaults(ControlApi(server.url)).inject(FAULT)

    with_server(scenario)


@pytest.mark.parametrize(("health_check_id", "is_healthy"), [("hc", False), ("other", None)])
def test_health_of_a_check_is_what_the_checkers_pushed(health_check_id: str, is_healthy: bool | None) -> None:
    async def scenario(server: ControlServer) -> None:
        checks = LocalcloudHealthChecks(ControlApi(server.url))
        assert await checks.is_healthy(health_check_id) is is_healthy

    with_server(scenario)


def test_control_api_that_is_gone_is_told_apart(gone_url: str) -> None:
    with pytest.raises(LocalcloudGoneError, match="localcloud has ended"):
        asyncio.run(LocalcloudFaults(ControlApi(gone_url)).inject(FAULT))


def test_journal_is_on_disk_before_the_fault_and_gone_after_the_undo(tmp_path: Path) -> None:
    async def scenario(server: ControlServer) -> None:
        kept = FaultJournal(tmp_path)
        found: list[JournalEntry | None] = []

        class Watching(LocalcloudFaults):
            async def inject(self, fault: Fault) -> str:
                found.append(kept.read())
                return await super().inject(fault)

        injector = Watching(ControlApi(server.url))
        fault = JournaledFault(
            fault=FAULT, scenario="origin-outage", injector=injector, journal=kept, control_url=server.url
        )
        await fault.inject()
        found.append(kept.read())
        await fault.undo()
        assert [entry and (entry.fault, entry.fault_id) for entry in found] == [(FAULT, None), (FAULT, "f1")]
        assert kept.read() is None
        assert server.faults == {}

    with_server(scenario)


def test_journal_is_synced_to_disk_file_and_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(Path(f"/proc/self/fd/{fd}").readlink()))
    FaultJournal(tmp_path).write(an_entry("http://127.0.0.1:1"))
    assert len(synced) == 2
    assert synced[0].parent == synced[1] == tmp_path


def test_failed_undo_keeps_the_journal_and_says_so(tmp_path: Path) -> None:
    async def scenario(server: ControlServer) -> None:
        kept = FaultJournal(tmp_path)
        injector = LocalcloudFaults(ControlApi(server.url))
        fault = JournaledFault(fault=FAULT, scenario="x", injector=injector, journal=kept, control_url=server.url)
        await fault.inject()
        server.failing = "DELETE"
        with pytest.raises(
            EnvironmentFailureError, match=r"may still be in force.* once localcloud answers you"
        ) as told:
            await fault.undo()
        assert server.url not in str(told.value).rpartition("run `")[2]  # its path is the secret of the run
        assert kept.read() is not None

    with_server(scenario)


@pytest.mark.parametrize("fault_id", ["f1", None], ids=["answered", "crashed before the answer"])
def test_next_command_undoes_what_a_crash_left(tmp_path: Path, fault_id: str | None) -> None:
    async def scenario(server: ControlServer) -> None:
        kept = FaultJournal(tmp_path)
        await LocalcloudFaults(ControlApi(server.url)).inject(FAULT)
        kept.write(an_entry(server.url, fault_id))
        assert await undo_leftover(kept) == FAULT
        assert server.faults == {}
        assert kept.read() is None

    with_server(scenario)


def test_recover_journal_forgets_a_fault_that_went_with_localcloud(tmp_path: Path, gone_url: str) -> None:
    FaultJournal(tmp_path).write(an_entry(gone_url))
    assert recover_journal(tmp_path) is None
    assert not (tmp_path / journal.JOURNAL_NAME).exists()


def test_recover_journal_does_nothing_when_nothing_was_left(tmp_path: Path) -> None:
    assert recover_journal(tmp_path / "never made") is None
    assert not (tmp_path / "never made").exists()


def test_recover_journal_rejects_a_running_drill(tmp_path: Path, gone_url: str) -> None:
    FaultJournal(tmp_path).write(an_entry(gone_url))
    with drill_lock(tmp_path), pytest.raises(EnvironmentFailureError, match="another drill is running"):
        recover_journal(tmp_path)


def test_journal_rejects_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / journal.JOURNAL_NAME).write_text('{"schema": 2}')
    with pytest.raises(EnvironmentFailureError, match="not a fault journal"):
        FaultJournal(tmp_path).read()


@pytest.mark.parametrize(("is_secret", "mode"), [(True, 0o600), (False, 0o644)])
def test_write_atomically_sets_the_mode_whatever_the_umask(tmp_path: Path, is_secret: bool, mode: int) -> None:
    target = tmp_path / "file"
    target.touch(mode=0o666)
    before = os.umask(0)
    try:
        files.write_atomically(target, "text", is_secret=is_secret)
    finally:
        os.umask(before)
    assert target.stat().st_mode & 0o777 == mode


def test_journal_holds_a_secret_so_its_owner_alone_reads_it(tmp_path: Path) -> None:
    entry = JournalEntry(
        scenario="s",
        control_url="http://127.0.0.1:1/_localcloud/secret",
        target="dns",
        kind="hang",
        value=None,
        written_at="now",
    )
    FaultJournal(tmp_path).write(entry)
    assert FaultJournal(tmp_path).path.stat().st_mode & 0o777 == 0o600


def test_write_atomically_leaves_the_old_file_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.json"
    files.write_atomically(target, "old")

    def fail(self: Path, other: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device", str(self), None, str(other))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space left on device"):
        files.write_atomically(target, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    assert target.read_text() == "old"
