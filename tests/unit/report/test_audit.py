"""The audit of a report: it holds for what a drill wrote, and fails on any changed byte or figure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from scripts.drill.lever_scenarios import LEVER_SCENARIOS
from scripts.drill.result import ScenarioResult
from scripts.drill.scenarios import EDGE_OUTAGE, ORIGIN_OUTAGE
from scripts.errors import MissingOutputError
from scripts.report.audit import audit
from scripts.report.data import digest_of
from scripts.report.report import headline, write_reports
from tests.unit.report.test_report import CONTEXT
from tests.worlds.fake_site import a_request, drill_virtually


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[ScenarioResult]:
    folder = tmp_path_factory.mktemp("state")
    good = [drill_virtually(a_request(scenario, folder))[0] for scenario in (ORIGIN_OUTAGE, EDGE_OUTAGE)]
    standing = LEVER_SCENARIOS["region-marker-missing"]
    return [*good, drill_virtually(a_request(standing, folder, settings=_hasty()))[0]]


def _hasty() -> Any:
    from scripts.drill.request import DrillSettings

    return DrillSettings(recovery_timeout_seconds=20)


@pytest.fixture
def report(results: list[ScenarioResult], tmp_path: Path) -> Path:
    return write_reports(results, CONTEXT, tmp_path).json_file


def test_report_as_written_holds(report: Path) -> None:
    assert audit(report) == []


def change(report: Path, edit: Callable[[dict[str, Any]], None], *, sign: bool) -> list[str]:
    document = json.loads(report.read_text(encoding="utf-8"))
    edit(document)
    if sign:
        document["digest"] = digest_of(document)
    report.write_text(json.dumps(document), encoding="utf-8")
    return audit(report)


def _variant(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["scenarios"][0]["variants"][0]
    return found


EDITS: dict[str, Callable[[dict[str, Any]], None]] = {
    "recovery": lambda d: _variant(d).update(recovery_time_seconds=0.001),
    "verdict": lambda d: d["scenarios"][0].update(verdict="outside"),
    "criterion": lambda d: _variant(d)["criteria"][0].update(passed=False),
    "sum": lambda d: d["scenarios"][0].update(requests=1),
    "objective": lambda d: d["scenarios"][0]["expectation"].update(rto_seconds=0.0001),
    "mark": lambda d: _variant(d)["marks"].update(fault_at_seconds=0.0),
    "finding": lambda d: _variant(d)["findings"].clear(),
    "error budget": lambda d: _variant(d)["error_budget"].update(spent_ratio=0.0, lost_seconds=-1.0),
    "objective of availability": lambda d: d["scenarios"][1].update(availability_ratio=0.5),
    "alarm": lambda d: _variant(d)["marks"].update(alarm_at_seconds=9999.0),
    "mail": lambda d: _variant(d).update(time_to_mail_seconds=1.0),
    "regression": lambda d: _variant(d)["history"][-1].update(regression="it is slower"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_changed_figure_is_found_even_under_a_new_digest(report: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    assert change(report, edit, sign=True)


def test_any_other_change_breaks_the_digest(report: Path) -> None:
    problems = change(report, lambda d: d.update(release="another"), sign=False)
    assert ["report.json was changed after it was written" in each for each in problems] == [True]


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_changed_byte_of_the_samples_is_found(report: Path, place: float) -> None:
    path = report.with_name("samples-origin-outage.jsonl")
    content = bytearray(path.read_bytes())
    at = content.index(b"0.0", int(len(content) * place)) + 2
    content[at] = ord("1")
    path.write_bytes(content)
    assert any("samples-origin-outage.jsonl was changed" in each for each in audit(report))


def test_missing_or_cut_samples_are_named(report: Path) -> None:
    path = report.with_name("samples-edge-outage.jsonl")
    path.write_bytes(path.read_bytes()[:-40])
    assert any("samples-edge-outage.jsonl" in each for each in audit(report))
    path.unlink()
    assert audit(report) == ["edge-outage: samples-edge-outage.jsonl is not beside the report"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": 1}', "\x00"])
def test_what_is_no_report_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(MissingOutputError, match=r"report"):
        audit(path)


def test_junit_has_a_case_for_each_criterion_and_fails_where_the_drill_did(report: Path) -> None:
    root = ElementTree.fromstring(report.with_name("junit.xml").read_text(encoding="utf-8"))
    document = json.loads(report.read_text(encoding="utf-8"))
    wanted = {s["name"]: sum(len(v["criteria"]) + 1 for v in s["variants"]) for s in document["scenarios"]}
    assert {suite.get("name"): len(suite) for suite in root} == wanted
    failures = {suite.get("name"): int(suite.get("failures", "")) for suite in root}
    assert failures["origin-outage"] == failures["edge-outage"] == 0
    assert failures["region-marker-missing"] == 1  # the fault did nothing, which is its first criterion
    assert [case.get("name") for case in root[2].iter("testcase") if case.find("skipped") is not None] == ["verdict"]


def test_headline_says_why(report: Path) -> None:
    found = headline(json.loads(report.read_text(encoding="utf-8")))
    assert "region-marker-missing: inconclusive: the fault had no effect that could be seen" in found


def test_hypothesis_and_record_types_are_told(report: Path) -> None:
    document = json.loads(report.read_text(encoding="utf-8"))
    edge = document["scenarios"][1]
    assert "serves within 120 s and until the fault ends" in edge["hypothesis"]
    assert any(each["text"].startswith("Recovery by record type: A ") for each in edge["variants"][0]["findings"])
    assert [each["name"] for each in edge["variants"][0]["phases"]] == [
        "before the fault",
        "fault in force",
        "after the undo",
    ]


UNLIKE: dict[str, Callable[[dict[str, Any]], None]] = {
    "scenarios are no list": lambda d: d.update(scenarios=5),
    "a scenario is nothing": lambda d: d["scenarios"].insert(0, None),
    "no samples are named": lambda d: d["scenarios"][0].pop("samples_file"),
    "the samples are no name": lambda d: d["scenarios"][0].update(samples_file=5),
    "no faults": lambda d: d["scenarios"][0].pop("variants"),
    "a figure is a text": lambda d: d["scenarios"][0]["expectation"].update(rto_seconds="soon"),
    "a moment is nothing": lambda d: _variant(d)["marks"].update(fault_at_seconds=None),
}


@pytest.mark.parametrize("edit", UNLIKE.values(), ids=UNLIKE)
def test_report_that_no_drill_writes_is_told_in_a_sentence(
    report: Path, edit: Callable[[dict[str, Any]], None]
) -> None:
    problems = change(report, edit, sign=False)
    assert "was changed after it was written" in problems[0]
    assert "holds something that no drill writes" in problems[-1]
    with pytest.raises(MissingOutputError, match="holds something that no drill writes"):
        change(report, lambda _: None, sign=True)
