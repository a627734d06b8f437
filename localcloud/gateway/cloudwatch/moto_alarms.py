"""What moto's CloudWatch and SNS lack, one reason each. Installed with the first request to either service.

Fails at once when an attribute that is patched does not exist.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from localcloud.gateway.clock import rfc3339, utc_now
from localcloud.gateway.cloudwatch.alarm_board import AlarmBoard, condition_of, result_query
from localcloud.gateway.cloudwatch.deliveries import Deliveries, Mail
from localcloud.gateway.cloudwatch.function_permissions import may_invoke
from localcloud.gateway.cloudwatch.metric_store import (
    MetricKey,
    StatisticSet,
    check_statistic,
    single_value,
)
from localcloud.gateway.errors import UnsupportedResource as UnsupportedCall
from localcloud.gateway.moto_services import require
from localcloud.gateway.wire import JsonObject
from localcloud.model.alarm_rules import MalformedRule, alarms_of_rule, rule_holds
from localcloud.model.errors import UnsupportedResource
from localcloud.model.metric_math import evaluate_expression

Record = Callable[[MetricKey, StatisticSet], None]
ServiceData = Callable[[str, Collection[tuple[str, str]] | None], list[tuple[MetricKey, datetime, StatisticSet]]]
_ACTION_SERVICES = ("sns",)
_KEPT_DATA = 20_000
"""moto would keep each datum of PutMetricData for ever."""

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html, Period
_SHORTEST_PERIOD_SECONDS = 60


def patch_cloudwatch(board: AlarmBoard, record: Record) -> None:
    """Let alarms begin without data and act on SetAlarmState, and let PutMetricData reach the store."""
    from moto.cloudwatch.models import CloudWatchBackend

    names = ("put_metric_alarm", "set_alarm_state", "put_metric_data")
    require(CloudWatchBackend, *names)
    originals = {name: _original(CloudWatchBackend, name) for name in names}

    @functools.wraps(originals["put_metric_alarm"])
    def put_metric_alarm(self: Any, name: str, *arguments: Any, **settings: Any) -> Any:  # noqa: ANN401
        known = self.alarms.get(name)
        alarm = originals["put_metric_alarm"](self, name, *arguments, **settings)
        try:
            check_alarm(alarm)
        except Exception:
            self.alarms.pop(name)
            if known is not None:
                self.alarms[name] = known
            raise
        _begin(alarm, known)
        return alarm

    @functools.wraps(originals["set_alarm_state"])
    def set_alarm_state(self: Any, alarm_name: str, reason: str, reason_data: str, state_value: str) -> None:  # noqa: ANN401
        alarm = self.alarms.get(alarm_name)
        if alarm is None or state_value not in ("OK", "ALARM", "INSUFFICIENT_DATA"):
            originals["set_alarm_state"](self, alarm_name, reason, reason_data, state_value)  # which refuses
            return
        board.change(alarm, state_value, reason=reason, reason_data=reason_data)

    @functools.wraps(originals["put_metric_data"])
    def put_metric_data(self: Any, namespace: str, metric_data: list[JsonObject]) -> None:  # noqa: ANN401
        originals["put_metric_data"](self, namespace, metric_data)
        del self.metric_data[:-_KEPT_DATA]
        for datum in metric_data:
            pairs = frozenset((str(pair["Name"]), str(pair["Value"])) for pair in datum.get("Dimensions") or ())
            key = MetricKey(region=self.region_name, namespace=namespace, name=datum["MetricName"], dimensions=pairs)
            for point in points_of(datum):
                record(key, point)

    for patch in (put_metric_alarm, set_alarm_state, put_metric_data):
        setattr(CloudWatchBackend, patch.__name__, patch)


def patch_composite_alarms() -> None:
    """Add PutCompositeAlarm, which moto lacks, and AlarmTypes, which it ignores: the provider takes any alarm for a composite."""
    from moto.cloudwatch.responses import CloudWatchResponse

    require(CloudWatchResponse, "put_metric_alarm", "describe_alarms")
    original = _original(CloudWatchResponse, "describe_alarms")

    def put_composite_alarm(self: Any) -> Any:  # noqa: ANN401  moto is untyped
        return self.put_metric_alarm()  # which reads AlarmRule too

    @functools.wraps(original)
    def describe_alarms(self: Any) -> Any:  # noqa: ANN401  moto is untyped
        answer = original(self)
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html: only metric alarms by default
        wanted = self._get_param("AlarmTypes", []) or ["MetricAlarm"]
        for kind in ("MetricAlarm", "CompositeAlarm"):
            if kind not in wanted:
                answer.result[f"{kind}s"] = []
        return answer

    for patch in (put_composite_alarm, describe_alarms):
        setattr(CloudWatchResponse, patch.__name__, patch)


def patch_metric_reads(service_data: ServiceData) -> None:
    """Let GetMetricData, GetMetricStatistics and ListMetrics see the metrics of AWS's own services, which moto does not keep."""
    from moto.cloudwatch.models import CloudWatchBackend, MetricAggregatedDatum

    names = ("get_all_metrics", "get_metric_data", "get_metric_statistics")
    require(CloudWatchBackend, *names)
    originals = {name: _original(CloudWatchBackend, name) for name in names}
    asked = threading.local()  # which metrics the read of this thread is about; None: all of them, for ListMetrics

    def read(method: str, wanted: set[tuple[str, str]], *arguments: Any, **more: Any) -> Any:  # noqa: ANN401
        asked.names = wanted
        try:
            return originals[method](*arguments, **more)
        finally:
            asked.names = None

    @functools.wraps(originals["get_metric_data"])
    def get_metric_data(self: Any, queries: list[JsonObject], *more: Any, **named: Any) -> Any:  # noqa: ANN401
        metrics = [query["MetricStat"]["Metric"] for query in queries if "MetricStat" in query]
        wanted = {(str(metric["Namespace"]), str(metric["MetricName"])) for metric in metrics}
        return read("get_metric_data", wanted, self, queries, *more, **named)

    @functools.wraps(originals["get_metric_statistics"])
    def get_metric_statistics(self: Any, namespace: str, metric_name: str, *more: Any, **named: Any) -> Any:  # noqa: ANN401
        return read("get_metric_statistics", {(namespace, metric_name)}, self, namespace, metric_name, *more, **named)

    @functools.wraps(originals["get_all_metrics"])
    def get_all_metrics(self: Any) -> list[Any]:  # noqa: ANN401
        found: list[Any] = list(originals["get_all_metrics"](self))
        for key, moment, point in service_data(self.region_name, getattr(asked, "names", None)):
            dimensions = [{"Name": name, "Value": value} for name, value in sorted(key.dimensions)]
            statistics = (point.minimum, point.maximum, point.count, point.sum)
            naive = moment.replace(tzinfo=None)  # moto's own moments are UTC without saying so
            found.append(MetricAggregatedDatum(key.namespace, key.name, *statistics, dimensions, naive))
        return found

    for patch in (get_all_metrics, get_metric_data, get_metric_statistics):
        setattr(CloudWatchBackend, patch.__name__, patch)


