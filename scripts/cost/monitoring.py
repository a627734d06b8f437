"""What watching the site adds to the bill: alarms, dashboards, metrics, canaries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scripts.cost.resources import Quantity, Resource

_MINUTES_PER_MONTH = 730 * 60
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/viewing-cloudfront-metrics.html
_ADDITIONAL_METRICS_PER_DISTRIBUTION = 8
# Bytes, operations, latency, failures: https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
_METRICS_PER_REPLICATION_RULE = 4


def monitoring(resources: list[Resource]) -> Iterator[Quantity]:
    """Yields alarms, dashboards, metrics and canaries; all of it bills whether or not anything happens."""
    alarms = [body for kind, body in resources if kind == "aws_cloudwatch_metric_alarm"]
    composites = sum(kind == "aws_cloudwatch_composite_alarm" for kind, _ in resources)
    dashboards = sum(kind == "aws_cloudwatch_dashboard" for kind, _ in resources)
    distributions = sum(kind == "aws_cloudfront_monitoring_subscription" for kind, _ in resources)
    rules = sum(
        _rules_with_metrics(body) for kind, body in resources if kind == "aws_s3_bucket_replication_configuration"
    )
    runs = sum(_runs_per_month(body) for kind, body in resources if kind == "aws_synthetics_canary")
    yield "Alarms, by the metric", "metric_alarm_month", sum(map(_alarm_metrics, alarms)), "metrics"
    yield "Composite alarms", "composite_alarm_month", composites, "alarms"
    yield "Dashboards", "dashboard_month", dashboards, "dashboards"
    yield (
        "CloudFront additional metrics",
        "metric_month",
        distributions * _ADDITIONAL_METRICS_PER_DISTRIBUTION,
        "metrics",
    )
    yield "S3 replication metrics", "metric_month", rules * _METRICS_PER_REPLICATION_RULE, "metrics"
    yield "Canary runs", "canary_run", runs, "runs"


def _alarm_metrics(alarm: Mapping[str, Any]) -> int:
    """Returns how many metrics an alarm is billed for: an expression itself is none."""
    queries = alarm.get("metric_query")
    return sum("metric" in query for query in queries) if queries else 1


def _rules_with_metrics(configuration: Mapping[str, Any]) -> int:
    return sum(bool(rule["destination"].get("metrics")) for rule in configuration["rule"])


def _runs_per_month(canary: Mapping[str, Any]) -> float:
    """Returns the runs of a canary whose schedule is `rate(N minutes)`, as constructs_lib writes it.

    Raises:
        ValueError: it is another one.
    """
    number, unit = canary["schedule"]["expression"].removeprefix("rate(").split()
    if unit not in ("minute)", "minutes)"):
        raise ValueError(f"a canary's schedule in {unit}")
    return _MINUTES_PER_MONTH / float(number)
