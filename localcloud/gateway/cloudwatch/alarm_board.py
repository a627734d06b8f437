"""Evaluates every alarm once a minute of AWS time, and tells of each change. The alarms themselves are moto's."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

from localcloud.gateway.cloudwatch.alarm_messages import region_name, sns_message, state_change_event, state_of
from localcloud.gateway.cloudwatch.event_rules import EventRules
from localcloud.gateway.cloudwatch.metric_store import MetricKey, MetricStore
from localcloud.gateway.identifiers import ACCOUNT_ID
from localcloud.gateway.timeline import Note, unnoted
from localcloud.gateway.wire import JsonObject
from localcloud.model.alarm_rules import rule_holds
from localcloud.model.alarm_states import AlarmCondition, AlarmState, evaluate
from localcloud.model.metric_math import evaluate_expression

LOG = logging.getLogger(__name__)

# "The alarm evaluates every minute" for periods of a minute and longer:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html#alarm-evaluation
EVALUATION_SECONDS = 60
# Data points of a minute arrive shortly after it; AWS: one to two minutes, here the data plane's reports are half a second apart.
GRACE_SECONDS = 5
# CloudWatch may not use the key: https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
UNUSABLE_KEYS = ("alias/aws/sns",)

Alarm = Any  # moto.cloudwatch.models.Alarm, which is untyped here


class AlarmBoard:
    """The alarms of all regions."""

    STATE: ClassVar[tuple[str, ...]] = ("_evaluated",)

    def __init__(self, metrics: MetricStore, rules: EventRules, note: Note = unnoted) -> None:
        self._metrics = metrics
        self._rules = rules
        self._note = note
        self._evaluated: dict[str, float] = {}

    def evaluate_all(self, regions: Sequence[str], *, now_seconds: float) -> None:
        """Evaluate the metric alarms whose minute is over, then the composite ones, which follow their parts at once."""
        minute = (now_seconds - GRACE_SECONDS) // EVALUATION_SECONDS * EVALUATION_SECONDS
        for region in regions:
            for alarm in _alarms(region):
                if alarm.rule is None and self._evaluated.get(alarm.alarm_arn) != minute:
                    self._evaluated[alarm.alarm_arn] = minute
                    self._evaluate(alarm, minute)
            self._evaluate_composites(region)

    @staticmethod
    def states(regions: Sequence[str]) -> list[JsonObject]:
        """Return the state of every alarm; keys of each: name, arn, region, state, reason, description."""
        return [
            {
                "name": alarm.name,
                "arn": alarm.alarm_arn,
                "region": region,
                "state": alarm.state_value,
                "reason": alarm.state_reason or "",
                "description": alarm.description or "",
            }
            for region in regions
            for alarm in _alarms(region)
        ]

    def _evaluate(self, alarm: Alarm, until_seconds: float) -> None:
        condition = condition_of(alarm)
        datapoints = self._datapoints(alarm, condition.evaluation_range, until_seconds)
        state = evaluate(condition, datapoints)
        if state is not None and state.value != alarm.state_value:
            shown = ", ".join("no data" if value is None else f"{value:g}" for value in datapoints)
            reason = f"Data points, oldest first: [{shown}]; {condition.comparison} {condition.threshold:g}"
            self.change(alarm, state.value, reason=reason, reason_data="{}")

    def _datapoints(self, alarm: Alarm, count: int, until_seconds: float) -> list[float | None]:
        period = float(period_of(alarm))
        starts = [until_seconds - period * (count - index) for index in range(count)]
        return [self._datapoint(alarm, start, start + period) for start in starts]

    def _datapoint(self, alarm: Alarm, since_seconds: float, until_seconds: float) -> float | None:
        def of(key: MetricKey, statistic: str) -> float | None:
            return self._metrics.statistic(key, statistic, since_seconds=since_seconds, until_seconds=until_seconds)

        if not alarm.metric_data_queries:
            key = _key(alarm.region_name, alarm.namespace, alarm.metric_name, alarm.dimensions)
            return of(key, alarm.statistic)
        return _expression_value(alarm, of)

    def _evaluate_composites(self, region: str) -> None:
        alarms = list(_alarms(region))
        states = {alarm.name: AlarmState(alarm.state_value) for alarm in alarms}
        for alarm in alarms:
            if alarm.rule is not None:
                state = "ALARM" if rule_holds(alarm.rule, states) else "OK"
                if state != alarm.state_value:
                    self.change(alarm, state, reason=f"The rule {alarm.rule} changed", reason_data="{}")

    def change(self, alarm: Alarm, state: str, *, reason: str, reason_data: str | None) -> None:
        """Put an alarm into a state and run that state's actions; nothing happens when it is there already.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html#alarms-and-actions
        """
        old, previous = alarm.state_value, state_of(alarm)
        alarm.update_state(reason, reason_data, state)
        if state == old:
            return
        LOG.info("alarm %s in %s: %s -> %s", alarm.name, alarm.region_name, old, state)
        self._note("alarm", f"Alarm {alarm.name} in {alarm.region_name} went from {old} to {state}. {reason}")
        self._rules.publish(alarm.region_name, state_change_event(alarm, previous=previous))
        if alarm.actions_enabled:
            for action_arn in actions_of(alarm, state):
                _publish(alarm, action_arn, old)


def actions_of(alarm: Alarm, state: str) -> list[str]:
    """Return the ARNs to act on when an alarm reaches a state."""
    by_state = {
        "ALARM": alarm.alarm_actions,
        "OK": alarm.ok_actions,
        "INSUFFICIENT_DATA": alarm.insufficient_data_actions,
    }
    return list(by_state[state] or ())


def condition_of(alarm: Alarm) -> AlarmCondition:
    """Return when a metric alarm is in ALARM.

    Raises:
        localcloud.model.errors.UnsupportedResource: anomaly detection.
    """
    periods = int(alarm.evaluation_periods)
    return AlarmCondition(
        comparison=alarm.comparison_operator,
        threshold=float(alarm.threshold),
        datapoints_to_alarm=int(alarm.datapoints_to_alarm or periods),
        evaluation_periods=periods,
        treat_missing_data=alarm.treat_missing_data or "missing",
    )


def period_of(alarm: Alarm) -> int:
    """Return an alarm's period in seconds; that of its first metric for an expression."""
    if not alarm.metric_data_queries:
        return int(alarm.period)
    return next(int(query.metric_stat.period) for query in alarm.metric_data_queries if query.metric_stat)


