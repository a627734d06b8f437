"""A lever as the drill's fault injector, and Route 53's own word on health: the same calls whatever answers them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from scripts.aws.clients import aws_client, caller_account, translated
from scripts.drill.faults import ActiveFault, Fault, JournaledLever
from scripts.drill.levers.lever import Json, Lever

HEALTHY_SHARE = 0.18
"""Of the checkers; more make an endpoint healthy:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""


class LeverInjector:
    """Pulls one lever.

    Args:
        kind: the lever's name.
        lever: what it acts on.
    """

    def __init__(self, kind: str, lever: Lever) -> None:
        self._kind = kind
        self._lever = lever
        self._before: Json = {}

    async def prepare(self, fault: Fault) -> JournaledLever:  # noqa: ARG002  (one lever, one fault)
        """Read what is there."""
        self._before = await asyncio.to_thread(self._lever.capture)
        account = await asyncio.to_thread(caller_account, "us-east-1")
        return JournaledLever(kind=self._kind, where=dict(self._lever.where), before=self._before, account=account)

    async def inject(self, fault: Fault) -> str:  # noqa: ARG002  (one lever, one fault)
        """Pull it."""
        await asyncio.to_thread(self._lever.pull, self._before)
        return self._kind

    async def undo(self, fault: Fault, fault_id: str | None) -> None:  # noqa: ARG002  (one lever, one fault)
        """Put back what was there."""
        await asyncio.to_thread(self._lever.restore, self._before)

    async def active(self) -> list[ActiveFault]:
        """Nothing: `capture` refuses what is broken already."""
        return []


class Route53Health:
    """The state of health checks by Route 53's API: the share of checkers that see the endpoint healthy, and the inversion."""

    def __init__(self) -> None:
        self._client = aws_client("route53", region="us-east-1")

    async def is_healthy(self, health_check_id: str) -> bool | None:
        """Return the state, None while no checker has reported."""
        return await asyncio.to_thread(self._is_healthy, health_check_id)

    def _is_healthy(self, health_check_id: str) -> bool | None:
        with translated("GetHealthCheckStatus", health_check_id):
            seen = self._client.get_health_check_status(HealthCheckId=health_check_id)["HealthCheckObservations"]
        with translated("GetHealthCheck", health_check_id):
            check = self._client.get_health_check(HealthCheckId=health_check_id)["HealthCheck"]
        return state_of(check["HealthCheckConfig"], [each["StatusReport"]["Status"] for each in seen])


def state_of(config: Mapping[str, object], statuses: list[str]) -> bool | None:
    """Return what Route 53 makes of its checkers' words; None without any."""
    if not statuses:
        return None
    healthy = sum(each.startswith("Success") for each in statuses)
    return (healthy / len(statuses) > HEALTHY_SHARE) != bool(config.get("Inverted", False))
