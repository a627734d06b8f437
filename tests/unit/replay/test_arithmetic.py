"""What a replay should show by arithmetic, and that a site which fails as AWS does shows it."""

import asyncio
import contextlib
import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest

from scripts.clock import AwsClock
from scripts.replay import player as player_module
from scripts.replay.arithmetic import Circumstances, Expected, expected_of
from scripts.replay.incidents import incident_ids, load_incident
from scripts.replay.player import RATE_PER_SECOND
from scripts.replay.schedule import Schedule, schedule_of
from scripts.replay.views import Outcome, outcome_of
from tests.unit.replay.test_player import VIEW, Board, new_player
from tests.worlds.fake_site import PRIMARY
from tests.worlds.page_views import a_sample
from tests.worlds.virtual_time import run_virtually

FAST_CHECKS = Circumstances(
    rate_per_second=RATE_PER_SECOND, probes_per_second=6 / 10, detection_seconds=(20.0, 36.0), visitors=5
)
KEPT_ERROR_SECONDS = 1.0


def arithmetic(incident_id: str, circumstances: Circumstances = FAST_CHECKS) -> tuple[Schedule, list[Expected]]:
    schedule = schedule_of(load_incident(incident_id), longest_pause_minutes=5)
    return schedule, list(expected_of(schedule, circumstances))


@pytest.mark.parametrize("incident_id", incident_ids())
def test_every_layer_loses_no_more_than_the_site_without_it(incident_id: str) -> None:
    _, (one_region, layer_1, layers_1_and_3) = arithmetic(incident_id)
    assert one_region.high_ratio >= layer_1.high_ratio >= layers_1_and_3.high_ratio
    for each in (one_region, layer_1, layers_1_and_3):
        assert 0 <= each.low_ratio <= each.high_ratio <= 1


def test_half_of_the_requests_for_a_third_of_the_time_is_half_of_the_page_views_and_kept_errors() -> None:
    _, (one_region, layer_1, layers_1_and_3) = arithmetic("2017-02-28-s3")
    # All of 300 s, and half of 300 s with a few errors that CloudFront keeps, of 900.
    assert one_region.low_ratio == one_region.high_ratio == pytest.approx(0.527, abs=0.002)
    assert (layer_1, layers_1_and_3) == (Expected(low_ratio=0, high_ratio=0),) * 2


def test_names_that_are_gone_are_gone_for_visitors_when_their_answer_runs_out() -> None:
    _, (one_region, layer_1, layers_1_and_3) = arithmetic("2026-02-10-cloudfront-dns")
    assert one_region == layer_1 == Expected(low_ratio=288 / 600, high_ratio=312 / 600)
    # 20 to 36 s of detection: one to three of five visitors ask meanwhile, and keep the answer for a minute.
    assert layers_1_and_3 == Expected(low_ratio=12 / 600, high_ratio=36 / 600)


@pytest.mark.parametrize("incident_id", ["2020-11-25-metrics", "2021-12-07-control-planes", "2025-10-20-dynamodb-dns"])
def test_what_no_visitor_meets_costs_none_of_them_anything(incident_id: str) -> None:
    assert arithmetic(incident_id)[1] == [Expected(low_ratio=0, high_ratio=0)] * 3


@pytest.mark.parametrize("incident_id", incident_ids())
def test_arithmetic_knows_every_fault_of_every_incident(incident_id: str) -> None:
    known = {"s3:{primary}": {"status", "unreachable"}, "cloudfront": {"nxdomain"}}
    for event in load_incident(incident_id).event:
        for fault in event.faults:
            if not fault.target.startswith(("api:", "apigateway:")):
                assert fault.kind in known[fault.target]


@pytest.mark.parametrize(
    ("ratio", "is_met"), [(0.474, False), (0.476, True), (0.5, True), (0.55, True), (0.576, True), (0.579, False)]
)
def test_figure_is_met_within_5_percent(ratio: float, is_met: bool) -> None:
    assert Expected(low_ratio=0.5, high_ratio=0.55).is_met(ratio) is is_met


@pytest.mark.parametrize("ratio", [0.0, 0.001])
def test_nothing_means_nothing(ratio: float) -> None:
    assert Expected(low_ratio=0, high_ratio=0).is_met(ratio) is (ratio == 0)


@dataclasses.dataclass
class KeepsErrors(Board):
    """CloudFront before one bucket: a share of what reaches the bucket fails, and an error is kept for a second for whoever asks.

    Checkers of the region check ask as well.
    """

    draws: random.Random = dataclasses.field(default_factory=lambda: random.Random(1))
    kept_until_seconds: float = -1.0

    async def fails(self) -> bool:
        now = self.clock.now_seconds()
        faults = [each for each in self.faults.values() if each.target == f"s3:{PRIMARY}"]
        if faults and now < self.kept_until_seconds:
            return True
        await self.clock.sleep(0.02)
        is_failed = any(each.ratio is None or self.draws.random() < each.ratio for each in faults)
        if is_failed:
            self.kept_until_seconds = self.clock.now_seconds() + KEPT_ERROR_SECONDS
        return is_failed

    async def view(self, ticket: Any) -> Any:
        began = self.clock.now_seconds()
        region = None if await self.fails() else PRIMARY
        times = {"scheduled_at_seconds": ticket.scheduled_at_seconds, "started_at_seconds": began}
        return a_sample(ticket.sequence, region, **times, finished_at_seconds=self.clock.now_seconds())

    async def check(self) -> None:
        while True:
            await self.clock.sleep(self.draws.uniform(0, 2 / FAST_CHECKS.probes_per_second))
            await self.fails()


def play(folder: Path, incident_id: str, speed: float) -> Outcome:
    schedule, (expected, *_) = arithmetic(incident_id)

    async def run() -> Outcome:
        clock = AwsClock(speed=speed, monotonic=asyncio.get_running_loop().time)
        board = KeepsErrors(clock)
        player = new_player(folder, board)
        checks = asyncio.create_task(board.check())
        samples = (await player.play(schedule, [VIEW]))[VIEW.name]
        checks.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await checks
        return outcome_of(
            VIEW,
            samples,
            expected=expected,
            fault_at_seconds=schedule.fault_at_seconds,
            duration_seconds=schedule.duration_seconds,
        )

    return run_virtually(run())


@pytest.mark.parametrize("speed", [1.0, 10.0])
@pytest.mark.parametrize("incident_id", ["2017-02-28-s3", "2026-03-01-region-lost"])
def test_site_that_keeps_errors_shows_its_arithmetic(tmp_path: Path, incident_id: str, speed: float) -> None:
    outcome = play(tmp_path, incident_id, speed)
    assert outcome.is_as_expected, (outcome.failed_ratio, outcome.expected)


def test_page_views_that_meet_each_others_errors_would_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why they are further apart than a second."""
    monkeypatch.setattr(player_module, "RATE_PER_SECOND", 4.0)
    outcome = play(tmp_path, "2017-02-28-s3", 1.0)
    assert not outcome.is_as_expected
    assert outcome.failed_ratio > outcome.expected.high_ratio
