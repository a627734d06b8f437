"""Lever path-check-inverted: Route 53 takes the health check's result for its opposite, and switches without a fault.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html (Invert health check status)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.aws.clients import aws_client, translated
from scripts.drill.levers.lever import Json, statement
from scripts.errors import NotSteadyError


class CheckInverted:
    """Inverts one health check."""

    def __init__(self, where: Mapping[str, str]) -> None:
        """`where`: health_check_id."""
        self.where = dict(where)
        self._id = where["health_check_id"]

    def describe(self) -> str:
        """Return what it does."""
        return (
            f"sets Inverted on the health check {self._id}: Route 53 takes healthy for unhealthy and answers with the SECONDARY"
            " record. Undo: Inverted as it was"
        )

    def capture(self) -> Json:
        """Return whether it is inverted."""
        config = self._read()["HealthCheckConfig"]
        if config.get("Inverted", False):
            raise NotSteadyError(f"the health check {self._id} is inverted already: run `failover chaos recover`")
        return {"inverted": False}

    def pull(self, before: Json) -> None:
        """Invert it."""
        self._write(inverted=not before["inverted"])

    def restore(self, before: Json) -> None:
        """Set it back."""
        if self._read()["HealthCheckConfig"].get("Inverted", False) != before["inverted"]:
            self._write(inverted=before["inverted"])

    def statements(self) -> list[Json]:
        """Return the rights on the health check."""
        arn = f"arn:aws:route53:::healthcheck/{self._id}"
        return [statement("route53:GetHealthCheck", "route53:UpdateHealthCheck", resource=arn)]

    def _read(self) -> Any:  # noqa: ANN401  (Route 53's document)
        with translated("GetHealthCheck", self._id):
            return _route53().get_health_check(HealthCheckId=self._id)["HealthCheck"]

    def _write(self, *, inverted: bool) -> None:
        version = self._read()["HealthCheckVersion"]
        with translated("UpdateHealthCheck", self._id):
            _route53().update_health_check(HealthCheckId=self._id, HealthCheckVersion=version, Inverted=inverted)


def _route53() -> Any:  # noqa: ANN401  (a client, as in scripts/aws/clients.py)
    return aws_client("route53", region="us-east-1")
