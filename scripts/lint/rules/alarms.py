"""Alarms about Route 53 and CloudFront: where their metrics are, and what if that region falls (trap 28)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.lint.model import Configuration, Resource
from scripts.lint.regions import VIRGINIA, serving_regions
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import cloudfront, route53
from scripts.lint.values import Expression, Value

_ALARM = "aws_cloudwatch_metric_alarm"
_ACTIONS = ("alarm_actions", "ok_actions", "insufficient_data_actions")
_REGIONAL_ARN = re.compile(r"arn:aws[a-z-]*:(?:sns|lambda|ssm|autoscaling):(?P<region>[a-z0-9-]+):")
# What a series of these metrics has, and the value where there is but one; metrics of a whole account have none.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html
_DIMENSIONS: dict[str, dict[str, str | None]] = {
    "AWS/CloudFront": {"DistributionId": None, "Region": "Global"},
    "AWS/Route53": {"HealthCheckId": None},
}
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


def _action_elsewhere(configuration: Configuration) -> Iterator[Finding]:
    for alarm in configuration.of_type(_ALARM, "aws_cloudwatch_composite_alarm"):
        for value in dict.fromkeys(_literal(value) for key in _ACTIONS for value in alarm.body.items(key)):
            found = configuration.resource(value, alarm, "aws_sns_topic", "aws_lambda_function")
            literal = _REGIONAL_ARN.match(value) if isinstance(value, str) else None
            region = literal["region"] if literal else None if found is None or found.is_data else found.region
            if alarm.region and region and region != alarm.region:
                yield at(alarm, f"alarm in {alarm.region} with {found.address if found else value} in {region}")


def _literal(value: Value) -> Expression | str | None:
    return value if isinstance(value, Expression | str) else None


def _switched_off(configuration: Configuration) -> Iterator[Finding]:
    for alarm in configuration.of_type(_ALARM, "aws_cloudwatch_composite_alarm"):
        if alarm.body.flag("actions_enabled") is False and alarm.body.items("alarm_actions"):
            yield at(alarm, "has actions, and actions_enabled = false")


def _sealed_topic(configuration: Configuration) -> Iterator[Finding]:
    for alarm in configuration.of_type(_ALARM, "aws_cloudwatch_composite_alarm"):
        for topic in configuration.listed(alarm.body.items("alarm_actions"), alarm, "aws_sns_topic"):
            if (topic.body.text("kms_master_key_id") or "").endswith("alias/aws/sns"):
                yield at(topic, f"is encrypted by the AWS managed key, and {alarm.address} sends to it")


def _no_such_series(configuration: Configuration) -> Iterator[Finding]:
    for alarm in _global_alarms(configuration):
        dimensions = alarm.body.block("dimensions")
        wanted = _DIMENSIONS.get(alarm.body.text("namespace") or "", {})
        if not dimensions.values or not wanted:
            continue
        for name, value in wanted.items():
            if dimensions.is_unset(name) or (value and dimensions.text(name) not in (value, None)):
                yield at(alarm, f"dimensions without {name}{f' = {value}' if value else ''}")


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
    Rule(
        id="FW283",
        slug="alarm-action-elsewhere",
        title="An alarm with an action in another region",
        why="CloudWatch takes topics and functions of the alarm's own region only: apply fails, plan accepts any ARN; and the "
        "alarm of the other region would go nowhere.",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
        remedy="Make a topic in each region that has alarms, with the same subscribers.",
        check=_action_elsewhere,
    ),
    Rule(
        id="FW284",
        severity=Severity.WARNING,
        slug="alarm-without-series",
        title="An alarm on a series that does not exist",
        why="A metric is looked up by all of its dimensions. CloudFront's have DistributionId and Region = Global, health "
        "checks' HealthCheckId: without one of them the alarm never has data and stays silent.",
        source=cloudfront("programming-cloudwatch-metrics"),
        remedy='Add the dimension: Region = "Global" for CloudFront, HealthCheckId for Route 53.',
        check=_no_such_series,
    ),
    Rule(
        id="FW285",
        severity=Severity.WARNING,
        slug="alarm-switched-off",
        title="An alarm whose actions are switched off",
        why="It changes its state and tells nobody: usually left over from a maintenance.",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
        remedy="Set actions_enabled = true, or leave it out.",
        check=_switched_off,
    ),
    Rule(
        id="FW286",
        severity=Severity.WARNING,
        slug="sealed-topic",
        title="An alarm that sends to a topic under the AWS managed key",
        why="The policy of alias/aws/sns does not let CloudWatch encrypt, and cannot be changed: the alarm fires, and no "
        "message comes.",
        source="https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
        remedy="Use a customer managed key whose policy lets cloudwatch.amazonaws.com kms:Decrypt and kms:GenerateDataKey*, or "
        "none.",
        check=_sealed_topic,
    ),
)
