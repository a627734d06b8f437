"""CloudWatch alarms, their actions, EventBridge rules and SNS deliveries, as AWS documents them."""

import io
import json
import zipfile
from typing import Any

import pytest

from tests.documented import documented
from tests.worlds.gateway_world import GatewayWorld, refused, wait_until

REGION = "eu-central-1"
ACCOUNT = "123456789012"


def put_alarm(world: GatewayWorld, name: str, region: str = REGION, **settings: Any) -> None:
    """Make an alarm on a metric of the test's own; it keeps its state while there is no data."""
    defaults = {
        "Namespace": "Test",
        "MetricName": name,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "ignore",
    }
    world.client("cloudwatch", region).put_metric_alarm(AlarmName=name, **{**defaults, **settings})


def put_data(world: GatewayWorld, name: str, value: float) -> None:
    data = [{"MetricName": name, "Value": value}]
    world.client("cloudwatch", REGION).put_metric_data(Namespace="Test", MetricData=data)


def state(world: GatewayWorld, name: str, region: str = REGION) -> str:
    answer = world.client("cloudwatch", region).describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    alarms: list[dict[str, Any]] = answer["MetricAlarms"] + answer["CompositeAlarms"]
    (alarm,) = alarms
    return str(alarm["StateValue"])


def set_state(world: GatewayWorld, name: str, value: str) -> None:
    world.client("cloudwatch", REGION).set_alarm_state(AlarmName=name, StateValue=value, StateReason="a test")


def topic_with_mail(world: GatewayWorld, **attributes: str) -> tuple[str, str]:
    """Return a topic's ARN and the address that reads it."""
    name = world.unique("topic")
    sns = world.client("sns", REGION)
    arn = str(sns.create_topic(Name=name, Attributes=attributes)["TopicArn"])
    address = f"{name}@example.test"
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=address)
    return arn, address


def mails(world: GatewayWorld, address: str) -> list[dict[str, Any]]:
    _, document = world.control("GET", "/mailbox")
    return [mail for mail in document["mails"] if mail["address"] == address]


def function(world: GatewayWorld) -> str:
    """Return the ARN of a function that anybody could deploy."""
    name = world.unique("function")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context):\n    return None\n")
    iam = world.client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    made = world.client("lambda", REGION).create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": package.getvalue()},
    )
    return str(made["FunctionArn"])


def allow(world: GatewayWorld, function_arn: str, service: str, source_arn: str) -> None:
    world.client("lambda", REGION).add_permission(
        FunctionName=function_arn,
        StatementId="s",
        Action="lambda:InvokeFunction",
        Principal=service,
        SourceArn=source_arn,
    )


def claimed(world: GatewayWorld, function_arn: str) -> list[dict[str, Any]]:
    """Return the events that wait for a function; those of other functions are forgotten."""
    _, document = world.control("POST", "/invocations/claim")
    return [item["event"] for item in document["invocations"] if item["function_arn"] == function_arn]


