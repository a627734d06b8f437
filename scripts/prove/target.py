"""The deployed sandbox as the checks see it: what Terraform made, and how to ask it by DNS and HTTPS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.errors import OpsError
from scripts.probe.http1 import MalformedResponseError, Response, connect_tcp, start_http
from scripts.probe.network import Network
from scripts.probe.page_view import RELEASE_META
from scripts.probe.resolver import CachingResolver, ResolutionError
from scripts.probe.samples import Family
from scripts.terraform.outputs import Deployment, regional_endpoints

_ANSWER_TIMEOUT_SECONDS = 60.0


class DisprovedError(Exception):
    """A check found the opposite of what its fact claims; the message is the evidence."""


def insist(holds: bool, evidence: str) -> str:
    """Return the evidence.

    Raises:
        DisprovedError: it speaks against the fact.
    """
    if not holds:
        raise DisprovedError(evidence)
    return evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A deployed site that is there to be proven on.

    Attributes:
        document: stack -> output -> value.
        deployment: the edge stack's.
        network: where DNS and HTTPS are.
        publish_anew: publishes a release that differs from the active one in a page, and returns its id.
    """

    document: Mapping[str, Any]
    deployment: Deployment
    network: Network
    publish_anew: Callable[[], str]

    @property
    def endpoints(self) -> dict[str, str]:
        """Region -> the name that alias records to its regional endpoint point at."""
        return regional_endpoints(self.document)

    def get(
        self, path: str, *, hostname: str | None = None, via: str | None = None, accept_encoding: str = "identity"
    ) -> Response:
        """Ask for a path.

        Args:
            path: the request target.
            hostname: default: the public name.
            via: the name whose address is asked; default: the hostname's own.
            accept_encoding: the header of that name.

        Raises:
            UnreachableError: no answer came.
        """
        host = hostname or self.deployment.hostname
        try:
            return asyncio.run(self._get(host, via or host, path, accept_encoding))
        except (ResolutionError, MalformedResponseError, TimeoutError, EOFError, OSError) as error:
            raise UnreachableError(f"https://{host}{path} by {via or host}: {error or type(error).__name__}") from error

    async def _get(self, host: str, name: str, path: str, accept_encoding: str) -> Response:
        clock = self.network.clock()
        async with clock.timeout_at(clock.now_seconds() + _ANSWER_TIMEOUT_SECONDS):
            resolver = CachingResolver(nameservers=self.network.resolvers, clock=clock)
            address = (await resolver.addresses(name, Family.IPV4))[0]
            raw = await connect_tcp(address, self.network.https_port)
            connection = await start_http(raw, tls=self.network.tls(), server_name=host)
            try:
                return await connection.request(host=host, path=path, close=True, accept_encoding=accept_encoding)
            finally:
                connection.abort()

    def seconds_until(self, condition: Callable[[], bool], *, at_most: float) -> float | None:
        """Return after how many AWS seconds it held; None when it did not in that time."""
        clock = self.network.clock()
        began = clock.now_seconds()
        while (elapsed := clock.now_seconds() - began) < at_most:
            if condition():
                return elapsed
            asyncio.run(clock.sleep(1))
        return None


class UnreachableError(OpsError):
    """The sandbox did not answer, so that a check can say nothing."""


def release_of(page: Response) -> str:
    """Return the release that a page names; "" for none."""
    found = RELEASE_META.search(page.body)
    return found.group(1).decode() if found else ""