def _original(owner: type, name: str) -> Callable[..., Any]:
    """Return moto's own method: an application that was made before in this process has replaced it."""
    method: Callable[..., Any] = getattr(owner, name)
    return getattr(method, "__wrapped__", method)


def _begin(alarm: Any, known: Any) -> None:  # noqa: ANN401  moto is untyped
    """Keep the state of an alarm that is only updated; a new one has no data yet: API_PutMetricAlarm."""
    if known is None:
        alarm.state_value = "INSUFFICIENT_DATA"
        return
    alarm.state_value, alarm.state_reason = known.state_value, known.state_reason
    alarm.state_updated_timestamp, alarm.history = known.state_updated_timestamp, known.history


def check_alarm(alarm: Any) -> None:  # noqa: ANN401  moto is untyped
    """Refuse what AWS refuses, and loudly what is not modelled.

    Raises:
        moto.cloudwatch.exceptions.ValidationError: a rule or query that AWS refuses.
        NotImplementedError: an action, statistic, period or expression that is not modelled; the gateway answers 501.
    """
    from moto.cloudwatch.exceptions import ValidationError

    try:
        if alarm.rule is not None:
            alarms_of_rule(alarm.rule)
            rule_holds(alarm.rule, {})
        else:
            condition_of(alarm)
            _check_metrics(alarm)
    except MalformedRule as error:
        raise ValidationError(f"AlarmRule must not contain this: {error}") from error
    except UnsupportedResource as error:
        raise NotImplementedError(str(error)) from error
    except UnsupportedCall as error:
        raise NotImplementedError(error.message) from error
    for arn in [*alarm.alarm_actions, *(alarm.ok_actions or ()), *(alarm.insufficient_data_actions or ())]:
        if arn.split(":")[2] not in _ACTION_SERVICES:
            raise NotImplementedError(f"alarm action {arn}")


