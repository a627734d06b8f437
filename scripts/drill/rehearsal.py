"""Running a drill against a target that is up: the parts for it, its lock, its signals."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TypeVar

from scripts.clock import AwsClock, Clock
from scripts.drill.drill import DrillParts, drill
from scripts.drill.faults import LocalcloudHealthChecks, fault_injector
from scripts.drill.journal import FaultJournal, drill_lock, undo_leftover
from scripts.drill.progress import Progress, SilentProgress
from scripts.drill.request import DrillRequest
from scripts.drill.result import ScenarioResult
from scripts.errors import InterruptedDrillError
from scripts.local.control import ControlApi
from scripts.local.endpoints import Endpoints
from scripts.probe.page_view import BrowserProbe, Page, verifying_tls
from scripts.probe.resolver import CachingResolver, Nameserver

T = TypeVar("T")


def run_drill(
    request: DrillRequest,
    endpoints: Endpoints | None,
    *,
    target: str = "localcloud",
    progress: Progress | None = None,
    after_fault: Callable[[], Awaitable[None]] | None = None,
) -> ScenarioResult:
    """Run one drill; undo its fault whatever happens, SIGINT, SIGTERM and SIGHUP included.

    Args:
        request: what to drill.
        endpoints: the running localcloud; None on AWS.
        target: "localcloud" or, later, "aws".
        progress: is told how it goes. Default: nothing is shown.
        after_fault: awaited right after each fault; see `DrillParts`. Default: nothing.

    Raises:
        DrillAbortedError: interrupted, the site was not steady, or `after_fault` failed; nothing is broken any more.
        EnvironmentFailureError: no such target, another drill is running, or the fault could not be undone.
        AwsError: localcloud refused the fault.
    """
    control = None if endpoints is None else ControlApi(endpoints.control_url)
    injector = fault_injector(target, control)
    if endpoints is None or control is None:
        raise AssertionError("fault_injector refuses a target that is not running")
    clock = AwsClock(speed=endpoints.speed)
    parts = DrillParts(
        clock=clock,
        new_probe=lambda: browser_probe(request, endpoints, clock),
        injector=injector,
        health=LocalcloudHealthChecks(control),
        journal=FaultJournal(request.state_folder),
        control_url=control.url,
        progress=progress or SilentProgress(),
        after_fault=after_fault,
    )
    with drill_lock(request.state_folder):
        return asyncio.run(interruptible(_after_a_crash(request, parts), name=request.scenario.name))


def browser_probe(request: DrillRequest, endpoints: Endpoints, clock: Clock) -> BrowserProbe:
    """Return a probe of the request's site on localcloud, with visitors whose DNS answers are evenly aged."""
    nameserver = Nameserver(address=endpoints.dns.address, port=endpoints.dns.port)
    clients = request.settings.clients
    resolvers = [
        CachingResolver(
            nameservers=[nameserver],
            clock=clock,
            first_answer_age_ratio=client / clients,
            keeps_errors=request.settings.keeps_errors(client),
        )
        for client in range(clients)
    ]
    page = Page(
        hostname=request.hostname,
        release_id=request.release_id,
        https_port=endpoints.https_port,
        timeout_seconds=request.settings.probe_timeout_seconds,
    )
    return BrowserProbe(page=page, resolvers=resolvers, clock=clock, tls=verifying_tls(endpoints.ca_certificate))


async def interruptible(work: Coroutine[None, None, T], *, name: str) -> T:
    """Await `work`; the first SIGINT, SIGTERM or SIGHUP cancels it and lets it clean up, further ones change nothing.

    SIGHUP comes when the terminal or the SSH session goes. It stays ignored where it was: that is what nohup is for.

    Raises:
        InterruptedDrillError: a signal came, and `work` has ended since.
    """
    task = asyncio.create_task(work)
    caught: list[signal.Signals] = []

    def interrupt(number: signal.Signals) -> None:
        if not caught:
            task.cancel()
        caught.append(number)

    with _signals_to(interrupt):
        try:
            return await task
        except asyncio.CancelledError as error:
            if not caught:
                raise
            raise InterruptedDrillError(
                f"{name} was interrupted by {caught[0].name}; nothing is broken any more"
            ) from error
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])


async def _after_a_crash(request: DrillRequest, parts: DrillParts) -> ScenarioResult:
    await undo_leftover(parts.journal)
    return await drill(request, parts)


@contextmanager
def _signals_to(interrupt: Callable[[signal.Signals], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Python delivers signals to the main thread only; whoever runs a drill elsewhere cancels it
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    if before[signal.SIGHUP] is signal.SIG_IGN:
        del before[signal.SIGHUP]
    for number in before:
        loop.add_signal_handler(number, interrupt, number)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
