"""The kinds of health check, which must not be mixed up.

The path check asks what users ask, through the origin group, and decides the DNS failover record in front of CloudFront. A region
check asks one region's bucket by a path that reads it: behind CloudFront through a pinned behaviour, where it tells which region
is unhealthy and decides no record; with a regional entry through the regional endpoint, where it decides that region's records.
An endpoint check asks an external endpoint by its address. An alarm check adds a CloudWatch alarm to a check that decides a
record.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.route53_health_check import Route53HealthCheck
from constructs import Construct

from constructs_lib import naming
from constructs_lib.lint_waivers import waive
from constructs_lib.site_file.models import HealthCheck, InsufficientDataHealthStatus, Protocol
from constructs_lib.site_file.targets import CheckProtocol, Endpoint

NEW_BEFORE_OLD = TerraformResourceLifecycle(create_before_destroy=True)
"""Interval, type, string match and latency graph are fixed when a check is made, so changing one replaces the check. The record
moves to the new check before the old one goes: else the PRIMARY would have none meanwhile, and without one it never fails over.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
"""

_HTTP_PORT = 80
_HTTPS_PORT = 443

_ALARM_PERIOD_SECONDS = 60
_ALARM_PERIODS = 3


class HealthChecks(Construct):
    """Path check (where there is a CloudFront path) and one region check per region.

    The names to probe are the regional hostnames: a check on the name of the record that it decides would judge the standby
    (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html).

    Attributes:
        path_check_id: id of the check that decides the PRIMARY records; None without `path_hostname`.
        region_check_ids: region -> id of its region check.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        prefix: str,
        settings: HealthCheck,
        regional_hostnames: Mapping[str, str],
        path_hostname: str | None = None,
        provider: AwsProvider,
    ) -> None:
        """Adds the checks.

        Args:
            scope: the stack, or a construct in it.
            id_: the construct's id.
            prefix: starts the checks' names.
            settings: intervals, threshold, checker regions, protocol and options.
            regional_hostnames: region -> its own name.
            path_hostname: a name that the CloudFront path serves, not the one that the check decides; default: no CloudFront.
            provider: an AWS provider; Route 53 has one API.
        """
        super().__init__(scope, id_)
        self._settings = settings
        self._provider = provider
        # The option costs 1.00 USD a check, so behind CloudFront it is the path check's alone, which decides the record.
        is_matched = settings.string_match and path_hostname is None
        self.path_check_id = None if path_hostname is None else self._add_path_check(prefix, path_hostname)
        self.region_check_ids = {
            region: add_name_check(
                self,
                f"region_{region}",
                settings=settings,
                name=f"{prefix}-region-{region}",
                hostname=hostname,
                path=naming.region_check_path(region),
                protocol=settings.region_check_protocol,
                search_string=f'"{region}"' if is_matched else None,
                interval_seconds=settings.region_interval_seconds,
                provider=provider,
            ).id
            for region, hostname in regional_hostnames.items()
        }

    def _add_path_check(self, prefix: str, hostname: str) -> str:
        return add_name_check(
            self,
            "path",
            settings=self._settings,
            name=f"{prefix}-path",
            hostname=hostname,
            path=f"/{naming.PATH_CHECK_KEY}",
            protocol=Protocol.HTTPS,
            search_string='"region"' if self._settings.string_match else None,
            interval_seconds=self._settings.request_interval_seconds,
            provider=self._provider,
        ).id


def add_name_check(
    scope: Construct,
    id_: str,
    *,
    settings: HealthCheck,
    name: str,
    hostname: str,
    path: str,
    protocol: Protocol,
    interval_seconds: int,
    provider: AwsProvider,
    search_string: str | None = None,
) -> Route53HealthCheck:
    """Adds a check that asks a host name over HTTP or HTTPS; threshold, checkers and the latency graph are `settings`'."""
    is_https = protocol is Protocol.HTTPS
    suffix = "" if search_string is None else "_STR_MATCH"
    return Route53HealthCheck(
        scope,
        id_,
        type=f"{protocol.value.upper()}{suffix}",
        fqdn=hostname,
        port=_HTTPS_PORT if is_https else _HTTP_PORT,
        resource_path=path,
        enable_sni=is_https,
        search_string=search_string,
        request_interval=interval_seconds,
        failure_threshold=settings.failure_threshold,
        measure_latency=settings.measure_latency or None,
        regions=list(settings.checker_regions),
        tags={"Name": name},
        lifecycle=NEW_BEFORE_OLD,
        provider=provider,
    )


