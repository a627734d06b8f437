"""Lever alarm-path: every alarm is set to ALARM once, and a queue listens to what its topics send: the raw alarm and the mail.

SetAlarmState runs the alarm's actions and changes no metric; CloudWatch sets the alarm back with its next evaluation:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
Route 53's alarm checks watch the metric and not the state, so no record moves:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from scripts.aws.clients import aws_client, translated
from scripts.drill.levers.lever import Json, statement
from scripts.errors import NotSteadyError

QUEUE = "failover-drill-alarm-path-"
REASON = "failover drill alarm-path: a rehearsal of the alarms' way, nothing is wrong"
_ABSENT = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")


class AlarmPath:
    """Sets alarms to ALARM, and hears what comes of it."""

    def __init__(self, where: Mapping[str, str]) -> None:
        """`where`: account; alarms, as JSON a list of names; topics, as JSON region -> ARNs of the topics that are heard."""
        self.where = dict(where)
        self._account = where["account"]
        self._names: list[str] = json.loads(where["alarms"])
        self._topics: dict[str, list[str]] = json.loads(where["topics"])

    def describe(self) -> str:
        """Return what it does."""
        return (
            f"sets {len(self._names)} alarms to ALARM, so that whoever hears alerts gets as many mails, which say that it is a"
            f" rehearsal, and subscribes a queue {QUEUE}… in {' and '.join(self._topics)} to the same topics. Undo: the alarms'"
            " states as they were, without the queues"
        )

    def capture(self) -> Json:
        """Return region -> alarm -> state, and the name of the queues to make."""
        for topic in self._all_topics():
            if any(QUEUE in each["Endpoint"] for each in _subscriptions(topic)):
                raise NotSteadyError(f"a queue of an earlier drill hears {topic}: run `failover chaos recover`")
        states = {region: self._states(region) for region in self._topics}
        firing = [name for found in states.values() for name, (state, _) in found.items() if state == "ALARM"]
        if firing:
            raise NotSteadyError(
                f"in ALARM already: {', '.join(firing)}. Mend that first, or run `failover chaos recover` if a drill left it"
            )
        if lacking := set(self._names) - {name for found in states.values() for name in found}:
            raise NotSteadyError(
                f"no such alarm: {', '.join(sorted(lacking))}. Apply monitoring, then save the outputs again"
            )
        return {
            "queue": f"{QUEUE}{uuid.uuid4().hex[:12]}",
            "states": {region: {name: state for name, (state, _) in found.items()} for region, found in states.items()},
        }

    def pull(self, before: Json) -> None:
        """Make the queues, subscribe them, then set the alarms."""
        for region, states in before["states"].items():
            queue_arn = self._queue_arn(region, before["queue"])
            policy = {"Version": "2012-10-17", "Statement": [self._may_send(region, queue_arn)]}
            with translated("CreateQueue", before["queue"], region=region):
                _sqs(region).create_queue(QueueName=before["queue"], Attributes={"Policy": json.dumps(policy)})
            for topic in self._topics[region]:
                with translated("Subscribe", topic, region=region):
                    _sns(region).subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
            for name in states:
                self._set(region, name, "ALARM", REASON)

    def restore(self, before: Json) -> None:
        """Set back what still stands in ALARM by this drill, end the subscriptions, delete the queues."""
        for region, states in before["states"].items():
            for name, (state, reason) in self._states(region).items():
                if state == "ALARM" and reason == REASON and name in states:
                    self._set(region, name, states[name], f"{REASON}; it is over")
            for topic in self._topics[region]:
                for each in _subscriptions(topic):
                    if each["Endpoint"] == self._queue_arn(region, before["queue"]):
                        with translated("Unsubscribe", each["SubscriptionArn"], region=region):
                            _sns(region).unsubscribe(SubscriptionArn=each["SubscriptionArn"])
            with translated("DeleteQueue", before["queue"], region=region):
                if (url := _queue_url(region, before["queue"])) is not None:
                    _sqs(region).delete_queue(QueueUrl=url)

    def statements(self) -> list[Json]:
        """Return the rights on these alarms, topics, and the drill's own queues."""
        alarms = [
            f"arn:aws:cloudwatch:{region}:{self._account}:alarm:{name}"
            for region in self._topics
            for name in self._names
        ]
        every = [f"arn:aws:cloudwatch:{region}:{self._account}:alarm:*" for region in self._topics]
        queues = [self._queue_arn(region, f"{QUEUE}*") for region in self._topics]
        made = ("CreateQueue", "DeleteQueue", "GetQueueUrl", "ReceiveMessage", "DeleteMessage")
        return [
            statement("cloudwatch:DescribeAlarms", resource=every),
            statement("cloudwatch:SetAlarmState", resource=alarms),
            statement(
                "sns:Subscribe", "sns:Unsubscribe", "sns:ListSubscriptionsByTopic", resource=list(self._all_topics())
            ),
            statement(*(f"sqs:{action}" for action in made), resource=queues),
        ]

    def heard(self) -> Heard:
        """Return what the queues have heard so far; the queues are emptied by that, so the caller keeps it."""
        found = Heard()
        for region, topics in self._topics.items():
            for name in {each["Endpoint"].rsplit(":", 1)[-1] for topic in topics for each in _subscriptions(topic)}:
                if name.startswith(QUEUE):
                    found.take(region, name)
        return found

    @property
    def names(self) -> frozenset[str]:
        """The alarms."""
        return frozenset(self._names)

    @property
    def regions(self) -> frozenset[str]:
        """Where they are."""
        return frozenset(self._topics)

    def _states(self, region: str) -> dict[str, tuple[str, str]]:
        """Return alarm -> state and reason, of those in one region."""
        with translated("DescribeAlarms", region, region=region):
            pages = aws_client("cloudwatch", region=region).get_paginator("describe_alarms")
            found = [
                alarm
                for page in pages.paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
                for alarm in (*page.get("MetricAlarms", []), *page.get("CompositeAlarms", []))
            ]
        return {
            each["AlarmName"]: (each["StateValue"], each.get("StateReason", ""))
            for each in found
            if each["AlarmName"] in self._names
        }

    def _set(self, region: str, name: str, state: str, reason: str) -> None:
        with translated("SetAlarmState", name, region=region):
            aws_client("cloudwatch", region=region).set_alarm_state(
                AlarmName=name, StateValue=state, StateReason=reason
            )

    def _queue_arn(self, region: str, queue: str) -> str:
        return f"arn:aws:sqs:{region}:{self._account}:{queue}"

    def _may_send(self, region: str, queue_arn: str) -> Json:
        """Return the statement of https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html."""
        return {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": self._topics[region]}},
        }

    def _all_topics(self) -> Iterator[str]:
        for topics in self._topics.values():
            yield from topics


