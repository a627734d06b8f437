"""Health checks and alarms as AWS reports them at this moment. What cannot be asked is part of the result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from scripts.aws.clients import translated
from scripts.errors import AwsError

# "If more than 18% of health checkers report that an endpoint is healthy, Route 53 considers it healthy":
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
HEALTHY_RATIO = 0.18


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """One health check.

    Attributes:
        name: "path", or the region.
        succeeding: checkers that got an answer last time.
        checkers: all that reported.
        reason: what one of those without an answer says.
        error: why Route 53 could not be asked; the numbers are 0 then.
    """

    name: str
    succeeding: int = 0
    checkers: int = 0
    reason: str | None = None
    error: AwsError | None = None

    @property
    def is_healthy(self) -> bool | None:
        """Whether enough checkers get an answer; None when it is not known."""
        return None if self.error is not None or not self.checkers else self.succeeding > HEALTHY_RATIO * self.checkers


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmReport:
    """The alarms of one region that are on, or why it could not be asked."""

    region: str
    names: tuple[str, ...] = ()
    error: AwsError | None = None


def check_report(client: Any, name: str, health_check_id: str) -> CheckReport:  # noqa: ANN401  (one call; no stubs)
    """Asks Route 53 for the last observation of each checker.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHealthCheckStatus.html
    """
    try:
        with translated("GetHealthCheckStatus", f"the health check {name} ({health_check_id})"):
            answer = client.get_health_check_status(HealthCheckId=health_check_id)
    except AwsError as error:
        return CheckReport(name=name, error=error)
    statuses = [str(each["StatusReport"]["Status"]) for each in answer["HealthCheckObservations"]]
    failures = [status for status in statuses if not status.startswith("Success")]
    return CheckReport(
        name=name,
        succeeding=len(statuses) - len(failures),
        checkers=len(statuses),
        reason=failures[0] if failures else None,
    )


def check_reports(client: Callable[[], Any], health_check_ids: Mapping[str, str]) -> list[CheckReport]:
    """Asks Route 53 for several checks at once; `client` makes the client, and only if there is a check."""
    if not health_check_ids:
        return []
    route53 = client()
    with ThreadPoolExecutor(len(health_check_ids)) as pool:
        return list(pool.map(lambda each: check_report(route53, *each), health_check_ids.items()))


def alarm_report(client: Callable[[str], Any], region: str, names: Iterable[str]) -> AlarmReport:
    """Asks one region's CloudWatch which of these alarms are on; they share their beginning."""
    known = set(names)
    prefix = _common_beginning(known)
    try:
        with translated("DescribeAlarms", f"{prefix}* in {region}"):
            pages = client(region).get_paginator("describe_alarms")
            found = [
                alarm["AlarmName"]
                for page in pages.paginate(
                    AlarmNamePrefix=prefix, StateValue="ALARM", AlarmTypes=["MetricAlarm", "CompositeAlarm"]
                )
                for alarm in (*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ()))
                if alarm["StateValue"] == "ALARM"  # moto does not filter by a state beside a name
            ]
    except AwsError as error:
        return AlarmReport(region=region, error=error)
    return AlarmReport(region=region, names=tuple(sorted(name for name in found if name in known)))


def _common_beginning(names: set[str]) -> str:
    first, last = min(names), max(names)
    length = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[:length]
