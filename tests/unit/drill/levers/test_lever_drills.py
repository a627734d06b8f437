"""Drills by levers in virtual time: verdicts of faults for which nothing may move, stop conditions, and Route 53's own rule."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.drill.drill import drill
from scripts.drill.guard import StopConditions
from scripts.drill.lever_scenarios import LEVER_SCENARIOS
from scripts.drill.levers.injector import state_of
from scripts.drill.levers.news import News
from scripts.drill.result import FaultRun
from scripts.drill.scenarios import EDGE_OUTAGE, Scenario
from scripts.drill.verdict import Evidence, Expectation, Verdict, judge
from scripts.errors import AwsError, DrillAbortedError
from tests.worlds.fake_site import FakeSite, a_request, new_site, parts_for
from tests.worlds.virtual_time import run_virtually

ROOT = Path(__file__).parents[4]
STANDING = LEVER_SCENARIOS["region-marker-missing"]
PRIMARY, SECONDARY = "eu-central-1", "us-east-1"
QUIET = Evidence(
    recovery_time_seconds=None,
    has_failed_back=True,
    has_failed=False,
    has_relapsed=False,
    has_filled_page=False,
    fail_back_loss_seconds=0,
    wrong_content_requests=0,
    overload_ratio=0,
    seen=(PRIMARY,),
)


def expectation(**changes: Any) -> Expectation:
    wanted = Expectation(primary=PRIMARY, secondary=SECONDARY, rto_seconds=120, detects_by_marker=True)
    return dataclasses.replace(wanted, **changes)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.WITHIN),
        ({"has_effect": False}, Verdict.INCONCLUSIVE),
        ({"seen": (PRIMARY, SECONDARY, PRIMARY)}, Verdict.OUTSIDE),
        ({"lost_page_views": 1}, Verdict.OUTSIDE),
        ({"wrong_content_requests": 1}, Verdict.OUTSIDE),
        ({"overload_ratio": 0.5}, Verdict.INCONCLUSIVE),
        ({"seen": ()}, Verdict.INCONCLUSIVE),
    ],
)
def test_fault_for_which_nothing_may_move(changes: dict[str, Any], verdict: Verdict) -> None:
    found, reasons = judge(dataclasses.replace(QUIET, **changes), expectation(stays=True))
    assert found is verdict
    assert all(reasons)


@pytest.mark.parametrize(("lost", "verdict"), [(0, Verdict.WITHIN), (1, Verdict.OUTSIDE)])
def test_switch_that_is_to_lose_nothing(lost: int, verdict: Verdict) -> None:
    switched = dataclasses.replace(
        QUIET, recovery_time_seconds=60.0, seen=(PRIMARY, SECONDARY, PRIMARY), lost_page_views=lost
    )
    assert judge(switched, expectation(loses_nothing=True))[0] is verdict


def standing_drill(folder: Path, *, works: bool = True, stop: StopConditions | None = None, **flags: Any) -> FaultRun:
    async def run() -> FaultRun:
        site = new_site(**flags)

        async def effect() -> bool:
            return works and bool(site.active_faults)

        parts = dataclasses.replace(parts_for(site, folder), effect=effect, after_fault=None)
        if stop is not None:
            parts = dataclasses.replace(parts, stop=stop)
        return (await drill(a_request(STANDING, folder), parts)).runs[0]

    return run_virtually(run())


def test_standing_drill_waits_longer_than_a_dns_answer_lasts(tmp_path: Path) -> None:
    run = standing_drill(tmp_path)
    assert run.measurement.verdict is Verdict.WITHIN
    assert run.marks.effect_at_seconds is not None
    assert run.marks.undo_at_seconds - run.marks.effect_at_seconds >= 60


def test_standing_drill_without_an_effect_is_inconclusive(tmp_path: Path) -> None:
    assert standing_drill(tmp_path, works=False).measurement.verdict is Verdict.INCONCLUSIVE


def test_stopped_drill_says_why_and_undoes(tmp_path: Path) -> None:
    kept: list[FakeSite] = []

    async def run() -> None:
        site = new_site(never_fails_over=True)
        kept.append(site)
        parts = dataclasses.replace(parts_for(site, tmp_path), stop=StopConditions(max_failed_ratio=0.2))
        await drill(a_request(_origin_outage(), tmp_path), parts)

    with pytest.raises(DrillAbortedError, match=r"page views failed, more than 20%.* nothing is broken any more"):
        run_virtually(run())
    assert kept[0].active_faults == {}
    assert not list(tmp_path.glob("fault-journal*"))


def _origin_outage() -> Scenario:
    from scripts.drill.scenarios import ORIGIN_OUTAGE

    return ORIGIN_OUTAGE


@pytest.mark.parametrize(
    ("healthy", "inverted", "expected"),
    [(16, False, True), (3, False, True), (2, False, False), (16, True, False), (0, True, True)],
)
def test_more_than_18_percent_of_the_checkers_make_it_healthy(healthy: int, inverted: bool, expected: bool) -> None:
    statuses = ["Success: HTTP Status Code 200, OK"] * healthy + ["Failure: timed out"] * (16 - healthy)
    assert state_of({"Inverted": inverted}, statuses) is expected


def test_no_checkers_yet_is_not_known() -> None:
    assert state_of({}, []) is None


def test_no_module_of_probe_or_levers_or_live_asks_what_it_talks_to() -> None:
    """`--localcloud` changes endpoints, nothing else. Faults of the emulator are in drill/faults.py."""
    asks = re.compile(
        r"localcloud\s+is|is_localcloud|endpoints is |== \"(aws|localcloud)\"|LOCALCLOUD\b|control_url|import.*ControlApi"
    )
    folders = [ROOT / "scripts" / "probe", ROOT / "scripts" / "drill" / "levers", ROOT / "tests" / "live"]
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in folders
        for path in folder.rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if asks.search(line)
    ]
    assert found == []


def test_undo_is_tried_only_where_the_lever_was_journaled(tmp_path: Path) -> None:
    """A lever that refuses to be captured must not be restored from nothing."""

    async def run() -> FakeSite:
        site = new_site()

        async def refuse(_fault: object) -> None:
            raise DrillAbortedError("broken already")

        site.prepare = refuse  # type: ignore[method-assign,assignment]  # the lever's refusal
        with pytest.raises(DrillAbortedError, match="broken already"):
            await drill(a_request(STANDING, tmp_path), parts_for(site, tmp_path))
        return site

    assert run_virtually(run()).history == []


def test_tasks_end_with_the_drill(tmp_path: Path) -> None:
    async def run() -> set[asyncio.Task[Any]]:
        site = new_site()
        await drill(a_request(_origin_outage(), tmp_path), parts_for(site, tmp_path))
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert run_virtually(run()) == set()


def healing_drill(folder: Path, *, ends_after: float | None, fails: bool = True) -> FaultRun:
    """A canary that fails page views until its watch, after so many seconds, ends it; None: the watch does nothing."""

    async def run() -> FaultRun:
        site = new_site(shrugs_faults_off=not fails)

        async def watch() -> None:
            await site.clock.sleep(60.0 if ends_after is None else ends_after)
            site.is_canary_ended = ends_after is not None

        parts = dataclasses.replace(parts_for(site, folder), after_fault=watch)
        return (await drill(a_request(LEVER_SCENARIOS["bad-release"], folder), parts)).runs[0]

    return run_virtually(run())


def test_canary_that_its_watch_ends_is_within_the_objective(tmp_path: Path) -> None:
    measured = healing_drill(tmp_path, ends_after=7).measurement
    assert measured.verdict is Verdict.WITHIN
    assert measured.served_by == (PRIMARY,)
    assert measured.time_to_detect_seconds == pytest.approx(7, abs=1)
    assert measured.recovery_time_seconds == pytest.approx(7, abs=1)
    assert measured.failed_requests > 0


def test_canary_that_nobody_ends_is_outside(tmp_path: Path) -> None:
    measured = healing_drill(tmp_path, ends_after=None).measurement
    assert measured.verdict is Verdict.OUTSIDE
    assert "nothing ended it" in measured.reasons[0]


def test_canary_that_no_visitor_of_the_drill_got_proves_nothing(tmp_path: Path) -> None:
    measured = healing_drill(tmp_path, ends_after=7, fails=False).measurement
    assert measured.verdict is Verdict.INCONCLUSIVE
    assert measured.recovery_time_seconds is None


def heard_drill(folder: Path, heard: Callable[[FakeSite], News]) -> FaultRun:
    async def run() -> FaultRun:
        site = new_site()

        async def news() -> News:
            return heard(site)

        parts = dataclasses.replace(parts_for(site, folder), news=news)
        return (await drill(a_request(EDGE_OUTAGE, folder), parts)).runs[0]

    return run_virtually(run())


def test_first_alarm_and_first_mail_count_from_the_fault(tmp_path: Path) -> None:
    def heard(site: FakeSite) -> News:
        seconds = site.clock.now_seconds() - site.changed_at_seconds if site.active_faults else 0.0
        return News(alarm=seconds > 30, mail=seconds > 40)

    measured = heard_drill(tmp_path, heard).measurement
    assert measured.time_to_alarm_seconds == pytest.approx(31, abs=2)
    assert measured.time_to_mail_seconds == pytest.approx(41, abs=2)


def test_alarm_that_was_on_before_the_fault_tells_nothing(tmp_path: Path) -> None:
    run = heard_drill(tmp_path, lambda _site: News(alarm=True, mail=None))
    assert (run.measurement.time_to_alarm_seconds, run.marks.has_listener) == (None, True)


def test_news_that_cannot_be_had_ends_no_drill(tmp_path: Path) -> None:
    def refuse(_site: FakeSite) -> News:
        raise AwsError(operation="DescribeAlarms", resource="r", code="AccessDenied")

    measured = heard_drill(tmp_path, refuse).measurement
    assert (measured.verdict, measured.time_to_alarm_seconds) == (Verdict.WITHIN, None)