class Heard:
    """What came out of the topics: alarms as CloudWatch tells them, and mails as people get them."""

    def __init__(self) -> None:
        self.alarms: set[str] = set()
        self.mails: set[str] = set()
        """Regions whose topic sent one."""

    def take(self, region: str, queue: str) -> None:
        """Read one queue until it is empty.

        Raises:
            AwsError: SQS refused.
        """
        with translated("ReceiveMessage", queue, region=region):
            url, sqs = _queue_url(region, queue), _sqs(region)
            while url is not None and (messages := _messages(sqs, url)):
                for each in messages:
                    self._read(region, str(json.loads(each["Body"])["Message"]))
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])

    def _read(self, region: str, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if isinstance(message, dict) and "AlarmName" in message:
            if message.get("NewStateValue") == "ALARM":
                self.alarms.add(str(message["AlarmName"]))
        elif REASON in text:
            self.mails.add(region)


def _subscriptions(topic: str) -> list[Json]:
    with translated("ListSubscriptionsByTopic", topic):
        pages = _sns(topic.split(":")[3]).get_paginator("list_subscriptions_by_topic")
        return [each for page in pages.paginate(TopicArn=topic) for each in page["Subscriptions"]]


def _queue_url(region: str, queue: str) -> str | None:
    try:
        return str(_sqs(region).get_queue_url(QueueName=queue)["QueueUrl"])
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return None
        raise


def _messages(sqs: Any, url: str) -> list[Json]:  # noqa: ANN401  (a client, as in scripts/aws/clients.py)
    """Return up to ten; none where the undo has deleted the queue a moment ago."""
    try:
        return list(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []))
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return []
        raise


def _sns(region: str) -> Any:  # noqa: ANN401  (a client, as in scripts/aws/clients.py)
    return aws_client("sns", region=region)


def _sqs(region: str) -> Any:  # noqa: ANN401  (a client, as in scripts/aws/clients.py)
    return aws_client("sqs", region=region)