@documented("CWAPI/API_PutMetricAlarm", "A new alarm has INSUFFICIENT_DATA until it is evaluated.")
def test_new_alarm_has_insufficient_data_until_it_is_evaluated(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    name = gateway_world.unique("alarm")
    put_alarm(gateway_world, name)
    assert state(gateway_world, name) == "INSUFFICIENT_DATA"


@documented(
    "CW/AlarmThatSendsEmail", "An alarm goes to ALARM when its data points breach the threshold, and back to OK."
)
def test_alarm_follows_the_data_points(gateway_world: GatewayWorld) -> None:
    name = gateway_world.unique("alarm")
    put_alarm(gateway_world, name)
    for value, expected in ((1, "ALARM"), (0, "OK")):

        def reached(value: float = value, expected: str = expected) -> bool:
            put_data(gateway_world, name, value)
            return state(gateway_world, name) == expected

        wait_until(reached)


@documented("CWAPI/API_PutMetricAlarm", "An alarm that is updated keeps its state.")
def test_updated_alarm_keeps_its_state(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    name = gateway_world.unique("alarm")
    put_alarm(gateway_world, name)
    set_state(gateway_world, name, "ALARM")
    put_alarm(gateway_world, name, Threshold=2)
    assert state(gateway_world, name) == "ALARM"


def test_expression_alarm_is_evaluated_by_metric_math(gateway_world: GatewayWorld) -> None:
    name = gateway_world.unique("alarm")
    stat = {"Metric": {"Namespace": "Test", "MetricName": name}, "Period": 60, "Stat": "Maximum"}
    gateway_world.client("cloudwatch", REGION).put_metric_alarm(
        AlarmName=name,
        Metrics=[
            {"Id": "result", "Expression": "1 - given", "ReturnData": True},
            {"Id": "given", "MetricStat": stat, "ReturnData": False},
        ],
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="ignore",
    )

    def reached() -> bool:
        put_data(gateway_world, name, 0)
        return state(gateway_world, name) == "ALARM"

    wait_until(reached)


def test_health_check_status_is_a_metric_of_us_east_1(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
    name = gateway_world.unique("health")
    config = {"Type": "HTTP", "FullyQualifiedDomainName": "www.example.test"}
    check = gateway_world.client("route53").create_health_check(CallerReference=name, HealthCheckConfig=config)
    id_ = check["HealthCheck"]["Id"]
    for region in ("us-east-1", REGION):
        put_alarm(
            gateway_world,
            name,
            region,
            Namespace="AWS/Route53",
            MetricName="HealthCheckStatus",
            Dimensions=[{"Name": "HealthCheckId", "Value": id_}],
            Statistic="Minimum",
            ComparisonOperator="LessThanThreshold",
        )
    gateway_world.control("POST", f"/health-checks/{id_}", {"is_healthy": False, "percentage_healthy": 0})
    wait_until(lambda: state(gateway_world, name, "us-east-1") == "ALARM")
    assert state(gateway_world, name, REGION) == "INSUFFICIENT_DATA"


def test_metric_of_the_data_plane_reaches_its_alarm(gateway_world: GatewayWorld) -> None:
    name = gateway_world.unique("alarm")
    put_alarm(gateway_world, name)
    point = {"count": 2, "sum": 2.0, "minimum": 1.0, "maximum": 1.0}
    entry = {"region": REGION, "namespace": "Test", "name": name, "dimensions": {}, **point}

    def reached() -> bool:
        gateway_world.control("POST", "/metrics", {"data": [entry]})
        return state(gateway_world, name) == "ALARM"

    wait_until(reached)


@documented("CW/Create_Composite_Alarm", "A composite alarm follows its rule over other alarms.")
def test_composite_alarm_follows_its_rule(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html
    one, other = gateway_world.unique("part"), gateway_world.unique("part")
    composite = gateway_world.unique("composite")
    for name in (one, other):
        put_alarm(gateway_world, name)
    gateway_world.client("cloudwatch", REGION).put_composite_alarm(
        AlarmName=composite, AlarmRule=f'ALARM("{one}") AND NOT ALARM("{other}")'
    )
    wait_until(lambda: state(gateway_world, composite) == "OK")
    set_state(gateway_world, one, "ALARM")
    wait_until(lambda: state(gateway_world, composite) == "ALARM")
    set_state(gateway_world, other, "ALARM")
    wait_until(lambda: state(gateway_world, composite) == "OK")


def test_composite_alarm_rejects_a_malformed_rule(gateway_world: GatewayWorld) -> None:
    client = gateway_world.client("cloudwatch", REGION)
    refused(
        "ValidationError",
        lambda: client.put_composite_alarm(AlarmName=gateway_world.unique("composite"), AlarmRule="ALARM(a) AND"),
        400,
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"Statistic": None, "ExtendedStatistic": "p99"},
        {"Period": 10},
        {"ComparisonOperator": "LessThanLowerThreshold"},
        {"AlarmActions": [f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"]},
    ],
)
def test_alarm_that_is_not_modelled_is_a_loud_501(gateway_world: GatewayWorld, settings: dict[str, Any]) -> None:
    name = gateway_world.unique("alarm")
    wanted = {"Statistic": "Sum", **settings}
    given = {key: value for key, value in wanted.items() if value is not None}

    def put() -> None:
        common = {"Namespace": "Test", "MetricName": name, "EvaluationPeriods": 1, "Threshold": 1}
        comparison = {"ComparisonOperator": "GreaterThanThreshold", "Period": 60}
        gateway_world.client("cloudwatch", REGION).put_metric_alarm(AlarmName=name, **{**common, **comparison, **given})

    message = refused("NotImplemented", put, 501)
    assert message.startswith("localcloud does not model")
    assert gateway_world.client("cloudwatch", REGION).describe_alarms(AlarmNames=[name])["MetricAlarms"] == []


@documented("CWAPI/API_SetAlarmState", "SetAlarmState runs the actions of the new state.")
def test_set_alarm_state_runs_the_actions_of_the_new_state(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
    name, (arn, address) = gateway_world.unique("alarm"), topic_with_mail(gateway_world)
    put_alarm(gateway_world, name, AlarmActions=[arn], AlarmDescription="what it is about")
    set_state(gateway_world, name, "OK")
    assert mails(gateway_world, address) == []
    set_state(gateway_world, name, "ALARM")
    (mail,) = mails(gateway_world, address)
    message = json.loads(mail["text"])
    assert mail["subject"] == f'ALARM: "{name}" in EU (Frankfurt)'
    assert (message["AlarmName"], message["OldStateValue"], message["NewStateValue"]) == (name, "OK", "ALARM")
    assert (message["NewStateReason"], message["AlarmDescription"]) == ("a test", "what it is about")


def test_state_that_is_set_again_acts_once(gateway_world: GatewayWorld) -> None:
    # "the alarm invokes actions for sustained state changes only": AlarmThatSendsEmail.html#alarms-and-actions
    name, (arn, address) = gateway_world.unique("alarm"), topic_with_mail(gateway_world)
    put_alarm(gateway_world, name, AlarmActions=[arn])
    for _ in range(2):
        set_state(gateway_world, name, "ALARM")
    assert len(mails(gateway_world, address)) == 1


@documented("CWAPI/API_DisableAlarmActions", "Disabled actions do not run.")
def test_disabled_actions_do_not_run(gateway_world: GatewayWorld) -> None:
    name, (arn, address) = gateway_world.unique("alarm"), topic_with_mail(gateway_world)
    put_alarm(gateway_world, name, AlarmActions=[arn], ActionsEnabled=False)
    set_state(gateway_world, name, "ALARM")
    assert mails(gateway_world, address) == []


@documented(
    "https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns",
    "An alarm cannot publish to a topic under alias/aws/sns.",
)
def test_alarm_cannot_publish_under_the_aws_managed_key(gateway_world: GatewayWorld) -> None:
    # https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
    arn, address = topic_with_mail(gateway_world, KmsMasterKeyId="alias/aws/sns")
    name = gateway_world.unique("alarm")
    put_alarm(gateway_world, name, AlarmActions=[arn])
    set_state(gateway_world, name, "ALARM")
    assert mails(gateway_world, address) == []
    gateway_world.client("sns", REGION).publish(TopicArn=arn, Message="a principal of the account may")
    assert [mail["text"] for mail in mails(gateway_world, address)] == ["a principal of the account may"]


def events_rule(world: GatewayWorld, alarm: str, target_arn: str) -> str:
    name = world.unique("rule")
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": [{"prefix": alarm}]}}
    events = world.client("events", REGION)
    arn = str(events.put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"])
    events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": target_arn}])
    return arn


def log_group(world: GatewayWorld) -> tuple[str, str]:
    name = f"/aws/events/{world.unique('log')}"
    world.client("logs", REGION).create_log_group(logGroupName=name)
    return name, f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"


def logged(world: GatewayWorld, name: str) -> list[dict[str, Any]]:
    found = world.client("logs", REGION).filter_log_events(logGroupName=name)["events"]
    return [json.loads(event["message"]) for event in found]


def let_events_write(world: GatewayWorld, log_group_arn: str, rule_arn: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["events.amazonaws.com"]},
        "Action": ["logs:PutLogEvents"],
        "Resource": f"{log_group_arn}:*",
        "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
    }
    world.client("logs", REGION).put_resource_policy(
        policyName=world.unique("policy"), policyDocument=json.dumps({"Statement": [statement]})
    )


@documented("CW/cloudwatch-and-eventbridge", "A change of state is an event on EventBridge.")
def test_state_change_is_an_event_that_a_rule_writes_to_a_log_group(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    alarm, (name, arn) = gateway_world.unique("alarm"), log_group(gateway_world)
    let_events_write(gateway_world, arn, events_rule(gateway_world, alarm, arn))
    put_alarm(gateway_world, alarm)
    set_state(gateway_world, alarm, "ALARM")
    (event,) = logged(gateway_world, name)
    assert (event["source"], event["detail-type"]) == ("aws.cloudwatch", "CloudWatch Alarm State Change")
    assert event["detail"]["alarmName"] == alarm
    assert event["detail"]["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert event["detail"]["state"]["value"] == "ALARM"
    assert event["resources"] == [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{alarm}"]


def test_event_of_another_alarm_matches_no_rule(gateway_world: GatewayWorld) -> None:
    alarm, other, (name, arn) = gateway_world.unique("a"), gateway_world.unique("b"), log_group(gateway_world)
    let_events_write(gateway_world, arn, events_rule(gateway_world, alarm, arn))
    put_alarm(gateway_world, other)
    set_state(gateway_world, other, "ALARM")
    assert logged(gateway_world, name) == []


@pytest.mark.parametrize("rule_arn", [None, f"arn:aws:events:{REGION}:{ACCOUNT}:rule/another"])
def test_log_group_takes_no_events_without_a_resource_policy_for_the_rule(
    gateway_world: GatewayWorld, rule_arn: str | None
) -> None:
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    alarm, (name, arn) = gateway_world.unique("alarm"), log_group(gateway_world)
    events_rule(gateway_world, alarm, arn)
    if rule_arn is not None:
        let_events_write(gateway_world, arn, rule_arn)
    put_alarm(gateway_world, alarm)
    set_state(gateway_world, alarm, "ALARM")
    assert logged(gateway_world, name) == []


def test_topic_invokes_a_subscribed_function(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    arn, _ = topic_with_mail(gateway_world)
    target = function(gateway_world)
    allow(gateway_world, target, "sns.amazonaws.com", arn)
    gateway_world.client("sns", REGION).subscribe(TopicArn=arn, Protocol="lambda", Endpoint=target)
    gateway_world.client("sns", REGION).publish(TopicArn=arn, Subject="s", Message="m")
    (event,) = claimed(gateway_world, target)
    (record,) = event["Records"]
    assert record["EventSource"] == "aws:sns"
    assert (record["Sns"]["TopicArn"], record["Sns"]["Subject"], record["Sns"]["Message"]) == (arn, "s", "m")


@documented("LAMBDA/with-sns", "A topic invokes a function only with its permission.")
def test_topic_without_permission_invokes_nothing(gateway_world: GatewayWorld) -> None:
    arn, _ = topic_with_mail(gateway_world)
    target = function(gateway_world)
    allow(gateway_world, target, "sns.amazonaws.com", f"{arn}-of-somebody-else")
    gateway_world.client("sns", REGION).subscribe(TopicArn=arn, Protocol="lambda", Endpoint=target)
    gateway_world.client("sns", REGION).publish(TopicArn=arn, Message="m")
    assert claimed(gateway_world, target) == []


def test_schedule_invokes_its_function_again_and_again(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
    name, target = gateway_world.unique("rule"), function(gateway_world)
    events = gateway_world.client("events", REGION)
    rule_arn = events.put_rule(Name=name, ScheduleExpression="rate(1 minute)")["RuleArn"]
    allow(gateway_world, target, "events.amazonaws.com", rule_arn)
    events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": target}])
    seen: list[dict[str, Any]] = []

    def twice() -> bool:
        seen.extend(claimed(gateway_world, target))
        return len(seen) >= 2

    wait_until(twice)
    events.disable_rule(Name=name)
    assert {(event["source"], event["detail-type"]) for event in seen} == {("aws.events", "Scheduled Event")}


def test_pending_invocations_are_announced_with_the_revision(gateway_world: GatewayWorld) -> None:
    gateway_world.control("POST", "/invocations/claim")
    _, document = gateway_world.control("GET", "/revision")
    assert document["pending_invocations"] == 0


def test_synthetics_is_a_loud_501(gateway_world: GatewayWorld) -> None:
    message = refused("NotImplemented", gateway_world.client("synthetics", REGION).describe_canaries, 501)
    assert "synthetics" in message


@documented("CWAPI/API_DescribeAlarms", "DescribeAlarms shows metric alarms unless it is asked for others.")
def test_describe_alarms_shows_metric_alarms_unless_asked_for_others(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html, AlarmTypes
    client, name = gateway_world.client("cloudwatch", REGION), gateway_world.unique("composite")
    client.put_composite_alarm(AlarmName=name, AlarmRule="TRUE")
    assert client.describe_alarms(AlarmNames=[name])["CompositeAlarms"] == []
    asked = client.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])
    assert [alarm["AlarmRule"] for alarm in asked["CompositeAlarms"]] == ["TRUE"]
