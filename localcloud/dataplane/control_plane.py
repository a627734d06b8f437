"""Follows the gateway: polls its revision and faults, re-reads what changed, and pushes health observations."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError

from localcloud.dataplane.clock import AwsClock
from localcloud.dataplane.configuration import CloudFrontState, Configuration
from localcloud.dataplane.faults import FaultBoard, fault_from_api
from localcloud.dataplane.readers.clients import Clients
from localcloud.dataplane.readers.cloudfront import CloudFrontReader, read_key_value_store
from localcloud.dataplane.readers.regional import read_bucket, read_certificate_names, read_regional
from localcloud.dataplane.readers.route53 import read_health_checks, read_hosted_zone
from localcloud.dataplane.readers.versioned import VersionedReader

logger = logging.getLogger(__name__)

# Real seconds: a fault must act within 200 ms, a change be visible within about a second.
POLL_INTERVAL_REAL_SECONDS = 0.08
RETRY_REAL_SECONDS = 0.5
# Between two reads, so that a running terraform apply is not slowed down by being watched.
READ_PAUSE_REAL_SECONDS = 0.25
# A write reaches the edges "within a few seconds", AWS seconds here:
# https://aws.amazon.com/blogs/aws/introducing-amazon-cloudfront-keyvaluestore-a-low-latency-datastore-for-cloudfront-functions/
KEY_VALUE_STORE_PROPAGATION_SECONDS = 2.0

Revisions: TypeAlias = Mapping[str, int]
Items: TypeAlias = Mapping[str, str]
"""Of a key value store: key -> value."""
# The service in a request's signature -> the parts of the configuration that its writes can change.
PARTS_OF_SERVICE: Mapping[str, tuple[str, ...]] = {
    "route53": ("zones", "health_checks"),
    "cloudfront": ("cloudfront", "key_value_stores"),
    "cloudfront-keyvaluestore": ("key_value_stores",),
    "acm": ("certificates",),
    "s3": ("buckets",),
    "apigateway": ("regional",),
    "lambda": ("regional",),
}
ALL_PARTS = ("zones", "health_checks", "cloudfront", "key_value_stores", "certificates", "buckets", "regional")


class ControlPlane:
    """The data plane's view of the gateway."""

    def __init__(
        self,
        *,
        gateway_url: str,
        secret: str,
        clock: AwsClock,
        faults: FaultBoard,
        on_change: Callable[[Configuration], None],
        on_invocation: Callable[[str, Mapping[str, Any]], None],
        on_speed: Callable[[float], None],
    ) -> None:
        """Make no request yet.

        Args:
            gateway_url: E.g. `http://127.0.0.1:4566`.
            secret: Of the run, which the gateway wants to hear.
            clock: For the propagation delay of key value stores.
            faults: Where faults are put in force.
            on_change: Called with each new configuration.
            on_invocation: Called with the ARN and the event of each asynchronous invocation.
            on_speed: Called with the clock's new speed when it was changed at the gateway.
        """
        self._control_url = f"{gateway_url}/_localcloud/{secret}"
        self._parts = ConfigurationParts(Clients(gateway_url, secret))
        self._clock = clock
        self._faults = faults
        self._on_change = on_change
        self._on_invocation = on_invocation
        self._on_speed = on_speed
        self._session: aiohttp.ClientSession | None = None
        self._revisions: Revisions = {}
        self._polled_revision = 0
        self._faults_revision = -1
        self._stale_parts: frozenset[str] = frozenset()
        self._is_stale = asyncio.Event()
        self.configuration = Configuration()
        self.has_read = asyncio.Event()

    async def follow(self) -> None:
        """Poll and read until cancelled; a gateway that does not answer is tried again."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            self._session = session
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._repeat(lambda: self._poll(session)))
                tasks.create_task(self._repeat(lambda: self._read_stale_parts(session)))

    async def _repeat(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except (aiohttp.ClientError, TimeoutError, BotoCoreError, ClientError, KeyError, ValueError) as error:
                logger.error("cannot read the control plane: %s: %s", type(error).__name__, error)
                await asyncio.sleep(RETRY_REAL_SECONDS)

    async def _poll(self, session: aiohttp.ClientSession) -> None:
        answer = await _get_json(session, f"{self._control_url}/revision")
        if "faults_revision" not in answer or answer["faults_revision"] != self._faults_revision:
            await self._read_faults(session)
        if answer.get("pending_invocations"):
            await self._claim_invocations(session)
        if answer.get("speed", self._clock.speed) != self._clock.speed:
            self._on_speed(answer["speed"])
        revisions = _revisions(answer)
        parts = changed_parts(self._revisions, revisions)
        self._revisions = revisions
        self._polled_revision = answer["revision"]
        if parts:
            self._stale_parts |= parts
            self._is_stale.set()
        await asyncio.sleep(POLL_INTERVAL_REAL_SECONDS)

    async def _claim_invocations(self, session: aiohttp.ClientSession) -> None:
        async with session.post(f"{self._control_url}/invocations/claim") as response:
            response.raise_for_status()
            answer: dict[str, Any] = await response.json()
        for invocation in answer["invocations"]:
            self._on_invocation(invocation["function_arn"], invocation["event"])

    async def _read_faults(self, session: aiohttp.ClientSession) -> None:
        answer = await _get_json(session, f"{self._control_url}/faults")
        if answer["revision"] != self._faults_revision:
            self._faults.replace(fault_from_api(fault) for fault in answer["faults"])
            self._faults_revision = answer["revision"]
            await self._push("followed", {"faults_revision": self._faults_revision})

    async def _read_stale_parts(self, session: aiohttp.ClientSession) -> None:
        await self._is_stale.wait()
        parts, revision = self._stale_parts, self._polled_revision
        self._stale_parts = frozenset()
        self._is_stale.clear()
        try:
            regions = tuple(sorted((await _get_json(session, f"{self._control_url}/regions"))["regions"]))
            versions = await _get_json(session, f"{self._control_url}/versions")
            found = await asyncio.to_thread(self._parts.read, parts, versions, regions)
        except BaseException:
            self._stale_parts |= parts
            self._is_stale.set()
            raise
        stores = found.get("key_value_stores")
        if stores is not None:
            found["key_value_stores"] = stores_at_once(self.configuration.key_value_stores, stores)
        self._apply(found)
        # What the control plane says of its changes rests on this: all that was changed up to here is served now.
        await self._push("followed", {"revision": revision})
        if stores is not None:
            delay = self._clock.real_seconds(KEY_VALUE_STORE_PROPAGATION_SECONDS)
            asyncio.get_running_loop().call_later(delay, self._apply_stores, stores)
        self.has_read.set()
        await asyncio.sleep(READ_PAUSE_REAL_SECONDS)

    def _apply_stores(self, read: Mapping[str, Items]) -> None:
        self._apply({"key_value_stores": stores_later(self.configuration.key_value_stores, read)})

    def _apply(self, found: Mapping[str, Any]) -> None:
        before = self.configuration
        self.configuration = replace(before, **found)
        if self.configuration != before:
            self._on_change(self.configuration)

    async def push_observations(self, health_check_id: str, report: Mapping[str, Any]) -> None:
        """Send what the checkers saw to the gateway; a failure is logged, the next report replaces it."""
        await self._push(f"health-checks/{health_check_id}", report)

    async def push_metrics(self, data: list[dict[str, Any]]) -> None:
        """Send data points to the gateway; a failure is logged, and the points are lost, as on AWS ("best effort")."""
        await self._push("metrics", {"data": data})

    async def push_speed(self, speed: float) -> None:
        """Let the clock run at another speed."""
        await self._push("clock", {"speed": speed})

    async def _push(self, path: str, document: Mapping[str, Any]) -> None:
        if self._session is None:
            return
        try:
            async with self._session.post(f"{self._control_url}/{path}", json=document) as response:
                response.raise_for_status()
        except (aiohttp.ClientError, TimeoutError) as error:
            logger.warning("cannot push %s: %s", path, error)


class ConfigurationParts:
    """Reads the parts of the configuration, and of each part only what has a new version."""

    def __init__(self, clients: Clients) -> None:
        """Read nothing yet."""
        self._clients = clients
        self._cloudfront = CloudFrontReader(clients)
        self._zones = VersionedReader(lambda id_: read_hosted_zone(clients, id_))
        self._certificates = VersionedReader(lambda arn: read_certificate_names(clients, arn))
        self._buckets = VersionedReader(lambda name: read_bucket(clients, name))
        self._stores = VersionedReader(lambda arn: read_key_value_store(clients, arn))
        self._store_arns: tuple[str, ...] = ()

    def read(self, parts: frozenset[str], versions: Mapping[str, Any], regions: tuple[str, ...]) -> dict[str, Any]:
        """Read the named parts; runs in a thread."""
        readers: Mapping[str, Callable[[], Any]] = {
            "zones": lambda: tuple(self._zones.follow(versions["zones"]).values()),
            "health_checks": lambda: read_health_checks(self._clients) if versions["has_health_checks"] else {},
            "cloudfront": lambda: self._read_cloudfront(versions),
            "key_value_stores": lambda: self._read_stores(versions["key_value_stores"]),
            "certificates": lambda: self._certificates.follow(versions["certificates"]),
            "buckets": lambda: self._buckets.follow(versions["buckets"]),
            "regional": lambda: read_regional(self._clients, regions),
        }
        return {part: read() for part, read in readers.items() if part in parts}

    def _read_cloudfront(self, versions: Mapping[str, Any]) -> CloudFrontState:
        state = self._cloudfront.read(versions)
        self._store_arns = state.key_value_store_arns
        return state

    def _read_stores(self, versions: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """Read the stores that functions are associated with."""
        return self._stores.follow({arn: version for arn, version in versions.items() if arn in self._store_arns})


def stores_at_once(served: Mapping[str, Items], read: Mapping[str, Items]) -> dict[str, Items]:
    """Return what the edges have of the key value stores that were just read: of those they know, what they had.

    A store that no function used was written before one did: its content has arrived long ago, as after a start of localcloud.
    """
    return {arn: served.get(arn, items) for arn, items in read.items()}


def stores_later(served: Mapping[str, Items], read: Mapping[str, Items]) -> dict[str, Items]:
    """Return what the edges have once the writes that were read have reached them; a later read may know other stores."""
    return {arn: read.get(arn, items) for arn, items in served.items()}


async def _get_json(session: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    async with session.get(url) as response:
        response.raise_for_status()
        answer: dict[str, Any] = await response.json()
        return answer


def _revisions(answer: Mapping[str, Any]) -> Revisions:
    """Return service -> revision; `*` stands for a gateway that counts everything together."""
    if "services" in answer:
        return {"": 0, **answer["services"]}
    return {"*": answer["revision"]}


def changed_parts(before: Revisions, after: Revisions) -> frozenset[str]:
    """Return the parts of the configuration to read again; everything the first time."""
    if not before or before.get("*") != after.get("*"):
        return frozenset(ALL_PARTS)
    changed = [service for service, revision in after.items() if before.get(service) != revision]
    return frozenset(part for service in changed for part in PARTS_OF_SERVICE.get(service, ()))
