"""Turns an alarm's message into what a person needs: what happened, which layer covers, what to do, where to read on.

Ships alone: nothing of the project can be imported. Environment: ALARM_PREFIX, how alarm names begin; ALERT_TOPIC_ARN, where the
text goes; HOSTNAME; RUNBOOK_URL; ENTRY, "regional" where no CloudFront is in the name; for a webhook WEBHOOK_PARAMETER, the SSM
parameter that holds its URL, with WEBHOOK_FORMAT "slack" or "generic", and WEBHOOK_ONLY when nobody gets an e-mail. The alarm's
message: https://docs.aws.amazon.com/sns/latest/dg/sns-lambda-as-subscriber.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
"""

import html
import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2, "mode": "standard"})
_WEBHOOK_TIMEOUT_SECONDS = 5
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html, Subject: fewer than 100 ASCII characters, no line break
_LONGEST_SUBJECT = 99
# CloudWatch's own reasons hold 1,023 characters; whatever else comes must leave room in SNS's 256 KB and be readable.
_LONGEST_REASON = 5_000
_MESSAGE = "MESSAGE"
_NO_TIME = "an unknown time"
# The slowest alarm looks at two periods of half an hour; most need a minute or five.
_FIRST_VERDICT_WITHIN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """What to know about one kind of alarm: what happened, which layer covers meanwhile, the next step."""

    what: str
    covers: str
    todo: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One change of one alarm, worded.

    Attributes:
        state: ALARM, OK or INSUFFICIENT_DATA; MESSAGE for what is no alarm.
        was: the state before.
        region: the region the alarm is about, or the external endpoint's address; None when it is about the whole site.
    """

    alarm: str
    state: str
    was: str
    kind: str
    region: str | None
    guide: Guide
    reason: str
    changed_at: str
    runbook: str

    @property
    def subject(self) -> str:
        """One line, within SNS's limits."""
        line = f"[{self.state}] {os.environ['HOSTNAME']}: {self.headline}"
        return line.encode("ascii", "replace").decode()[:_LONGEST_SUBJECT]

    @property
    def place(self) -> str:
        """What `region` names."""
        return "Endpoint:" if self.kind == "external-unhealthy" else "Region:"

    @property
    def headline(self) -> str:
        """What happened, by the state that was reached."""
        if self.state == "OK":
            return f"data is back for {self.kind}" if self.was == "INSUFFICIENT_DATA" else f"over: {self.guide.what}"
        if self.state == "INSUFFICIENT_DATA":
            return f"no data for {self.kind}"
        return self.guide.what

    @property
    def todo(self) -> str:
        """What to do, by the state that was reached."""
        if self.state == "OK":
            return "Nothing. `failover status` shows drained regions that are still to be restored."
        if self.state == "INSUFFICIENT_DATA":
            return "Find out why the metric stopped: a deleted health check or function, or CloudWatch itself."
        return self._filled_in(self.guide.todo)

    def _filled_in(self, todo: str) -> str:
        """Returns an instruction that can be copied: with the names that this alarm's own name gives."""
        todo = todo.replace("PROJECT-ENVIRONMENT", os.environ["ALARM_PREFIX"].removesuffix("-alarm-"))
        return todo.replace("REGION", self.region) if self.region else todo

    @property
    def covers(self) -> str:
        """Which layer covers, by the state that was reached."""
        return self.guide.covers if self.state == "ALARM" else "Not needed." if self.state == "OK" else "Unknown."

    def text(self) -> str:
        """Returns the e-mail."""
        is_alarm = self.state != _MESSAGE
        lines = [
            f"What happened: {self.headline}",
            *([f"{self.place:<15}{self.region}"] if self.region else []),
            f"What covers:   {self.covers}",
            f"What to do:    {self.todo}",
            f"Runbook:       {self.runbook}",
            "",
            f"Alarm {self.alarm} is {self.state} since {self.changed_at}" if is_alarm else f"Sent at {self.changed_at}",
            f"CloudWatch: {self.reason}" if is_alarm else self.reason,
        ]
        return "\n".join(lines)

    def facts(self) -> dict[str, Any]:
        """Returns the generic webhook's JSON."""
        return {
            "hostname": os.environ["HOSTNAME"],
            "alarm": self.alarm,
            "kind": self.kind,
            "state": self.state,
            "region": self.region,
            "what_happened": self.headline,
            "what_covers": self.covers,
            "what_to_do": self.todo,
            "runbook": self.runbook,
            "reason": self.reason,
            "changed_at": self.changed_at,
        }


_LAYER_1 = "Layer 1: the origin group asks the other region's bucket, request by request. Users get 200."
_LAYER_3 = "Layer 3: Route 53 answers with the regional endpoint within about two minutes."
_NOBODY = "Only copies that edges and browsers still hold."
_NOTHING_NEEDED = "Nothing is needed: users are served."

