"""One page view as a browser makes it; the schedule is in `schedule`.

A page view resolves the hostname, connects to the answer, does TLS with SNI and certificate verification, and reads the
page and then the region marker on that one connection. What goes wrong is data in the sample, never an exception; only
a defect of the prober itself raises.
"""

from __future__ import annotations

import dataclasses
import json
import re
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path

from scripts.clock import Clock
from scripts.probe.http1 import Connection, MalformedResponseError, Response, connect_tcp, start_http
from scripts.probe.resolver import CachingResolver, ResolutionError
from scripts.probe.samples import ErrorKind, Phases, Sample
from scripts.probe.schedule import Ticket

PAGE_PATH = "/"
MARKER_PATH = "/health/region.json"
RELEASE_META = re.compile(rb'<meta\s+name="release"\s+content="([^"]*)"', re.IGNORECASE)
DEFAULT_TIMEOUT_SECONDS = 10.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What to look at, and what a good answer is.

    Args:
        hostname: the public name: asked of DNS, sent as SNI and Host, checked against the certificate.
        release_id: the release that every page view must show. Default None: any page with status 200 is right.
        dns_name: asked of DNS instead of the hostname, as for an endpoint that only a failover record leads to.
        https_port: 443 on AWS; localcloud's own on loopback.
        timeout_seconds: how long a visitor waits for one page view, in AWS seconds from its start. Default 10.
        marker_path: what no cache holds, read after the page. Default: the marker of whichever region answers.
    """

    hostname: str
    release_id: str | None = None
    dns_name: str | None = None
    https_port: int = 443
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    marker_path: str = MARKER_PATH


class WrongContentError(Exception):
    """An answer with status 200 that is not what was published."""


class BadStatusError(Exception):
    """An answer with another status than 200."""


class BrowserProbe:
    """Makes page views over the network.

    Args:
        page: what to look at.
        resolvers: one per visitor; a ticket's `client` is the index.
        clock: all times of the samples.
        tls: shared by all views; every view still does a full handshake, since no session is handed on.
    """

    def __init__(self, *, page: Page, resolvers: Sequence[CachingResolver], clock: Clock, tls: ssl.SSLContext) -> None:
        self._page = page
        self._resolvers = tuple(resolvers)
        self._clock = clock
        self._tls = tls
        self._has_ipv6 = socket.has_dualstack_ipv6()

    async def view(self, ticket: Ticket) -> Sample:
        """Make one page view within the page's timeout."""
        trace = _Trace(clock=self._clock, ticket=ticket)
        try:
            async with self._clock.timeout_at(trace.started_at_seconds + self._page.timeout_seconds):
                await self._browse(trace)
        except (OSError, EOFError, ResolutionError, MalformedResponseError, WrongContentError, BadStatusError) as error:
            trace.fail(_kind(error, step=trace.step), str(error) or type(error).__name__)
        return trace.sample()

    async def _browse(self, trace: _Trace) -> None:
        connection = await self._connect(trace)
        try:
            page = await self._load_page(connection, trace)
            if page.headers.get("connection", "").lower() == "close":
                connection.abort()
                connection = await self._connect(trace)
                trace.begin_step("marker")
            trace.requests = 2
            await self._load_marker(connection, trace)
        finally:
            connection.abort()

    async def _connect(self, trace: _Trace) -> Connection:
        addresses = await self._resolvers[trace.ticket.client].addresses(
            self._page.dns_name or self._page.hostname, trace.ticket.family
        )
        trace.end_step("dns", next_step="connect")
        trace.address = addresses[trace.ticket.sequence % len(addresses)]
        raw = await connect_tcp(self._reachable(trace.address), self._page.https_port)
        trace.end_step("connect", next_step="tls")
        connection = await start_http(raw, tls=self._tls, server_name=self._page.hostname)
        trace.end_step("tls", next_step="page")
        return connection

    async def _load_page(self, connection: Connection, trace: _Trace) -> Response:
        response = await connection.request(
            host=self._page.hostname, path=PAGE_PATH, on_first_byte=lambda: trace.lap("first_byte")
        )
        trace.end_step("page", next_step="marker")
        trace.status = response.status
        trace.cache = response.headers.get("x-cache")
        trace.release = _release(response) if response.status == 200 else None
        if response.status != 200:
            trace.fail(ErrorKind.BAD_STATUS, f"{PAGE_PATH}: status {response.status}")
        elif self._page.release_id not in (None, trace.release):
            expected = f"expected {self._page.release_id!r}"
            trace.fail(ErrorKind.WRONG_CONTENT, f"{PAGE_PATH}: release {trace.release!r}, {expected}")
        return response

    async def _load_marker(self, connection: Connection, trace: _Trace) -> None:
        response = await connection.request(host=self._page.hostname, path=self._page.marker_path, close=True)
        trace.end_step("marker", next_step="done")
        trace.region = _region(response, self._page.marker_path)

    def _reachable(self, address: str) -> str:
        # A machine without IPv6 sockets still reaches an IPv4-mapped address: it is an IPv4 address (RFC 4291 2.5.5.2).
        return address if self._has_ipv6 else address.removeprefix("::ffff:")


