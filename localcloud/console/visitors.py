"""A visitor in each place: keeps DNS answers for their TTL, opens the site now and then, and says what came.

They look while somebody looks at the console. What they do is real: TLS to the entry's address, from the place's own address.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from localcloud.console.answers import PLACE_NAMES, DnsAnswer, ask
from localcloud.dataplane.edge.messages import CACHE_HIT
from localcloud.dataplane.service import DataPlane
from localcloud.model.addresses import loopback_of

PAUSE_REAL_SECONDS = 2.0
PATIENCE_SECONDS = 35.0
"""AWS seconds: a browser would wait longer than the edge waits for a silent origin (30 s)."""


@dataclass(slots=True, kw_only=True)
class Visitor:
    """One place's visitor.

    Attributes:
        kept: The answer that the resolver keeps.
        kept_until: Until when, by the data plane's clock.
        outcome: A status code or what went wrong; empty before the first visit.
        is_served: Whether the last visit brought the page.
        from_cache: Whether the edge's cache gave it.
        aws_seconds: How long it took.
    """

    place: int
    kept: DnsAnswer | None = None
    kept_until: float = 0.0
    outcome: str = ""
    is_served: bool = False
    from_cache: bool = False
    aws_seconds: float = 0.0


class Visitors:
    """The visitors of all places."""

    def __init__(self, data_plane: DataPlane, *, ca_certificate: Path, note: Callable[[str, str], None]) -> None:
        """Visit nothing yet.

        Args:
            data_plane: Whose site is visited.
            ca_certificate: That the visitors trust.
            note: Is told in a sentence when what a place gets changes.
        """
        self._data_plane = data_plane
        self._ca_certificate = ca_certificate
        self._note = note
        self._tasks: list[asyncio.Task[None]] = []
        self.visitors = [Visitor(place=place) for place in range(len(PLACE_NAMES))]
        self.name = ""

    @property
    def are_visiting(self) -> bool:
        """Whether they visit."""
        return bool(self._tasks)

    def visit(self, name: str) -> None:
        """Visit this name from now on; an empty one ends it."""
        if name != self.name:
            self.stop()
            self.name = name
        if name and not self._tasks:
            self._tasks = [asyncio.create_task(self._visit_forever(visitor)) for visitor in self.visitors]

    def stop(self) -> None:
        """Stop visiting; who comes next keeps no answer of those before."""
        for task in self._tasks:
            task.cancel()
        self._tasks, self.name = [], ""
        self.visitors = [Visitor(place=place) for place in range(len(PLACE_NAMES))]

    async def _visit_forever(self, visitor: Visitor) -> None:
        await asyncio.sleep(PAUSE_REAL_SECONDS * visitor.place / len(self.visitors))
        while True:
            await self._visit(visitor)
            await asyncio.sleep(PAUSE_REAL_SECONDS)

    async def _visit(self, visitor: Visitor) -> None:
        clock = self._data_plane.clock
        began = clock.now()
        if visitor.kept is None or began >= visitor.kept_until:
            visitor.kept = ask(self._data_plane, self.name, visitor.place)
            visitor.kept_until = began + visitor.kept.ttl_seconds
        before = (visitor.kept.entry, visitor.is_served) if visitor.outcome else None
        if not visitor.kept.address:
            visitor.outcome, visitor.is_served, visitor.from_cache = visitor.kept.status, False, False
        else:
            await self._open(visitor, visitor.kept.address)
        visitor.aws_seconds = clock.now() - began
        if before is not None and before != (visitor.kept.entry, visitor.is_served):
            self._note("visitors", self._sentence(visitor))

    def _sentence(self, visitor: Visitor) -> str:
        place = PLACE_NAMES[visitor.place]
        entry = visitor.kept.entry.replace(":", " ") if visitor.kept else ""
        if visitor.is_served:
            return f"Visitors in {place} are served by {entry}."
        return f"Visitors in {place} get no page: {visitor.outcome}{f' from {entry}' if entry else ''}."

    async def _open(self, visitor: Visitor, address: str) -> None:
        try:
            status, headers = await fetch(
                self._data_plane, self.name, address, visitor.place, ca_certificate=self._ca_certificate
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            visitor.outcome, visitor.is_served, visitor.from_cache = failure_in_words(error), False, False
            return
        visitor.outcome, visitor.is_served = str(status), status < 400
        visitor.from_cache = headers.get("x-cache") == CACHE_HIT


async def fetch(
    data_plane: DataPlane, name: str, address: str, place: int, *, ca_certificate: Path
) -> tuple[int, dict[str, str]]:
    """Open the site's first page as a viewer of a place does, over a connection of its own.

    Raises:
        aiohttp.ClientError: no connection, no trust, no answer.
        TimeoutError: it took too long.
    """
    context = trusting(ca_certificate)
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(viewer_session(place))
        await stack.enter_async_context(data_plane.clock.timeout(PATIENCE_SECONDS))
        url = URL(f"https://{loopback_of(address)}:{data_plane.ports['https_port']}/")
        options: dict[str, Any] = {"headers": {"Host": name.rstrip(".")}, "server_hostname": name.rstrip(".")}
        async with session.get(url, ssl=context, allow_redirects=False, **options) as response:
            await response.read()
            return response.status, {key.lower(): value for key, value in response.headers.items()}


def trusting(ca_certificate: Path) -> ssl.SSLContext:
    """Return a context that trusts the authority of the run, read anew when its certificate was."""
    return _trusting(ca_certificate, ca_certificate.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _trusting(ca_certificate: Path, _written_at: int) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_certificate)


def viewer_session(place: int) -> aiohttp.ClientSession:
    """Return a session whose connections come from a place's address, each for one request."""
    connector = aiohttp.TCPConnector(local_addr=(f"127.18.{place}.1", 0), force_close=True)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None), auto_decompress=False)


def failure_in_words(error: BaseException) -> str:
    """Return what a visitor's browser would say."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "the certificate is not valid"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "the connection is refused"
    return "the connection ended without an answer"
