"""The probe after a switch: does every name of the site serve the release that was switched to?

Asks the public name and each regional name for some pages and compares status and content with the manifest. The KeyValueStore
reaches the edges within seconds, so a wrong answer is asked again until the deadline; what is wrong then stays wrong.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Sequence
from typing import Any
from urllib.parse import quote

from scripts.clock import Clock
from scripts.probe.http1 import MalformedResponseError, Response, connect_tcp, in_words, start_http
from scripts.probe.network import Network
from scripts.probe.resolver import CachingResolver, NoNameserverError, ResolutionError
from scripts.probe.samples import Family
from scripts.release.manifest import ReleaseFile
from scripts.release.samples import BadAnswer

DEADLINE_SECONDS = 60.0
"""AWS says seconds, without a promise:
https://aws.amazon.com/blogs/aws/introducing-amazon-cloudfront-keyvaluestore-a-low-latency-datastore-for-cloudfront-functions/
"""
_PAUSE_SECONDS = 1.0
_ANSWER_SECONDS = 10.0

Fetch = Callable[[str, str], Awaitable[Response]]
"""From hostname and path to the answer. Raises ProbeFailedError when there is none."""


class ProbeFailedError(Exception):
    """A request got no answer; the message says why."""


class CannotAskError(ProbeFailedError):
    """This machine could not make the request: its nameservers do not answer."""


class SwitchProbe:
    """Asks a site's names for a release.

    Args:
        hostnames: the public name and the regional ones.
        fetch: makes one request.
        clock: counts the deadline.
    """

    def __init__(self, hostnames: Sequence[str], fetch: Fetch, clock: Clock) -> None:
        self._hostnames = tuple(hostnames)
        self._fetch = fetch
        self._clock = clock

    def ask(self, files: Sequence[ReleaseFile]) -> list[BadAnswer]:
        """Returns what `bad_answers` does, from a program without an event loop."""
        return asyncio.run(self.bad_answers(files))

    def ask_gone(self, addresses: Sequence[str], md5s: Collection[str]) -> list[BadAnswer]:
        """Returns the names that still serve what was taken down at the deadline; empty as soon as none does.

        Args:
            addresses: paths of addresses.
            md5s: digests of what must not come.
        """
        return asyncio.run(
            self._until_good(
                lambda: (self._ask_gone(hostname, path, md5s) for hostname in self._hostnames for path in addresses)
            )
        )

    async def bad_answers(self, files: Sequence[ReleaseFile]) -> list[BadAnswer]:
        """Returns what is wrong at the deadline; empty as soon as every name serves every file."""
        return await self._until_good(
            lambda: (self._ask(hostname, file) for hostname in self._hostnames for file in files)
        )

    async def _until_good(
        self, asked: Callable[[], Iterable[Coroutine[Any, Any, BadAnswer | None]]]
    ) -> list[BadAnswer]:
        deadline = self._clock.now_seconds() + DEADLINE_SECONDS
        while True:
            found = await asyncio.gather(*asked())
            bad = [each for each in found if each is not None]
            if not bad or self._clock.now_seconds() >= deadline:
                return bad
            await self._clock.sleep(_PAUSE_SECONDS)

    async def _ask_gone(self, hostname: str, path: str, md5s: Collection[str]) -> BadAnswer | None:
        answer = await self._answer(hostname, path)
        if isinstance(answer, BadAnswer):
            return answer
        if hashlib.md5(answer.body, usedforsecurity=False).hexdigest() in md5s:
            return BadAnswer(hostname=hostname, path=path, reason="still serves what was taken down")
        return None

    async def _answer(self, hostname: str, path: str) -> Response | BadAnswer:
        try:
            return await self._fetch(hostname, path)
        except ProbeFailedError as error:
            is_local = isinstance(error, CannotAskError)
            return BadAnswer(hostname=hostname, path=path, reason=str(error), is_of_this_machine=is_local)

    async def _ask(self, hostname: str, file: ReleaseFile) -> BadAnswer | None:
        path = f"/{quote(file.path)}"
        answer = await self._answer(hostname, path)
        if isinstance(answer, BadAnswer):
            return answer
        if answer.status != 200:
            return BadAnswer(hostname=hostname, path=path, reason=f"status {answer.status}")
        if hashlib.md5(answer.body, usedforsecurity=False).hexdigest() != file.md5:
            release = answer.headers.get("x-amz-meta-release", "unknown")
            return BadAnswer(hostname=hostname, path=path, reason=f"content of another release (increment {release})")
        return None


def network_probe(hostnames: Sequence[str], network: Network) -> SwitchProbe:
    """Returns a probe over a network."""
    clock = network.clock()
    resolver = CachingResolver(nameservers=network.resolvers, clock=clock)
    return SwitchProbe(hostnames, _Fetcher(resolver, clock, network.https_port, network.tls()), clock)


class _Fetcher:
    """One request on a connection of its own."""

    def __init__(self, resolver: CachingResolver, clock: Clock, port: int, tls: ssl.SSLContext) -> None:
        self._resolver = resolver
        self._clock = clock
        self._port = port
        self._tls = tls

    async def __call__(self, hostname: str, path: str) -> Response:
        try:
            async with self._clock.timeout_at(self._clock.now_seconds() + _ANSWER_SECONDS):
                addresses = await self._resolver.addresses(hostname, Family.IPV4)
                raw = await connect_tcp(addresses[0], self._port)
                connection = await start_http(raw, tls=self._tls, server_name=hostname)
                try:
                    return await connection.request(host=hostname, path=path, close=True)
                finally:
                    connection.abort()
        except NoNameserverError as error:
            raise CannotAskError(str(error)) from error
        except (OSError, EOFError, ResolutionError, MalformedResponseError) as error:
            raise ProbeFailedError(in_words(error)) from error
