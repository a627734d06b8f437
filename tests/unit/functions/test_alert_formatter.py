"""The alert formatter's own handler: what people, Slack and programs get of an alarm."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import boto3
import pytest
from alerts.guides import GUIDES
from botocore.exceptions import EndpointConnectionError

from tests.worlds.shipped_function import QuietHandler, load, loopback_server

PREFIX = "site-prod-alarm-"
ENVIRONMENT = {
    "ALARM_PREFIX": PREFIX,
    "ALERT_TOPIC_ARN": "arn:alerts",
    "HOSTNAME": "www.example.com",
    "RUNBOOK_URL": "https://wiki.example.com/failover",
    "CHECKS": json.dumps({"path": "id-path", "eu-central-1": "id-eu", "us-east-1": "id-us"}),
    "EXTERNAL_CHECKS": json.dumps({"dc-a": "id-dc-a", "dc-aaaa": "id-dc-aaaa"}),
}
ONE_REGION = {"CHECKS": json.dumps({"path": "id-path", "eu-central-1": "id-eu"})}
REGIONAL = {"CHECKS": json.dumps({"eu-central-1": "id-eu", "us-east-1": "id-us"})}
IDS = {"path": "id-path", "eu-central-1": "id-eu", "us-east-1": "id-us", "dc-a": "id-dc-a", "dc-aaaa": "id-dc-aaaa"}
ALL_OF_SITE = ("path", "eu-central-1", "us-east-1")
ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:"


@dataclass
class Topic:
    """An SNS client with `publish` only."""

    messages: list[dict[str, str]] = field(default_factory=list)

    def publish(self, **message: str) -> None:
        self.messages.append(message)


@dataclass
class Parameters:
    """An SSM client with `get_parameter` only."""

    values: dict[str, str] = field(default_factory=dict)

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> dict[str, Any]:  # noqa: N803
        assert WithDecryption
        return {"Parameter": {"Value": self.values[Name]}}


@dataclass
class HealthChecks:
    """A Route 53 client with `get_health_check_status` only: three checkers a check, by which `failing` is answered.

    Attributes:
        failing: checks that no checker gets an answer from.
        shaky: checks that one checker of three does not get an answer from.
        is_silent: whether the API does not answer.
    """

    failing: set[str] = field(default_factory=set)
    shaky: set[str] = field(default_factory=set)
    is_silent: bool = False

    def get_health_check_status(self, *, HealthCheckId: str) -> dict[str, Any]:  # noqa: N803
        if self.is_silent:
            raise EndpointConnectionError(endpoint_url="https://route53.amazonaws.com")
        bad = 3 if HealthCheckId in self.failing else 1 if HealthCheckId in self.shaky else 0
        statuses = ["Failure: The health checker could not establish a connection"] * bad
        statuses += ["Success: HTTP Status Code 200, OK"] * (3 - bad)
        return {"HealthCheckObservations": [{"StatusReport": {"Status": status}} for status in statuses]}


@dataclass
class Webhook:
    """A loopback server that keeps what is posted and answers `status`."""

    url: str = ""
    status: int = 200
    posted: list[Any] = field(default_factory=list)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    found = Webhook()

    class Handler(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802  (the name that http.server calls)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/json"
            found.posted.append(json.loads(body))
            self.send_response(found.status)
            self.end_headers()

    with loopback_server(Handler) as url:
        found.url = f"{url}/secret-path"
        yield found


@dataclass
class World:
    """The formatter and what it talks to."""

    module: ModuleType
    topic: Topic
    parameters: Parameters
    checks: HealthChecks

    def fail(self, *names: str) -> None:
        """Let these checks fail, and no other."""
        self.checks.failing = {IDS[name] for name in names}

    def told(self, kind: str, state: str = "ALARM", **more: str) -> dict[str, str] | None:
        """Send one alarm through the handler; return what went to the topic for it, None for nothing."""
        before = len(self.topic.messages)
        self.topic.messages.append({})
        self.alarm(f"{PREFIX}{kind}", state, **more)
        new = self.topic.messages[before + 1 :]
        assert len(new) <= 1
        return new[0] if new else None

    def alarm(self, name: str, state: str = "ALARM", *, was: str | None = None, **more: str) -> dict[str, str]:
        """Send one alarm through the handler; return what went to the topic."""
        message = {
            "AlarmName": name,
            "OldStateValue": was or ("ALARM" if state == "OK" else "OK"),
            "NewStateValue": state,
            "NewStateReason": "Threshold Crossed",
            "StateChangeTime": "2026-11-24T10:00:00.000+0000",
            **more,
        }
        self.module.handler({"Records": [{"Sns": {"Message": json.dumps(message)}}]}, None)
        return self.topic.messages[-1]


def world(monkeypatch: pytest.MonkeyPatch, **more: str) -> World:
    module = load(monkeypatch, "alert_formatter/handler.py", environment={**ENVIRONMENT, **more})
    topic, parameters, checks = Topic(), Parameters(), HealthChecks()
    clients = {"sns": topic, "ssm": parameters, "route53": checks}
    monkeypatch.setattr(boto3, "client", lambda service, **_: clients[service])
    return World(module=module, topic=topic, parameters=parameters, checks=checks)


@pytest.fixture
def formatter(monkeypatch: pytest.MonkeyPatch) -> World:
    return world(monkeypatch)


def test_mail_says_what_happened_what_covers_what_to_do_and_where_to_read(formatter: World) -> None:
    formatter.fail("eu-central-1")
    mail = formatter.alarm(
        f"{PREFIX}region-unhealthy.eu-central-1", AlarmArn=f"{ARN}{PREFIX}region-unhealthy.eu-central-1"
    )
    assert mail["TopicArn"] == "arn:alerts"
    assert mail["Subject"] == "[ALARM] www.example.com: the bucket in eu-central-1 does not answer; us-east-1 covers"
    console = "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#alarmsV2:alarm/"
    for line in (
        "What happened: the bucket in eu-central-1 does not answer; us-east-1 covers",
        "Region:        eu-central-1",
        "What covers:   Layer 1: the origin group asks the bucket in us-east-1",
        "What to do:    Look at S3 in eu-central-1. If it lasts, spare cache misses the wait: "
        "`failover evacuate eu-central-1 --apply`.",
        "Runbook:       https://wiki.example.com/failover#region-unhealthy",
        f"Alarm:         {console}{PREFIX}region-unhealthy.eu-central-1",
        "Health checks now: path healthy, eu-central-1 unhealthy, us-east-1 healthy",
        "Route 53 on eu-central-1: Failure: The health checker could not establish a connection",
        "CloudWatch: Threshold Crossed",
    ):
        assert f"\n{line}" in f"\n{mail['Message']}"


PATH_TEXTS = [
    # (region checks that fail, subject after the host, words of the advice)
    (
        ("eu-central-1", "us-east-1"),
        "CloudFront does not serve; us-east-1 takes over by DNS",
        "CloudFront's status page",
    ),
    (
        ("eu-central-1",),
        "the distribution in eu-central-1 is down; us-east-1 takes over",
        "what changed in",
    ),
    (
        (),
        "the CloudFront path does not serve; us-east-1 takes over by DNS",
        "the router function or the distribution's",
    ),
    (
        ("us-east-1",),
        "the CloudFront path does not serve; us-east-1 takes over by DNS",
        "the bucket in eu-central-1 answer",
    ),
]


@pytest.mark.parametrize(("failing", "subject", "advice"), PATH_TEXTS)
def test_path_alarm_is_told_from_the_region_checks_and_advises_no_evacuation(
    formatter: World, failing: tuple[str, ...], subject: str, advice: str
) -> None:
    formatter.fail("path", *failing)
    mail = formatter.alarm(f"{PREFIX}path-unhealthy")
    assert mail["Subject"] == f"[ALARM] www.example.com: {subject}"
    assert advice in mail["Message"]
    assert "Layer 3: Route 53 answers with the regional endpoint in us-east-1" in mail["Message"]
    assert "Evacuate no region" in mail["Message"]
    assert "failover evacuate" not in mail["Message"]


def test_path_alarm_names_both_causes_when_route_53_does_not_tell_the_checks(formatter: World) -> None:
    formatter.checks.is_silent = True
    text = formatter.alarm(f"{PREFIX}path-unhealthy")["Message"]
    assert "All region checks unhealthy as well: CloudFront itself. None: the router function." in text
    assert "Health checks now: path unknown, eu-central-1 unknown, us-east-1 unknown" in text


def test_region_that_is_the_spare_one_is_not_to_be_evacuated(formatter: World) -> None:
    formatter.fail("us-east-1")
    mail = formatter.alarm(f"{PREFIX}region-unhealthy.us-east-1")
    assert "the spare region us-east-1 does not answer (bucket or distribution)" in mail["Subject"]
    assert "eu-central-1 serves users" in mail["Message"]
    assert "failover evacuate" not in mail["Message"]


def test_region_is_not_to_be_evacuated_into_another_that_fails(formatter: World) -> None:
    formatter.fail("eu-central-1", "us-east-1")
    text = formatter.alarm(f"{PREFIX}region-unhealthy.eu-central-1")["Message"]
    assert "Evacuate no region: none is known to be better." in text
    assert "failover evacuate" not in text


def test_check_that_enough_checkers_get_an_answer_from_is_healthy(formatter: World) -> None:
    formatter.checks.shaky = {"id-us"}
    formatter.fail("eu-central-1")
    text = formatter.alarm(f"{PREFIX}region-unhealthy.eu-central-1")["Message"]
    assert "us-east-1 healthy" in text


# What each alarm says while some checks fail, or that another alert says it: (kind, state, failing, is told).
TOLD_ONCE = [
    ("region-unhealthy.eu-central-1", "ALARM", ("eu-central-1",), True),
    ("region-unhealthy.eu-central-1", "ALARM", ALL_OF_SITE, False),
    ("region-unhealthy.us-east-1", "ALARM", ("path", "us-east-1"), False),
    ("region-unhealthy.eu-central-1", "OK", (), True),
    ("region-unhealthy.eu-central-1", "OK", ("eu-central-1",), False),
    ("region-unhealthy.eu-central-1", "OK", ALL_OF_SITE, False),
    ("path-unhealthy", "ALARM", ALL_OF_SITE, True),
    ("path-unhealthy", "OK", (), True),
    ("edge-5xx", "ALARM", (), True),
    ("edge-5xx", "ALARM", ("path",), False),
    ("edge-5xx", "ALARM", ("eu-central-1",), False),
    ("edge-5xx", "ALARM", ("us-east-1",), True),
    ("edge-5xx", "OK", (), True),
    ("edge-5xx", "OK", ("path",), False),
    ("edge-5xx", "OK", ("eu-central-1",), False),
    ("serving-from-secondary", "ALARM", ("eu-central-1",), False),
    ("canary-failed.us-east-1", "ALARM", ALL_OF_SITE, False),
    ("canary-failed.us-east-1", "ALARM", (), True),
    ("prober-failed.eu-west-1", "ALARM", ALL_OF_SITE, False),
    ("prober-failed.eu-west-1", "ALARM", (), True),
    ("origin-latency", "ALARM", ("eu-central-1",), False),
    ("origin-latency", "ALARM", (), True),
    ("endpoint-5xx.us-east-1", "ALARM", ALL_OF_SITE, True),
    ("external-unhealthy.dc-a", "ALARM", ("dc-a", "dc-aaaa"), True),
    ("external-unhealthy.dc-aaaa", "ALARM", ("dc-a", "dc-aaaa"), False),
    ("external-unhealthy.dc-aaaa", "ALARM", ("dc-aaaa",), True),
    ("region-unhealthy.eu-central-1", "INSUFFICIENT_DATA", (), False),
    ("path-unhealthy", "INSUFFICIENT_DATA", (), True),
]


@pytest.mark.parametrize(("kind", "state", "failing", "is_told"), TOLD_ONCE)
def test_one_cause_is_told_once(
    formatter: World, kind: str, state: str, failing: tuple[str, ...], is_told: bool
) -> None:
    formatter.fail(*failing)
    assert (formatter.told(kind, state) is not None) is is_told


def test_missing_data_is_the_regions_own_when_its_check_cannot_be_read(formatter: World) -> None:
    formatter.checks.is_silent = True
    mail = formatter.told("region-unhealthy.eu-central-1", "INSUFFICIENT_DATA")
    assert mail is not None
    assert mail["Subject"] == "[INSUFFICIENT_DATA] www.example.com: no data for region-unhealthy eu-central-1"


def test_alert_that_is_not_told_is_in_the_timeline_all_the_same(
    formatter: World, capsys: pytest.CaptureFixture[str]
) -> None:
    formatter.told("serving-from-secondary")
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["is_told"] is False


def test_endpoint_that_stands_in_and_fails_is_what_users_see(formatter: World) -> None:
    formatter.fail(*ALL_OF_SITE)
    text = formatter.alarm(f"{PREFIX}endpoint-5xx.us-east-1")["Message"]
    assert "CloudFront does not serve, and the regional endpoint in us-east-1 answers with 5xx" in text
    assert "/aws/lambda/site-prod-endpoint-us-east-1" in text


def test_advice_names_the_function_that_the_alarm_is_about(formatter: World) -> None:
    text = formatter.alarm(f"{PREFIX}parity-unchecked.us-east-1")["Message"]
    assert f"the function {PREFIX.removesuffix('-alarm-')}-parity-us-east-1;" in text


def test_alarm_of_a_regional_entry_advises_no_evacuation(monkeypatch: pytest.MonkeyPatch) -> None:
    regional = world(monkeypatch, **REGIONAL)
    regional.fail("eu-central-1")
    text = regional.alarm(f"{PREFIX}region-unhealthy.eu-central-1")["Message"]
    assert "Route 53 leads viewers to us-east-1 within about two minutes" in text
    assert "failover evacuate" not in text


def test_regional_entry_says_that_nothing_covers_when_no_region_is_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    regional = world(monkeypatch, **REGIONAL)
    regional.fail("eu-central-1", "us-east-1")
    text = regional.alarm(f"{PREFIX}region-unhealthy.eu-central-1")["Message"]
    assert "What covers:   Nothing: no other region check is healthy either." in text


def test_endpoint_of_a_regional_entry_is_its_region_checks_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    regional = world(monkeypatch, **REGIONAL)
    assert regional.told("endpoint-5xx.eu-central-1") is not None
    regional.fail("eu-central-1")
    assert regional.told("endpoint-5xx.eu-central-1") is None


@pytest.mark.parametrize("failing", [("path",), ("path", "eu-central-1")])
def test_path_alarm_of_one_region_names_what_covers_which_cause(
    monkeypatch: pytest.MonkeyPatch, failing: tuple[str, ...]
) -> None:
    one = world(monkeypatch, **ONE_REGION)
    one.fail(*failing)
    text = one.alarm(f"{PREFIX}path-unhealthy")["Message"]
    assert "DNS leads to the regional endpoint in eu-central-1" in text
    assert "Nothing if it is the bucket: the site has one region." in text


@pytest.mark.parametrize("kind", ["region-unhealthy", "origin-latency"])
def test_alarm_of_the_only_region_names_no_other_one(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    one = world(monkeypatch, **ONE_REGION)
    text = one.alarm(f"{PREFIX}{kind}.eu-central-1")["Message"]
    assert "failover evacuate" not in text
    assert "other region" in text


def test_alarm_of_an_external_endpoint_names_it(formatter: World) -> None:
    mail = formatter.alarm(f"{PREFIX}external-unhealthy.dc-a")
    assert "the external endpoint dc-a does not answer" in mail["Subject"]
    assert "Endpoint:      dc-a\n" in mail["Message"]


def test_alarm_about_the_whole_site_names_the_primary_region(formatter: World) -> None:
    assert "Region:        eu-central-1\n" in formatter.alarm(f"{PREFIX}path-unhealthy")["Message"]


def test_alarm_about_us_east_1_names_it(formatter: World) -> None:
    assert "Region:        us-east-1\n" in formatter.alarm(f"{PREFIX}global-region-silent")["Message"]


KINDS = [
    "path-unhealthy",
    "region-unhealthy.eu-central-1",
    "region-unhealthy.us-east-1",
    "external-unhealthy.dc-a",
    "serving-from-secondary",
    "edge-5xx",
    "origin-latency",
    "endpoint-5xx.us-east-1",
    "global-region-silent",
    "replication-backlog.eu-central-1-to-us-east-1",
    "replication-latency.eu-central-1-to-us-east-1",
    "canary-failed.us-east-1",
    "prober-failed.eu-west-1",
    "parity-lost.eu-central-1",
    "certificate-expiring.us-east-1",
    "parity-unchecked.eu-central-1",
]
FAILING = [(), ("path",), ("eu-central-1",), ("us-east-1",), ("eu-central-1", "us-east-1"), ALL_OF_SITE]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("entry", [{}, REGIONAL], ids=["cloudfront", "regional"])
@pytest.mark.parametrize("state", ["ALARM", "OK", "INSUFFICIENT_DATA"])
def test_every_text_can_be_copied_and_its_words_need_no_glossary(
    monkeypatch: pytest.MonkeyPatch, name: str, entry: dict[str, str], state: str
) -> None:
    found = world(monkeypatch, **entry)
    for failing in FAILING:
        found.fail(*failing)
        mail = found.told(name, state)
        if mail is None:
            continue
        text = f"{mail['Subject']}\n{mail['Message']}"
        assert not re.search(r"REGION|ENDPOINT|PROJECT|[{}]|\bill\b|\bdearest\b|\bdrives\b", text)
        assert any(place in mail["Message"] for place in ("eu-central-1", "us-east-1", "dc-a"))


def test_every_kind_has_its_texts_tried() -> None:
    assert {name.partition(".")[0] for name in KINDS} == set(GUIDES)


def test_end_of_an_alarm_says_what_works_again_and_asks_for_nothing(formatter: World) -> None:
    mail = formatter.alarm(f"{PREFIX}path-unhealthy", "OK")
    assert mail["Subject"] == "[OK] www.example.com: the CloudFront path serves again from eu-central-1"
    assert "What covers:   Not needed." in mail["Message"]
    assert "What to do:    `failover status` shows drained regions" in mail["Message"]


@pytest.mark.parametrize("name", KINDS)
def test_end_of_an_alarm_does_not_read_like_one(formatter: World, name: str) -> None:
    mail = formatter.told(name, "OK")
    if mail is not None:
        assert not re.search(r"does not|unhealthy|fails|over:|stuck|lacks", f"{mail['Subject']}")


def test_end_of_the_path_alarm_says_what_is_left(formatter: World) -> None:
    formatter.fail("eu-central-1")
    text = formatter.alarm(f"{PREFIX}path-unhealthy", "OK")["Message"]
    assert "The region check of eu-central-1 still fails" in text
    assert "Not needed" not in text


def test_without_a_link_the_page_and_its_section_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = world(monkeypatch)
    monkeypatch.delenv("RUNBOOK_URL")
    text = found.alarm(f"{PREFIX}path-unhealthy")["Message"]
    assert 'Runbook:       docs/DISASTER_RECOVERY.md in the repository of this site, section "path-unhealthy"' in text


def test_missing_data_is_said_to_be_missing_data(formatter: World) -> None:
    mail = formatter.alarm(f"{PREFIX}path-unhealthy", "INSUFFICIENT_DATA")
    assert "no data for path-unhealthy" in mail["Subject"]
    assert "Find out why the metric stopped" in mail["Message"]


def test_data_that_is_back_is_said_to_be_back(formatter: World) -> None:
    mail = formatter.alarm(f"{PREFIX}path-unhealthy", "OK", was="INSUFFICIENT_DATA")
    assert mail["Subject"] == "[OK] www.example.com: data is back for path-unhealthy"


@pytest.mark.parametrize(
    ("state", "was", "deployed_at", "sent"),
    [
        ("OK", "INSUFFICIENT_DATA", "2026-11-24T09:58:00.000+0000", 0),
        ("OK", "INSUFFICIENT_DATA", "2026-11-23T09:58:00.000+0000", 1),
        ("ALARM", "INSUFFICIENT_DATA", "2026-11-24T09:58:00.000+0000", 1),
        ("OK", "ALARM", "2026-11-24T09:58:00.000+0000", 1),
    ],
)
def test_first_verdict_after_a_deployment_is_no_news_if_it_is_ok(
    formatter: World, state: str, was: str, deployed_at: str, sent: int
) -> None:
    formatter.topic.messages.append({})
    formatter.alarm(f"{PREFIX}path-unhealthy", state, was=was, AlarmConfigurationUpdatedTimestamp=deployed_at)
    assert len(formatter.topic.messages) - 1 == sent


def test_alarm_of_somebody_else_gets_general_advice(formatter: World) -> None:
    mail = formatter.alarm("their-own-alarm")
    assert "Read the alarm's description." in mail["Message"]
    assert "Runbook:       https://wiki.example.com/failover\n" in mail["Message"]


@pytest.mark.parametrize("kind", ["canary-failed.us-east-1", "global-region-silent", "path-unhealthy"])
@pytest.mark.parametrize("state", ["ALARM", "OK", "INSUFFICIENT_DATA"])
def test_subject_is_what_sns_takes(monkeypatch: pytest.MonkeyPatch, kind: str, state: str) -> None:
    # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html, Subject
    subject = world(monkeypatch, HOSTNAME="ü" * 64).alarm(f"{PREFIX}{kind}", state)["Subject"]
    assert subject.isascii()
    assert len(subject) < 100
    assert subject.isprintable()


def test_every_alarm_of_an_event_is_sent(formatter: World) -> None:
    states = {"OldStateValue": "ALARM", "NewStateValue": "OK"}
    message = {"AlarmName": "a", **states, "NewStateReason": "", "StateChangeTime": ""}
    record = {"Sns": {"Message": json.dumps(message)}}
    assert formatter.module.handler({"Records": [record, record]}, None) == {"alerts": 2}
    assert len(formatter.topic.messages) == 2


def with_webhook(monkeypatch: pytest.MonkeyPatch, webhook: Webhook, kind: str) -> World:
    found = world(monkeypatch, WEBHOOK_PARAMETER="/site/webhook", WEBHOOK_FORMAT=kind)
    found.parameters.values["/site/webhook"] = webhook.url
    return found


def test_slack_gets_one_text(monkeypatch: pytest.MonkeyPatch, webhook: Webhook) -> None:
    # https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
    with_webhook(monkeypatch, webhook, "slack").alarm(f"{PREFIX}edge-5xx")
    (document,) = webhook.posted
    assert set(document) == {"text"}
    assert document["text"].startswith("*[ALARM] www.example.com: viewers get 5xx from CloudFront (eu-central-1)*\n")


def test_generic_webhook_gets_every_fact_by_itself(monkeypatch: pytest.MonkeyPatch, webhook: Webhook) -> None:
    with_webhook(monkeypatch, webhook, "generic").alarm(f"{PREFIX}region-unhealthy.us-east-1")
    (document,) = webhook.posted
    assert (document["kind"], document["region"], document["state"]) == ("region-unhealthy", "us-east-1", "ALARM")
    assert document["health_checks"] == dict.fromkeys(("path", "eu-central-1", "us-east-1", "dc-a", "dc-aaaa"), True)
    assert document["runbook"] == "https://wiki.example.com/failover#region-unhealthy"
    assert set(document) == {
        "alarm",
        "changed_at",
        "console",
        "health_checks",
        "hostname",
        "kind",
        "reason",
        "region",
        "runbook",
        "state",
        "what_covers",
        "what_happened",
        "what_to_do",
    }


def test_mail_goes_out_and_says_so_when_the_webhook_fails(
    monkeypatch: pytest.MonkeyPatch, webhook: Webhook, capsys: pytest.CaptureFixture[str]
) -> None:
    webhook.status = 500
    mail = with_webhook(monkeypatch, webhook, "slack").alarm(f"{PREFIX}edge-5xx")
    assert "The webhook did not take this alert: HTTP status 500" in mail["Message"]
    assert "webhook: HTTP status 500" in capsys.readouterr().out


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/secret-path", "file:///etc/secret-path", "secret-path", None])
def test_url_of_the_webhook_is_never_repeated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str | None
) -> None:
    found = world(monkeypatch, WEBHOOK_PARAMETER="/site/webhook", WEBHOOK_FORMAT="slack")
    if url is not None:
        found.parameters.values["/site/webhook"] = url
    mail = found.alarm(f"{PREFIX}edge-5xx")
    assert "The webhook did not take this alert" in mail["Message"]
    assert "secret-path" not in mail["Message"] + capsys.readouterr().out


def test_parameter_that_names_a_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = world(monkeypatch, WEBHOOK_PARAMETER="/site/webhook", WEBHOOK_FORMAT="slack")
    found.parameters.values["/site/webhook"] = "file:///dev/null"
    mail = found.alarm(f"{PREFIX}edge-5xx")
    assert "the SSM parameter /site/webhook holds no http(s) URL" in mail["Message"]


def test_topic_that_refuses_fails_the_run_so_that_lambda_tries_again(
    monkeypatch: pytest.MonkeyPatch, formatter: World
) -> None:
    def refuse(**_: str) -> None:
        raise ConnectionError("SNS is away")

    monkeypatch.setattr(formatter.topic, "publish", refuse)
    with pytest.raises(ConnectionError):
        formatter.alarm(f"{PREFIX}edge-5xx")


def test_webhook_that_fails_fails_the_run_when_nobody_gets_a_mail(
    monkeypatch: pytest.MonkeyPatch, webhook: Webhook
) -> None:
    webhook.status = 503
    monkeypatch.setenv("WEBHOOK_ONLY", "true")
    found = with_webhook(monkeypatch, webhook, "generic")
    with pytest.raises(RuntimeError, match="webhook: HTTP status 503"):
        found.alarm(f"{PREFIX}edge-5xx")
    webhook.status = 200
    found.alarm(f"{PREFIX}edge-5xx")


def test_slack_reads_no_control_characters(monkeypatch: pytest.MonkeyPatch, webhook: Webhook) -> None:
    # https://docs.slack.dev/messaging/formatting-message-text#escaping
    found = with_webhook(monkeypatch, webhook, "slack")
    found.alarm(f"{PREFIX}edge-5xx", NewStateReason="<!channel> 1 datapoint & OK -> ALARM")
    (document,) = webhook.posted
    assert "&lt;!channel&gt; 1 datapoint &amp; OK -&gt; ALARM" in document["text"]


@pytest.mark.parametrize(
    "text",
    ["AWS Budgets: you are above 3.30 USD", "[]", "null", '{"detail-type": "CloudWatch Alarm State Change"}', "", "ü"],
)
def test_message_that_is_no_alarm_is_passed_on_as_it_came(formatter: World, text: str) -> None:
    sns = {"Message": text, "Timestamp": "2026-11-24T10:00:00.000Z"}
    assert formatter.module.handler({"Records": [{"Sns": sns}]}, None) == {"alerts": 1}
    (mail,) = formatter.topic.messages
    assert mail["Subject"] == "[MESSAGE] www.example.com: a message that is no alarm"
    assert mail["Message"].endswith(f"Sent at 2026-11-24T10:00:00.000Z\n{text}")


def test_message_that_is_no_alarm_holds_no_alarm_up(formatter: World) -> None:
    alarm = json.dumps({"AlarmName": f"{PREFIX}path-unhealthy", "NewStateValue": "ALARM"})
    records = [{"Sns": {"Message": message}} for message in ("hello", alarm)]
    assert formatter.module.handler({"Records": records}, None) == {"alerts": 2}


def test_alarm_with_nothing_but_a_name_and_a_state_is_told(formatter: World) -> None:
    message = json.dumps({"AlarmName": f"{PREFIX}path-unhealthy", "NewStateValue": "OK"})
    formatter.module.handler({"Records": [{"Sns": {"Message": message}}]}, None)
    assert "Alarm site-prod-alarm-path-unhealthy is OK since an unknown time" in formatter.topic.messages[0]["Message"]


def test_long_message_fits_into_what_sns_takes(formatter: World) -> None:
    # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html, Message: 262,144 bytes
    mail = formatter.alarm(f"{PREFIX}edge-5xx", NewStateReason="ü" * 250_000)
    assert mail["Message"].count("ü") == 5_000
    assert len(mail["Message"].encode()) < 20_000


def test_facts_of_an_alarm_that_is_over_name_no_layer(monkeypatch: pytest.MonkeyPatch, webhook: Webhook) -> None:
    with_webhook(monkeypatch, webhook, "generic").alarm(f"{PREFIX}path-unhealthy", "OK")
    (document,) = webhook.posted
    assert document["what_covers"] == "Not needed."
