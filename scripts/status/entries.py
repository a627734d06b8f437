"""A page and the region marker of every entry: the public name, each region's own name, each regional endpoint past DNS."""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import dns.resolver

from scripts.clock import AwsClock, unix_now
from scripts.local.endpoints import Endpoints
from scripts.probe.http1 import SILENCE, MalformedResponseError, Response, connect_tcp, in_words, start_http
from scripts.probe.network import Remaining, remaining
from scripts.probe.page_view import MARKER_PATH, PAGE_PATH, verifying_tls
from scripts.probe.resolver import CachingResolver, Nameserver, ResolutionError
from scripts.probe.samples import Family

# As long as a visitor waits; the wall's seconds count where localcloud's clock would leave this machine none.
_ANSWER_SECONDS = 10.0
_LEAST_REAL_SECONDS = 5.0
_HTTPS_PORT = 443
_CLOUDFRONT = "cloudfront"
NOT_PUBLISHED = "not what was published"
_DNS_SILENCE = "DNS does not answer in time"
# A machine whose event loop was held up longer than this while it asked has not given silent entries their time.
_MOST_LATE_SECONDS = 1.0
_TICK_SECONDS = 0.1
_PASSES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that users, or Route 53 on their behalf, can be led to.

    Attributes:
        name: how it is shown.
        hostname: sent as SNI and Host, and checked against the certificate.
        leads_to: the name that is resolved; None for the hostname itself.
        address: where it is reached, for a server that no name leads to unless the others fail. Default: DNS says.
    """

    name: str
    hostname: str
    leads_to: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an entry answered.

    Attributes:
        entry: the entry.
        addresses: what DNS said, IPv4.
        served_by: "cloudfront" or "endpoint", by the answer's headers; None without an answer.
        region: whose bucket the marker came from; None when the marker did not come.
        is_from_cache: whether an edge had the page already.
        digest: MD5 of the page; None where its status was none of 200 and 404.
        problem: why the page is not what was published, or why there is none; None when it is right.
        marker_problem: why the region marker, which no cache holds, did not come.
        certificate: what is left of the certificate that it showed; None without an answer.
    """

    entry: Entry
    addresses: tuple[str, ...] = ()
    served_by: str | None = None
    region: str | None = None
    is_from_cache: bool = False
    digest: str | None = None
    problem: str | None = None
    marker_problem: str | None = None
    certificate: Remaining | None = None

    @property
    def is_silent(self) -> bool:
        """Whether time ran out for anything of it."""
        return not {self.problem, self.marker_problem}.isdisjoint({SILENCE, _DNS_SILENCE})

    @property
    def is_good(self) -> bool:
        """Whether it serves what was published, and anew."""
        return self.problem is None and self.marker_problem is None


class Connect(Protocol):
    """Makes one request of an entry."""

    async def __call__(self, entry: Entry, address: str, path: str) -> Response:
        """Return the answer, or raise OSError, EOFError or MalformedResponseError."""


