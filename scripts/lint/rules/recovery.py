"""Recovery that needs a control plane: what alarms start, and runbooks that are documents (trap 27)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from scripts.lint.model import Configuration, Resource
from scripts.lint.roles import ROLE, rights
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.values import Expression, Value

_FUNCTION, _TOPIC, _DOCUMENT = "aws_lambda_function", "aws_sns_topic", "aws_ssm_document"
_ALARMS = ("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm")
_ACTIONS = ("alarm_actions", "ok_actions", "insufficient_data_actions")
# Control planes in us-east-1, by whose help a site is moved:
# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html
_CONTROL_PLANE = (
    "route53:ChangeResourceRecordSets",
    "route53:UpdateHealthCheck",
    "cloudfront:AssociateAlias",
    "cloudfront:UpdateDistribution",
    "cloudfront:UpdateDomainAssociation",
)
_FULL_ACCESS = ("/AmazonRoute53FullAccess", "/CloudFrontFullAccess")
_API = re.compile(
    r"\b(?:ChangeResourceRecordSets|change-resource-record-sets|change_resource_record_sets"
    r"|UpdateHealthCheck|update-health-check|update_health_check|AssociateAlias|associate-alias|associate_alias"
    r"|UpdateDistribution|update-distribution|update_distribution|UpdateDomainAssociation|update-domain-association)\b"
)


def _started_by_alarm(configuration: Configuration) -> Iterator[Finding]:
    starters = {function.key: (function, starter) for function, starter in reversed(list(_started(configuration)))}
    for function, starter in starters.values():
        if action := _control_plane_action(configuration, function):
            yield at(function, f"is started by {starter.address}, and its role may {action}")


def _runbooks(configuration: Configuration) -> Iterator[Finding]:
    for document in configuration.of_type(_DOCUMENT):
        call = _API.search(_spelled(document.body.value("content")))
        if call and document.body.text("document_type") in ("Automation", None):
            yield at(document, f"calls {call[0]}")


def _started(configuration: Configuration) -> Iterator[tuple[Resource, Resource]]:
    """Yields (function, alarm that starts it): itself, through a topic, or through an event rule for alarms."""
    for alarm, value in _alarm_actions(configuration):
        for function in configuration.listed([value], alarm, _FUNCTION):
            yield function, alarm
        for topic in configuration.listed([value], alarm, _TOPIC):
            for subscription in configuration.users(topic, "aws_sns_topic_subscription", "topic_arn"):
                for function in configuration.listed([subscription.body.value("endpoint")], subscription, _FUNCTION):
                    yield function, alarm
    for rule in configuration.of_type("aws_cloudwatch_event_rule"):
        if _is_about_health(rule):
            for target in configuration.users(rule, "aws_cloudwatch_event_target", "rule"):
                for function in configuration.listed([target.body.value("arn")], target, _FUNCTION):
                    yield function, rule


def _alarm_actions(configuration: Configuration) -> Iterator[tuple[Resource, Value]]:
    for alarm in configuration.of_type(*_ALARMS):
        for key in _ACTIONS:
            for value in alarm.body.items(key):
                yield alarm, value


def _is_about_health(rule: Resource) -> bool:
    """Whether an event rule waits for alarms or for AWS Health."""
    text = _spelled(rule.body.value("event_pattern"))
    try:
        sources = json.loads(text).get("source", [])
    except (ValueError, AttributeError):
        return False
    return bool({"aws.cloudwatch", "aws.health"} & set(map(str, sources if isinstance(sources, list) else [sources])))


def _control_plane_action(configuration: Configuration, function: Resource) -> str | None:
    """Returns what the function's role is allowed by name; a role that may do everything says nothing of what it does."""
    role = configuration.resource(function.body.value("role"), function, ROLE)
    if role is None:
        return None
    held = rights(configuration, role)
    named = [
        statement
        for statement in held.statements
        if statement.is_allow and all(isinstance(name, str) and ":" in name for name in statement.actions)
    ]
    for action in _CONTROL_PLANE:
        if any(statement.allows(action) for statement in named):
            return action
    return next((arn.rpartition("/")[2] for arn in held.managed if arn.endswith(_FULL_ACCESS)), None)


def _spelled(value: Value) -> str:
    text = value.text if isinstance(value, Expression) else value
    return text if isinstance(text, str) else ""


RULES = (
    Rule(
        id="FW271",
        severity=Severity.WARNING,
        slug="failover-by-control-plane",
        title="A failover that starts by changing records or distributions",
        why="Record edits, alias moves and distribution updates go through control planes in us-east-1: in the outage that they"
        " are for they may not work, and a distribution takes minutes to change.",
        source="https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/best-practices-dns.html",
        remedy="Let health checks switch records that exist already; or write a key value store, a metric that a check reads, "
        "or a routing control, all of which are data planes.",
        check=_started_by_alarm,
    ),
    Rule(
        id="FW272",
        severity=Severity.WARNING,
        slug="runbook-by-control-plane",
        title="A runbook document that changes records or distributions",
        why="An automation that edits records, moves aliases or updates distributions needs the control planes in us-east-1.",
        source="https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/best-practices-dns.html",
        remedy="Let the document write what a data plane reads (a metric, a key value store, a routing control), and keep "
        "control planes for the way back.",
        check=_runbooks,
    ),
)
