"""One change of one alarm, worded for people and for programs."""

import os
from dataclasses import dataclass
from typing import Any

from alerts.checks import Checks
from alerts.guides import Guide

NO_DATA = "INSUFFICIENT_DATA"
MESSAGE = "MESSAGE"
"""The state of what is no alarm."""
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html, Subject: fewer than 100 ASCII characters, no line break
_LONGEST_SUBJECT = 99


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
            return self._filled_in(f"data is back for {self.kind}" if self.was == NO_DATA else self.guide.over)
        if self.state == NO_DATA:
            return f"no data for {self.kind} {self.region}"
        return self._filled_in(self.guide.what)

    @property
    def todo(self) -> str:
        """What to do, by the state that was reached."""
        if self.state == "OK":
            return f"{_remains(self.checks)}`failover status` shows drained regions that are still to be restored."
        if self.state == NO_DATA:
            return "Find out why the metric stopped: a deleted health check or function, or CloudWatch itself."
        return self._filled_in(self.guide.todo)

    def _filled_in(self, text: str) -> str:
        """Returns a text that can be copied: with the names of this site."""
        names = {
            "region": self.region,
            "other": self.checks.other(self.region),
            "primary": self.checks.regions[0] if self.checks.regions else "the primary region",
            # With one region its own endpoint is the one that DNS leads to.
            "secondary": (self.checks.regions[1:] or self.checks.regions or ("the secondary region",))[0],
            "site": os.environ["ALARM_PREFIX"].removesuffix("-alarm-"),
        }
        for name, value in names.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    @property
    def covers(self) -> str:
        """Which layer covers, by the state that was reached."""
        if self.state in ("ALARM", MESSAGE):
            return self._filled_in(self.guide.covers)
        if self.state == NO_DATA and self.checks.knows_all and not _remains(self.checks):
            return "Not needed: Route 53 says that every health check is healthy; only the metric is missing."
        return "Not needed." if self.state == "OK" and not _remains(self.checks) else "Unknown: see `failover status`."

    def text(self) -> str:
        """Returns the e-mail."""
        is_alarm = self.state != MESSAGE
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
