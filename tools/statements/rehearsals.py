"""Several localclouds with the same deployed site, each with a fault of its own at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scripts.local.endpoints import read_endpoints
from scripts.local.process import ANY_PORT, running_localcloud
from scripts.local.snapshots import DeployedSnapshot
from tools.statements.faults import Fault
from tools.statements.rehearsal import Rehearsal, Row


@contextmanager
def rehearsals(localcloud: Path, outputs: Path, folder: Path, count: int) -> Iterator[list[Rehearsal]]:
    """Saves a running localcloud, restores it as often as wanted, and ends what was restored with the block.

    Faults of several localclouds take no more of this machine than those of one that runs as much faster, and leave each health
    checker the time that it has at the slower speed.

    Args:
        localcloud: state folder of a localcloud on which the site is deployed and published; it is only read.
        outputs: the site's saved outputs.
        folder: where the copies are made.
        count: of the copies.
    """
    snapshot = DeployedSnapshot(purpose="statements", digest="copy", folder=folder / "snapshots")
    snapshot.save(localcloud, None, ())
    speed = read_endpoints(localcloud / "endpoints.json").speed
    with ExitStack() as running:
        states = [folder / f"localcloud-{number}" for number in range(1, count + 1)]
        for state in states:
            arguments = (*ANY_PORT, *snapshot.serve_arguments(None))
            running.enter_context(running_localcloud(state, speed=speed, arguments=arguments))
        yield [Rehearsal(state, outputs) for state in states]


async def rows(of: Sequence[Rehearsal], faults: Sequence[Fault]) -> AsyncGenerator[Row]:
    """Yields the row of each fault as soon as it is known; whoever is free takes the next fault.

    Raises:
        ExceptionGroup: a copy failed, which ends the others.
    """
    waiting = iter(faults)
    known: asyncio.Queue[Row] = asyncio.Queue()

    async def work(rehearsal: Rehearsal) -> None:
        for fault in waiting:
            known.put_nowait(await rehearsal.row(fault))

    async with asyncio.TaskGroup() as group:
        for each in of:
            group.create_task(work(each))
        for _ in faults:
            yield await known.get()
