"""How a lever is seen to work where visitors are not to notice it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from scripts.aws.clients import s3_client
from scripts.clock import utc_now
from scripts.drill.levers.alarm_path import AlarmPath
from scripts.drill.levers.injector import Route53Health
from scripts.probe.network import Network
from scripts.probe.page_view import BrowserProbe, Page
from scripts.probe.resolver import CachingResolver
from scripts.probe.samples import Family
from scripts.probe.schedule import Ticket
from scripts.release.bucket import ContentBucket
from scripts.release.recovery_point import measure_recovery_point
from scripts.terraform.outputs import Deployment

Effect = Callable[[], Awaitable[bool]]


class LeverEffects:
    """Tells whether levers work on one deployment.

    Args:
        deployment: what they act on.
        endpoints: region -> the name that alias records to its regional endpoint point at.
        network: how to reach them.
        alarm_path: the lever that is heard; default None, another one is pulled.
    """

    def __init__(
        self,
        deployment: Deployment,
        endpoints: Mapping[str, str],
        network: Network,
        alarm_path: AlarmPath | None = None,
    ) -> None:
        self._deployment = deployment
        self._endpoints = dict(endpoints)
        self._network = network
        self._alarm_path = alarm_path
        self._heard_alarms: set[str] = set()
        self._heard_mails: set[str] = set()
        self.recovery_point_seconds: float | None = None
        """The worst that was measured so far; None before the first."""

    @property
    def has_mail(self) -> bool | None:
        """Whether a mail was heard; None where nobody listens."""
        return bool(self._heard_mails) if self._alarm_path is not None else None

    @property
    def missing_alarms(self) -> list[str]:
        """Alarms whose message was not heard yet."""
        return sorted(self._alarm_path.names - self._heard_alarms) if self._alarm_path is not None else []

    def effect_of(self, kind: str) -> Effect | None:
        """Return how the lever's effect is seen; None where visitors see it."""
        known: dict[str, Effect] = {
            "region-marker-missing": self._is_region_unhealthy,
            "endpoint-throttled": self._is_endpoint_lost,
            "replication-stall": self._does_secondary_lack_objects,
            "alarm-path": self._has_every_alarm_arrived,
        }
        return known.get(kind)

    async def _is_region_unhealthy(self) -> bool:
        check = self._deployment.health_check_ids[self._deployment.primary]
        return await Route53Health().is_healthy(check) is False

    async def _is_endpoint_lost(self) -> bool:
        """A whole page view of the secondary's endpoint under the public name fails."""
        clock = self._network.clock()
        page = Page(
            hostname=self._deployment.hostname,
            dns_name=self._endpoints[self._deployment.secondary],
            https_port=self._network.https_port,
        )
        resolver = CachingResolver(nameservers=self._network.resolvers, clock=clock)
        probe = BrowserProbe(page=page, resolvers=[resolver], clock=clock, tls=self._network.tls())
        ticket = Ticket(sequence=0, client=0, family=Family.IPV4, scheduled_at_seconds=clock.now_seconds())
        return not (await probe.view(ticket)).is_good

    async def _does_secondary_lack_objects(self) -> bool:
        return await asyncio.to_thread(self.measure_recovery_point) > 0

    async def _has_every_alarm_arrived(self) -> bool:
        """Every alarm's message came out of its topic, and a mail out of the topic that people hear."""
        path = self._alarm_path
        if path is None:
            return False
        if self._has_all_been_heard(path):
            return True
        heard = await asyncio.to_thread(path.heard)
        self._heard_alarms |= heard.alarms
        self._heard_mails |= heard.mails
        return self._has_all_been_heard(path)

    def _has_all_been_heard(self, path: AlarmPath) -> bool:
        return path.names <= self._heard_alarms and bool(self._heard_mails)

    def measure_recovery_point(self) -> float:
        """Return the recovery point of now, in seconds, and remember the worst.

        Raises:
            AwsError: S3 refused, or does not answer.
        """
        primary, secondary = (
            ContentBucket(s3_client(region, is_hasty=True), region=region, name=self._deployment.buckets[region])
            for region in (self._deployment.primary, self._deployment.secondary)
        )
        found = measure_recovery_point(primary, secondary, now=utc_now(), speed=self._network.speed)
        self.recovery_point_seconds = max(found.seconds, self.recovery_point_seconds or 0.0)
        return found.seconds
