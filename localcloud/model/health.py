"""Route 53 health checks: what one probe's outcome means, when a checker flips, when a check is healthy.

Source unless said otherwise:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from aws_facts.health_checks import (
    DEFAULT_FAILURE_THRESHOLD,
    DEFAULT_REQUEST_INTERVAL_SECONDS,
    HEALTHY_CHECKERS_RATIO,
)
from localcloud.model.errors import UnsupportedResource
from localcloud.model.metric_alarm import with_insufficient_data

# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
SEARCHED_BODY_BYTES = 5120
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html (Regions: minimum of 3)
CHECKER_REGIONS = (
    "ap-northeast-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "eu-west-1",
    "sa-east-1",
    "us-east-1",
    "us-west-1",
    "us-west-2",
)


class CheckType(Enum):
    """`HealthCheckConfig.Type`."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"
    HTTP_STR_MATCH = "HTTP_STR_MATCH"
    HTTPS_STR_MATCH = "HTTPS_STR_MATCH"
    TCP = "TCP"
    CALCULATED = "CALCULATED"
    CLOUDWATCH_METRIC = "CLOUDWATCH_METRIC"


PROBING_TYPES = frozenset(CheckType) - {CheckType.CALCULATED, CheckType.CLOUDWATCH_METRIC}


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """The configuration of one health check.

    Attributes:
        port: None for the default of the type: 80 for HTTP, 443 for HTTPS.
        child_ids: Of a calculated check.
        health_threshold: Healthy children that a calculated check needs.
        insufficient_data_status: Of a CloudWatch check: Healthy, Unhealthy or LastKnownStatus.
        alarm_name: Of a CloudWatch check, with `alarm_region`: the alarm whose metric it follows.
    """

    id: str
    type: CheckType
    ip_address: str | None = None
    fully_qualified_domain_name: str | None = None
    port: int | None = None
    resource_path: str = "/"
    search_string: str | None = None
    request_interval_seconds: int = DEFAULT_REQUEST_INTERVAL_SECONDS
    failure_threshold: int = DEFAULT_FAILURE_THRESHOLD
    regions: tuple[str, ...] = CHECKER_REGIONS
    enable_sni: bool = True
    is_inverted: bool = False
    is_disabled: bool = False
    child_ids: tuple[str, ...] = ()
    health_threshold: int = 0
    insufficient_data_status: str = "LastKnownStatus"
    alarm_name: str = ""
    alarm_region: str = ""

    @property
    def uses_tls(self) -> bool:
        """Whether the checkers speak TLS to the endpoint."""
        return self.type in (CheckType.HTTPS, CheckType.HTTPS_STR_MATCH)

    @property
    def endpoint_port(self) -> int:
        """The port the checkers connect to."""
        return self.port or (443 if self.uses_tls else 80)

    @property
    def host_header(self) -> str:
        """The Host header: the name, with the port unless it is 80 or 443 of its own scheme.

        Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
        """
        host = self.fully_qualified_domain_name or self.ip_address or ""
        default_port = 443 if self.uses_tls else 80
        return host if self.endpoint_port == default_port else f"{host}:{self.endpoint_port}"


def health_check_from_api(check: Mapping[str, Any]) -> HealthCheck:
    """Build a health check from one item of boto3's list_health_checks.

    Raises:
        UnsupportedResource: for RECOVERY_CONTROL, which needs an ARC cluster.
    """
    config = check["HealthCheckConfig"]
    try:
        type_ = CheckType(config["Type"])
    except ValueError:
        raise UnsupportedResource(
            f"health check {check['Id']}",
            reason=f"type {config['Type']} is not modelled",
            remedy=f"use one of {', '.join(member.value for member in CheckType)}",
        ) from None
    return HealthCheck(
        id=check["Id"],
        type=type_,
        ip_address=config.get("IPAddress"),
        fully_qualified_domain_name=config.get("FullyQualifiedDomainName"),
        port=int(config["Port"]) if config.get("Port") else None,
        resource_path=config.get("ResourcePath") or "/",
        search_string=config.get("SearchString"),
        request_interval_seconds=int(config.get("RequestInterval") or DEFAULT_REQUEST_INTERVAL_SECONDS),
        failure_threshold=int(config.get("FailureThreshold") or DEFAULT_FAILURE_THRESHOLD),
        regions=tuple(config.get("Regions") or CHECKER_REGIONS),
        enable_sni=_flag(config.get("EnableSNI"), default=True),
        is_inverted=_flag(config.get("Inverted"), default=False),
        is_disabled=_flag(config.get("Disabled"), default=False),
        child_ids=tuple(config.get("ChildHealthChecks") or ()),
        health_threshold=int(config.get("HealthThreshold") or 0),
        insufficient_data_status=config.get("InsufficientDataHealthStatus") or "LastKnownStatus",
        alarm_name=(config.get("AlarmIdentifier") or {}).get("Name", ""),
        alarm_region=(config.get("AlarmIdentifier") or {}).get("Region", ""),
    )


def _flag(value: object, *, default: bool) -> bool:
    return default if value is None else str(value).lower() == "true"


