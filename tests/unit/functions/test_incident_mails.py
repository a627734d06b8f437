"""The mails of every incident that can be replayed: what operators are told while its faults are in force.

The alarms are those of a synthesized site, evaluated by localcloud's model over what the faults do to the health checks and
metrics; the mails are the formatter's own.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.model.alarm_states import AlarmCondition, evaluate
from localcloud.model.metric_math import evaluate_expression
from scripts.drill.faults import Fault
from scripts.replay.incidents import incident_ids, load_incident
from tests.unit.functions.test_alert_formatter import IDS, PREFIX, World, world

GOLDEN = Path(__file__).parents[2] / "synth" / "golden" / "prod.example"
PRIMARY, SECONDARY = "eu-central-1", "us-east-1"
_HEALTHY_SHARE = 0.18  # of the checkers' answers, above which Route 53 calls an endpoint healthy

# Incident -> the subjects of all its mails, in order: what AWS stated or others reported, at a site in two regions.
MAILS = {
    "2017-02-28-s3": [
        "[ALARM] www.example.com: the bucket in eu-central-1 does not answer; us-east-1 covers",
        "[OK] www.example.com: the bucket in eu-central-1 answers again",
    ],
    "2020-11-25-metrics": [
        "[INSUFFICIENT_DATA] www.example.com: no data for path-unhealthy eu-central-1",
        "[ALARM] www.example.com: CloudWatch in us-east-1 does not answer from outside",
        "[OK] www.example.com: data is back for path-unhealthy",
        "[OK] www.example.com: CloudWatch in us-east-1 answers again",
    ],
    "2021-12-07-control-planes": [
        "[INSUFFICIENT_DATA] www.example.com: no data for path-unhealthy eu-central-1",
        "[ALARM] www.example.com: CloudWatch in us-east-1 does not answer from outside",
        "[OK] www.example.com: data is back for path-unhealthy",
        "[OK] www.example.com: CloudWatch in us-east-1 answers again",
    ],
    "2025-10-20-dynamodb-dns": [
        "[INSUFFICIENT_DATA] www.example.com: no data for path-unhealthy eu-central-1",
        "[ALARM] www.example.com: CloudWatch in us-east-1 does not answer from outside",
        "[OK] www.example.com: data is back for path-unhealthy",
        "[OK] www.example.com: CloudWatch in us-east-1 answers again",
    ],
    "2026-02-10-cloudfront-dns": [
        "[ALARM] www.example.com: CloudFront does not serve; us-east-1 takes over by DNS",
        "[OK] www.example.com: the CloudFront path serves again from eu-central-1",
    ],
    "2026-03-01-region-lost": [
        "[ALARM] www.example.com: the bucket in eu-central-1 does not answer; us-east-1 covers",
    ],
}


def failing_checks(faults: tuple[Fault, ...]) -> set[str]:
    """Returns the health checks that these faults make unhealthy; the region checks go through CloudFront."""
    if any(fault.target == "cloudfront" for fault in faults):
        return {"path", PRIMARY, SECONDARY}
    lost = {fault.target.partition(":")[2] for fault in faults if _is_lost(fault)}
    return lost | ({"path"} if {PRIMARY, SECONDARY} <= lost else set())


def _is_lost(fault: Fault) -> bool:
    # Three failed answers in a row turn a checker: at 70 % of the requests most are turned most of the time.
    share_of_turned = (fault.ratio or 1.0) ** 3
    return fault.target.startswith("s3:") and 1 - share_of_turned < 1 - _HEALTHY_SHARE


def has_metrics(faults: tuple[Fault, ...]) -> bool:
    """Whether CloudWatch in us-east-1 takes metrics; unknown where only its control planes fail, so the worse is taken."""
    return not any(fault.target in ("api:monitoring", "api:us-east-1") for fault in faults)


def states(faults: tuple[Fault, ...]) -> dict[str, str]:
    """Returns alarm -> its state after some minutes of these faults."""
    failing = failing_checks(faults)

    def value_of(metric: dict[str, Any]) -> float | None:
        name, dimensions = metric["metric_name"], json.dumps(metric["dimensions"])
        if name == "Errors":  # the watcher's, in another region: it asks us-east-1
            return 0.0 if has_metrics(faults) else 1.0
        if name != "HealthCheckStatus":  # 5xx: nobody asks the standby, and the edge answers
            return None if name == "5xx" else 0.0
        if not has_metrics(faults):
            return None
        check = next(each for each in (PRIMARY, SECONDARY, "path") if each in _of_check(dimensions))
        return 0.0 if check in failing else 1.0

    found = {}
    for alarm in alarms():
        condition = AlarmCondition(
            comparison=alarm["comparison_operator"],
            threshold=alarm["threshold"],
            datapoints_to_alarm=alarm.get("datapoints_to_alarm") or alarm["evaluation_periods"],
            evaluation_periods=alarm["evaluation_periods"],
            treat_missing_data=alarm.get("treat_missing_data", "missing"),
        )
        state = evaluate(condition, [_datum(alarm, value_of)] * condition.evaluation_range)
        found[alarm["alarm_name"].removeprefix("failover-site-prod-alarm-")] = state.value if state else "OK"
    return found


def alarms() -> Iterator[dict[str, Any]]:
    """Yields every alarm of the site, us-east-1's first: they look at the health checks every minute."""
    for path in sorted(GOLDEN.glob("*.json"), key=lambda path: path.stem != "monitoring"):
        resources = json.loads(path.read_bytes()).get("resource", {})
        yield from resources.get("aws_cloudwatch_metric_alarm", {}).values()


