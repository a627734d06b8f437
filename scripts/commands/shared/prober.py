"""What `failover probe` and `failover health-check` run: the survey and the watch, with their history and alerts."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path

import typer
from rich.console import Console
from rich.live import Live

from scripts.aws.metrics import publish_alert, put_metrics
from scripts.commands.shared.probe_table import live_view
from scripts.errors import AwsError
from scripts.probe.history import History, View
from scripts.probe.minute import minute_metrics
from scripts.probe.network import Network
from scripts.probe.openmetrics import Totals, exposition, served
from scripts.probe.page_view import BrowserProbe, Page
from scripts.probe.resolver import CachingResolver, Nameserver
from scripts.probe.schedule import OpenLoopProber
from scripts.probe.survey import Finding, Survey, SurveyedSite
from scripts.probe.watch import Archive, Watch, WatchSettings, note


class Prober:
    """The parts of one run.

    Args:
        site: what is looked at.
        network: how.
        resolvers: name -> resolver to look through.
        history: the file that keeps what was seen.
        alert_topic: ARN of the topic that hears of changes; "" for none.
    """

    def __init__(
        self,
        site: SurveyedSite,
        network: Network,
        resolvers: dict[str, Nameserver],
        history: Path,
        *,
        alert_topic: str,
    ) -> None:
        self._site = site
        self._network = network
        self._resolvers = resolvers
        self._history = history
        self._alert_topic = alert_topic
        self._clock = network.clock()

    async def once(self) -> list[Finding]:
        """Survey once; return everything that was looked at."""
        archive = self._archive()
        try:
            findings = await self._look_with(archive)()
            for each in findings:
                if await note(archive, each):
                    await self._alert(each)
        finally:
            archive.close()
        return findings

    async def watch(
        self, settings: WatchSettings, *, rate: float, metrics_port: int | None, cloudwatch: str, probe_region: str
    ) -> Totals:
        """Watch until it is over or interrupted; return what was seen.

        Args:
            settings: see there.
            rate: page views a second.
            metrics_port: where OpenMetrics is served; None for nowhere.
            cloudwatch: region whose CloudWatch is told; "" for none.
            probe_region: a dimension of what it is told.
        """
        console = Console(stderr=True, soft_wrap=True, highlight=False)
        archive = self._archive()
        page = Page(hostname=self._site.hostname, release_id=self._site.release_id, https_port=self._network.https_port)
        visitors = [CachingResolver(nameservers=[each], clock=self._clock) for each in self._resolvers.values()]
        views = BrowserProbe(page=page, resolvers=visitors, clock=self._clock, tls=self._network.tls())
        watch = Watch(
            settings=settings,
            prober=OpenLoopProber(probe=views, clock=self._clock, rate_per_second=rate, clients=len(visitors)),
            look=self._look_with(archive),
            archive=archive,
            clock=self._clock,
            on_change=self._alert,
            on_minute=self._minute_to(cloudwatch, probe_region, console.print),
            say=console.print,
        )
        try:
            async with AsyncExitStack() as stack:
                if metrics_port is not None:
                    document = lambda: exposition(watch.totals, hostname=self._site.hostname)  # noqa: E731
                    port = await stack.enter_async_context(served(document, port=metrics_port))
                    console.print(f"OpenMetrics at http://127.0.0.1:{port}/metrics")
                view = lambda: live_view(watch.totals, self._site.hostname)  # noqa: E731
                live = Live(get_renderable=view, console=console, refresh_per_second=1, transient=True)
                with live if console.is_terminal else nullcontext():
                    await _until_interrupted(self._announced(watch, console))
        finally:
            archive.close()
        return watch.totals

    async def _announced(self, watch: Watch, console: Console) -> None:
        """Says how to end it once that works."""
        console.print(f"Probing {self._site.hostname} into {self._history}; Ctrl-C ends it")
        await watch.run()

    def _archive(self) -> Archive:

        return Archive(History(self._history))

    def _look_with(self, archive: Archive) -> Callable[[], Awaitable[list[Finding]]]:

        async def note_entry(at: float, record_type: str, entry: str) -> float | None:
            return await archive.do(lambda kept: kept.note_entry(at, record_type, entry))

        return Survey(
            site=self._site,
            network=self._network,
            resolvers=self._resolvers,
            clock=self._clock,
            note_entry=note_entry,
        ).look

    async def _alert(self, finding: Finding) -> None:

        state = "is as it must be again" if finding.is_ok else "is not as it must be"
        subject = f"{self._site.hostname}: {finding.kind} {state}"
        text = f"{finding.kind} of {finding.subject} {state}: {finding.detail}"
        if self._alert_topic:
            await told(lambda: publish_alert(self._alert_topic, subject, text))

    def _minute_to(
        self, region: str, probe_region: str, say: Callable[[str], None]
    ) -> Callable[[Sequence[View], Sequence[Finding]], Awaitable[None]]:

        dimensions = {"Hostname": self._site.hostname, "ProbeRegion": probe_region}
        primary = next(iter(self._site.regional_hostnames))

        async def tell(views: Sequence[View], findings: Sequence[Finding]) -> None:
            if region:
                data = minute_metrics(views, findings, primary=primary, dimensions=dimensions)
                await told(lambda: put_metrics(region, data), say=say)

        return tell


async def told(call: Callable[[], None], *, say: Callable[[str], None] | None = None) -> None:
    """Calls AWS beside the schedule; a refusal is said and ends nothing: a prober must outlive what it watches."""
    try:
        await asyncio.to_thread(call)
    except AwsError as error:
        (say or _to_stderr)(str(error))


def _to_stderr(text: str) -> None:
    typer.echo(text, err=True)


async def _until_interrupted(work: Awaitable[None]) -> None:
    """Awaits the work; SIGINT, SIGTERM and SIGHUP are how an endless prober ends, and not a failure."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    is_stopped = False

    def stop() -> None:
        nonlocal is_stopped
        is_stopped = True
        task.cancel()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not is_stopped:
            raise
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