class EndpointChecks(Construct):
    """One check for each address of an external endpoint, by the address: its name may be the one that the record answers.

    Attributes:
        ids: record type (A, AAAA) -> id of the check of that address.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        prefix: str,
        settings: HealthCheck,
        hostname: str,
        endpoint: Endpoint,
        provider: AwsProvider,
    ) -> None:
        """`hostname` is asked for where the endpoint names no `check_host`; the rest is as for HealthChecks."""
        super().__init__(scope, id_)
        is_tcp = endpoint.check_protocol is CheckProtocol.TCP
        matched = None if is_tcp else endpoint.check_search_string
        suffix = "" if matched is None else "_STR_MATCH"
        self.ids = {
            record_type: Route53HealthCheck(
                self,
                record_type.lower(),
                type=f"{endpoint.check_protocol.value.upper()}{suffix}",
                ip_address=address,
                fqdn=None if is_tcp else endpoint.check_host or hostname,
                port=endpoint.port,
                resource_path=None if is_tcp else endpoint.check_path,
                enable_sni=True if endpoint.check_protocol is CheckProtocol.HTTPS else None,
                search_string=matched,
                request_interval=endpoint.check_request_interval_seconds or settings.request_interval_seconds,
                failure_threshold=settings.failure_threshold,
                measure_latency=settings.measure_latency or None,
                regions=list(settings.checker_regions),
                tags={"Name": f"{prefix}-{endpoint.name}-{record_type.lower()}"},
                lifecycle=NEW_BEFORE_OLD,
                provider=provider,
            ).id
            for record_type, address in endpoint.addresses.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorMetric:
    """A metric that grows when viewers get 5xx, at standard resolution and without metric math: Route 53 reads no other.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
    """

    namespace: str
    name: str
    statistic: str
    dimensions: Mapping[str, str]
    threshold: float
    region: str


def _copied_settings(metric: ErrorMetric) -> dict[str, str]:
    """Returns everything of the alarm that the check copies, so that a change of any of it renews the copy."""
    dimensions = ", ".join(f"{name}={value}" for name, value in sorted(metric.dimensions.items()))
    return {
        "metric": f"{metric.namespace}/{metric.name}",
        "dimensions": dimensions,
        "statistic": metric.statistic,
        "threshold": str(metric.threshold),
        "period_seconds": str(_ALARM_PERIOD_SECONDS),
        "evaluation_periods": str(_ALARM_PERIODS),
    }


# Count a minute; the checkers alone make 12 requests a minute at 3 regions and 30 s:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
_ENDPOINT_ERRORS_PER_MINUTE = 10


def endpoint_errors(api_id: str, region: str) -> ErrorMetric:
    """Returns the 5xx answers of a regional endpoint."""
    return ErrorMetric(
        namespace="AWS/ApiGateway",
        name="5xx",
        statistic="Sum",
        dimensions={"ApiId": api_id},
        threshold=_ENDPOINT_ERRORS_PER_MINUTE,
        region=region,
    )


class ErrorAlarm(Construct):
    """The alarm whose metric a health check follows. It lives where its metric is, so in a stack of that region.

    Attributes:
        name: its name.
    """

    def __init__(
        self, scope: Construct, id_: str, *, prefix: str, name: str, metric: ErrorMetric, provider: AwsProvider
    ) -> None:
        super().__init__(scope, id_)
        self.name: str = add_error_alarm(self, prefix=prefix, name=name, metric=metric, provider=provider)


def add_error_alarm(scope: Construct, *, prefix: str, name: str, metric: ErrorMetric, provider: AwsProvider) -> str:
    """Adds the alarm on a metric to `scope`; returns its name."""
    alarm_name: str = CloudwatchMetricAlarm(
        scope,
        "alarm",
        alarm_name=f"{prefix}-{name}-errors",
        alarm_description=f"Viewers of {name} get errors of the 5xx kind; its health check follows this metric",
        namespace=metric.namespace,
        metric_name=metric.name,
        statistic=metric.statistic,
        dimensions=dict(metric.dimensions),
        comparison_operator="GreaterThanOrEqualToThreshold",
        threshold=metric.threshold,
        period=_ALARM_PERIOD_SECONDS,
        evaluation_periods=_ALARM_PERIODS,
        treat_missing_data="notBreaching",
        provider=provider,
    ).alarm_name
    return alarm_name


class AlarmCheck(Construct):
    """The health check that follows an alarm's metric, and the calculated check that wants it and the probe healthy.

    Route 53 reads the metric's data and not the alarm's state, and keeps a copy of the alarm's settings: `triggers` renews it.
    An alarm of M out of N periods is not supported, so all periods must be above the threshold.

    Attributes:
        id: id of the calculated check.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        prefix: str,
        name: str,
        metric: ErrorMetric,
        probe_check_id: str,
        insufficient_data_health_status: InsufficientDataHealthStatus,
        alarm_name: str | None = None,
        is_last_resort: bool = False,
        provider: AwsProvider,
    ) -> None:
        """Adds both checks.

        `alarm_name`: the alarm on `metric`, of another stack; default: one is added, whose metric is in us-east-1.
        `is_last_resort`: the checks decide what viewers are led to when all else is unhealthy, and lead nobody away.
        """
        super().__init__(scope, id_)
        if alarm_name is None:
            alarm_name = add_error_alarm(self, prefix=prefix, name=name, metric=metric, provider=provider)
        follows = Route53HealthCheck(
            self,
            "metric",
            type="CLOUDWATCH_METRIC",
            cloudwatch_alarm_name=alarm_name,
            cloudwatch_alarm_region=metric.region,
            insufficient_data_health_status=insufficient_data_health_status,
            triggers=_copied_settings(metric),
            tags={"Name": f"{prefix}-{name}-alarm"},
            lifecycle=NEW_BEFORE_OLD,
            provider=provider,
        )
        if insufficient_data_health_status is InsufficientDataHealthStatus.HEALTHY and not is_last_resort:
            waive(
                follows,
                {
                    "FW113": "health_check.insufficient_data_health_status says so; the probe's own check counts as well."
                },
            )
        self.id = Route53HealthCheck(
            self,
            "calculated",
            type="CALCULATED",
            child_healthchecks=[probe_check_id, follows.id],
            child_health_threshold=2,
            tags={"Name": f"{prefix}-{name}-both"},
            lifecycle=NEW_BEFORE_OLD,
            provider=provider,
        ).id
