"""From the message that SNS brings to an alert.

The alarm's message: https://docs.aws.amazon.com/sns/latest/dg/sns-lambda-as-subscriber.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
"""

import json
import os
import urllib.parse
from datetime import datetime, timedelta
from typing import Any

from alerts.advice import guide_of
from alerts.alert import MESSAGE, NO_DATA, Alert
from alerts.checks import CHECKS_OF_NOTHING, ask_route53
from alerts.guides import GUIDES, NO_ALARM

# CloudWatch's own reasons hold 1,023 characters; whatever else comes must leave room in SNS's 256 KB and be readable.
_LONGEST_REASON = 5_000
_NO_TIME = "an unknown time"
_GLOBAL_REGION = "us-east-1"
_RUNBOOK = "docs/DISASTER_RECOVERY.md"
# The slowest alarm looks at two periods of half an hour; most need a minute or five.
_FIRST_VERDICT_WITHIN = timedelta(minutes=30)


def read_record(sns: dict[str, Any]) -> Alert | None:
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
        {"AlarmName": "message", "NewStateValue": MESSAGE, "NewStateReason": text, "StateChangeTime": when}
    )


def is_first_verdict(message: dict[str, Any]) -> bool:
    """Returns whether an alarm went from no data to OK within half an hour of its deployment."""
    if (message.get("OldStateValue"), message["NewStateValue"]) != (NO_DATA, "OK"):
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
    checks = ask_route53() if is_ours else CHECKS_OF_NOTHING
    about = _GLOBAL_REGION if kind == "global-region-silent" else checks.regions[0] if checks.regions else ""
    region = region or about
    return Alert(
        alarm=name,
        state=str(message["NewStateValue"]),
        was=str(message.get("OldStateValue", "")),
        kind=kind,
        region=region,
        guide=NO_ALARM if message["NewStateValue"] == MESSAGE else guide_of(kind, region, checks),
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
