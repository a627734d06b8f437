"""What operators hear: alarms by CloudWatch's API, mails by a queue that hears the alerts."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from scripts.aws import clients
from scripts.drill.levers.news import News, Newsroom
from scripts.errors import WrongUsageError

REGION = "eu-central-1"


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    clients.session.cache_clear()
    with mock_aws():
        yield
    clients.session.cache_clear()


class CloudWatch:
    """Answers DescribeAlarms a page at a time. Not moto: localcloud's gateway, tested in the same process, changes moto's own."""

    def __init__(self, states: dict[str, str]) -> None:
        self.states = states

    def get_paginator(self, operation: str) -> "CloudWatch":
        assert operation == "describe_alarms"
        return self

    def paginate(self, *, AlarmTypes: list[str], StateValue: str) -> Iterator[dict[str, Any]]:  # noqa: N803 - botocore's
        assert AlarmTypes == ["MetricAlarm", "CompositeAlarm"]
        for name, state in self.states.items():
            yield {"MetricAlarms": [{"AlarmName": name}] if state == StateValue else [], "CompositeAlarms": []}


@pytest.fixture
def queue() -> str:
    return str(boto3.client("sqs", region_name=REGION).create_queue(QueueName="q")["QueueUrl"])


def send(queue: str, message: str) -> None:
    body = json.dumps({"Type": "Notification", "Message": message})
    boto3.client("sqs", region_name=REGION).send_message(QueueUrl=queue, MessageBody=body)


def heard(newsroom: Newsroom) -> News:
    return asyncio.run(newsroom.read())


def test_only_alarms_of_the_site_are_news(monkeypatch: pytest.MonkeyPatch) -> None:
    cloudwatch = CloudWatch({"ours": "OK", "theirs": "ALARM"})
    monkeypatch.setattr("scripts.drill.levers.news.aws_client", lambda *_, **__: cloudwatch)
    newsroom = Newsroom(alarms=["ours"], regions=[REGION])
    assert heard(newsroom) == News(alarm=False, mail=None)
    cloudwatch.states["ours"] = "ALARM"
    assert heard(newsroom).alarm is True


def test_mail_is_what_people_get_and_stays_heard(queue: str) -> None:
    newsroom = Newsroom(alarms=[], regions=[REGION], mail_queue=queue)
    send(queue, json.dumps({"AlarmName": "ours", "NewStateValue": "ALARM"}))
    assert heard(newsroom) == News(alarm=None, mail=False)
    send(queue, "What happened: the bucket does not answer")
    assert heard(newsroom).mail is True
    assert heard(newsroom).mail is True


def test_mail_from_before_the_fault_is_no_news(queue: str) -> None:
    send(queue, "What happened: yesterday")
    newsroom = Newsroom(alarms=[], regions=[REGION], mail_queue=queue)
    newsroom.forget()
    assert heard(newsroom).mail is False


@pytest.mark.parametrize("url", ["q", "https://example.com/q", "arn:aws:sqs:eu-central-1:1:q"])
def test_mail_queue_rejects_what_is_no_url_of_a_queue(url: str) -> None:
    with pytest.raises(WrongUsageError, match="--mail-queue"):
        Newsroom(alarms=[], regions=[REGION], mail_queue=url)
