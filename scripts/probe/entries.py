"""What stands at an address: CloudFront, or the endpoint of which region.

Two resolvers may get different addresses of CloudFront, each right for its place, so addresses alone do not say whether
one of them lags behind a switch. What answers at an address does.
"""

from __future__ import annotations

import json

from scripts.clock import Clock
from scripts.probe.http1 import MalformedResponseError, connect_tcp, start_http
from scripts.probe.network import Network

CLOUDFRONT = "cloudfront"
KEPT_SECONDS = 600.0
ANSWER_TIMEOUT_SECONDS = 10.0
MARKER_PATH = "/health/region.json"
CLOUDFRONT_HEADER = "x-amz-cf-id"
"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html"""


class EntryReader:
    """Asks addresses what they are, and remembers it for 10 minutes.

    Args:
        hostname: sent as SNI and Host.
        network: how to reach the addresses.
        clock: counts the ten minutes.
    """

    def __init__(self, *, hostname: str, network: Network, clock: Clock) -> None:
        self._hostname = hostname
        self._port = network.https_port
        self._tls = network.tls()
        self._clock = clock
        self._known: dict[str, tuple[str, float]] = {}

    async def entry_at(self, address: str) -> str:
        """Return "cloudfront", a region's name, or "nobody (<why>)" when nothing answers there."""
        known, until_seconds = self._known.get(address, ("", -1.0))
        if self._clock.now_seconds() < until_seconds:
            return known
        try:
            async with self._clock.timeout_at(self._clock.now_seconds() + ANSWER_TIMEOUT_SECONDS):
                found = await self._ask(address)
        except (OSError, EOFError, MalformedResponseError) as error:
            return f"nobody ({str(error) or type(error).__name__})"  # not remembered: an outage may end any moment
        self._known[address] = (found, self._clock.now_seconds() + KEPT_SECONDS)
        return found

    async def _ask(self, address: str) -> str:
        raw = await connect_tcp(address.removeprefix("::ffff:"), self._port)
        connection = await start_http(raw, tls=self._tls, server_name=self._hostname)
        try:
            answer = await connection.request(host=self._hostname, path=MARKER_PATH, close=True)
        finally:
            connection.abort()
        if CLOUDFRONT_HEADER in answer.headers:
            return CLOUDFRONT
        try:
            return str(json.loads(answer.body)["region"])
        except (ValueError, KeyError, TypeError) as error:
            raise MalformedResponseError(f"{MARKER_PATH} answered {answer.status} without a region") from error
