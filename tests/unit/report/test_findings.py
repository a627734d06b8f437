"""What a report says beside times: the error budget, what operators heard, and where the runbook goes on."""

import re
from pathlib import Path

import pytest

from scripts.drill.lever_scenarios import LEVER_SCENARIOS
from scripts.drill.measurement import Marks
from scripts.drill.scenarios import EDGE_OUTAGE
from scripts.drill.verdict import Expectation
from scripts.report.criteria import RUNBOOK, error_budget, findings, hypothesis
from tests.worlds.fake_site import PRIMARY, SECONDARY, a_request, drill_virtually

ROOT = Path(__file__).parents[3]
MONTH_OF_THREE_NINES = 2592.0


def sections() -> set[str]:
    """The anchors that GitHub gives the runbook's headings."""
    headings = re.findall(r"^#+ (.*)$", (ROOT / RUNBOOK).read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_finding_leads_to_a_section_that_the_runbook_has(tmp_path: Path) -> None:
    run = drill_virtually(a_request(EDGE_OUTAGE, tmp_path), never_fails_over=True)[0].runs[0]
    unheard = Marks(
        fault_at_seconds=run.marks.fault_at_seconds, undo_at_seconds=run.marks.undo_at_seconds, has_listener=True
    )
    found = findings(
        run.samples, unheard, Expectation(primary=PRIMARY, secondary=SECONDARY, rto_seconds=1, detects_by_marker=False)
    )
    assert {"path-unhealthy", "metrics-are-missing", "look-first"} <= {each["section"] for each in found}
    assert {each["section"] for each in found} <= sections()


def test_silence_is_a_finding_only_where_somebody_listened_and_something_was_to_be_heard(tmp_path: Path) -> None:
    run = drill_virtually(a_request(EDGE_OUTAGE, tmp_path))[0].runs[0]
    expected = a_request(EDGE_OUTAGE, tmp_path).expectation
    assert "metrics-are-missing" not in {each["section"] for each in findings(run.samples, run.marks, expected)}


def test_error_budget_is_the_time_that_failed_page_views_stand_for(tmp_path: Path) -> None:
    run = drill_virtually(a_request(EDGE_OUTAGE, tmp_path))[0].runs[0]
    after = [each for each in run.samples if each.scheduled_at_seconds >= run.marks.fault_at_seconds]
    lost = sum(not each.is_good for each in after)
    budget = error_budget(run.samples, run.marks, 0.999)
    assert lost > 0
    assert budget["budget_seconds"] == MONTH_OF_THREE_NINES
    assert budget["lost_seconds"] == pytest.approx(lost * 0.1, rel=0.02)  # ten page views a second
    assert budget["spent_ratio"] == pytest.approx(budget["lost_seconds"] / MONTH_OF_THREE_NINES, abs=1e-5)


def test_objective_that_allows_nothing_has_no_budget_to_spend(tmp_path: Path) -> None:
    run = drill_virtually(a_request(EDGE_OUTAGE, tmp_path))[0].runs[0]
    assert error_budget(run.samples, run.marks, 1.0)["spent_ratio"] == 0.0


def test_hypothesis_of_what_heals_names_who_ends_it(tmp_path: Path) -> None:
    told = hypothesis(a_request(LEVER_SCENARIOS["bad-release"], tmp_path))
    assert "the active release, once the watch of the canary has ended it, is served again" in told
    assert "before anybody undoes it" in told