GUIDES: dict[str, Guide] = {
    "path-unhealthy": Guide(
        what="the CloudFront path serves nobody",
        covers=_LAYER_3,
        todo="Look at both buckets and at CloudFront's status page; the name comes back by itself.",
    ),
    "region-unhealthy": Guide(
        what="a region's bucket does not answer",
        covers=_LAYER_1,
        todo="Look at that region's S3. If it lasts: `failover evacuate REGION --apply`.",
    ),
    "external-unhealthy": Guide(
        what="an external endpoint does not answer",
        covers="Route 53 leaves it out of its answers while another target is healthy.",
        todo="Look at that server; Route 53 takes it back by itself.",
    ),
    "origin-group-covers": Guide(
        what="users are served by the other region while the primary is ill",
        covers=_LAYER_1,
        todo="Spare cache misses the wait: `failover evacuate REGION --apply` for the primary.",
    ),
    "both-regions-ill": Guide(
        what="both regions are ill",
        covers=_NOBODY,
        todo="Bring one bucket back; everything follows by itself.",
    ),
    "serving-from-secondary": Guide(
        what="the site is served from the secondary region",
        covers="Layer 1, or layer 3 if the alarm path-unhealthy is on as well.",
        todo="Publish with --allow-degraded only; restore the primary with `failover restore REGION --apply`.",
    ),
    "edge-5xx": Guide(
        what="viewers get 5xx from CloudFront",
        covers="Layer 1 for what one bucket can still answer; layer 3 once the path check fails.",
        todo="`failover status`; if a release went out just now: `failover rollback --apply`.",
    ),
    "origin-latency": Guide(
        what="origins are slow",
        covers="Cached pages are as fast as ever; cache misses wait.",
        todo="`failover evacuate REGION --apply` for the region that is slow.",
    ),
    "endpoint-5xx": Guide(
        what="the regional endpoint answers with 5xx",
        covers="CloudFront, unless the path check is unhealthy: then this endpoint is what users see.",
        todo="Read the function's log; `failover status` shows whether the region holds the active release.",
    ),
    "endpoint-function-errors": Guide(
        what="the function behind the regional endpoint fails",
        covers="CloudFront, unless the path check is unhealthy: then this endpoint is what users see.",
        todo="Read the function's log; the last deployment of the region's stack is the first suspect.",
    ),
    "global-region-silent": Guide(
        what="us-east-1 does not answer from outside",
        covers="Serving needs none of it: edges, DNS answers and health checks go on.",
        todo="Expect silence from every alarm that lives there; change nothing in Route 53 or CloudFront; watch by prober.",
    ),
    "replication-backlog": Guide(
        what="replication to the other region is stuck",
        covers=_NOTHING_NEEDED,
        todo="`failover verify` tells what a region lacks; `failover verify --repair --apply` copies it.",
    ),
    "replication-latency": Guide(
        what="replication is later than the recovery point objective",
        covers=_NOTHING_NEEDED,
        todo="`failover verify` before any evacuation; `--repair --apply` copies what is missing.",
    ),
    "canary-failed": Guide(
        what="a canary could not load the site",
        covers="Unknown: compare with the path check and with the canary in the other region.",
        todo="Read the canary's last run; one region only means the network between, not the site.",
    ),
    "parity-lost": Guide(
        what="a region lacks objects of its releases",
        covers="Nothing: an absent page is a 404. But what still lies anywhere is put back within minutes.",
        todo="Find out who deleted it. If it does not end by itself: `failover verify --repair --apply`.",
    ),
    "certificate-expiring": Guide(
        what="a certificate ends soon and was not renewed",
        covers="Nothing will: no health check validates a certificate. Until it ends, users are served.",
        todo="Put its validation record back (`terraform plan` of dns shows whether it is gone); ACM renews within hours.",
    ),
    "parity-unchecked": Guide(
        what="nobody compares a region with its releases",
        covers=_NOTHING_NEEDED,
        todo="Read the log of the function PROJECT-ENVIRONMENT-parity-REGION; until it runs, `failover verify` compares.",
    ),
}
_ROUTE_53 = "Route 53 leads viewers past the region within about two minutes, once its region check is unhealthy."
_REGIONAL_TODO = {
    "region-unhealthy": "Look at that region's S3 and function; Route 53 takes it back by itself, there is nothing to evacuate.",
    "serving-from-secondary": "Publish with --allow-degraded only; `failover verify --repair --apply` once the primary answers.",
    **{kind: GUIDES[kind].todo for kind in ("endpoint-5xx", "endpoint-function-errors")},
}
# Without CloudFront nothing covers request by request, and `failover evacuate` is refused.
REGIONAL_GUIDES = {kind: replace(GUIDES[kind], covers=_ROUTE_53, todo=todo) for kind, todo in _REGIONAL_TODO.items()}
_UNKNOWN = Guide(what="an alarm changed", covers="Unknown.", todo="Read the alarm's description.")
_NO_ALARM = Guide(
    what="a message that is no alarm", covers="Unknown.", todo="Read it; somebody sent it to the alarms' topic."
)


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Sends every alarm of the event to the webhook and to the topic; returns how many.

    The first verdict of an alarm that was just deployed is no news if it is OK.

    Raises:
        botocore.exceptions.ClientError: SNS did not take the text; Lambda then tries again.
        RuntimeError: the webhook, which is all there is, did not take it; Lambda then tries again.
    """
    alerts = [alert for record in event["Records"] if (alert := _read_record(record["Sns"])) is not None]
    topic = boto3.client("sns", config=_CONFIG)
    failures = []
    for alert in alerts:
        print(json.dumps(alert.facts()))  # the timeline of alarms in regions that may hold no log
        text = alert.text()
        if failure := _post_to_webhook(alert):
            print(f"webhook: {failure}")
            failures.append(failure)
            text += f"\n\nThe webhook did not take this alert: {failure}"
        topic.publish(TopicArn=os.environ["ALERT_TOPIC_ARN"], Subject=alert.subject, Message=text)
    if failures and "WEBHOOK_ONLY" in os.environ:
        raise RuntimeError(f"webhook: {failures[0]}")
    return {"alerts": len(alerts)}


def _read_record(sns: dict[str, Any]) -> Alert | None:
    """Returns what to tell of one message, None for what is no news. Whatever is no alarm is passed on as it came."""
    text = sns["Message"]
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    if isinstance(message, dict) and {"AlarmName", "NewStateValue"} <= message.keys():
        return None if is_first_verdict(message) else read_alert(message)
    when = sns.get("Timestamp", _NO_TIME)
    return read_alert(
        {"AlarmName": "message", "NewStateValue": _MESSAGE, "NewStateReason": text, "StateChangeTime": when}
    )


def is_first_verdict(message: dict[str, Any]) -> bool:
    """Returns whether an alarm went from no data to OK within half an hour of its deployment."""
    if (message.get("OldStateValue"), message["NewStateValue"]) != ("INSUFFICIENT_DATA", "OK"):
        return False
    try:
        age = _moment(message["StateChangeTime"]) - _moment(message["AlarmConfigurationUpdatedTimestamp"])
    except (KeyError, TypeError, ValueError):
        return False
    return age < _FIRST_VERDICT_WITHIN


def _moment(text: str) -> datetime:
    """Reads CloudWatch's 2026-11-24T10:00:00.000+0000."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")


