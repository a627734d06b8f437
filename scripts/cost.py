"""What a site costs a month, priced from its synthesized Terraform JSON and the traffic that the site file expects.

Nothing here asks AWS. Free tiers that AWS grants for ever are counted, those of the first year are not. Health checks are
priced as checks of AWS endpoints; that CloudFront counts as one is unverified (docs/SANDBOX.md), and twice the option price
applies if it does not.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from scripts.errors import MissingOutputError
from scripts.protection_cost import protection

_PRICES = Path(__file__).parent / "data" / "prices.toml"
_GIGABYTE = 1024**3
_SECONDS_PER_MONTH = 730 * 3600
# Two checkers per checker region (inferred; AWS publishes address ranges, not counts).
_CHECKERS_PER_REGION = 2
_ROUTER_CALLS_PER_REQUEST = 1


class Price(BaseModel):
    """Price of one unit; `free` units a month cost nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    usd: float
    free: float = 0
    source: str
    verified: bool


class Traffic(BaseModel):
    """The site file's `[traffic]`, as the edge stack's output repeats it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    page_views_per_month: int
    requests_per_page_view: float
    bytes_per_page_view: int
    site_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One line of the bill: `quantity` units, of which some may be free."""

    item: str
    quantity: float
    unit: str
    usd: float
    verified: bool


def monthly_cost_usd(lines: list[CostLine]) -> float:
    """Returns the sum, rounded to cents."""
    return round(sum(line.usd for line in lines), 2)


def load_prices() -> dict[str, Price]:
    """Returns the price list of this version."""
    document = tomllib.loads(_PRICES.read_text(encoding="utf-8"))
    return {name: Price.model_validate(entry) for name, entry in document.items() if isinstance(entry, dict)}


def load_stacks(stacks_folder: Path) -> dict[str, dict[str, Any]]:
    """Returns stack name -> synthesized Terraform JSON.

    Raises:
        MissingOutputError: there is nothing synthesized in the folder.
    """
    found = {path.parent.name: json.loads(path.read_bytes()) for path in stacks_folder.glob("*/cdk.tf.json")}
    if not found:
        raise MissingOutputError(f"{stacks_folder} holds no */cdk.tf.json: run `python main.py` first")
    return found


def estimate(stacks: Mapping[str, Mapping[str, Any]]) -> list[CostLine]:
    """Returns the bill of one month, line by line, the dearest first.

    Raises:
        MissingOutputError: the edge stack with its outputs `traffic` and `objectives` is not among the stacks.
    """
    prices = load_prices()
    resources = [
        (kind, body)
        for stack in stacks.values()
        for kind, bodies in stack.get("resource", {}).items()
        for body in bodies.values()
    ]
    traffic = Traffic.model_validate(_edge_output(stacks, "traffic"))
    quantities = [*_fixed(resources), *_monitoring(resources), *_per_use(resources, traffic)]
    lines = [_line(item, prices[name], quantity, unit) for item, name, quantity, unit in quantities]
    return sorted((line for line in lines if line.quantity > 0), key=lambda line: -line.usd)


def objective_usd(stacks: Mapping[str, Mapping[str, Any]]) -> float:
    """Returns `objectives.monthly_cost_usd` of the site file that was synthesized."""
    return float(_edge_output(stacks, "objectives")["monthly_cost_usd"])


def _edge_output(stacks: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, Any]:
    try:
        value: dict[str, Any] = stacks["edge"]["output"][name]["value"]
    except KeyError as error:
        raise MissingOutputError(
            f"the synthesized stacks lack edge's output {name}: synthesize the site again"
        ) from error
    return value


Resource = tuple[str, Mapping[str, Any]]
Quantity = tuple[str, str, float, str]


