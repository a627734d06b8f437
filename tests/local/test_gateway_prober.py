"""What the prober tells AWS: metrics and alerts, by the gateway's own CloudWatch and SNS."""

import asyncio
import datetime as dt
from typing import Any

import pytest

from scripts.aws.metrics import NAMESPACE, publish_alert, put_metrics
from scripts.commands.shared.prober import told
from scripts.errors import AwsError
from scripts.probe.minute import minute_metrics
from tests.unit.probe.test_history import VIEW
from tests.worlds.gateway_world import GatewayWorld

REGION = "eu-west-1"


@pytest.fixture(autouse=True)
def clients_at_the_gateway(gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", gateway_world.gateway.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def test_minute_is_in_cloudwatch(gateway_world: GatewayWorld) -> None:
    dimensions = {"Hostname": gateway_world.unique("host"), "ProbeRegion": "office"}
    put_metrics(REGION, minute_metrics([VIEW, VIEW], [], primary="eu-central-1", dimensions=dimensions))
    cloudwatch: Any = gateway_world.client("cloudwatch", REGION)
    now = dt.datetime.now(dt.UTC)
    found = cloudwatch.get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName="GoodAnswers",
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - dt.timedelta(minutes=5),
        EndTime=now + dt.timedelta(minutes=5),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    assert [point["Sum"] for point in found] == [2.0]


def test_alert_reaches_its_topic_and_a_refusal_ends_nothing(gateway_world: GatewayWorld) -> None:
    sns: Any = gateway_world.client("sns", REGION)
    arn = sns.create_topic(Name=gateway_world.unique("alerts"))["TopicArn"]
    publish_alert(arn, "x" * 200, "text")
    with pytest.raises(AwsError, match="Publish on"):
        publish_alert(f"{arn}-absent", "subject", "text")
    said: list[str] = []
    asyncio.run(told(lambda: publish_alert(f"{arn}-absent", "subject", "text"), say=said.append))
    assert len(said) == 1
