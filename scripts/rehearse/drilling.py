"""Break a part, look as viewers do, heal it always, and say what viewers lost."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from scripts.clock import AwsClock
from scripts.local.control import ControlApi
from scripts.local.endpoints import Endpoints
from scripts.local.network import network_of
from scripts.probe.http1 import MalformedResponseError, connect_tcp, start_http
from scripts.probe.resolver import CachingResolver, ResolutionError
from scripts.probe.samples import Family
from scripts.rehearse.result import DrillResult, Outcome, Views
from scripts.rehearse.sites import UNCACHED_PAGES, Site
from scripts.rehearse.surroundings import ACCOUNT_ID

VIEW_LIMIT_SECONDS = 30.0
"""How long a viewer waits for a page: as long as CloudFront tries an origin by default."""
BETWEEN_VIEWS_SECONDS = 3.0
IN_A_ROW = 3
_DENIED = (
    f"; S3 lets CloudFront read what the bucket's policy lets it read, and one that names another account than localcloud's, "
    f"{ACCOUNT_ID}, lets it read nothing"
)
STEADY_LIMIT_SECONDS = 60.0
BACK_LIMIT_SECONDS = 300.0
SHORT_WINDOW_SECONDS, LONG_WINDOW_SECONDS = 90.0, 300.0
"""How long a fault lasts: the long one where a health check may move a name, which takes detection and a TTL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """What is broken, and how: target, kind and value of localcloud's control API."""

    name: str
    target: str
    kind: str
    value: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def fault(self) -> str:
        """The fault in words."""
        return " ".join(filter(None, (self.target, self.kind, str(self.value or ""))))


def drills_for(site: Site) -> list[Drill]:
    """Return what applies to a site: its first origin fails in two ways, and the edge."""
    first = site.origins[0]
    what = "bucket" if first.bucket else "server"
    same = [each.domain_name for each in site.origins[1:] if each.fault_target == first.fault_target]
    notes = (f"{', '.join(same)} is in the same region and fails with it",) if same else ()
    return [
        Drill(name=f"origin {what} answers 503", target=first.fault_target, kind="status", value=503, notes=notes),
        Drill(name=f"origin {what} is unreachable", target=first.fault_target, kind="unreachable", notes=notes),
        Drill(name="edge is dead", target="cloudfront", kind="refuse"),
    ]


@dataclass(slots=True)
class _Stream:
    """The views of one kind of page: (begun, seconds, problem), times from the fault."""

    seen: list[tuple[float, float, str]] = field(default_factory=list)

    def judged(self) -> Views:
        bad = [begun for begun, _, problem in self.seen if problem]
        good = [(begun, seconds) for begun, seconds, problem in self.seen if not problem]
        after = [begun + seconds for begun, seconds in good if not bad or begun > bad[-1]]
        after_failures = Outcome.RECOVERED if len(after) >= IN_A_ROW else Outcome.LOST
        outcome = after_failures if bad else Outcome.NOTHING_LOST
        return Views(
            count=len(self.seen),
            failed=len(bad),
            outcome=outcome,
            recovered_after_seconds=round(after[0], 1) if outcome is Outcome.RECOVERED else None,
            slowest_seconds=round(max((seconds for _, seconds in good), default=0.0), 1),
            example=next((problem for _, _, problem in self.seen if problem), ""),
        )