def _check_metrics(alarm: Any) -> None:  # noqa: ANN401  moto is untyped
    queries = [query for query in alarm.metric_data_queries if query.metric_stat]
    if not alarm.metric_data_queries:
        check_statistic(alarm.extended_statistic or alarm.statistic)
    for query in queries:
        check_statistic(query.metric_stat.stat)
    periods = [query.metric_stat.period for query in queries] or [alarm.period]
    if len({int(period) for period in periods}) > 1 or int(periods[0]) < _SHORTEST_PERIOD_SECONDS:
        raise UnsupportedCall("alarms with a period below 60 s or with different periods")
    if alarm.metric_data_queries and (expression := result_query(alarm).expression) is not None:
        evaluate_expression(expression, {str(query.id): 1.0 for query in queries})


def points_of(datum: JsonObject) -> list[StatisticSet]:
    """Return the points of one MetricDatum: a value, values with counts, or a statistic set."""
    if statistics := datum.get("StatisticValues"):
        return [
            StatisticSet(
                count=float(statistics["SampleCount"]),
                sum=float(statistics["Sum"]),
                minimum=float(statistics["Minimum"]),
                maximum=float(statistics["Maximum"]),
            )
        ]
    if values := datum.get("Values"):
        counts = datum.get("Counts") or [1] * len(values)
        return [
            StatisticSet(
                count=float(count), sum=float(value) * float(count), minimum=float(value), maximum=float(value)
            )
            for value, count in zip(values, counts, strict=True)
        ]
    return [single_value(float(datum.get("Value", 0)))]


def patch_sns(deliveries: Deliveries) -> None:
    """Keep e-mails, and hand functions to the data plane: moto would run them in Docker."""
    from moto.sns.models import Subscription

    require(Subscription, "publish", "_parse_message_structure")
    original = _original(Subscription, "publish")

    @functools.wraps(original)
    def publish(self: Any, message: str, message_id: str, subject: str | None = None, **more: Any) -> None:  # noqa: ANN401
        if self.protocol not in ("email", "email-json", "lambda"):
            original(self, message, message_id, subject=subject, **more)
            return
        if self._filter_policy_matcher is not None and not self._filter_policy_matcher.matches(
            more.get("message_attributes"), message
        ):
            return
        if more.get("message_structure") == "json":
            message = self._parse_message_structure(message, self.protocol)
        if self.protocol == "lambda":
            if may_invoke(self.endpoint, service="sns.amazonaws.com", source_arn=self.topic_arn):
                deliveries.invoke(self.endpoint, lambda_event(self, message, message_id, subject))
            return
        deliveries.send_mail(
            Mail(
                address=self.endpoint,
                topic_arn=self.topic_arn,
                subject=subject,
                text=message,
                sent_at=rfc3339(utc_now()),
            )
        )

    setattr(Subscription, publish.__name__, publish)


def lambda_event(subscription: Any, message: str, message_id: str, subject: str | None) -> JsonObject:  # noqa: ANN401
    """Return the event with which SNS invokes a function.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    """
    return {
        "Records": [
            {
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription.arn,
                "EventSource": "aws:sns",
                "Sns": {
                    "Type": "Notification",
                    "MessageId": message_id,
                    "TopicArn": subscription.topic_arn,
                    "Subject": subject,
                    "Message": message,
                    "Timestamp": rfc3339(utc_now()),
                    "MessageAttributes": {},
                },
            }
        ]
    }
