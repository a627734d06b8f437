"""From what the data plane observes to the alarm, and from the alarm to the functions' own handlers."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.dataplane_world import HOSTNAME, PRIMARY, REGIONAL, SECONDARY, World

pytestmark = pytest.mark.local

FORMATTER = Path(__file__).parents[2] / "constructs_lib" / "functions" / "alert_formatter"
FAILING = b"def handler(event, context):\n    raise RuntimeError('as it is meant to')\n"


def put_alarm(world: World, name: str, *, region: str, namespace: str, metric: str, dimensions: dict[str, str]) -> None:
    world.client("cloudwatch", region).put_metric_alarm(
        AlarmName=name,
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )


def is_alarm(world: World, name: str, *, region: str) -> bool:
    (alarm,) = world.client("cloudwatch", region).describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(alarm["StateValue"]) == "ALARM"


def deploy(
    world: World, name: str, code: bytes, *, region: str, beside: Mapping[str, bytes] = {}, **environment: str
) -> str:
    """Deploy a function with the code as its handler, and what ships beside it; return its ARN."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        for path, content in {"handler.py": code, **beside}.items():
            archive.writestr(path, content)
    made = world.client("lambda", region).create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=f"arn:aws:iam::123456789012:role/site-{region}",
        Handler="handler.handler",
        Code={"ZipFile": package.getvalue()},
        Timeout=100,
        Environment={"Variables": environment},
    )
    return str(made["FunctionArn"])


def subscribed_topic(world: World, name: str, function_arn: str, *, region: str) -> str:
    """Make a topic that invokes a function; return its ARN."""
    sns = world.client("sns", region)
    topic = str(sns.create_topic(Name=name)["TopicArn"])
    world.client("lambda", region).add_permission(
        FunctionName=function_arn,
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function_arn)
    return topic


def test_5xx_of_the_edge_raise_the_alarm_of_their_distribution(world: World) -> None:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html
    dimensions = {"DistributionId": world.distributions[PRIMARY]["Id"], "Region": "Global"}
    put_alarm(
        world, "edge", region="us-east-1", namespace="AWS/CloudFront", metric="5xxErrorRate", dimensions=dimensions
    )

    def reached() -> bool:
        world.get("/health/region.json")
        return is_alarm(world, "edge", region="us-east-1")

    with world.fault(f"s3:{PRIMARY}", "status", 503), world.fault(f"s3:{SECONDARY}", "status", 503):
        world.eventually(reached, seconds=30)
    world.eventually(lambda: not is_alarm(world, "edge", region="us-east-1"), seconds=30)


def test_5xx_of_a_regional_endpoint_raise_its_alarm(world: World) -> None:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
    (api,) = world.client("apigatewayv2", SECONDARY).get_apis()["Items"]
    dimensions = {"ApiId": api["ApiId"]}
    put_alarm(world, "api", region=SECONDARY, namespace="AWS/ApiGateway", metric="5xx", dimensions=dimensions)

    def reached() -> bool:
        world.get("/", address=REGIONAL[SECONDARY])
        return is_alarm(world, "api", region=SECONDARY)

    with world.fault(f"apigateway:{SECONDARY}", "status", 503):
        world.eventually(reached, seconds=30)


def test_function_that_fails_is_tried_again_and_counted(world: World) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    arn = deploy(world, "failing", FAILING, region=PRIMARY)
    topic = subscribed_topic(world, "failing", arn, region=PRIMARY)
    dimensions = {"FunctionName": "failing"}
    put_alarm(world, "failing", region=PRIMARY, namespace="AWS/Lambda", metric="Errors", dimensions=dimensions)
    world.client("sns", PRIMARY).publish(TopicArn=topic, Message="m")
    world.eventually(lambda: is_alarm(world, "failing", region=PRIMARY), seconds=30)
    world.eventually(lambda: world.log.read_text().count("as it is meant to") >= 2, seconds=30)


def test_alarm_reaches_the_inbox_through_the_formatters_own_handler(world: World) -> None:
    sns = world.client("sns", PRIMARY)
    inbox = sns.create_topic(Name="inbox")["TopicArn"]
    sns.subscribe(TopicArn=inbox, Protocol="email", Endpoint="formatted@example.test")
    environment = {
        "ALARM_PREFIX": "site-alarm-",
        "ALERT_TOPIC_ARN": inbox,
        "HOSTNAME": HOSTNAME,
        "CHECKS": json.dumps({"path": "no-such-check", PRIMARY: "no-such-check", SECONDARY: "no-such-check"}),
    }
    files = {str(path.relative_to(FORMATTER)): path.read_bytes() for path in FORMATTER.rglob("*.py")}
    arn = deploy(world, "formatter", files.pop("handler.py"), region=PRIMARY, beside=files, **environment)
    topic = subscribed_topic(world, "alarms", arn, region=PRIMARY)
    name = f"site-alarm-region-unhealthy.{PRIMARY}"
    client = world.client("cloudwatch", PRIMARY)
    put_alarm(world, name, region=PRIMARY, namespace="Test", metric="none", dimensions={})
    client.put_metric_alarm(**alarm_settings(client, name), AlarmActions=[topic])
    client.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    # The next evaluation has no data, and says so; only FIFO topics keep an order:
    # https://docs.aws.amazon.com/sns/latest/dg/sns-fifo-topics.html
    subject = f"[ALARM] {HOSTNAME}: the bucket in {PRIMARY} does not answer; {SECONDARY} covers"[:99]
    world.eventually(lambda: subject in [mail["subject"] for mail in mails(world)], seconds=30)
    (mail,) = (mail for mail in mails(world) if mail["subject"] == subject)
    assert "What covers:   Layer 1" in mail["text"]


def alarm_settings(client: Any, name: str) -> dict[str, Any]:
    (alarm,) = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    wanted = ("AlarmName", "Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods", "Threshold")
    return {key: alarm[key] for key in (*wanted, "ComparisonOperator")}


def mails(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.control("GET", "/mailbox")["mails"]
    return [mail for mail in found if mail["address"] == "formatted@example.test"]
