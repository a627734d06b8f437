"""Pulls a lever and is killed at each of its steps in turn; run as a program of its own, because it ends by SIGKILL.

    python -m tests.local.kill_levers KIND WHERE_JSON FOLDER

For n = 1, 2, ... a forked child pulls the lever and undoes it as a drill does, and kills itself at its n-th step: before a
call of AWS, or right after its answer. Another child then recovers, as `failover chaos recover` does. Prints a JSON line a kill,
and waits for a line before it goes on. It ends after the first child that nobody killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from scripts.aws.clients import caller_account, session
from scripts.drill.faults import Fault
from scripts.drill.journal import JOURNAL_NAME, FaultJournal, JournaledFault, recover_journal
from scripts.drill.levers.catalogue import lever_of
from scripts.drill.levers.injector import LeverInjector

MOST_STEPS = 100
KILLED = -signal.SIGKILL


def drill(kind: str, where: dict[str, str], folder: Path) -> None:
    """The order of events of a drill, without its page views."""
    fault = JournaledFault(
        fault=Fault(target="aws", kind=kind),
        scenario=kind,
        injector=LeverInjector(kind, lever_of(kind, where)),
        journal=FaultJournal(folder),
        control_url="",
    )

    async def run() -> None:
        await fault.inject()
        await fault.undo()

    asyncio.run(run())


def killed_at(step: int) -> Callable[..., None]:
    """Counts calls: an odd step is before a call, an even one after its answer came."""
    seen = 0

    def count(**_event: object) -> None:
        nonlocal seen
        seen += 1
        if seen == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return count


def in_child(work: Callable[[], None]) -> int:
    """Forks, works, and returns how the child ended: 0, or minus the signal."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  a forked child must not go on as its parent
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def recover(folder: Path) -> None:
    """As the command does, in a process that knows nothing but the journal."""
    recover_journal(folder)


def main(kind: str, where: dict[str, str], folder: Path) -> None:
    lever_of(kind, where).capture()  # what botocore reads of its API descriptions, the children inherit
    caller_account("us-east-1")
    for step in range(1, MOST_STEPS):

        def work(step: int = step) -> None:
            counter = killed_at(step)
            session().register("before-call", lambda **_event: counter())
            session().register("after-call", lambda **_event: counter())
            drill(kind, where, folder)

        code = in_child(work)
        was_left = (folder / JOURNAL_NAME).exists()
        recovered = in_child(lambda: recover(folder))
        print(json.dumps({"step": step, "code": code, "journal": was_left, "recovered": recovered}), flush=True)
        sys.stdin.readline()  # the parent looks at everything, then says to go on
        if code != KILLED:
            return


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3]))
