"""Objectives against what was measured, and the three documents about it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from scripts.probe.history import Period, _one
from scripts.report.runs import DrillRecord
from scripts.report.slo import Outcome, Slo, SloObjectives, evaluate, headline, is_met
from scripts.report.slo_pages import markdown, render_html, write_slo
from tests.unit.probe.test_history import NOW, VIEW
from tests.worlds.html_validate import complaints

OBJECTIVES = SloObjectives(rto_seconds=120, rpo_seconds=900, availability_ratio=0.99)
DRILL = DrillRecord(
    at="2027-01-15T07:59:00Z",
    hostname="www.example.test",
    target="localcloud",
    scenario="edge-outage",
    variant="refuse",
    verdict="within",
    rto_seconds=120,
    time_to_detect_seconds=30,
    recovery_time_seconds=90,
    time_to_fail_back_seconds=60,
    requests=100,
    failed_requests=10,
    release="r1",
)


def periods(good: int, bad: int = 0, *, age_seconds: float = 60, error: str = "timeout") -> list[Period]:
    view = dataclasses.replace(VIEW, at=NOW - age_seconds)
    return [_one(view)] * good + [_one(dataclasses.replace(view, error=error))] * bad


def slo(
    seen: Sequence[Period] = (), drills: Sequence[DrillRecord] = (), points: Sequence[float] = (), hours: float = 24
) -> Slo:
    return evaluate(seen, drills, points, OBJECTIVES, hostname="www.example.test", since=NOW - hours * 3600, until=NOW)


def outcomes(found: Slo) -> dict[str, str]:
    return {row["name"]: row["outcome"].value for row in found["objectives"]}


@pytest.mark.parametrize(("bad", "outcome", "spent"), [(0, "met", 0.0), (10, "met", 1.0), (20, "missed", 2.0)])
def test_availability_is_held_against_its_objective(bad: int, outcome: str, spent: float) -> None:
    found = slo(periods(1000 - bad, bad))
    assert outcomes(found)["availability"] == outcome
    assert found["availability_ratio"] == pytest.approx(1 - bad / 1000)
    assert found["error_budget_spent_ratio"] == pytest.approx(spent)


def test_page_views_that_were_never_made_are_neither_good_nor_bad() -> None:
    found = slo(periods(10, 5, error="overload"))
    assert (found["good"], found["bad"], found["unmeasured"]) == (10, 0, 5)


def test_burn_rate_is_of_its_own_hours() -> None:
    found = slo(periods(100, 100, age_seconds=5 * 3600) + periods(100))
    assert found["burn_rates"]["1h"] == 0
    assert found["burn_rates"]["6h"] == pytest.approx(100 / 300 / 0.01)


def test_nothing_measured_is_said_and_misses_nothing() -> None:
    found = slo()
    assert set(outcomes(found).values()) == {Outcome.NOT_MEASURED.value}
    assert is_met(found)
    assert "not measured: availability, recovery time, recovery point" in headline(found)


def test_means_are_of_conclusive_drills_of_this_site_in_the_window() -> None:
    drills = [
        DRILL,
        DRILL.model_copy(update={"time_to_detect_seconds": 50, "recovery_time_seconds": 110}),
        DRILL.model_copy(update={"verdict": "inconclusive", "time_to_detect_seconds": 500}),
        DRILL.model_copy(update={"hostname": "other.test", "time_to_detect_seconds": 500}),
        DRILL.model_copy(update={"at": "2020-01-01T00:00:00Z", "time_to_detect_seconds": 500}),
    ]
    found = slo(drills=drills)
    assert (found["mttd_seconds"], found["mttr_seconds"]) == (40, 100)
    assert (found["drills"], found["drills_inconclusive"], found["drill_success_ratio"]) == (3, 1, 1.0)
    assert outcomes(found)["recovery time"] == "met"


def test_drill_that_never_recovered_misses_the_objective_and_is_json() -> None:
    found = slo(drills=[DRILL.model_copy(update={"verdict": "outside", "recovery_time_seconds": None})])
    assert outcomes(found)["recovery time"] == "missed"
    assert not is_met(found)
    json.dumps(found, allow_nan=False)
    assert "| never |" in markdown(found)


@pytest.mark.parametrize(("points", "outcome"), [([0.0, 899.0], "met"), ([0.0, 901.0], "missed")])
def test_worst_recovery_point_counts(points: list[float], outcome: str) -> None:
    assert outcomes(slo(points=points))["recovery point"] == outcome


def test_page_is_valid_html_without_outside_resources(tmp_path: Path) -> None:
    found = slo(periods(90, 10), [DRILL], [3.0])
    page = write_slo(found, tmp_path)
    assert json.loads((tmp_path / "slo.json").read_text(encoding="utf-8")) == json.loads(json.dumps(found))
    assert complaints([page]) == ""
    assert "http" not in render_html(found).replace("http://www.w3.org", "")
