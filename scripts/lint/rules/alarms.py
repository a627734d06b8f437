"""Alarms about Route 53 and CloudFront: where their metrics are, and what if that region falls (trap 28)."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.model import Configuration, Resource
from scripts.lint.regions import VIRGINIA, serving_regions
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import route53

_ALARM = "aws_cloudwatch_metric_alarm"
_GLOBAL_NAMESPACES = {"AWS/Route53", "AWS/CloudFront"}


def _global_alarms(configuration: Configuration) -> list[Resource]:
    return [alarm for alarm in configuration.of_type(_ALARM) if _namespaces(alarm) & _GLOBAL_NAMESPACES]


def _namespaces(alarm: Resource) -> set[str | None]:
    queries = [query.block("metric").text("namespace") for query in alarm.body.blocks("metric_query")]
    return {alarm.body.text("namespace"), *queries}


def _wrong_region(configuration: Configuration) -> Iterator[Finding]:
    for alarm in _global_alarms(configuration):
        if alarm.region and alarm.region != VIRGINIA:
            yield at(alarm, f"alarm in {alarm.region} on a metric that exists in {VIRGINIA} only")


def _one_region_only(configuration: Configuration) -> Iterator[Finding]:
    alarms = _global_alarms(configuration)
    regions = {alarm.region for alarm in configuration.of_type(_ALARM)}
    if alarms and regions == {VIRGINIA} and len(serving_regions(configuration)) > 1:
        yield at(alarms[0], f"all alarms are in {VIRGINIA}")


RULES = (
    Rule(
        id="FW281",
        severity=Severity.WARNING,
        slug="alarm-in-wrong-region",
        title="A health or CloudFront alarm outside us-east-1",
        why="AWS/Route53 and AWS/CloudFront metrics exist in us-east-1 only: elsewhere the alarm has no data and stays silent.",
        source=route53("monitoring-health-checks"),
        remedy="Make the alarm with a provider for us-east-1.",
        check=_wrong_region,
    ),
    Rule(
        id="FW282",
        severity=Severity.NOTE,
        slug="alarms-in-one-region",
        title="A site of several regions without an alarm outside us-east-1",
        why="An alarm about us-east-1 may fall with it, so nobody is told of the largest outage there is.",
        source="https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html",
        remedy="Add one alarm in another region, on a prober's or an endpoint's metric there, or a monitor outside AWS.",
        check=_one_region_only,
    ),
)
