"""The dashboards: one for the whole site, and one per region, or one for all of them when there are more than two.

That makes three at most, which is what AWS gives free of charge.

The failover event timeline and the cost are sections of the overview, not dashboards of their own: a fourth dashboard costs
3.00 USD a month (https://aws.amazon.com/cloudwatch/pricing/).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.endpoint.python_function import MEMORY_MEGABYTES as ENDPOINT_MEMORY_MEGABYTES
from constructs_lib.monitoring import dashboard_body
from constructs_lib.monitoring.alarms import metrics
from constructs_lib.monitoring.alarms.metric_alarm import Metric
from constructs_lib.monitoring.usage_cost import usage_cost
from constructs_lib.naming import GLOBAL_REGION
from constructs_lib.site_file.models import SiteFile

_PROBER_LINES = {"good": "GoodAnswers", "bad": "BadAnswers", "from the secondary": "ServedBySecondary"}
_FREE_REGIONAL_DASHBOARDS = 2
# Billing's metric moves a few times a day: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/monitor_estimated_charges_with_cloudwatch.html
_BILLING_PERIOD_SECONDS = 6 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The ids of what the dashboards show.

    Attributes:
        region_check_ids: region -> id of its region check.
        external_check_ids: external endpoint and record type, such as `on-premises-a` -> id of its check.
        distribution_ids: region -> id of its distribution; empty without CloudFront.
        api_ids: region -> id of its endpoint's HTTP API.
        function_names: region -> name of its endpoint's function.
        bucket_names: region -> name of its bucket.
        alarm_arns: every alarm, of whatever region.
        event_logs: region -> log group of the alarm state changes there.
    """

    path_check_id: str | None
    region_check_ids: Mapping[str, str]
    external_check_ids: Mapping[str, str]
    distribution_ids: Mapping[str, str]
    api_ids: Mapping[str, str]
    function_names: Mapping[str, str]
    bucket_names: Mapping[str, str]
    alarm_arns: Sequence[str]
    event_logs: Mapping[str, str]


