"""The alert formatter's own handler: what people, Slack and programs get of an alarm."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

from tests.worlds.shipped_function import QuietHandler, give_clients, load, loopback_server

PREFIX = "site-prod-alarm-"
ENVIRONMENT = {
    "ALARM_PREFIX": PREFIX,
    "ALERT_TOPIC_ARN": "arn:alerts",
    "HOSTNAME": "www.example.com",
    "RUNBOOK_URL": "https://wiki.example.com/failover",
}


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
    topic, parameters = Topic(), Parameters()
    give_clients(monkeypatch, module, {"sns": topic, "ssm": parameters})
    return World(module=module, topic=topic, parameters=parameters)


@pytest.fixture
def formatter(monkeypatch: pytest.MonkeyPatch) -> World:
    return world(monkeypatch)


def test_mail_says_what_happened_what_covers_what_to_do_and_where_to_read(formatter: World) -> None:
    mail = formatter.alarm(f"{PREFIX}region-unhealthy.eu-central-1")
    assert mail["TopicArn"] == "arn:alerts"
    assert mail["Subject"] == "[ALARM] www.example.com: a region's bucket does not answer"
    for line in (
        "What happened: a region's bucket does not answer",
        "Region:        eu-central-1",
        "What covers:   Layer 1: the origin group asks the other region's bucket",
        "What to do:    Look at that region's S3. If it lasts: `failover evacuate eu-central-1 --apply`.",
        "Runbook:       https://wiki.example.com/failover#region-unhealthy",
        "CloudWatch: Threshold Crossed",
    ):
        assert f"\n{line}" in f"\n{mail['Message']}"


def test_advice_names_the_function_that_the_alarm_is_about(formatter: World) -> None:
    text = formatter.alarm(f"{PREFIX}parity-unchecked.us-east-1")["Message"]
    assert f"the function {PREFIX.removesuffix('-alarm-')}-parity-us-east-1;" in text


def test_alarm_of_a_regional_entry_advises_no_evacuation(formatter: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTRY", "regional")
    text = formatter.alarm(f"{PREFIX}region-unhealthy.eu-central-1")["Message"]
    assert "Route 53 leads viewers past the region" in text
    assert "failover evacuate" not in text


def test_alarm_of_an_external_endpoint_names_it(formatter: World) -> None:
    assert "Endpoint:      dc-a\n" in formatter.alarm(f"{PREFIX}external-unhealthy.dc-a")["Message"]


def test_alarm_about_the_whole_site_names_no_region(formatter: World) -> None:
    assert "Region:" not in formatter.alarm(f"{PREFIX}path-unhealthy")["Message"]


def test_end_of_an_alarm_asks_for_nothing(formatter: World) -> None:
    mail = formatter.alarm(f"{PREFIX}path-unhealthy", "OK")
    assert mail["Subject"] == "[OK] www.example.com: over: the CloudFront path serves nobody"
    assert "What covers:   Not needed." in mail["Message"]
    assert "What to do:    Nothing." in mail["Message"]


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


@pytest.mark.parametrize("kind", ["origin-group-covers", "global-region-silent", "path-unhealthy"])
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
    assert document["text"].startswith("*[ALARM] www.example.com: viewers get 5xx from CloudFront*\n")


def test_generic_webhook_gets_every_fact_by_itself(monkeypatch: pytest.MonkeyPatch, webhook: Webhook) -> None:
    with_webhook(monkeypatch, webhook, "generic").alarm(f"{PREFIX}region-unhealthy.us-east-1")
    (document,) = webhook.posted
    assert (document["kind"], document["region"], document["state"]) == ("region-unhealthy", "us-east-1", "ALARM")
    assert document["runbook"] == "https://wiki.example.com/failover#region-unhealthy"
    assert set(document) == {
        "alarm",
        "changed_at",
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
    assert len(mail["Message"].encode()) < 20_000


def test_facts_of_an_alarm_that_is_over_name_no_layer(monkeypatch: pytest.MonkeyPatch, webhook: Webhook) -> None:
    with_webhook(monkeypatch, webhook, "generic").alarm(f"{PREFIX}path-unhealthy", "OK")
    (document,) = webhook.posted
    assert document["what_covers"] == "Not needed."
