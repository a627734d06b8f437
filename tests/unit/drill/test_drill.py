"""The order of events of a drill, against a fake site in virtual time."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from scripts.drill.drill import DrillParts, drill
from scripts.drill.faults import ActiveFault, Fault
from scripts.drill.journal import FaultJournal
from scripts.drill.request import DrillSettings
from scripts.drill.scenarios import EDGE_OUTAGE, ORIGIN_DEGRADED, ORIGIN_OUTAGE, Scenario
from scripts.drill.verdict import Verdict
from scripts.errors import AwsError, DrillAbortedError, EnvironmentFailureError, NotSteadyError, WrongUsageError
from tests.worlds.fake_site import (
    PRIMARY,
    RELAPSE_SECONDS,
    SECONDARY,
    FakeSite,
    a_request,
    drill_virtually,
    new_site,
    parts_for,
)
from tests.worlds.virtual_time import run_virtually

BOTH = pytest.mark.parametrize("scenario", [ORIGIN_OUTAGE, EDGE_OUTAGE], ids=lambda scenario: scenario.name)
UNREACHABLE = {"variant_names": ("unreachable",)}


@BOTH
def test_drill_sees_primary_secondary_primary(scenario: Scenario, tmp_path: Path) -> None:
    result, _ = drill_virtually(a_request(scenario, tmp_path))
    assert [run.measurement.served_by for run in result.runs] == [(PRIMARY, SECONDARY, PRIMARY)] * len(result.runs)
    assert result.worst.measurement.verdict is Verdict.WITHIN


@BOTH
def test_drill_forgets_who_answered_while_the_site_came_up(scenario: Scenario, tmp_path: Path) -> None:
    result, _ = drill_virtually(a_request(scenario, tmp_path), is_just_deployed=True)
    assert result.runs[0].measurement.served_by == (PRIMARY, SECONDARY, PRIMARY)
    assert result.worst.measurement.verdict is Verdict.WITHIN


def test_origin_outage_measures_both_default_variants_and_their_miss_cost(tmp_path: Path) -> None:
    result, site = drill_virtually(a_request(ORIGIN_OUTAGE, tmp_path))
    costs = {run.variant.name: run.measurement.miss_cost for run in result.runs}
    assert [cost and round(cost.p95_seconds, 2) for cost in costs.values()] == [2.0, 0.04]
    assert list(costs) == ["unreachable", "status-503"]
    assert all(run.measurement.failed_requests == 0 for run in result.runs)
    assert [event.split()[0] for event in site.history] == ["inject", "invalidate", "undo"] * 2


def test_edge_outage_separates_detection_switch_and_recovery_of_the_slowest_visitor(tmp_path: Path) -> None:
    result, _ = drill_virtually(a_request(EDGE_OUTAGE, tmp_path))
    measured = result.worst.measurement
    assert measured.time_to_detect_seconds == pytest.approx(28.0, abs=0.6)
    assert measured.time_to_switch_seconds is not None
    assert measured.time_to_switch_seconds < 15.0
    assert measured.recovery_time_seconds == pytest.approx(28 + 60, abs=15)
    assert measured.time_to_fail_back_seconds == pytest.approx(22 + 60, abs=15)


def test_edge_outage_is_outside_a_tighter_objective(tmp_path: Path) -> None:
    result, _ = drill_virtually(a_request(EDGE_OUTAGE, tmp_path, rto_seconds=60.0))
    assert result.worst.measurement.verdict is Verdict.OUTSIDE


@BOTH
def test_drill_that_never_recovers_is_outside_and_undone(scenario: Scenario, tmp_path: Path) -> None:
    result, site = drill_virtually(a_request(scenario, tmp_path), never_fails_over=True)
    measured = result.worst.measurement
    assert measured.verdict is Verdict.OUTSIDE
    assert measured.recovery_time_seconds is None
    assert site.active_faults == {}


@BOTH
def test_drill_that_never_comes_back_is_inconclusive(scenario: Scenario, tmp_path: Path) -> None:
    request = dataclasses.replace(a_request(scenario, tmp_path), variant_names=(scenario.variants[0].name,))
    result, _ = drill_virtually(request, never_fails_back=True)
    assert result.worst.measurement.verdict is Verdict.INCONCLUSIVE
    assert result.worst.measurement.time_to_fail_back_seconds is None


def test_fault_without_effect_is_inconclusive(tmp_path: Path) -> None:
    result, _ = drill_virtually(a_request(ORIGIN_OUTAGE, tmp_path), shrugs_faults_off=True)
    assert result.worst.measurement.verdict is Verdict.INCONCLUSIVE


def test_old_release_on_the_secondary_is_no_recovery(tmp_path: Path) -> None:
    result, _ = drill_virtually(
        a_request(ORIGIN_OUTAGE, tmp_path, **UNREACHABLE), serves_old_release_from_secondary=True
    )
    assert result.worst.measurement.verdict is Verdict.OUTSIDE
    assert result.worst.measurement.wrong_content_requests > 0


def test_fault_stays_for_the_hold_time_after_recovery(tmp_path: Path) -> None:
    request = a_request(ORIGIN_OUTAGE, tmp_path, **UNREACHABLE, settings=DrillSettings(hold_seconds=30.0))
    result, _ = drill_virtually(request)
    marks = result.worst.marks
    assert marks.undo_at_seconds - marks.fault_at_seconds == pytest.approx(2.1 + 1 + 30, abs=1.5)


def test_progress_names_the_phases_in_order(tmp_path: Path) -> None:
    _, site = drill_virtually(a_request(ORIGIN_OUTAGE, tmp_path, **UNREACHABLE))
    phases = list(dict.fromkeys(state.phase for state in site.shown))
    assert phases == [
        "waiting for 10 s of steady state",
        "fault in force, waiting for us-east-1",
        "fault in force, us-east-1 serves",
        "fault undone, waiting for eu-central-1",
        "eu-central-1 serves again",
    ]


def failing(scenario: Scenario, folder: Path, prepare: str, error: type[Exception], match: str) -> FakeSite:
    """Drill a site that `prepare` has spoiled; return it after the expected error."""

    async def run() -> FakeSite:
        site = new_site()
        if prepare == "foreign fault":
            site.active_faults["x"] = Fault(target="dns", kind="hang")
        elif prepare == "broken primary":
            site.never_fails_over, site.active_faults["hidden"] = True, Fault(target="s3:", kind="hang")
        elif prepare:
            setattr(site, prepare, True)
        parts = parts_for(site, folder)
        if prepare == "broken primary":
            parts = dataclasses.replace(parts, injector=_Blind(site))
        with pytest.raises(error, match=match):
            await drill(a_request(scenario, folder), parts)
        return site

    return run_virtually(run())


@BOTH
def test_relapse_after_the_takeover_delays_recovery_and_prolongs_the_fault(scenario: Scenario, tmp_path: Path) -> None:
    request = dataclasses.replace(a_request(scenario, tmp_path), variant_names=(scenario.variants[0].name,))
    relapse_seconds = 4.0 if scenario is ORIGIN_OUTAGE else 50.0
    steady, _ = drill_virtually(request)
    result, _ = drill_virtually(request, relapses_after_seconds=relapse_seconds)
    usual, delayed = steady.worst.measurement, result.worst.measurement
    assert usual.recovery_time_seconds is not None
    assert delayed.recovery_time_seconds is not None
    assert delayed.recovery_time_seconds > usual.recovery_time_seconds + 4
    first_answer_seconds = delayed.moments.switched_at_seconds or 0.0
    assert result.worst.marks.undo_at_seconds > first_answer_seconds + relapse_seconds + RELAPSE_SECONDS + 10


def test_drill_whose_pages_all_came_from_the_edge_cache_is_inconclusive(tmp_path: Path) -> None:
    result, _ = drill_virtually(a_request(ORIGIN_OUTAGE, tmp_path, **UNREACHABLE), keeps_its_cache=True)
    measured = result.worst.measurement
    assert measured.verdict is Verdict.INCONCLUSIVE
    assert "none was read from the bucket in us-east-1" in measured.reasons[0]


def test_failed_invalidation_ends_the_drill_with_nothing_broken(tmp_path: Path) -> None:
    site = failing(
        ORIGIN_OUTAGE, tmp_path, "refuses_invalidation", DrillAbortedError, "AccessDenied.*nothing is broken"
    )
    assert [event.split()[0] for event in site.history] == ["inject", "invalidate", "undo"]
    assert site.active_faults == {}
    assert FaultJournal(tmp_path).read() is None


class _Blind:
    """An injector that sees no faults in force."""

    def __init__(self, site: FakeSite) -> None:
        self.prepare, self.inject, self.undo = site.prepare, site.inject, site.undo

    async def active(self) -> list[ActiveFault]:
        return []


def test_drill_rejects_a_site_that_is_not_healthy(tmp_path: Path) -> None:
    site = failing(ORIGIN_OUTAGE, tmp_path, "broken primary", NotSteadyError, "x bad_status: as told")
    assert site.history == []


def test_drill_rejects_a_site_with_other_faults(tmp_path: Path) -> None:
    site = failing(ORIGIN_OUTAGE, tmp_path, "foreign fault", NotSteadyError, "dns hang")
    assert site.history == []


@pytest.mark.parametrize(("health_check_id", "match"), [(None, "Terraform output"), ("unknown", "not known")])
def test_edge_outage_rejects_a_missing_or_unknown_health_check(
    tmp_path: Path, health_check_id: str | None, match: str
) -> None:
    with pytest.raises(NotSteadyError, match=match):
        drill_virtually(a_request(EDGE_OUTAGE, tmp_path, path_health_check_id=health_check_id))


def test_drill_rejects_an_unknown_variant(tmp_path: Path) -> None:
    with pytest.raises(WrongUsageError, match="allowed: unreachable, status-503, hang"):
        drill_virtually(a_request(ORIGIN_OUTAGE, tmp_path, variant_names=("melt",)))


def test_refused_injection_leaves_no_journal(tmp_path: Path) -> None:
    failing(ORIGIN_OUTAGE, tmp_path, "refuses_injection", AwsError, "unknown target")
    assert FaultJournal(tmp_path).read() is None


def test_failed_undo_is_loud_and_keeps_the_journal(tmp_path: Path) -> None:
    failing(ORIGIN_OUTAGE, tmp_path, "refuses_undo", EnvironmentFailureError, "may still be in force")
    assert FaultJournal(tmp_path).read() is not None


@pytest.mark.parametrize("after_seconds", [0.0, 5.0, 10.0, 10.3, 12.0, 20.0, 28.0])
def test_cancelled_drill_leaves_nothing_broken(tmp_path: Path, after_seconds: float) -> None:
    async def run() -> FakeSite:
        site = new_site()
        task = asyncio.create_task(drill(a_request(ORIGIN_OUTAGE, tmp_path), parts_for(site, tmp_path)))
        await site.clock.sleep(after_seconds)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return site

    assert run_virtually(run()).active_faults == {}
    assert FaultJournal(tmp_path).read() is None


def test_injection_under_way_ends_before_the_undo(tmp_path: Path) -> None:
    """A request that was sent may act late; an undo before it would undo nothing."""

    class Slow:
        def __init__(self, site: FakeSite) -> None:
            self._site = site
            self.prepare, self.undo, self.active = site.prepare, site.undo, site.active

        async def inject(self, fault: Fault) -> str:
            await self._site.clock.sleep(3)
            return await self._site.inject(fault)

    async def run() -> FakeSite:
        site = new_site()
        parts: DrillParts = dataclasses.replace(parts_for(site, tmp_path), injector=Slow(site))
        task = asyncio.create_task(drill(a_request(ORIGIN_OUTAGE, tmp_path), parts))
        await site.clock.sleep(11.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return site

    site = run_virtually(run())
    assert [event.split()[0] for event in site.history] == ["inject", "undo"]
    assert site.active_faults == {}


@pytest.mark.parametrize(("percent", "slow"), [(1, 0.01), (10, 0.10), (30, 0.30), (70, 0.70)])
def test_origin_degraded_tells_the_shares_that_were_slow_and_failed(tmp_path: Path, percent: int, slow: float) -> None:
    """A silent bucket costs 4 s of those that it hits, and nobody fails: the origin group covers request by request."""
    request = a_request(ORIGIN_DEGRADED, tmp_path, variant_names=(f"hang-{percent}",))
    result, site = drill_virtually(request)
    measured = result.worst.measurement
    assert measured.verdict is Verdict.WITHIN
    assert measured.shares.failed_ratio == 0
    assert measured.shares.slow_ratio == pytest.approx(slow, abs=0.01)
    assert measured.shares.covered_ratio == pytest.approx(slow, abs=0.01)
    assert site.history[0].endswith(f"hang, {percent}% of the requests")
    assert result.worst.marks.undo_at_seconds - result.worst.marks.fault_at_seconds == pytest.approx(60, abs=1)


def test_origin_degraded_is_outside_when_more_fail_than_the_objective_allows(tmp_path: Path) -> None:
    result, _ = drill_virtually(
        a_request(ORIGIN_DEGRADED, tmp_path, variant_names=("status-10",)), never_fails_over=True
    )
    measured = result.worst.measurement
    assert measured.verdict is Verdict.OUTSIDE
    assert measured.shares.failed_ratio == pytest.approx(0.1, abs=0.01)
    assert "availability_ratio allows 0.10% to fail" in measured.reasons[-1]


def test_origin_degraded_without_effect_is_inconclusive(tmp_path: Path) -> None:
    result, _ = drill_virtually(
        a_request(ORIGIN_DEGRADED, tmp_path, variant_names=("status-10",)), shrugs_faults_off=True
    )
    assert result.worst.measurement.verdict is Verdict.INCONCLUSIVE


def test_vanished_names_are_waited_for_as_long_as_a_resolver_may_keep_them(tmp_path: Path) -> None:
    request = a_request(EDGE_OUTAGE, tmp_path, variant_names=("nxdomain",))
    result, _ = drill_virtually(request, never_fails_over=True)
    assert result.worst.marks.undo_at_seconds - result.worst.marks.fault_at_seconds == pytest.approx(1200, abs=1)