class Rehearser:
    """Drills the sites of one localcloud."""

    def __init__(self, endpoints: Endpoints, *, has_health_checks: bool) -> None:
        """Look at nothing yet."""
        self._endpoints = endpoints
        self._control = ControlApi(endpoints.control_url)
        self._network = network_of(endpoints)
        self._clock = AwsClock(speed=endpoints.speed)
        self._window = LONG_WINDOW_SECONDS if has_health_checks else SHORT_WINDOW_SECONDS
        self._numbers = count()

    async def run(self, site: Site, drill: Drill, on_phase: Callable[[str], None]) -> DrillResult:
        """Run one drill; the fault is healed whatever happens."""
        result = DrillResult(
            drill=drill.name,
            hostname=site.hostname,
            distribution=site.id,
            fault=drill.fault,
            outcome=Outcome.NOT_DRILLED,
            notes=drill.notes,
        )
        viewer = _Viewer(site.hostname, self._endpoints, self._clock, self._network.tls())
        on_phase("steady?")
        problem = await self._until_good(site, viewer, STEADY_LIMIT_SECONDS)
        if isinstance(problem, str):
            reason = f"the site was not steady before: {problem}{_DENIED if problem == 'status 403' else ''}"
            return replace(result, reason=reason)
        on_phase("broken")
        value = {} if drill.value is None else {"value": drill.value}
        made = await self._control.post("/faults", {"target": drill.target, "kind": drill.kind, **value})
        assert isinstance(made, dict)  # noqa: S101  a fault, by the control API's contract
        began = self._clock.now_seconds()
        streams = {"cached": _Stream(), "uncached": _Stream()}
        try:
            await self._look(site, viewer, began, streams)
        finally:
            await self._control.delete(f"/faults/{made['id']}")
        lasted = self._clock.now_seconds() - began
        on_phase("healed")
        back = await self._until_good(site, viewer, BACK_LIMIT_SECONDS)
        views = {name: stream.judged() for name, stream in streams.items()}
        return replace(
            result,
            outcome=_worst([each.outcome for each in views.values()]),
            seconds=round(lasted, 1),
            cached=views["cached"],
            uncached=views["uncached"],
            back_after_seconds=None if isinstance(back, str) else round(back, 1),
        )

    async def _look(self, site: Site, viewer: _Viewer, began: float, streams: dict[str, _Stream]) -> None:
        async def look(stream: _Stream, path: str) -> None:
            begun = self._clock.now_seconds()
            problem = await viewer.view(path)
            stream.seen.append((begun - began, self._clock.now_seconds() - begun, problem))

        views = []
        while self._clock.now_seconds() < began + self._window:
            views.append(asyncio.create_task(look(streams["cached"], site.page)))
            views.append(asyncio.create_task(look(streams["uncached"], self._next_page(site))))
            await self._clock.sleep(BETWEEN_VIEWS_SECONDS)
        await asyncio.gather(*views)

    async def _until_good(self, site: Site, viewer: _Viewer, limit_seconds: float) -> float | str:
        """Return AWS seconds until both pages were good IN_A_ROW times, or what was wrong at the end."""
        began, streak, since, problem = self._clock.now_seconds(), 0, 0.0, ""
        while self._clock.now_seconds() < began + limit_seconds:
            first = self._clock.now_seconds()
            problems = [await viewer.view(site.page), await viewer.view(self._next_page(site))]
            problem = next(filter(None, problems), "")
            streak = 0 if problem else streak + 1
            since = first if streak <= 1 else since
            if streak >= IN_A_ROW:
                return since - began
            await self._clock.sleep(BETWEEN_VIEWS_SECONDS)
        return problem or "it was not good often enough"

    def _next_page(self, site: Site) -> str:
        return site.uncached(next(self._numbers) % UNCACHED_PAGES)


class _Viewer:
    """Somebody with a browser: keeps names for their TTL, verifies certificates, gives up after a while."""

    def __init__(self, hostname: str, endpoints: Endpoints, clock: AwsClock, tls: ssl.SSLContext) -> None:
        self._hostname, self._endpoints, self._clock, self._tls = hostname, endpoints, clock, tls
        self._resolver = CachingResolver(nameservers=network_of(endpoints).resolvers, clock=clock)

    async def view(self, path: str) -> str:
        """Return what was wrong with a page, nothing if it was good."""
        try:
            async with self._clock.timeout_at(self._clock.now_seconds() + VIEW_LIMIT_SECONDS):
                return await self._ask(path)
        except TimeoutError:
            return f"no answer in {VIEW_LIMIT_SECONDS:g} s"
        except (OSError, EOFError, ResolutionError, MalformedResponseError) as error:
            return str(error) or type(error).__name__

    async def _ask(self, path: str) -> str:
        addresses = await self._resolver.addresses(self._hostname, Family.IPV4)
        raw = await connect_tcp(addresses[0], self._endpoints.https_port)
        connection = await start_http(raw, tls=self._tls, server_name=self._hostname)
        try:
            response = await connection.request(host=self._hostname, path=path, close=True)
        finally:
            connection.abort()
        return "" if response.status < 400 else f"status {response.status}"


def _worst(outcomes: Sequence[Outcome]) -> Outcome:
    order = (Outcome.LOST, Outcome.RECOVERED, Outcome.NOTHING_LOST)
    return next(outcome for outcome in order if outcome in outcomes)