def _alarms(region: str) -> Iterator[Alarm]:
    from moto.cloudwatch.models import cloudwatch_backends

    yield from list(cloudwatch_backends[ACCOUNT_ID][region].alarms.values())


def _key(region: str, namespace: str, name: str, dimensions: Any) -> MetricKey:  # noqa: ANN401  moto is untyped
    pairs = frozenset((str(dimension.name), str(dimension.value)) for dimension in dimensions)
    return MetricKey(region=region, namespace=namespace, name=name, dimensions=pairs)


def _expression_value(alarm: Alarm, of: Callable[[MetricKey, str], float | None]) -> float | None:
    """Return the value of the one query that returns data."""
    values = {
        str(query.id): of(
            _key(
                alarm.region_name,
                query.metric_stat.metric.namespace,
                query.metric_stat.metric.metric_name,
                query.metric_stat.metric.dimensions,
            ),
            query.metric_stat.stat,
        )
        for query in alarm.metric_data_queries
        if query.metric_stat
    }
    result = result_query(alarm)
    return values[str(result.id)] if result.expression is None else evaluate_expression(result.expression, values)


def result_query(alarm: Alarm) -> Any:  # noqa: ANN401  moto is untyped
    """Return the query that the alarm watches: "exactly one must return data", API_PutMetricAlarm, Metrics."""
    (query,) = (query for query in alarm.metric_data_queries if str(query.return_data).lower() != "false")
    return query


def _publish(alarm: Alarm, topic_arn: str, old_state: str) -> None:
    from moto.sns.models import sns_backends

    backend = sns_backends[ACCOUNT_ID][topic_arn.split(":")[3]]
    topic = backend.topics.get(topic_arn)
    if topic is None or topic.kms_master_key_id in UNUSABLE_KEYS:
        why = "there is no such topic" if topic is None else f"CloudWatch may not use its key {topic.kms_master_key_id}"
        alarm.history.append(("Action", f"Failed to execute action {topic_arn}: {why}"))
        LOG.error("alarm %s cannot publish to %s: %s", alarm.name, topic_arn, why)
        return
    subject = f'{alarm.state_value}: "{alarm.name}" in {region_name(alarm.region_name)}'
    # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html, Subject
    backend.publish(json.dumps(sns_message(alarm, old_state=old_state)), arn=topic_arn, subject=subject[:100])