class Dashboards(Construct):
    """Overview and regional dashboards, made in the provider's region; a dashboard is visible in all of them.

    Attributes:
        names: of all dashboards, the overview first.
    """

    def __init__(self, scope: Construct, id_: str, *, site: SiteFile, watched: Watched, provider: AwsProvider) -> None:
        super().__init__(scope, id_)
        self._watched = watched
        dashboards = [
            CloudwatchDashboard(
                self,
                "overview",
                dashboard_name=f"{site.prefix}-overview",
                dashboard_body=json.dumps(dashboard_body.body(self._overview(site)), sort_keys=True),
                provider=provider,
            ),
            *(
                CloudwatchDashboard(
                    self,
                    f"region_{name}",
                    dashboard_name=f"{site.prefix}-{name}",
                    dashboard_body=json.dumps(dashboard_body.body(widgets), sort_keys=True),
                    provider=provider,
                )
                for name, widgets in self._regional(site).items()
            ),
        ]
        self.names = [dashboard.dashboard_name for dashboard in dashboards]

    def _overview(self, site: SiteFile) -> list[dashboard_body.Widget]:
        watched = self._watched
        return [
            dashboard_body.text(
                f"# {site.site.hostname}\n\nThe path check tells whether CloudFront serves users; while it does, a region check "
                "tells whether that region's bucket answers. All unhealthy: CloudFront itself. "
                f"{_what_to_do(site.alerts.runbook_url)}"
            ),
            dashboard_body.alarm_states("Alarms", watched.alarm_arns),
            dashboard_body.graph(
                "Health checks (1 = healthy)",
                region=GLOBAL_REGION,
                metrics={name: metrics.health_check_status(id_) for name, id_ in self._checks().items()},
            ),
            *self._viewers(watched.distribution_ids.get(site.primary.name)),
            *(
                dashboard_body.graph(
                    f"Page views from {region} a minute",
                    region=region,
                    metrics={
                        label: metrics.prober(site.site.hostname, region, name, "Sum")
                        for label, name in _PROBER_LINES.items()
                    },
                )
                for region in site.features.prober
            ),
            dashboard_body.graph(
                f"Cost of the account this month (USD; the site's objective is {site.objectives.monthly_cost_usd:.2f})",
                region=GLOBAL_REGION,
                metrics={"all services": _estimated_charges()},
            ),
            *(self._cost(region.name) for region in site.region),
            *(
                dashboard_body.event_list(f"Failover events in {region}", region=region, log_group_name=log)
                for region, log in watched.event_logs.items()
            ),
        ]

    def _regional(self, site: SiteFile) -> dict[str, list[dashboard_body.Widget]]:
        """Returns name -> widgets: one dashboard a region, or one for all of them where those would be more than are free."""
        by_region = {region.name: self._region(region.name) for region in site.region}
        if len(by_region) <= _FREE_REGIONAL_DASHBOARDS:
            return by_region
        sections = [[dashboard_body.text(f"# {name}"), *widgets] for name, widgets in by_region.items()]
        return {"regions": [widget for section in sections for widget in section]}

    def _checks(self) -> dict[str, str]:
        path = {} if self._watched.path_check_id is None else {"path": self._watched.path_check_id}
        return {**path, **self._watched.region_check_ids, **self._watched.external_check_ids}

    def _viewers(self, distribution_id: str | None) -> list[dashboard_body.Widget]:
        if distribution_id is None:
            return []
        return [
            dashboard_body.graph(
                "Viewers' errors (percent)",
                region=GLOBAL_REGION,
                metrics={
                    "5xx": metrics.distribution(distribution_id, "5xxErrorRate", "Average"),
                    "4xx": metrics.distribution(distribution_id, "4xxErrorRate", "Average"),
                },
            ),
            dashboard_body.graph(
                "Viewers' requests a minute",
                region=GLOBAL_REGION,
                metrics={"requests": metrics.distribution(distribution_id, "Requests", "Sum")},
            ),
        ]

    def _cost(self, region: str) -> dashboard_body.Widget:
        watched = self._watched
        return dashboard_body.stacked_sums(
            f"Use of {region}, estimated (USD a day, before free tiers)",
            region=region,
            lines=usage_cost(
                watched.bucket_names[region],
                watched.api_ids[region],
                watched.function_names[region],
                memory_megabytes=ENDPOINT_MEMORY_MEGABYTES,
            ),
        )

    def _region(self, region: str) -> list[dashboard_body.Widget]:
        watched = self._watched
        api, function = watched.api_ids[region], watched.function_names[region]
        return [
            dashboard_body.graph(
                "Region check: share of checkers that are content (percent)",
                region=GLOBAL_REGION,
                metrics={region: metrics.health_check_percentage(watched.region_check_ids[region])},
            ),
            dashboard_body.graph(
                "Regional endpoint: requests and errors a minute",
                region=region,
                metrics={
                    "requests": metrics.http_api(api, "Count", "Sum"),
                    "5xx": metrics.http_api(api, "5xx", "Sum"),
                    "4xx": metrics.http_api(api, "4xx", "Sum"),
                },
            ),
            dashboard_body.graph(
                "Regional endpoint: latency (ms)",
                region=region,
                metrics={"average": metrics.http_api(api, "Latency", "Average")},
            ),
            dashboard_body.graph(
                "Function: runs, errors, throttles a minute",
                region=region,
                metrics={
                    name.lower(): metrics.function(function, name, "Sum")
                    for name in ("Invocations", "Errors", "Throttles")
                },
            ),
        ]


def _what_to_do(runbook_url: str | None) -> str:
    return "What to do: docs/DISASTER_RECOVERY.md." if runbook_url is None else f"[What to do]({runbook_url})"


def _estimated_charges() -> Metric:
    return Metric(
        namespace="AWS/Billing",
        name="EstimatedCharges",
        dimensions={"Currency": "USD"},
        statistic="Maximum",
        period_seconds=_BILLING_PERIOD_SECONDS,
    )
