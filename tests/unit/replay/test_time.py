"""A replay keeps the time of localcloud's clock at every speed: its figures are within 5 % of their arithmetic."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from scripts.clock import AwsClock
from scripts.commands.replay import speed_that_holds
from scripts.replay.arithmetic import Expected
from scripts.replay.incidents import incident_ids, load_incident
from scripts.replay.schedule import Schedule, schedule_of
from scripts.replay.views import Outcome, outcome_of
from tests.unit.replay.test_player import VIEW, Board, new_player
from tests.worlds.fake_site import PRIMARY
from tests.worlds.page_views import a_sample
from tests.worlds.virtual_time import run_virtually


class FailsWithEveryFault(Board):
    """A page view fails while any fault is in force, so the share of failures is a share of the time."""

    async def view(self, ticket: Any) -> Any:
        now = self.clock.now_seconds()
        await self.clock.sleep(0.05)
        times = {"scheduled_at_seconds": ticket.scheduled_at_seconds, "started_at_seconds": now}
        return a_sample(
            ticket.sequence, None if self.faults else PRIMARY, **times, finished_at_seconds=self.clock.now_seconds()
        )


def play(folder: Path, incident_id: str, speed: float) -> tuple[Schedule, Outcome, Board]:
    schedule = schedule_of(load_incident(incident_id), longest_pause_minutes=5)

    async def run() -> tuple[Schedule, Outcome, Board]:
        clock = AwsClock(speed=speed, monotonic=asyncio.get_running_loop().time)
        board = FailsWithEveryFault(clock)
        player = new_player(folder, board)
        samples = (await player.play(schedule, [VIEW]))[VIEW.name]
        outcome = outcome_of(
            VIEW,
            samples,
            expected=Expected(low_ratio=0, high_ratio=1),
            fault_at_seconds=schedule.fault_at_seconds,
            duration_seconds=schedule.duration_seconds,
        )
        return schedule, outcome, board

    return run_virtually(run())


@pytest.mark.parametrize("speed", [1.0, 10.0])
@pytest.mark.parametrize("incident_id", incident_ids())
def test_figures_of_a_replay_are_within_5_percent_of_their_arithmetic(
    tmp_path: Path, incident_id: str, speed: float
) -> None:
    schedule, outcome, board = play(tmp_path, incident_id, speed)
    broken = [
        (this.at_seconds, following)
        for this, following in zip(
            schedule.events,
            [*(each.at_seconds for each in schedule.events[1:]), schedule.duration_seconds],
            strict=True,
        )
        if this.event.faults
    ]
    expected_ratio = sum(end - begin for begin, end in broken) / (schedule.duration_seconds - schedule.fault_at_seconds)
    assert outcome.failed_ratio == pytest.approx(expected_ratio, rel=0.05)
    assert outcome.last_failure_seconds == pytest.approx(broken[-1][1] - schedule.fault_at_seconds, rel=0.05)
    began = board.history[0][1] - schedule.fault_at_seconds  # steady state comes first
    injected = sorted({at for what, at in board.history if what == "inject"})
    wanted = [each.at_seconds + began for each in schedule.events if each.event.faults]
    assert injected == pytest.approx(wanted, rel=0.05)
    assert outcome.late_seconds <= 0.05
    assert len(outcome.minutes) == round(schedule.duration_seconds / 60)


@pytest.mark.parametrize(("load", "speed"), [(0.0, 5.0), (0.75, 5.0), (0.8, 2.0), (2.0, 2.0), (2.1, 1.0), (30.0, 1.0)])
def test_speed_is_one_that_a_busy_machine_holds(load: float, speed: float) -> None:
    assert speed_that_holds(load) == speed