def _fixed(resources: list[Resource]) -> Iterator[Quantity]:
    zones = sum(kind == "aws_route53_zone" for kind, _ in resources)
    checks = [body for kind, body in resources if kind == "aws_route53_health_check"]
    yield "Hosted zone", "hosted_zone_month", zones, "zones"
    yield "Health checks, base price", "health_check_month", len(checks), "checks"
    https = sum(str(check["type"]).startswith("HTTPS") for check in checks)
    matched = sum(str(check["type"]).endswith("_STR_MATCH") for check in checks)
    fast = sum(check.get("request_interval") == 10 for check in checks)
    latency = sum(bool(check.get("measure_latency")) for check in checks)
    yield "Health checks, HTTPS", "health_check_option_month", https, "checks"
    yield "Health checks, string match", "health_check_option_month", matched, "checks"
    yield "Health checks, 10 s interval", "health_check_option_month", fast, "checks"
    yield "Health checks, latency graph", "health_check_option_month", latency, "checks"


# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/viewing-cloudfront-metrics.html
_ADDITIONAL_METRICS_PER_DISTRIBUTION = 8
# Bytes, operations, latency, failures: https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
_METRICS_PER_REPLICATION_RULE = 4


def _monitoring(resources: list[Resource]) -> Iterator[Quantity]:
    """Yields alarms, dashboards, metrics and canaries; all of it bills whether or not anything happens."""
    alarms = [body for kind, body in resources if kind == "aws_cloudwatch_metric_alarm"]
    composites = sum(kind == "aws_cloudwatch_composite_alarm" for kind, _ in resources)
    dashboards = sum(kind == "aws_cloudwatch_dashboard" for kind, _ in resources)
    distributions = sum(kind == "aws_cloudfront_monitoring_subscription" for kind, _ in resources)
    rules = sum(
        _rules_with_metrics(body) for kind, body in resources if kind == "aws_s3_bucket_replication_configuration"
    )
    runs = sum(_runs_per_month(body) for kind, body in resources if kind == "aws_synthetics_canary")
    yield "Alarms, by the metric", "alarm_metric_month", sum(map(_alarm_metrics, alarms)), "metrics"
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
    """Returns the runs of a canary whose schedule is `rate(N minutes)`."""
    minutes = float(canary["schedule"]["expression"].removeprefix("rate(").split()[0])
    return _SECONDS_PER_MONTH / 60 / minutes


def _per_use(resources: list[Resource], traffic: Traffic) -> Iterator[Quantity]:
    # Content buckets: the audit trail's, which is locked, holds no copy of the site.
    buckets = sum(kind == "aws_s3_bucket" and not body.get("object_lock_enabled") for kind, body in resources)
    probes = sum(_probes_per_month(body) for kind, body in resources if kind == "aws_route53_health_check")
    requests = traffic.page_views_per_month * traffic.requests_per_page_view
    # A viewer's page asks the region marker, which is never cached; everything else is filled once and then cached.
    marker_reads = traffic.page_views_per_month
    gigabytes = traffic.page_views_per_month * traffic.bytes_per_page_view / _GIGABYTE
    yield "CloudFront data to viewers", "cloudfront_gigabyte", gigabytes, "GB"
    yield "CloudFront requests", "cloudfront_request", requests + probes, "requests"
    yield "Router function calls", "cloudfront_function_call", (requests + probes) * _ROUTER_CALLS_PER_REQUEST, "calls"
    yield "KeyValueStore reads", "key_value_store_read", (requests + probes) * _ROUTER_CALLS_PER_REQUEST, "reads"
    yield "S3 storage", "s3_gigabyte_month", buckets * traffic.site_bytes / _GIGABYTE, "GB"
    yield "S3 reads by health probes", "s3_get", probes, "requests"
    yield "S3 reads of the region marker", "s3_get", marker_reads, "requests"
    yield from protection(resources, page_views=traffic.page_views_per_month, requests=requests, probes=probes)


def _probes_per_month(check: Mapping[str, Any]) -> float:
    checkers = _CHECKERS_PER_REGION * len(check.get("regions", ()))
    return checkers * _SECONDS_PER_MONTH / float(check["request_interval"])


def _line(item: str, price: Price, quantity: float, unit: str) -> CostLine:
    usd = max(0.0, quantity - price.free) * price.usd
    return CostLine(item=item, quantity=quantity, unit=unit, usd=usd, verified=price.verified)
