"""Whether any entry of AWS still answers: what a drill that claims to do without AWS has to show."""

from __future__ import annotations

import asyncio

from scripts.clock import Clock
from scripts.errors import DrillAbortedError
from scripts.probe.http1 import MalformedResponseError, connect_tcp, start_http
from scripts.probe.network import Network
from scripts.probe.page_view import PAGE_PATH
from scripts.probe.resolver import CachingResolver, ResolutionError
from scripts.probe.samples import Family

_PATIENCE_SECONDS = 10.0
"""As long as a visitor waits."""
_SETTLING_SECONDS = 10.0
_PAUSE_SECONDS = 0.5


async def insist_that_none_answers(names: tuple[str, ...], network: Network, clock: Clock) -> None:
    """Asks every name, and those that answer again for a while: a fault is in force a moment after it is injected.

    Args:
        names: of distributions and regional endpoints.
        network: how to reach them.
        clock: of the site.

    Raises:
        DrillAbortedError: names those that answer.
    """
    deadline_seconds = clock.now_seconds() + _SETTLING_SECONDS
    answering = list(names)
    while answering and clock.now_seconds() < deadline_seconds:
        answers = await asyncio.gather(*(_answers(name, network, clock) for name in answering))
        answering = [name for name, does_answer in zip(answering, answers, strict=True) if does_answer]
        if answering:
            await clock.sleep(_PAUSE_SECONDS)
    if answering:
        raise DrillAbortedError(
            f"{' and '.join(answering)} still answered with the fault in force, so it proves nothing"
        )


async def _answers(name: str, network: Network, clock: Clock) -> bool:
    resolver = CachingResolver(nameservers=network.resolvers, clock=clock)
    try:
        async with clock.timeout_at(clock.now_seconds() + _PATIENCE_SECONDS):
            address = (await resolver.addresses(name, Family.IPV4))[0]
            raw = await connect_tcp(address, network.https_port)
            connection = await start_http(raw, tls=network.tls(), server_name=name)
            try:
                await connection.request(host=name, path=PAGE_PATH, close=True)
            finally:
                connection.abort()
    except (OSError, EOFError, ResolutionError, MalformedResponseError):
        return False
    return True
