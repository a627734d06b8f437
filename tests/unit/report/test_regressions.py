"""`failover regressions`, whose judgement is that of a report's history (test_runs.py)."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.cli import application
from scripts.errors import WrongUsageError
from scripts.report.runs import DrillRecord


def record(day: int, recovery: float = 100.0, **more: Any) -> DrillRecord:
    return DrillRecord.model_validate(
        {
            "at": f"2026-11-{day:02}T04:17:00Z", "hostname": "www.example.test", "target": "localcloud",
            "scenario": "edge-outage", "variant": "refuse", "verdict": "within", "rto_seconds": 180.0, "requests": 100,
            "failed_requests": 1, "release": "r", "time_to_detect_seconds": 60.0, "recovery_time_seconds": recovery,
            "time_to_fail_back_seconds": 80.0, **more,
        }
    )  # fmt: skip


def log(folder: Path, *records: DrillRecord) -> Path:
    path = folder / "drills.jsonl"
    path.write_text("".join(f"{each.model_dump_json()}\n" for each in records), encoding="utf-8")
    return path


def run(*arguments: str) -> Any:
    return CliRunner().invoke(application(["regressions"]), ["regressions", *arguments])


def test_report_is_added_and_its_regression_becomes_the_text_of_an_issue(tmp_path: Path) -> None:
    drills, issue, report = log(tmp_path, *map(record, (1, 2, 3))), tmp_path / "issue.md", tmp_path / "report.json"
    variant = {**json.loads(record(30, 300.0).model_dump_json()), "name": "refuse"}
    scenario = {"name": "edge-outage", "recovery_point_seconds": None, "variants": [variant]}
    about = {
        "generated_at": "2026-11-30T04:17:00Z",
        "hostname": "www.example.test",
        "target": "localcloud",
        "release": "r",
    }
    report.write_text(json.dumps({**about, "scenarios": [scenario]}), encoding="utf-8")
    result = run("--drills", str(drills), "--add", str(report), "--markdown", str(issue))
    sentence = "edge-outage, refuse: recovery took 200.0 s longer than usual (100.0 s)"
    assert result.exit_code == 1
    assert sentence in result.stdout
    assert f"- {sentence}\n" in issue.read_text(encoding="utf-8")
    assert len(drills.read_text(encoding="utf-8").splitlines()) == 4


def test_nothing_worse_writes_no_issue(tmp_path: Path) -> None:
    drills, issue = log(tmp_path, *map(record, (1, 2, 3, 4))), tmp_path / "issue.md"
    result = run("--drills", str(drills), "--markdown", str(issue))
    assert (result.exit_code, issue.exists()) == (0, False)
    assert "4 drills: none went worse than those before." in result.stdout


def test_only_the_newest_run_of_each_drill_counts(tmp_path: Path) -> None:
    others = [record(day, variant="hang") for day in (1, 2, 3)]
    drills = log(tmp_path, *map(record, (1, 2)), record(3, 400.0), record(4), *others, record(5, 400.0, variant="hang"))
    result = run("--drills", str(drills), "--json")
    assert result.exit_code == 1
    assert [sentence.partition(":")[0] for sentence in json.loads(result.stdout)["regressions"]] == [
        "edge-outage, hang"
    ]


def test_log_that_is_absent_is_wrong_usage(tmp_path: Path) -> None:
    assert "does not exist" in str(run("--drills", str(tmp_path / "none")).exception)


@pytest.mark.parametrize("content", ["{", "[]", "5", "{}", '{"scenarios": 5}', '{"scenarios": [{"variants": [{}]}]}'])
def test_what_is_no_report_is_not_added(tmp_path: Path, content: str) -> None:
    drills, report = log(tmp_path, record(1)), tmp_path / "report.json"
    report.write_text(content, encoding="utf-8")
    refused = run("--drills", str(drills), "--add", str(report)).exception
    assert isinstance(refused, WrongUsageError)
    assert f"{report} is no report of a drill" in str(refused)
    assert "\n" not in str(refused)
    assert len(drills.read_text(encoding="utf-8").splitlines()) == 1