class _Trace:
    """What is known of one page view while it happens."""

    def __init__(self, *, clock: Clock, ticket: Ticket) -> None:
        self._clock = clock
        self._laps: dict[str, float] = {}
        self.ticket = ticket
        self.started_at_seconds = clock.now_seconds()
        self._step_began_seconds = self.started_at_seconds
        self.step = "dns"
        self.address: str | None = None
        self.status: int | None = None
        self.release: str | None = None
        self.region: str | None = None
        self.cache: str | None = None
        self.requests = 1  # whatever stops it, the visitor's request for the page was not answered
        self._failed_requests = 0
        self._wrong_content_requests = 0
        self._error: tuple[ErrorKind, str] | None = None

    def lap(self, name: str) -> None:
        self._laps[f"{name}_seconds"] = self._clock.now_seconds() - self._step_began_seconds

    def end_step(self, name: str, *, next_step: str) -> None:
        self.lap(name)
        self.begin_step(next_step)

    def begin_step(self, name: str) -> None:
        self.step = name
        self._step_began_seconds = self._clock.now_seconds()

    def fail(self, kind: ErrorKind, detail: str) -> None:
        if kind is ErrorKind.WRONG_CONTENT:
            self._wrong_content_requests += 1
        else:
            self._failed_requests += 1
        self._error = self._error or (kind, detail)

    def sample(self) -> Sample:
        kind, detail = self._error or (None, None)
        return Sample(
            sequence=self.ticket.sequence,
            client=self.ticket.client,
            family=self.ticket.family,
            scheduled_at_seconds=self.ticket.scheduled_at_seconds,
            started_at_seconds=self.started_at_seconds,
            finished_at_seconds=self._clock.now_seconds(),
            address=self.address,
            phases=Phases(**self._laps),
            status=self.status,
            release=self.release,
            region=self.region,
            cache=self.cache,
            error=kind,
            error_detail=detail,
            requests=self.requests,
            failed_requests=self._failed_requests,
            wrong_content_requests=self._wrong_content_requests,
        )


def verifying_tls(ca_certificate: Path | None = None) -> ssl.SSLContext:
    """Return a context that verifies the certificate and its name, against the system's roots or one given CA."""
    return ssl.create_default_context(cafile=None if ca_certificate is None else str(ca_certificate))


def _kind(error: Exception, *, step: str) -> ErrorKind:
    if isinstance(error, TimeoutError):
        return {"dns": ErrorKind.DNS_ERROR, "connect": ErrorKind.CONNECT_TIMEOUT}.get(step, ErrorKind.TIMEOUT)
    if isinstance(error, OSError) and step == "connect":
        return ErrorKind.CONNECT_REFUSED if isinstance(error, ConnectionRefusedError) else ErrorKind.CONNECT_ERROR
    if isinstance(error, OSError | EOFError):
        return ErrorKind.TLS_ERROR if step == "tls" else ErrorKind.CONNECTION_LOST
    if isinstance(error, ResolutionError):
        return ErrorKind.DNS_ERROR
    return {
        WrongContentError: ErrorKind.WRONG_CONTENT,
        BadStatusError: ErrorKind.BAD_STATUS,
    }.get(type(error), ErrorKind.MALFORMED_RESPONSE)


def _release(response: Response) -> str | None:
    found = RELEASE_META.search(response.body)
    return found.group(1).decode("utf-8", "replace") if found else None


def _region(response: Response, path: str) -> str:
    if response.status != 200:
        raise BadStatusError(f"{path}: status {response.status}")
    try:
        region = json.loads(response.body)["region"]
    except (ValueError, KeyError, TypeError) as error:
        raise WrongContentError(f"{path}: not a region marker: {response.body[:80]!r}") from error
    if not isinstance(region, str) or not region:
        raise WrongContentError(f"{path}: not the name of a region: {region!r}")
    return region