class EntryProbe:
    """Asks entries.

    Args:
        resolver: the addresses of names.
        request: makes one request.
        deadline: how long one entry may take.
    """

    def __init__(self, resolver: CachingResolver, request: Connect, deadline: Callable[[], asyncio.Timeout]) -> None:
        self._resolver = resolver
        self._request = request
        self._deadline = deadline

    def ask(self, entries: Sequence[Entry]) -> list[Answer]:
        """Asks all entries at once, from a program without an event loop; again who was silent while this machine was busy."""
        return asyncio.run(self._all(entries))

    async def _all(self, entries: Sequence[Entry]) -> list[Answer]:
        found: dict[Entry, Answer] = {}
        left = list(entries)
        for _ in range(_PASSES):
            lateness = _Lateness()
            async with lateness:
                found |= zip(left, await asyncio.gather(*map(self.answer, left)), strict=True)
            left = [entry for entry in entries if found[entry].is_silent]
            if not left or lateness.seconds <= _MOST_LATE_SECONDS:
                break
        return [found[entry] for entry in entries]

    async def answer(self, entry: Entry) -> Answer:
        """Asks one entry for its home page and its region marker; whatever goes wrong is in the answer."""
        try:
            async with self._deadline():
                addresses = await self._addresses(entry)
        except (OSError, EOFError, ResolutionError) as error:
            return Answer(entry=entry, problem=in_words(error, silence=_DNS_SILENCE))
        page, (region, marker_problem) = await asyncio.gather(
            self._page(entry, addresses[0]), self._marker(entry, addresses[0])
        )
        return replace(page, addresses=addresses, region=region, marker_problem=marker_problem)

    async def _addresses(self, entry: Entry) -> tuple[str, ...]:
        if entry.address is not None:
            return (entry.address,)
        return tuple(await self._resolver.addresses(entry.leads_to or entry.hostname, Family.IPV4))

    async def _page(self, entry: Entry, address: str) -> Answer:
        try:
            async with self._deadline():
                response = await self._request(entry, address, PAGE_PATH)
        except (OSError, EOFError, MalformedResponseError) as error:
            return Answer(entry=entry, problem=in_words(error))
        headers, is_page = response.headers, response.status in (200, 404)
        return Answer(
            entry=entry,
            served_by=_CLOUDFRONT if _CLOUDFRONT in headers.get("via", "").lower() else "endpoint",
            is_from_cache="hit" in headers.get("x-cache", "").lower(),
            digest=hashlib.md5(response.body, usedforsecurity=False).hexdigest() if is_page else None,
            problem=f"status {response.status}" if response.status >= 400 else None,
            certificate=remaining(response.certificate_period, now=unix_now()) if response.certificate_period else None,
        )

    async def _marker(self, entry: Entry, address: str) -> tuple[str | None, str | None]:
        try:
            async with self._deadline():
                response = await self._request(entry, address, MARKER_PATH)
        except (OSError, EOFError, MalformedResponseError) as error:
            return None, in_words(error)
        if response.status != 200:
            return None, f"status {response.status}"
        try:
            return str(json.loads(response.body)["region"]), None
        except (ValueError, KeyError, TypeError):
            return None, "an answer that is no region marker"


class _Lateness:
    """How long the event loop was held up inside the block: by this machine, or by other threads of this program.

    Attributes:
        seconds: the sum of how much later than asked for it woke up.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._tick())

    async def __aexit__(self, *_error: object) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _tick(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            before = now()
            await asyncio.sleep(_TICK_SECONDS)
            self.seconds += max(0.0, now() - before - _TICK_SECONDS)


def compared(answer: Answer, digests: frozenset[str]) -> Answer:
    """Returns an answer judged by what was published.

    Args:
        answer: what an entry answered.
        digests: MD5 of every content that the home page may have now, the 404 page's where there is no home page. Empty: it is
            not known, and the status alone counts.
    """
    if answer.digest is None or not digests:
        return answer
    return replace(answer, problem=None if answer.digest in digests else f"{PAGE_PATH} is {NOT_PUBLISHED}")


def network_entry_probe(endpoints: Endpoints | None) -> EntryProbe:
    """Returns a probe over the network: of a running localcloud, or of AWS by this machine's resolvers."""
    speed = 1.0 if endpoints is None else endpoints.speed
    if endpoints is None:
        nameservers = [Nameserver(address=str(each)) for each in dns.resolver.get_default_resolver().nameservers]
        port, tls = _HTTPS_PORT, verifying_tls()
    else:
        nameservers = [Nameserver(address=endpoints.dns.address, port=endpoints.dns.port)]
        port, tls = endpoints.https_port, verifying_tls(endpoints.ca_certificate)
    real_seconds = max(_ANSWER_SECONDS / speed, _LEAST_REAL_SECONDS)
    # The wall's clock: the attempts of a fast one would be too short for a machine that does something else.
    resolver = CachingResolver(nameservers=nameservers, clock=AwsClock(speed=1.0))
    return EntryProbe(resolver, _Requests(port, tls), lambda: asyncio.timeout(real_seconds))


class _Requests:
    """One request on a connection of its own."""

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        self._port = port
        self._tls = tls

    async def __call__(self, entry: Entry, address: str, path: str) -> Response:
        raw = await connect_tcp(address, self._port)
        connection = await start_http(raw, tls=self._tls, server_name=entry.hostname)
        try:
            response = await connection.request(host=entry.hostname, path=path, close=True)
            return replace(response, certificate_period=connection.certificate_period())
        finally:
            connection.abort()