def read_alert(message: dict[str, Any]) -> Alert:
    """Returns the alert of an alarm's message; one that is none of ours gets general advice."""
    name = str(message["AlarmName"])
    kind, _, region = name.removeprefix(os.environ["ALARM_PREFIX"]).partition(".")
    guides = {**GUIDES, **REGIONAL_GUIDES} if os.environ.get("ENTRY") == "regional" else GUIDES
    return Alert(
        alarm=name,
        state=str(message["NewStateValue"]),
        was=str(message.get("OldStateValue", "")),
        kind=kind,
        region=region or None,
        guide=_NO_ALARM if message["NewStateValue"] == _MESSAGE else guides.get(kind, _UNKNOWN),
        reason=str(message.get("NewStateReason", "no reason given"))[:_LONGEST_REASON],
        changed_at=str(message.get("StateChangeTime", _NO_TIME)),
        runbook=f"{os.environ['RUNBOOK_URL']}#{kind}" if kind in GUIDES else os.environ["RUNBOOK_URL"],
    )


def _post_to_webhook(alert: Alert) -> str | None:
    """Posts to the webhook if there is one; returns why it failed, never the URL: it is a credential."""
    parameter, is_slack = os.environ.get("WEBHOOK_PARAMETER"), os.environ.get("WEBHOOK_FORMAT") == "slack"
    if parameter is None:
        return None
    try:
        url = boto3.client("ssm", config=_CONFIG).get_parameter(Name=parameter, WithDecryption=True)["Parameter"][
            "Value"
        ]
        if not url.startswith(("https://", "http://")):
            return f"the SSM parameter {parameter} holds no http(s) URL"
        # Slack's escaping of &, < and >: https://docs.slack.dev/messaging/formatting-message-text#escaping
        document = (
            {"text": html.escape(f"*{alert.subject}*\n{alert.text()}", quote=False)} if is_slack else alert.facts()
        )
        request = urllib.request.Request(  # noqa: S310  the scheme is checked above
            url, data=json.dumps(document).encode(), headers={"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=_WEBHOOK_TIMEOUT_SECONDS):  # noqa: S310  as above
            return None
    except urllib.error.HTTPError as error:
        return f"HTTP status {error.code}"
    except Exception as error:  # noqa: BLE001  whatever it is, the e-mail must still go out
        return type(error).__name__
