"""What an alarm tells: the message to SNS and the event to EventBridge, in AWS's shape."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from localcloud.gateway.cloudwatch.event_rules import service_event
from localcloud.gateway.identifiers import ACCOUNT_ID
from localcloud.gateway.wire import JsonObject

# The names that SNS messages show: https://docs.aws.amazon.com/general/latest/gr/rande.html ; others are shown by their code.
_REGION_NAMES = {
    "us-east-1": "US East (N. Virginia)",
    "us-west-2": "US West (Oregon)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-west-1": "EU (Ireland)",
}


def region_name(region: str) -> str:
    """Return a region's name as people read it."""
    return _REGION_NAMES.get(region, region)


def sns_message(alarm: Any, *, old_state: str) -> JsonObject:  # noqa: ANN401  moto is untyped
    """Return the JSON that CloudWatch publishes.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    message: JsonObject = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": ACCOUNT_ID,
        "AlarmConfigurationUpdatedTimestamp": _shown(alarm.configuration_updated_timestamp),
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": _shown(alarm.state_updated_timestamp),
        "Region": region_name(alarm.region_name),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": old_state,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
    }
    if alarm.rule is not None:
        return {**message, "AlarmRule": alarm.rule}
    return {**message, "Trigger": _trigger(alarm)}


def _shown(moment: datetime) -> str:
    """Return one of moto's moments, which are UTC without saying so, as CloudWatch writes them."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def _trigger(alarm: Any) -> JsonObject:  # noqa: ANN401  moto is untyped
    common = {
        "EvaluationPeriods": alarm.evaluation_periods,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "missing",
    }
    if alarm.metric_data_queries:
        return {**common, "Metrics": [{"Id": query.id} for query in alarm.metric_data_queries]}
    return {
        **common,
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": "Statistic",
        "Statistic": (alarm.statistic or "").upper(),
        "Period": alarm.period,
        "Dimensions": [{"name": dimension.name, "value": dimension.value} for dimension in alarm.dimensions],
    }


def state_change_event(alarm: Any, *, previous: JsonObject) -> JsonObject:  # noqa: ANN401  moto is untyped
    """Return the event of a state change.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    return service_event(
        region=alarm.region_name,
        source="aws.cloudwatch",
        detail_type="CloudWatch Alarm State Change",
        resource_arn=alarm.alarm_arn,
        detail={
            "alarmName": alarm.name,
            "configuration": {"description": alarm.description or ""},
            "previousState": previous,
            "state": state_of(alarm),
        },
    )


def state_of(alarm: Any) -> JsonObject:  # noqa: ANN401  moto is untyped
    """Return an alarm's state as events show it."""
    return {
        "value": alarm.state_value,
        "reason": alarm.state_reason,
        "timestamp": _shown(alarm.state_updated_timestamp),
    }
