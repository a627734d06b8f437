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


def alarm(name: str, state: str) -> None:
    cloudwatch: Any = boto3.client("cloudwatch", region_name=REGION)
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="n",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="r")


@pytest.fixture
def queue() -> str:
    return str(boto3.client("sqs", region_name=REGION).create_queue(QueueName="q")["QueueUrl"])


def send(queue: str, message: str) -> None:
    body = json.dumps({"Type": "Notification", "Message": message})
    boto3.client("sqs", region_name=REGION).send_message(QueueUrl=queue, MessageBody=body)


def heard(newsroom: Newsroom) -> News:
    return asyncio.run(newsroom.read())


def test_only_alarms_of_the_site_are_news() -> None:
    alarm("ours", "OK")
    alarm("theirs", "ALARM")
    newsroom = Newsroom(alarms=["ours"], regions=[REGION])
    assert heard(newsroom) == News(alarm=False, mail=None)
    alarm("ours", "ALARM")
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
