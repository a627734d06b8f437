"""EventBridge's default bus: which rules an event matches, what their targets get, and the rules that run by the clock.

Targets are log groups and functions; another one is logged as not modelled each time. The rules themselves are moto's.
"""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Iterator
from typing import Any, ClassVar

from localcloud.gateway.clock import utc_now
from localcloud.gateway.cloudwatch.deliveries import Deliveries
from localcloud.gateway.cloudwatch.function_permissions import may_invoke
from localcloud.gateway.identifiers import ACCOUNT_ID, random_uuid
from localcloud.gateway.wire import JsonObject
from localcloud.model.bucket_policy import matches_wildcard
from localcloud.model.errors import UnsupportedResource
from localcloud.model.schedules import rate_seconds

LOG = logging.getLogger(__name__)

_BUS = "default"


class EventRules:
    """Sends events to targets, and wakes the scheduled rules."""

    STATE: ClassVar[tuple[str, ...]] = ("_due_seconds",)

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._due_seconds: dict[tuple[str, str], tuple[str, float]] = {}

    def publish(self, region: str, event: JsonObject) -> None:
        """Send an event to the targets of every enabled rule whose pattern it matches.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
        """
        for rule in _rules(region):
            has_pattern = bool(rule.event_pattern.get_pattern())
            if has_pattern and rule.state == "ENABLED" and rule.event_pattern.matches_event(event):
                self._send(rule, event)

    def run_schedules(self, regions: list[str], *, now_seconds: float) -> None:
        """Send a scheduled event to the targets of every rule that is due.

        A rate counts from the rule's creation: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
        """
        for region in regions:
            for rule in _rules(region):
                if rule.scheduled_expression and rule.state == "ENABLED" and self._is_due(region, rule, now_seconds):
                    self._send(rule, _scheduled_event(region, rule.arn))

    def _is_due(self, region: str, rule: Any, now_seconds: float) -> bool:  # noqa: ANN401  moto is untyped
        key, expression = (region, str(rule.name)), str(rule.scheduled_expression)
        known, due_seconds = self._due_seconds.get(key, ("", 0.0))
        try:
            interval = rate_seconds(expression)
        except UnsupportedResource as error:
            if known != expression:
                LOG.error("rule %s in %s never runs: %s", rule.name, region, error)
            self._due_seconds[key] = (expression, now_seconds)
            return False
        if known != expression:
            self._due_seconds[key] = (expression, now_seconds + interval)
            return False
        if now_seconds < due_seconds:
            return False
        self._due_seconds[key] = (expression, max(due_seconds + interval, now_seconds))
        return True

    def _send(self, rule: Any, event: JsonObject) -> None:  # noqa: ANN401  moto is untyped
        for target in list(rule.targets):
            arn = str(target["Arn"])
            service = arn.split(":")[2]
            if service == "logs":
                _write_log(rule, arn, event)
            elif service == "lambda":
                self._invoke(rule, arn, json.loads(target["Input"]) if target.get("Input") else event)
            else:
                LOG.error("localcloud does not model the target %s of rule %s", arn, rule.name)

    def _invoke(self, rule: Any, function_arn: str, event: JsonObject) -> None:  # noqa: ANN401  moto is untyped
        if may_invoke(function_arn, service="events.amazonaws.com", source_arn=rule.arn):
            self._deliveries.invoke(function_arn, event)
        else:
            LOG.error("rule %s may not invoke %s: add a Lambda permission", rule.name, function_arn)


def _rules(region: str) -> Iterator[Any]:
    from moto.events.models import events_backends

    bus = events_backends[ACCOUNT_ID][region].event_buses.get(_BUS)
    yield from list(bus.rules.values()) if bus is not None else ()


def _write_log(rule: Any, arn: str, event: JsonObject) -> None:  # noqa: ANN401  moto is untyped
    """Write an event to a log group, if a resource policy there lets EventBridge.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-cloudwatchlogs-permissions
    """
    from moto.logs import logs_backends

    backend = logs_backends[ACCOUNT_ID][rule.region_name]
    documents = [json.loads(policy.policy_document) for policy in backend.resource_policies.values()]
    statements = [statement for document in documents for statement in document["Statement"]]
    if not any(_lets_events_write(statement, arn, rule.arn) for statement in statements):
        LOG.error("rule %s may not write %s: add a log resource policy for events.amazonaws.com", rule.name, arn)
        return
    name = arn.split(":log-group:", 1)[1].removesuffix(":*")
    moment_milliseconds = int(utc_now().timestamp() * 1000)
    stream = random_uuid()
    backend.create_log_stream(name, stream)
    backend.put_log_events(name, stream, [{"timestamp": moment_milliseconds, "message": json.dumps(event)}])


def _lets_events_write(statement: JsonObject, log_group_arn: str, rule_arn: str) -> bool:
    principals = _as_list((statement.get("Principal") or {}).get("Service"))
    sources = [
        pattern
        for keys in (statement.get("Condition") or {}).values()
        for key, patterns in keys.items()
        if key.lower() == "aws:sourcearn"
        for pattern in _as_list(patterns)
    ]
    stream_arn = f"{log_group_arn.removesuffix(':*')}:log-stream:any"
    return (
        statement.get("Effect") == "Allow"
        and "events.amazonaws.com" in principals
        and "logs:PutLogEvents" in _as_list(statement.get("Action"))
        and any(matches_wildcard(pattern, stream_arn) for pattern in _as_list(statement.get("Resource")))
        and (not sources or any(matches_wildcard(pattern, rule_arn) for pattern in sources))
    )


def _as_list(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [] if value is None else [str(value)]


def service_event(*, region: str, source: str, detail_type: str, resource_arn: str, detail: JsonObject) -> JsonObject:
    """Return an event in the envelope that every AWS service uses.

    https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
    """
    return {
        "version": "0",
        "id": random_uuid(),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT_ID,
        "time": utc_now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [resource_arn],
        "detail": copy.deepcopy(detail),
    }


def _scheduled_event(region: str, rule_arn: str) -> JsonObject:
    return service_event(
        region=region, source="aws.events", detail_type="Scheduled Event", resource_arn=rule_arn, detail={}
    )
