"""The undo journal: what a crashed drill left broken, and the lock that keeps drills apart.

The entry is on disk before the fault is in force and goes after the fault is gone, so at any moment of a crash either
nothing is broken or the next drill on the same target knows how to mend it. Both lie in a folder that belongs to the target,
localcloud's own state folder, not to a report. No other command reads them.
"""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scripts.clock import rfc3339, utc_now
from scripts.drill.faults import Fault, FaultInjector, JournaledLever, LocalcloudFaults
from scripts.errors import EnvironmentFailureError, LocalcloudGoneError, OpsError
from scripts.files import sync_folder, write_atomically
from scripts.local.control import ControlApi

JOURNAL_NAME = "fault-journal.json"
LOCK_NAME = "drill.lock"


class JournalEntry(BaseModel):
    """One fault that is, or is about to be, in force.

    `fault_id` is None until the injection was answered; `lever` is None for a fault that localcloud injects.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    schema_: Literal[1] = Field(1, alias="schema")
    scenario: str
    control_url: str
    target: str
    kind: str
    value: int | None
    ratio: float | None = None
    fault_id: str | None = None
    lever: JournaledLever | None = None
    written_at: str

    @property
    def fault(self) -> Fault:
        """Return the fault to undo."""
        return Fault(target=self.target, kind=self.kind, value=self.value, ratio=self.ratio)


class FaultJournal:
    """At most one entry, in `folder`, which belongs to the target."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / JOURNAL_NAME

    def write(self, entry: JournalEntry) -> None:
        """Put the entry on disk; returns once it would survive a power cut."""
        # control_url holds the secret of localcloud's run
        text = entry.model_dump_json(by_alias=True, indent=1) + "\n"
        write_atomically(self.path, text, durable=True, is_secret=True)

    def read(self) -> JournalEntry | None:
        """Return the entry, or None.

        Raises:
            EnvironmentFailureError: the file is not a journal.
        """
        try:
            return JournalEntry.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise EnvironmentFailureError(
                f"{self.path} is not a fault journal ({error.error_count()} problems): end all faults"
                " with DELETE <control_url>/faults, then remove the file"
            ) from error

    def clear(self) -> None:
        """Forget the entry: the fault is gone."""
        self.path.unlink(missing_ok=True)
        if self.path.parent.is_dir():
            sync_folder(self.path.parent)


class JournaledFault:
    """One fault whose undo is on disk before it acts.

    Args:
        fault: what to break.
        scenario: the drill it belongs to, for the reader of the journal.
        injector: breaks and mends.
        journal: where the undo is kept.
        control_url: where another process can undo it.
    """

    def __init__(
        self, *, fault: Fault, scenario: str, injector: FaultInjector, journal: FaultJournal, control_url: str
    ) -> None:
        self._injector = injector
        self._journal = journal
        self._is_written = False
        self._entry = JournalEntry(
            scenario=scenario,
            control_url=control_url,
            target=fault.target,
            kind=fault.kind,
            value=fault.value,
            ratio=fault.ratio,
            written_at=rfc3339(utc_now()),
        )

    async def inject(self) -> None:
        """Write the journal, then break."""
        lever = await self._injector.prepare(self._entry.fault)
        self._entry = self._entry.model_copy(update={"lever": lever})
        self._journal.write(self._entry)
        self._is_written = True
        fault_id = await self._injector.inject(self._entry.fault)
        self._entry = self._entry.model_copy(update={"fault_id": fault_id})
        self._journal.write(self._entry)

    async def undo(self) -> None:
        """Mend, then clear the journal. Safe when nothing was broken, and to repeat.

        Raises:
            LocalcloudGoneError: localcloud has ended, and the fault with it.
            OpsError: the fault may still be in force; the journal stays.
        """
        if not self._is_written:
            return
        try:
            await self._undo()
        except LocalcloudGoneError:
            self._journal.clear()
            raise
        except OpsError as error:
            who = "localcloud" if self._entry.lever is None else "AWS"
            raise EnvironmentFailureError(
                f"{self._entry.fault} may still be in force ({error}): run `failover chaos recover` once {who} answers you;"
                f" it undoes what {self._journal.path} says"
            ) from error
        self._journal.clear()

    async def _undo(self) -> None:
        if self._entry.lever is None:
            await self._injector.undo(self._entry.fault, self._entry.fault_id)
        else:
            await asyncio.to_thread(restore_lever, self._entry.lever)


def restore_lever(lever: JournaledLever) -> None:
    """Put back what a lever changed, from its journal alone.

    Raises:
        EnvironmentFailureError: these are another account's credentials.
        AwsError: AWS refused, or does not answer.
    """
    from scripts.aws.clients import caller_account
    from scripts.drill.levers.catalogue import lever_of

    account = caller_account("us-east-1")
    if account != lever.account:
        raise EnvironmentFailureError(
            f"{lever.kind} was pulled in account {lever.account}, and you are signed in to {account}: sign in to the former"
        )
    lever_of(lever.kind, lever.where).restore(lever.before)


@contextmanager
def drill_lock(folder: Path) -> Iterator[None]:
    """Hold the right to break things; the kernel frees it when this process ends, however it ends.

    Raises:
        EnvironmentFailureError: another drill holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_NAME).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EnvironmentFailureError(
                f"another drill is running (it holds {folder / LOCK_NAME}); wait for it, or end it with Ctrl-C"
            ) from error
        yield


def recover_journal(folder: Path) -> Fault | None:
    """Undo what a crashed drill left broken; a drill session calls this before it looks at the site.

    Args:
        folder: the state folder that drills on this target are given.

    Returns:
        The fault that was undone, or None when nothing was left (or localcloud, and the fault with it, has ended).

    Raises:
        EnvironmentFailureError: a drill is running right now, or the fault cannot be undone; the journal stays.
    """
    if not (folder / JOURNAL_NAME).exists():
        return None
    with drill_lock(folder):
        return asyncio.run(undo_leftover(FaultJournal(folder)))


async def undo_leftover(journal: FaultJournal) -> Fault | None:
    """Undo the journal's entry; the caller holds the drill lock. See `recover_journal`."""
    entry = journal.read()
    if entry is None:
        return None
    try:
        if entry.lever is not None:
            await asyncio.to_thread(restore_lever, entry.lever)
        else:
            await LocalcloudFaults(ControlApi(entry.control_url)).undo(entry.fault, entry.fault_id)
    except LocalcloudGoneError:
        journal.clear()
        return None
    journal.clear()
    return entry.fault