class ProbeFailure(Enum):
    """Why a probe failed, with the words that GetHealthCheckStatus shows."""

    DNS = "Failure: DNS resolution failed: no A record"
    CONNECT_TIMEOUT = "Failure: The health checker could not establish a connection within the timeout limit."
    CONNECTION_REFUSED = "Failure: The endpoint refused the connection."
    TLS = "Failure: SSL alert or handshake failure"
    RESPONSE_TIMEOUT = "Failure: The health checker could establish a connection but received no response in time."
    STATUS = "Failure: HTTP Status Code"
    BODY_TIMEOUT = "Failure: The response body was not received within the timeout limit."
    STRING_NOT_FOUND = "Failure: The search string was not found in the response body."


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What one request of one checker showed; an unhealthy endpoint is data, not an exception.

    Attributes:
        failure: None for success.
        status_code: When a response came.
    """

    failure: ProbeFailure | None = None
    status_code: int | None = None
    reason: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the endpoint answered as the check wants."""
        return self.failure is None

    @property
    def status_text(self) -> str:
        """The text of `StatusReport.Status`."""
        if self.failure is None:
            code = f"HTTP Status Code {self.status_code}, {self.reason}" if self.status_code else "connected"
            return f"Success: {code}"
        if self.failure is ProbeFailure.STATUS:
            return f"{self.failure.value} {self.status_code}, {self.reason}"
        return str(self.failure.value)


def judge_status(status_code: int, reason: str = "") -> ProbeResult:
    """Judge a response without string matching: 2xx and 3xx pass, a redirect is not followed."""
    is_good = 200 <= status_code < 400
    failure = None if is_good else ProbeFailure.STATUS
    return ProbeResult(failure=failure, status_code=status_code, reason=reason)


def judge_body(result: ProbeResult, body: bytes, search_string: str) -> ProbeResult:
    """Judge a good response with string matching: case sensitive, whole within the first 5,120 bytes.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
    """
    if not result.is_success or search_string.encode() in body[:SEARCHED_BODY_BYTES]:
        return result
    return ProbeResult(failure=ProbeFailure.STRING_NOT_FOUND, status_code=result.status_code, reason=result.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckerState:
    """One checker's opinion: it flips after `failure_threshold` results in a row against it, both ways.

    The opinion is about the endpoint; inversion belongs to the check.
    """

    is_healthy: bool = True
    contrary_results: int = 0


def after_probe(state: CheckerState, *, is_success: bool, failure_threshold: int) -> CheckerState:
    """Return the checker's state after one more result."""
    if is_success == state.is_healthy:
        return CheckerState(is_healthy=state.is_healthy)
    contrary = state.contrary_results + 1
    if contrary >= failure_threshold:
        return CheckerState(is_healthy=is_success)
    return CheckerState(is_healthy=state.is_healthy, contrary_results=contrary)


def is_endpoint_healthy(checkers: Iterable[CheckerState]) -> bool:
    """Whether more than 18% of the checkers call the endpoint healthy; without any checker it counts as healthy."""
    opinions = [checker.is_healthy for checker in checkers]
    return not opinions or sum(opinions) / len(opinions) > HEALTHY_CHECKERS_RATIO


def is_check_healthy(check: HealthCheck, *, is_endpoint_healthy: bool) -> bool:
    """Apply the levers: `Disabled` stops the checkers and counts as healthy, `Inverted` flips, both = unhealthy.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
    """
    return (check.is_disabled or is_endpoint_healthy) != check.is_inverted


def is_calculated_check_healthy(check: HealthCheck, children: Mapping[str, tuple[HealthCheck, bool]]) -> bool:
    """Whether enough children are healthy: 0 always, more than there are never.

    A disabled child is healthy, and one that is disabled and inverted is not: its own health says both.

    Args:
        check: A check of type CALCULATED.
        children: Child id -> (its configuration, its own health); a missing child does not count as healthy.

    Raises:
        UnsupportedResource: for a calculated check among the children, which Route 53 does not allow.
    """
    healthy = 0
    for child_id in check.child_ids:
        if child_id not in children:
            continue
        child, is_child_healthy = children[child_id]
        if child.type is CheckType.CALCULATED:
            raise UnsupportedResource(f"health check {check.id}", reason=f"its child {child_id} is a calculated check")
        healthy += is_child_healthy
    return is_check_healthy(check, is_endpoint_healthy=healthy >= check.health_threshold)


def health_by_check(
    checks: Mapping[str, HealthCheck],
    checkers: Mapping[str, Iterable[CheckerState]],
    metrics: Mapping[str, bool] | None = None,
) -> dict[str, bool]:
    """Return the health of every check from the checkers' states and the metrics.

    Args:
        checks: Health check id -> configuration.
        checkers: Health check id -> its checkers; missing for checks that nobody has probed.
        metrics: Health check id -> whether its metric is healthy; a metric that was not read yet counts as insufficient data.
    """
    health: dict[str, bool] = {}
    for id_, check in checks.items():
        if check.type in PROBING_TYPES:
            endpoint = is_endpoint_healthy(checkers.get(id_, ()))
            health[id_] = is_check_healthy(check, is_endpoint_healthy=endpoint)
        elif check.type is CheckType.CLOUDWATCH_METRIC:
            unread = with_insufficient_data(None, status=check.insufficient_data_status, last_known=True)
            metric = (metrics or {}).get(id_, unread)
            health[id_] = is_check_healthy(check, is_endpoint_healthy=metric)
    for id_, check in checks.items():
        if check.type is CheckType.CALCULATED:
            children = {
                child: (checks[child], health.get(child, False)) for child in check.child_ids if child in checks
            }
            health[id_] = is_calculated_check_healthy(check, children)
    return health