def _of_check(dimensions: str) -> str:
    return dimensions.partition("health_check")[2]


def _datum(alarm: dict[str, Any], value_of: Callable[[dict[str, Any]], float | None]) -> float | None:
    if "metric_query" not in alarm:
        return value_of(alarm)
    values = {query["id"]: value_of(query["metric"]) for query in alarm["metric_query"] if "metric" in query}
    (result,) = [query for query in alarm["metric_query"] if query.get("return_data")]
    return evaluate_expression(result["expression"], values)


def events(incident_id: str) -> Iterator[tuple[Fault, ...]]:
    for event in load_incident(incident_id).event:
        yield tuple(each.on(primary=PRIMARY, secondary=SECONDARY) for each in event.faults)


def mails_of(formatter: World, incident_id: str) -> list[tuple[dict[str, str], tuple[Fault, ...]]]:
    """Returns every mail of an incident with the faults that were in force; it begins with every alarm OK."""
    before, mails = dict.fromkeys(states(()), "OK"), []
    for faults in events(incident_id):
        now = states(faults)
        formatter.checks.failing = {IDS[name] for name in failing_checks(faults)}
        for alarm, state in now.items():
            if state != before[alarm] and (mail := formatter.told(alarm, state, OldStateValue=before[alarm])):
                mails.append((mail, faults))
        before = now
    return mails


@pytest.fixture
def formatter(monkeypatch: pytest.MonkeyPatch) -> World:
    return world(monkeypatch)


def test_every_incident_has_its_mails_written_down() -> None:
    assert set(MAILS) == set(incident_ids())


@pytest.mark.parametrize("incident_id", MAILS)
def test_operators_get_these_mails_and_no_other(formatter: World, incident_id: str) -> None:
    assert [mail["Subject"] for mail, _ in mails_of(formatter, incident_id)] == MAILS[incident_id]


@pytest.mark.parametrize("incident_id", MAILS)
def test_no_mail_advises_to_evacuate_a_region_that_is_well(formatter: World, incident_id: str) -> None:
    for mail, faults in mails_of(formatter, incident_id):
        ill = {fault.target.partition(":")[2] for fault in faults if fault.target.startswith("s3:")}
        advised = set(re.findall(r"failover evacuate ([a-z0-9-]+)", mail["Message"]))
        assert advised <= ill, mail["Message"]


@pytest.mark.parametrize("incident_id", MAILS)
def test_every_mail_names_what_covers_and_what_to_do(formatter: World, incident_id: str) -> None:
    for mail, _ in mails_of(formatter, incident_id):
        lines = dict(line.split(":", 1) for line in mail["Message"].splitlines() if ":" in line)
        assert lines["What covers"].strip()
        assert lines["What to do"].strip()
        assert PREFIX in mail["Message"]
