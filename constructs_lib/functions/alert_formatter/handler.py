"""Turns an alarm's message into what a person needs: what happened, which layer covers, what to do, where to read on.

An alarm alone misleads: the region checks go through CloudFront too, so an outage of CloudFront turns every check unhealthy.
So each text is told from all health checks together, as Route 53 reports them at that moment, and one cause is told once.

Ships alone: nothing of the project can be imported. Environment: ALARM_PREFIX, how alarm names begin; ALERT_TOPIC_ARN, where the
text goes; HOSTNAME; CHECKS, JSON: "path" (not where no CloudFront is in the name) and each region, primary first -> id of its
health check; EXTERNAL_CHECKS, JSON: external endpoint and record type -> id; RUNBOOK_URL, if there is one; for a webhook
WEBHOOK_PARAMETER, the SSM parameter that holds its URL, with WEBHOOK_FORMAT "slack" or "generic", and WEBHOOK_ONLY when nobody
gets an e-mail. The alarm's message: https://docs.aws.amazon.com/sns/latest/dg/sns-lambda-as-subscriber.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
"""

import html
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_CONFIG = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2, "mode": "standard"})
_WEBHOOK_TIMEOUT_SECONDS = 5
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html, Subject: fewer than 100 ASCII characters, no line break
_LONGEST_SUBJECT = 99
# CloudWatch's own reasons hold 1,023 characters; whatever else comes must leave room in SNS's 256 KB and be readable.
_LONGEST_REASON = 5_000
_MESSAGE = "MESSAGE"
_NO_TIME = "an unknown time"
_GLOBAL_REGION = "us-east-1"
_RUNBOOK = "docs/DISASTER_RECOVERY.md"
# The slowest alarm looks at two periods of half an hour; most need a minute or five.
_FIRST_VERDICT_WITHIN = timedelta(minutes=30)
# "If more than 18% of health checkers report that an endpoint is healthy, Route 53 considers it healthy":
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
_HEALTHY_RATIO = 0.18


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """What to know about one cause: what happened, what the end of it is called, which layer covers meanwhile, the next step.

    `{region}` is the region of the alarm, `{other}` the one that stands in for it; `{primary}`, `{secondary}` and `{site}`
    (project and environment) are the site's.
    """

    what: str
    over: str
    covers: str
    todo: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """The health checks of the site at this moment.

    Attributes:
        regions: the site's, primary first.
        states: check -> whether Route 53's checkers get an answer; a check that could not be read is not in it.
        reasons: check that fails -> what its checkers say.
        has_path: whether CloudFront is in the name.
    """

    regions: tuple[str, ...]
    states: Mapping[str, bool]
    reasons: Mapping[str, str]
    has_path: bool

    def fails(self, name: str) -> bool:
        """Whether the check is known to fail."""
        return self.states.get(name) is False

    @property
    def failing_regions(self) -> tuple[str, ...]:
        """Regions whose check fails."""
        return tuple(region for region in self.regions if self.fails(region))

    @property
    def knows_all(self) -> bool:
        """Whether path check and region checks could all be read."""
        return {*self.regions, *(["path"] if self.has_path else [])} <= self.states.keys()

    def other(self, region: str) -> str:
        """Returns the region that stands in for one: the first other one that answers, else the first other one."""
        others = [each for each in self.regions if each != region] or [region]
        return next((each for each in others if not self.fails(each)), others[0])

    def summary(self) -> str:
        """Returns every check in a word, for the end of the mail."""
        names = [*(["path"] if self.has_path else []), *self.regions]
        words = {True: "healthy", False: "unhealthy", None: "unknown"}
        return ", ".join(f"{name} {words[self.states.get(name)]}" for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One change of one alarm, worded.

    Attributes:
        state: ALARM, OK or INSUFFICIENT_DATA; MESSAGE for what is no alarm.
        was: the state before.
        region: the region the alarm is about, or the external endpoint's address; the primary for the whole site.
        console: where the alarm can be looked at; None when the message does not say which alarm it is.
    """

    alarm: str
    state: str
    was: str
    kind: str
    region: str
    guide: Guide
    reason: str
    changed_at: str
    runbook: str
    console: str | None
    checks: Checks

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
            return self._filled_in(f"data is back for {self.kind}" if self.was == _NO_DATA else self.guide.over)
        if self.state == _NO_DATA:
            return f"no data for {self.kind} {self.region}"
        return self._filled_in(self.guide.what)

    @property
    def todo(self) -> str:
        """What to do, by the state that was reached."""
        if self.state == "OK":
            return f"{_remains(self.checks)}`failover status` shows drained regions that are still to be restored."
        if self.state == _NO_DATA:
            return "Find out why the metric stopped: a deleted health check or function, or CloudWatch itself."
        return self._filled_in(self.guide.todo)

    def _filled_in(self, text: str) -> str:
        """Returns a text that can be copied: with the names of this site."""
        names = {
            "region": self.region,
            "other": self.checks.other(self.region),
            "primary": self.checks.regions[0] if self.checks.regions else "the primary region",
            "secondary": self.checks.regions[1] if len(self.checks.regions) > 1 else "the secondary region",
            "site": os.environ["ALARM_PREFIX"].removesuffix("-alarm-"),
        }
        for name, value in names.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    @property
    def covers(self) -> str:
        """Which layer covers, by the state that was reached."""
        if self.state in ("ALARM", _MESSAGE):
            return self._filled_in(self.guide.covers)
        return "Not needed." if self.state == "OK" and not _remains(self.checks) else "Unknown: see `failover status`."

    def text(self) -> str:
        """Returns the e-mail."""
        is_alarm = self.state != _MESSAGE
        lines = [
            f"What happened: {self.headline}",
            *([f"{self.place:<15}{self.region}"] if is_alarm and self.region else []),
            f"What covers:   {self.covers}",
            f"What to do:    {self.todo}",
            f"Runbook:       {self.runbook}",
            *([f"Alarm:         {self.console}"] if self.console else []),
            "",
            f"Alarm {self.alarm} is {self.state} since {self.changed_at}" if is_alarm else f"Sent at {self.changed_at}",
            *([f"Health checks now: {self.checks.summary()}"] if is_alarm and self.checks.regions else []),
            *(f"Route 53 on {name}: {reason}" for name, reason in self.checks.reasons.items() if is_alarm),
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
            "region": self.region or None,
            "what_happened": self.headline,
            "what_covers": self.covers,
            "what_to_do": self.todo,
            "runbook": self.runbook,
            "console": self.console,
            "health_checks": dict(self.checks.states),
            "reason": self.reason,
            "changed_at": self.changed_at,
        }


def _remains(checks: Checks) -> str:
    """Returns what still fails when an alarm is over, or what is not known of it; empty when every check is healthy."""
    if checks.fails("path"):
        return "The path check still fails: its own alert says what to do. "
    if checks.failing_regions:
        return (
            f"The region check of {' and '.join(checks.failing_regions)} still fails; an alert follows if it stays so. "
        )
    return "" if checks.knows_all else "Route 53 does not say how the health checks are. "


_NO_DATA = "INSUFFICIENT_DATA"
_LAYER_1 = "Layer 1: the origin group asks the bucket in {other}, request by request. Users get 200."
_LAYER_3 = "Layer 3: Route 53 answers with the regional endpoint in {secondary} within about two minutes."
_NOTHING_NEEDED = "Nothing is needed: users are served."
_NO_EVACUATION = "Evacuate no region: that moves nothing. "
_COMES_BACK = "`failover status` probes every entry; the name comes back by itself."

GUIDES: dict[str, Guide] = {
    "path-unhealthy": Guide(
        what="the CloudFront path does not serve; {secondary} takes over by DNS",
        over="the CloudFront path serves again from {primary}",
        covers=_LAYER_3,
        todo=_NO_EVACUATION
        + "All region checks unhealthy as well: CloudFront itself. None: the router function. "
        + _COMES_BACK,
    ),
    "region-unhealthy": Guide(
        what="the bucket in {region} does not answer; {other} covers",
        over="the bucket in {region} answers again",
        covers=_LAYER_1,
        todo="Look at S3 in {region}. If it lasts, spare cache misses the wait: `failover evacuate {region} --apply`.",
    ),
    "external-unhealthy": Guide(
        what="the external endpoint {region} does not answer",
        over="the external endpoint {region} answers again",
        covers="Route 53 leaves it out of its answers while another target is healthy.",
        todo="Look at that server; Route 53 takes it back by itself.",
    ),
    "serving-from-secondary": Guide(
        what="the site is served from {secondary}",
        over="the site is served from {primary} again",
        covers="Layer 1, or layer 3 if the path check is unhealthy.",
        todo="Publish with --allow-degraded only; `failover status` says what is left to do.",
    ),
    "edge-5xx": Guide(
        what="viewers get 5xx from CloudFront ({region})",
        over="viewers get no more 5xx from CloudFront ({region})",
        covers="Nothing: path check and region check are healthy, so no layer takes over.",
        todo="`failover status`; if a release went out just now: `failover rollback --apply`.",
    ),
    "origin-latency": Guide(
        what="origins are slow behind {region}",
        over="origins are fast again behind {region}",
        covers="Cached pages are as fast as ever; cache misses wait.",
        todo="`failover status` shows which region is slow. If it is {region}: `failover evacuate {region} --apply`.",
    ),
    "endpoint-5xx": Guide(
        what="the regional endpoint in {region} answers with 5xx",
        over="the regional endpoint in {region} answers without 5xx again",
        covers="CloudFront: the path check is healthy, and DNS leads nobody to this endpoint.",
        todo="Read the log /aws/lambda/{site}-endpoint-{region}; `failover status` probes the endpoint.",
    ),
    "global-region-silent": Guide(
        what="CloudWatch in us-east-1 does not answer from outside",
        over="CloudWatch in us-east-1 answers again",
        covers="Serving needs none of it: edges, DNS answers and health checks go on.",
        todo="Expect silence from every alarm there; change nothing in Route 53 or CloudFront; `failover status` probes.",
    ),
    "replication-backlog": Guide(
        what="replication {region} is stuck",
        over="replication {region} goes on",
        covers=_NOTHING_NEEDED,
        todo="`failover verify` tells what a region lacks; `failover verify --repair --apply` copies it.",
    ),
    "replication-latency": Guide(
        what="replication {region} is later than the recovery point objective",
        over="replication {region} is within the recovery point objective",
        covers=_NOTHING_NEEDED,
        todo="`failover verify` before any evacuation; `--repair --apply` copies what is missing.",
    ),
    "canary-failed": Guide(
        what="the canary in {region} could not load the site",
        over="the canary in {region} loads the site again",
        covers="Unknown: the path check is healthy. Compare with the canary in {other}.",
        todo="Read the canary's last run; one region only means the network between, not the site.",
    ),
    "parity-lost": Guide(
        what="{region} lacks objects of its releases",
        over="{region} holds all of its releases",
        covers="Nothing: an absent page is a 404. But what still lies anywhere is put back within minutes.",
        todo="Find out who deleted it. If it does not end by itself: `failover verify --repair --apply`.",
    ),
    "certificate-expiring": Guide(
        what="the certificate in {region} ends soon and was not renewed",
        over="the certificate in {region} was renewed",
        covers="Nothing will: no health check validates a certificate. Until it ends, users are served.",
        todo="Put its validation record back (`terraform plan` of dns shows whether it is gone); ACM renews within hours.",
    ),
    "parity-unchecked": Guide(
        what="nobody compares {region} with its releases",
        over="{region} is compared with its releases again",
        covers=_NOTHING_NEEDED,
        todo="Read the log of the function {site}-parity-{region}; until it runs, `failover verify` compares.",
    ),
}
_UNKNOWN = Guide(
    what="an alarm changed", over="an alarm is over", covers="Unknown.", todo="Read the alarm's description."
)
_NO_ALARM = Guide(
    what="a message that is no alarm",
    over="",
    covers="Unknown.",
    todo="Read it; somebody sent it to the alarms' topic.",
)


def _of_path(checks: Checks) -> Guide:
    """Returns what an unhealthy path check means, by the region checks, which go through CloudFront too."""
    path, failing = GUIDES["path-unhealthy"], checks.failing_regions
    if not checks.knows_all:
        return path
    if failing == checks.regions:
        what = "CloudFront does not serve; {secondary} takes over by DNS"
        todo = _NO_EVACUATION + "Look at CloudFront's status page. Both buckets at once would look the same, but then "
        return replace(path, what=what, todo=f"{todo}endpoint-5xx is told of {{secondary}} too. {_COMES_BACK}")
    if failing == checks.regions[:1]:
        what = "the distribution in {primary} is down; {secondary} takes over"
        return replace(
            path, what=what, todo=f"{_NO_EVACUATION}Look at what changed in that distribution. {_COMES_BACK}"
        )
    todo = (
        "CloudFront and the bucket in {primary} answer, so it is the router function or the distribution's settings. "
    )
    return replace(path, todo=f"{_NO_EVACUATION}{todo}A deployment just now is the first suspect. {_COMES_BACK}")


def _of_region(region: str, checks: Checks) -> Guide:
    """Returns what an unhealthy region check means where CloudFront is in front, while the path check is healthy."""
    guide = GUIDES["region-unhealthy"]
    if checks.fails(checks.other(region)):
        todo = "Evacuate no region: none is known to be better. `failover status` says what users get."
        return replace(
            guide,
            what="no region check is healthy ({region})",
            covers="Users are served while the path check is healthy.",
            todo=todo,
        )
    if region == checks.regions[0]:
        return guide
    return replace(
        guide,
        what="the bucket in {region}, the spare one, does not answer",
        covers="Not needed: {other} serves users. Nothing stands in for it meanwhile.",
        todo="Look at S3 in {region}. Publish with --allow-degraded until it answers.",
    )


def _of_regional_entry(kind: str, region: str, checks: Checks) -> Guide:
    """Returns the advice where no CloudFront is in the name: nothing covers request by request, and `evacuate` is refused."""
    guide = GUIDES[kind]
    covers = (
        "Route 53 leads viewers to {other} within about two minutes, once the region check of {region} is unhealthy."
    )
    if checks.fails(checks.other(region)):
        covers = "Nothing: no other region check is healthy either."
    texts = {
        "region-unhealthy": "Look at S3 and the function in {region}; Route 53 takes it back by itself: nothing to evacuate.",
        "serving-from-secondary": "Publish with --allow-degraded; `failover verify --repair --apply` once {primary} answers.",
    }
    what = {"region-unhealthy": "{region} does not answer; Route 53 leads viewers elsewhere"}
    return replace(guide, what=what.get(kind, guide.what), covers=covers, todo=texts.get(kind, guide.todo))


def guide_of(kind: str, region: str, checks: Checks) -> Guide:
    """Returns what to say of an alarm that is on, told from the checks together."""
    if not checks.has_path and kind in ("region-unhealthy", "serving-from-secondary", "endpoint-5xx"):
        return _of_regional_entry(kind, region, checks)
    if kind == "path-unhealthy":
        return _of_path(checks)
    if kind == "region-unhealthy" and checks.regions:
        return _of_region(region, checks)
    if kind == "endpoint-5xx" and checks.fails("path"):
        return replace(
            GUIDES[kind],
            what="CloudFront does not serve, and the regional endpoint in {region} answers with 5xx",
            covers="Nothing but copies that edges and browsers still hold.",
            todo="If S3 in {region} does not answer, it is the buckets: bring one back. Else read the log "
            "/aws/lambda/{site}-endpoint-{region}.",
        )
    return GUIDES.get(kind, _UNKNOWN)


def is_told_elsewhere(alert: Alert) -> bool:
    """Returns whether another alert tells of the same cause, or this one's end is none.

    An alarm whose expression holds another check ends when that one fails, which is no end; a composite repeats its members.
    """
    kind, state, checks = alert.kind, alert.state, alert.checks
    if kind == "serving-from-secondary":
        return True
    if state == "OK" and kind == "region-unhealthy":
        return checks.fails(alert.region)
    if state == "OK" and kind == "edge-5xx":
        return checks.fails("path") or checks.fails(alert.region)
    if state == _NO_DATA and kind == "region-unhealthy":
        return checks.has_path and alert.region in checks.states  # it is the path check's metric that stopped
    if state != "ALARM":
        return False
    if kind in ("canary-failed", "origin-latency"):
        return checks.fails("path") or bool(checks.failing_regions)
    if kind == "endpoint-5xx":
        return not checks.has_path and checks.fails(alert.region)
    server, _, record_type = alert.region.rpartition("-")
    return kind == "external-unhealthy" and record_type == "aaaa" and checks.fails(f"{server}-a")


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Sends the alarms of the event to the webhook and to the topic; returns how many were told.

    The first verdict of an alarm that was just deployed is no news if it is OK, nor is what another alert tells.

    Raises:
        botocore.exceptions.ClientError: SNS did not take the text; Lambda then tries again.
        RuntimeError: the webhook, which is all there is, did not take it; Lambda then tries again.
    """
    alerts = [alert for record in event["Records"] if (alert := _read_record(record["Sns"])) is not None]
    topic = boto3.client("sns", config=_CONFIG)
    failures = []
    told = [alert for alert in alerts if not is_told_elsewhere(alert)]
    for alert in alerts:
        # the timeline of alarms in regions that may hold no log
        print(json.dumps({**alert.facts(), "is_told": alert in told}))
    for alert in told:
        text = alert.text()
        if failure := _post_to_webhook(alert):
            print(f"webhook: {failure}")
            failures.append(failure)
            text += f"\n\nThe webhook did not take this alert: {failure}"
        topic.publish(TopicArn=os.environ["ALERT_TOPIC_ARN"], Subject=alert.subject, Message=text)
    if failures and "WEBHOOK_ONLY" in os.environ:
        raise RuntimeError(f"webhook: {failures[0]}")
    return {"alerts": len(told)}


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
    if (message.get("OldStateValue"), message["NewStateValue"]) != (_NO_DATA, "OK"):
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
    is_ours = kind in GUIDES
    checks = _checks() if is_ours else _CHECKS_OF_NOTHING
    about = _GLOBAL_REGION if kind == "global-region-silent" else checks.regions[0] if checks.regions else ""
    region = region or about
    return Alert(
        alarm=name,
        state=str(message["NewStateValue"]),
        was=str(message.get("OldStateValue", "")),
        kind=kind,
        region=region,
        guide=_NO_ALARM if message["NewStateValue"] == _MESSAGE else guide_of(kind, region, checks),
        reason=str(message.get("NewStateReason", "no reason given"))[:_LONGEST_REASON],
        changed_at=str(message.get("StateChangeTime", _NO_TIME)),
        runbook=_runbook(kind if is_ours else None),
        console=_console(str(message.get("AlarmArn", ""))),
        checks=checks,
    )


def _runbook(section: str | None) -> str:
    """Returns a link to a section of the runbook, or where the page lies when nobody said where it can be read."""
    url = os.environ.get("RUNBOOK_URL")
    if url is not None:
        return f"{url}#{section}" if section else url
    where = f"{_RUNBOOK} in the repository of this site"
    return f'{where}, section "{section}"' if section else where


def _console(alarm_arn: str) -> str | None:
    """Returns the alarm's page; an ARN is arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME, and a name may hold colons."""
    parts = alarm_arn.split(":", 6)
    if len(parts) != 7:
        return None
    name = urllib.parse.quote(parts[6], safe="")
    return f"https://{parts[3]}.console.aws.amazon.com/cloudwatch/home?region={parts[3]}#alarmsV2:alarm/{name}"


_CHECKS_OF_NOTHING = Checks(regions=(), states={}, reasons={}, has_path=False)


def _checks() -> Checks:
    """Asks Route 53 for every health check of the site; those after one that cannot be read stay unknown, to lose no time."""
    ids: dict[str, str] = json.loads(os.environ.get("CHECKS", "{}"))
    external: dict[str, str] = json.loads(os.environ.get("EXTERNAL_CHECKS", "{}"))
    states, reasons = {}, {}
    try:
        for name, failures in _observed({**ids, **external}):
            states[name] = not failures
            if failures:
                reasons[name] = failures[0]
    except (BotoCoreError, ClientError) as error:
        print(f"Route 53 does not tell the health checks: {type(error).__name__}: {error}")
    regions = tuple(name for name in ids if name != "path")
    return Checks(regions=regions, states=states, reasons=reasons, has_path="path" in ids)


def _observed(ids: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Yields each check and what its checkers complain of; nothing when enough of them get an answer.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHealthCheckStatus.html
    """
    client = boto3.client("route53", config=_CONFIG)
    for name, id_ in ids.items():
        observations = client.get_health_check_status(HealthCheckId=id_)["HealthCheckObservations"]
        statuses = [each["StatusReport"]["Status"] for each in observations]
        failures = [status for status in statuses if not status.startswith("Success")]
        is_healthy = len(statuses) - len(failures) > _HEALTHY_RATIO * len(statuses)
        yield name, [] if is_healthy else failures


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
