"""Running a drill against a target that is up: the parts for it, its lock, its signals."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TypeVar

from scripts.clock import Clock
from scripts.drill.drill import DrillParts, drill
from scripts.drill.faults import LocalcloudFaults, LocalcloudHealthChecks
from scripts.drill.guard import StopConditions
from scripts.drill.journal import FaultJournal, drill_lock, undo_leftover
from scripts.drill.levers.injector import LeverInjector, Route53Health
from scripts.drill.levers.lever import Lever
from scripts.drill.levers.news import News
from scripts.drill.progress import Progress, SilentProgress
from scripts.drill.request import DrillRequest
from scripts.drill.result import ScenarioResult
from scripts.errors import InterruptedDrillError
from scripts.local.control import ControlApi
from scripts.local.endpoints import Endpoints
from scripts.local.network import network_of
from scripts.probe.network import Network
from scripts.probe.page_view import BrowserProbe, Page
from scripts.probe.resolver import CachingResolver

T = TypeVar("T")


def run_drill(
    request: DrillRequest,
    endpoints: Endpoints,
    *,
    progress: Progress | None = None,
    after_fault: Callable[[], Awaitable[None]] | None = None,
    news: Callable[[], Awaitable[News]] | None = None,
) -> ScenarioResult:
    """Run one drill by faults of localcloud's data plane; undo its fault whatever happens, signals included.

    Args:
        request: what to drill.
        endpoints: the running localcloud.
        progress: is told how it goes. Default: nothing is shown.
        after_fault: awaited right after each fault; see `DrillParts`. Default: nothing.
        news: what operators have heard. Default: nobody listens.

    Raises:
        DrillAbortedError: interrupted, the site was not steady, or `after_fault` failed; nothing is broken any more.
        EnvironmentFailureError: another drill is running, or the fault could not be undone.
        AwsError: localcloud refused the fault.
    """
    control, network = ControlApi(endpoints.control_url), network_of(endpoints)
    clock = network.clock()
    parts = DrillParts(
        clock=clock,
        new_probe=lambda: browser_probe(request, network, clock),
        injector=LocalcloudFaults(control),
        health=LocalcloudHealthChecks(control),
        journal=FaultJournal(request.state_folder),
        control_url=control.url,
        progress=progress or SilentProgress(),
        after_fault=after_fault,
        news=news,
    )
    return _run(request, parts)


def run_lever_drill(
    request: DrillRequest,
    network: Network,
    lever: Lever,
    *,
    progress: Progress | None = None,
    after_fault: Callable[[], Awaitable[None]] | None = None,
    effect: Callable[[], Awaitable[bool]] | None = None,
    news: Callable[[], Awaitable[News]] | None = None,
    stop: StopConditions,
) -> ScenarioResult:
    """Run one drill by a lever of AWS's own; undo it whatever happens, signals included.

    Args:
        request: what to drill.
        network: how to reach the site.
        lever: what is pulled.
        progress: is told how it goes. Default: nothing is shown.
        after_fault: awaited right after the lever; see `DrillParts`. Default: nothing.
        effect: whether the lever works, where visitors are not to see it.
        news: what operators have heard. Default: nobody listens.
        stop: when to end before the time.

    Raises:
        DrillAbortedError: interrupted, stopped, or the site was not steady; nothing is broken any more.
        EnvironmentFailureError: another drill is running, or the lever could not be undone.
        AwsError: AWS refused.
    """
    clock = network.clock()
    parts = DrillParts(
        clock=clock,
        new_probe=lambda: browser_probe(request, network, clock),
        injector=LeverInjector(request.scenario.lever, lever),
        health=Route53Health(),
        journal=FaultJournal(request.state_folder),
        control_url="",
        progress=progress or SilentProgress(),
        after_fault=after_fault,
        effect=effect,
        news=news,
        stop=stop,
    )
    return _run(request, parts)


def browser_probe(request: DrillRequest, network: Network, clock: Clock) -> BrowserProbe:
    """Return a probe of the request's site, with visitors whose DNS answers are evenly aged."""
    clients = request.settings.clients
    resolvers = [
        CachingResolver(
            nameservers=network.resolvers,
            clock=clock,
            first_answer_age_ratio=client / clients,
            keeps_errors=request.settings.keeps_errors(client),
        )
        for client in range(clients)
    ]
    page = Page(
        hostname=request.hostname,
        release_id=request.release_id,
        https_port=network.https_port,
        timeout_seconds=request.settings.probe_timeout_seconds,
    )
    return BrowserProbe(page=page, resolvers=resolvers, clock=clock, tls=network.tls())


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


def _run(request: DrillRequest, parts: DrillParts) -> ScenarioResult:
    with drill_lock(request.state_folder):
        return asyncio.run(interruptible(_after_a_crash(request, parts), name=request.scenario.name))


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
