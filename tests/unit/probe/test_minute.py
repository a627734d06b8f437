"""A minute as CloudWatch's metrics: the names and dimensions that docs/MONITORING.md promises."""

import dataclasses
import re
from pathlib import Path

from scripts.probe.minute import minute_metrics
from scripts.probe.survey import Finding
from tests.unit.probe.test_history import VIEW

DIMENSIONS = {"Hostname": "www.example.test", "ProbeRegion": "office"}
DOCS = Path(__file__).parents[3] / "docs" / "MONITORING.md"


def test_minute_counts_good_bad_and_secondary() -> None:
    views = [
        VIEW,
        dataclasses.replace(VIEW, region="us-east-1"),
        dataclasses.replace(VIEW, error="timeout", total=None),
    ]
    lag = Finding(kind="propagation", subject="x", is_ok=False, detail="", value=90.0)
    data = minute_metrics(views, [lag], primary="eu-central-1", dimensions=DIMENSIONS)
    values = {each["MetricName"]: each["Values"] for each in data}
    assert (values["GoodAnswers"], values["BadAnswers"], values["ServedBySecondary"]) == ([2.0], [1.0], [1.0])
    assert values["ResolverLagSeconds"] == [90.0]
    assert all(each["Dimensions"] == [{"Name": k, "Value": v} for k, v in DIMENSIONS.items()] for each in data)
    documented = set(
        re.findall(r"`([A-Z][A-Za-z]+)`", DOCS.read_text(encoding="utf-8").split("## Metrics of your own")[1])
    )
    assert set(values) <= documented


def test_minute_without_good_answers_has_no_duration() -> None:
    data = minute_metrics([], [], primary="eu-central-1", dimensions=DIMENSIONS)
    assert {each["MetricName"] for each in data} == {"GoodAnswers", "BadAnswers", "ServedBySecondary"}
