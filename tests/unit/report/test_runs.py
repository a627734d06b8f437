"""Runs in a row: what is a regression, and how old the last proof on AWS is."""

import json
from pathlib import Path

import pytest

from scripts.drill.scenarios import ORIGIN_OUTAGE
from scripts.report.data import build_report, digest_of
from scripts.report.history import with_history
from scripts.report.report import render_html, summary_table
from scripts.report.runs import DrillRecord, RunRow, age_in_words, judged, proven_on_aws_at, row_of, same_drill
from tests.unit.report.test_report import CONTEXT
from tests.worlds.fake_site import a_request, drill_virtually


def record(
    at: str, seconds: float | None = 80.0, *, verdict: str = "within", target: str = "localcloud", scenario: str = "s"
) -> DrillRecord:
    return DrillRecord.model_validate(
        {
            "at": at,
            "hostname": "h",
            "target": target,
            "scenario": scenario,
            "variant": "v",
            "verdict": verdict,
            "rto_seconds": 120,
            "time_to_detect_seconds": 1,
            "recovery_time_seconds": seconds,
            "time_to_fail_back_seconds": 1,
            "requests": 10,
            "failed_requests": 1,
            "release": "r",
        }
    )


def rows(*seconds: float | None, verdicts: str = "") -> list[RunRow]:
    words = {"w": "within", "o": "outside", "i": "inconclusive"}
    told = verdicts or "w" * len(seconds)
    return [
        row_of(record(f"2026-11-{day:02}T10:00:00Z", each, verdict=words[letter]))
        for day, (each, letter) in enumerate(zip(seconds, told, strict=True), start=1)
    ]


@pytest.mark.parametrize(
    ("found", "is_regression"),
    [
        (rows(80, 82, 81), False),
        (rows(80, 82, 102), True),
        (rows(80, 82, 100), False),  # within a quarter
        (rows(0.2, 0.2, 3.0), False),  # many times slower, and nobody would notice
        (rows(80, 200), False),  # one earlier run is no trend
        (rows(80, 82, None, verdicts="wwo"), True),
        (rows(80, None, verdicts="io"), False),  # it was never within
        (rows(80, 82, None, verdicts="wwi"), False),
    ],
)
def test_regression_is_what_is_worse_than_the_runs_within_the_objective(
    found: list[RunRow], is_regression: bool
) -> None:
    assert bool(judged(found)[-1]["regression"]) is is_regression


def test_only_the_same_fault_on_the_same_target_is_compared() -> None:
    mine = record("2026-11-03T10:00:00Z")
    others = [record("2026-11-01T10:00:00Z", target="aws"), record("2026-11-02T10:00:00Z", scenario="other")]
    assert same_drill([*others, mine], like=mine) == [mine]


def test_proof_on_aws_is_the_last_run_there_within_the_objective() -> None:
    known = [
        record("2026-11-01T10:00:00Z", target="aws"),
        record("2026-11-05T10:00:00Z", target="aws", verdict="outside"),
        record("2026-11-06T10:00:00Z"),
    ]
    at = proven_on_aws_at(known, hostname="h", scenario="s")
    assert at == "2026-11-01T10:00:00Z"
    assert age_in_words(at, now="2026-11-30T11:00:00Z") == "last proven on AWS 29 days ago (2026-11-01)"
    assert age_in_words(at, now="2026-11-01T12:00:00Z") == "last proven on AWS today (2026-11-01)"
    assert proven_on_aws_at(known, hostname="h", scenario="t") is None
    assert age_in_words(None, now="2026-11-30T11:00:00Z") == "never proven on AWS"


def test_report_has_its_earlier_runs_and_shows_what_got_worse(tmp_path: Path) -> None:
    result = drill_virtually(a_request(ORIGIN_OUTAGE, tmp_path))[0]
    report = build_report([result], CONTEXT)
    scenario, variant = report["scenarios"][0], report["scenarios"][0]["variants"][0]
    fast = [
        record(f"2020-01-0{day}T10:00:00Z", -100.0, scenario=scenario["name"]).model_copy(
            update={"hostname": report["hostname"], "variant": variant["name"]}
        )
        for day in (1, 2)
    ]
    told = with_history(report, fast)
    history = told["scenarios"][0]["variants"][0]["history"]
    assert [row["at"][:4] for row in history[:2]] == ["2020", "2020"]
    assert "longer than usual" in history[-1]["regression"]
    assert told["digest"] == digest_of(told)
    assert json.dumps(told) != json.dumps(report)
    page = render_html([result], told)
    assert "The last 3 runs, this one below" in page
    assert "longer than usual" in page
    assert "never proven on AWS" in page
    assert any("regression" in str(cell) for cell in summary_table(told).columns[0].cells)
