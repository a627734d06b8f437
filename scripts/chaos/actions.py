"""Chaos Toolkit actions: each is a function that an experiment names as module and func. All seconds are AWS seconds.

Faults are localcloud's: target and kind as `GET /_localcloud/faults` lists them. Put `clear` among the rollbacks.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from scripts.chaos import target as here
from scripts.chaos.ledger import Ledger, end_faults
from scripts.drill.faults import Fault, LocalcloudFaults


def inject(target: str, kind: str, value: int | None = None) -> str:
    """Put one fault in force until `clear`; return its id."""
    return asyncio.run(_inject(Fault(target=target, kind=kind, value=value)))


def clear() -> list[str]:
    """End every fault that experiments have put in force; return them."""
    ended = asyncio.run(end_faults(Ledger(here.state_folder()), here.control()))
    return [str(fault) for fault in ended]


def wait(seconds: float) -> None:
    """Wait."""
    asyncio.run(here.clock().sleep(seconds))


def ramp(target: str, kind: str, values: Sequence[int], step_seconds: float) -> None:
    """Let a fault get worse step by step, such as a delay of 100, 500, 2000 ms; it ends after the last step."""

    async def run() -> None:
        clock = here.clock()
        for value in values:
            fault = Fault(target=target, kind=kind, value=value)
            await _inject(fault)
            await clock.sleep(step_seconds)
            await _end(fault)

    asyncio.run(run())


def flap(target: str, kind: str, times: int, on_seconds: float, off_seconds: float, value: int | None = None) -> None:
    """Put a fault in force and end it again, so many times."""

    async def run() -> None:
        clock, fault = here.clock(), Fault(target=target, kind=kind, value=value)
        for _ in range(times):
            await _inject(fault)
            await clock.sleep(on_seconds)
            await _end(fault)
            await clock.sleep(off_seconds)

    asyncio.run(run())


def inject_at_random(
    faults: Sequence[dict[str, object]], seed: int, budget: int, on_seconds: float, off_seconds: float
) -> list[str]:
    """Inject `budget` of these faults, one at a time, as the seed says; return them in order.

    The same seed gives the same faults in the same order: a run that found something can be run again.
    """
    chosen = choose(faults, seed=seed, budget=budget)

    async def run() -> None:
        clock = here.clock()
        for fault in chosen:
            await _inject(fault)
            await clock.sleep(on_seconds)
            await _end(fault)
            await clock.sleep(off_seconds)

    asyncio.run(run())
    return [str(fault) for fault in chosen]


def choose(faults: Sequence[dict[str, object]], *, seed: int, budget: int) -> list[Fault]:
    """Return the faults that a seed gives."""
    draw = random.Random(seed)  # noqa: S311  a reproducible choice, no secret
    return [Fault(**draw.choice(faults)) for _ in range(budget)]  # type: ignore[arg-type]  # an experiment's JSON


async def _inject(fault: Fault) -> str:
    Ledger(here.state_folder()).add(fault)
    return await LocalcloudFaults(here.control()).inject(fault)


async def _end(fault: Fault) -> None:
    await LocalcloudFaults(here.control()).undo(fault, None)
    Ledger(here.state_folder()).remove(fault)
