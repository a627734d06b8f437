"""One look at everything that a visitor depends on: resolvers, authoritative servers, every name and endpoint, certificates.

Needs DNS and HTTPS only. A survey never raises for what it finds wrong: that is a finding.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence

from scripts.clock import Clock, unix_now
from scripts.probe.authority import AuthoritativeServer, DnsAnswer, ask, find_authoritative_servers, find_zone
from scripts.probe.entries import EntryReader
from scripts.probe.http1 import MalformedResponseError, Response, connect_tcp, in_words, start_http
from scripts.probe.network import Network, remaining
from scripts.probe.page_view import BrowserProbe, Page
from scripts.probe.propagation import Lag
from scripts.probe.resolver import CachingResolver, Nameserver, ResolutionError
from scripts.probe.samples import Family, Sample
from scripts.probe.schedule import Ticket

_SECONDS_A_DAY = 86_400
_ANSWER_TIMEOUT_SECONDS = 10.0

NoteEntry = Callable[[float, str, str], Awaitable[float | None]]
"""From (Unix time, record type, entry) to since when the zone leads there; None when it was never seen otherwise."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SurveyedSite:
    """What is looked at.

    Args:
        hostname: the public name.
        regional_hostnames: region -> its own name.
        endpoints: region -> the name that alias records to its regional endpoint point at; empty where not known.
        exits: name of a server outside AWS -> the IPv4 address at which it is reached. Default: there are none.
        release_id: what every page must show; default None, any.
        has_path_object: the site has CloudFront, and with it `/health/path.json`.
    """

    hostname: str
    regional_hostnames: Mapping[str, str]
    endpoints: Mapping[str, str]
    exits: Mapping[str, str] = dataclasses.field(default_factory=dict)
    release_id: str | None = None
    has_path_object: bool = True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        kind: which check, such as "page-view" or "certificate".
        subject: of what, such as a hostname and a record type.
        is_ok: whether it is as it must be.
        detail: what was found, for a reader.
        value: the figure behind it, in seconds; None where there is none.
    """

    kind: str
    subject: str
    is_ok: bool
    detail: str
    value: float | None = None


class Survey:
    """Looks at one site.

    Args:
        site: what is looked at.
        network: how.
        resolvers: name -> resolver to compare with the authoritative servers, and to look through.
        clock: of the site.
        note_entry: remembers where the zone led; see `NoteEntry`.
    """

    def __init__(
        self,
        *,
        site: SurveyedSite,
        network: Network,
        resolvers: Mapping[str, Nameserver],
        clock: Clock,
        note_entry: NoteEntry,
    ) -> None:
        self._site = site
        self._network = network
        self._resolvers = dict(resolvers)
        self._clock = clock
        self._note_entry = note_entry
        self._tls = network.tls()
        self._entries = EntryReader(hostname=site.hostname, network=network, clock=clock)
        self._servers: list[AuthoritativeServer] = []

    async def look(self) -> list[Finding]:
        """Return all findings; those of one kind stand together."""
        checks = [self._views(), self._regional_views(), self._endpoint_views(), self._dns()]
        checks += [self._exits(), self._certificates(), self._health_objects()]
        return [finding for found in await asyncio.gather(*checks) for finding in found]

    async def _views(self) -> list[Finding]:
        page = self._page(self._site.hostname)
        return await self._each(
            "page-view",
            {
                f"{self._site.hostname} {family.record_type} by {name}": self._view(page, family, (resolver,))
                for name, resolver in self._resolvers.items()
                for family in Family
            },
        )

    async def _regional_views(self) -> list[Finding]:
        return await self._each(
            "regional-hostname",
            {
                f"{name} {family.record_type}": self._view(self._page(name), family, self._network.resolvers)
                for name in self._site.regional_hostnames.values()
                for family in Family
            },
        )

    async def _endpoint_views(self) -> list[Finding]:
        return await self._each(
            "regional-endpoint",
            {
                f"{region} {family.record_type}": self._view(
                    dataclasses.replace(self._page(self._site.hostname), dns_name=target),
                    family,
                    self._network.resolvers,
                    region=region,
                )
                for region, target in self._site.endpoints.items()
                for family in Family
            },
        )

    async def _each(self, kind: str, views: Mapping[str, Awaitable[tuple[bool, str, float | None]]]) -> list[Finding]:
        found = await asyncio.gather(*views.values())
        return [
            Finding(kind=kind, subject=subject, is_ok=is_ok, detail=detail, value=value)
            for subject, (is_ok, detail, value) in zip(views, found, strict=True)
        ]

    async def _view(
        self, page: Page, family: Family, resolvers: Sequence[Nameserver], *, region: str | None = None
    ) -> tuple[bool, str, float | None]:
        resolver = CachingResolver(nameservers=resolvers, clock=self._clock)
        probe = BrowserProbe(page=page, resolvers=[resolver], clock=self._clock, tls=self._tls)
        now_seconds = self._clock.now_seconds()
        sample = await probe.view(Ticket(sequence=0, client=0, family=family, scheduled_at_seconds=now_seconds))
        if sample.is_good and region is not None and sample.region != region:
            return False, f"served by {sample.region}", sample.total_seconds
        return sample.is_good, _told(sample), sample.total_seconds if sample.is_good else None

    async def _dns(self) -> list[Finding]:
        try:
            if not self._servers:
                resolver = self._network.resolvers[0]
                zone = await find_zone(self._site.hostname, resolver, self._clock)
                self._servers = await find_authoritative_servers(zone, self._network, self._clock)
        except ResolutionError as error:
            return [Finding(kind="authoritative", subject=self._site.hostname, is_ok=False, detail=str(error))]
        found = await asyncio.gather(*(self._record(family.record_type) for family in Family))
        return [finding for findings in found for finding in findings]

    async def _record(self, record_type: str) -> list[Finding]:
        answers = await asyncio.gather(*(self._asked(each.nameserver, record_type) for each in self._servers))
        findings, entries = [], {}
        for server, answer in zip(self._servers, answers, strict=True):
            is_ok, detail = False, str(answer)
            if isinstance(answer, DnsAnswer):
                entry = entries[server.name] = await self._entry(answer)
                is_ok = bool(answer.values) and answer.is_authoritative
                detail = f"leads to {entry}, TTL {answer.ttl_seconds} s" if is_ok else "not the zone's own answer"
            subject = f"{server.name} {record_type}"
            findings.append(Finding(kind="authoritative", subject=subject, is_ok=is_ok, detail=detail))
        good = [each for each in answers if isinstance(each, DnsAnswer) and each.values]
        if not good:
            return findings
        leads_to = max(set(entries.values()), key=list(entries.values()).count)
        return findings + await self._lags(record_type, leads_to, max(each.ttl_seconds for each in good))

    async def _lags(self, record_type: str, leads_to: str, ttl_seconds: float) -> list[Finding]:
        now = unix_now()
        since = await self._note_entry(now, record_type, leads_to)
        answers = await asyncio.gather(*(self._asked(each, record_type) for each in self._resolvers.values()))
        findings = []
        for name, answer in zip(self._resolvers, answers, strict=True):
            if not isinstance(answer, DnsAnswer):
                findings.append(_propagation(name, record_type, is_ok=False, detail=str(answer), value=None))
                continue
            lag = Lag(
                resolver=name,
                record_type=record_type,
                entry=await self._entry(answer),
                authoritative_entry=leads_to,
                changed_seconds_ago=None if since is None else max(0.0, now - since) * self._network.speed,
                ttl_seconds=ttl_seconds,
            )
            is_ok = not lag.is_excessive
            findings.append(_propagation(name, record_type, is_ok=is_ok, detail=str(lag), value=lag.seconds))
        return findings

    async def _asked(self, nameserver: Nameserver, record_type: str) -> DnsAnswer | ResolutionError:
        try:
            return await ask(nameserver, self._site.hostname, record_type, self._clock)
        except ResolutionError as error:
            return error

    async def _entry(self, answer: DnsAnswer) -> str:
        return await self._entries.entry_at(answer.values[0]) if answer.values else "no address"

    async def _exits(self) -> list[Finding]:
        """No name leads to a server outside AWS before all of AWS's edge fails, so each is asked at its address."""
        return list(await asyncio.gather(*(self._exit(name, address) for name, address in self._site.exits.items())))

    async def _exit(self, name: str, address: str) -> Finding:
        body = await self._body(self._site.hostname, "/health/region.json", address=address)
        is_ok = _region_in(body) == name
        detail = f"serves as {name}" if is_ok else f"its region marker does not name {name}: {body[:120]}"
        return Finding(kind="last-exit", subject=f"{name}, outside AWS, at {address}", is_ok=is_ok, detail=detail)

    async def _certificates(self) -> list[Finding]:
        public = self._site.hostname
        found = [self._certificate(name, hostname=name) for name in (public, *self._site.regional_hostnames.values())]
        found += [
            self._certificate(f"{public} at the endpoint in {region}", hostname=public, dns_name=target)
            for region, target in self._site.endpoints.items()
        ]
        found += [
            self._certificate(f"{public} at {name}, outside AWS", hostname=public, address=address)
            for name, address in self._site.exits.items()
        ]
        return list(await asyncio.gather(*found))

    async def _certificate(
        self, subject: str, *, hostname: str, dns_name: str | None = None, address: str | None = None
    ) -> Finding:
        try:
            _, period = await self._fetch(hostname, "/health/region.json", dns_name=dns_name, address=address)
        except (OSError, EOFError, ResolutionError, MalformedResponseError) as error:
            return Finding(kind="certificate", subject=subject, is_ok=False, detail=in_words(error))
        left = remaining(period or (0.0, 0.0), now=unix_now())
        return Finding(
            kind="certificate",
            subject=subject,
            is_ok=period is not None and left.is_enough,
            detail=str(left),
            value=left.left_days * _SECONDS_A_DAY,
        )

    async def _health_objects(self) -> list[Finding]:
        names = self._site.regional_hostnames
        asked = [(name, f"/health/{region}.json", {region}) for region, name in names.items()]
        if self._site.has_path_object:
            asked += [(name, "/health/path.json", set(names)) for name in names.values()]
        return list(await asyncio.gather(*(self._health_object(*each) for each in asked)))

    async def _health_object(self, hostname: str, path: str, regions: set[str]) -> Finding:
        body = await self._body(hostname, path)
        region = _region_in(body)
        is_ok = region in regions
        detail = f"names {region}" if is_ok else f"does not name {' or '.join(sorted(regions))}: {body[:120]}"
        return Finding(kind="health-object", subject=f"{hostname}{path}", is_ok=is_ok, detail=detail)

    async def _body(self, hostname: str, path: str, *, address: str | None = None) -> str:
        """Return the status and the body, or in words why there is none."""
        try:
            response, _ = await self._fetch(hostname, path, address=address)
        except (OSError, EOFError, ResolutionError, MalformedResponseError) as error:
            return in_words(error)
        return f"{response.status} {response.body.decode('utf-8', 'replace')}"

    async def _fetch(
        self, hostname: str, path: str, *, dns_name: str | None = None, address: str | None = None
    ) -> tuple[Response, tuple[float, float] | None]:
        async with self._clock.timeout_at(self._clock.now_seconds() + _ANSWER_TIMEOUT_SECONDS):
            if address is None:
                resolver = CachingResolver(nameservers=self._network.resolvers, clock=self._clock)
                address = (await resolver.addresses(dns_name or hostname, Family.IPV4))[0]
            raw = await connect_tcp(address, self._network.https_port)
            connection = await start_http(raw, tls=self._tls, server_name=hostname)
            try:
                response = await connection.request(host=hostname, path=path, close=True)
                return response, connection.certificate_period()
            finally:
                connection.abort()

    def _page(self, hostname: str) -> Page:
        return Page(hostname=hostname, release_id=self._site.release_id, https_port=self._network.https_port)


def _region_in(body: str) -> str | None:
    """Return the region that a health object names, from its status and body."""
    try:
        region = json.loads(body[4:])["region"] if body.startswith("200 ") else None
    except (ValueError, KeyError, TypeError):
        return None
    return region if isinstance(region, str) else None


def _propagation(resolver: str, record_type: str, *, is_ok: bool, detail: str, value: float | None) -> Finding:
    return Finding(kind="propagation", subject=f"{resolver} {record_type}", is_ok=is_ok, detail=detail, value=value)


def _told(sample: Sample) -> str:
    if sample.error is not None:
        return f"{sample.error}: {sample.error_detail}"
    return f"release {sample.release}, served by {sample.region} in {sample.total_seconds * 1000:.0f} ms"
