"""Playing an incident in virtual time on a fake site: its faults in their order, and all of them undone."""

import asyncio
import dataclasses
import json
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from scripts.drill.faults import ActiveFault, Fault
from scripts.errors import AwsError, NotSteadyError
from scripts.probe.samples import Sample
from scripts.probe.schedule import Ticket
from scripts.replay.arithmetic import Expected
from scripts.replay.page import Mail, Replay, document, render, summary
from scripts.replay.player import JOURNAL_NAME, Player
from scripts.replay.schedule import schedule_of
from scripts.replay.views import View, outcome_of
from tests.unit.replay.test_schedule import an_incident
from tests.worlds.fake_site import PRIMARY, SECONDARY, new_site
from tests.worlds.html_validate import complaints
from tests.worlds.page_views import a_sample
from tests.worlds.virtual_time import run_virtually

VIEW = View(name="one region", title="One region", hostname="www.example.test", marker_path="/m")
SCHEDULE = schedule_of(an_incident(0, 2), longest_pause_minutes=1)
EXPECTED = Expected(low_ratio=0.5, high_ratio=0.5)
BROKEN = Fault(target=f"s3:{PRIMARY}", kind="refuse")


@dataclasses.dataclass
class Board:
    """Faults in force, and what was done to them when."""

    clock: Any
    faults: dict[str, Fault] = dataclasses.field(default_factory=dict)
    history: list[tuple[str, float]] = dataclasses.field(default_factory=list)
    refuses_injection: bool = False
    is_ill: bool = False

    async def prepare(self, fault: Fault) -> None:
        """Nothing is to be journaled."""

    async def inject(self, fault: Fault) -> str:
        if self.refuses_injection:
            raise AwsError(operation="POST /faults", resource="fake", code="400")
        self.history.append(("inject", round(self.clock.now_seconds())))
        self.faults[f"f{len(self.history)}"] = fault
        return f"f{len(self.history)}"

    async def undo(self, fault: Fault, fault_id: str | None) -> None:  # noqa: ARG002  the protocol has it
        self.history.append(("undo", round(self.clock.now_seconds())))
        self.faults = {id_: each for id_, each in self.faults.items() if each != fault}

    async def active(self) -> list[ActiveFault]:
        return [ActiveFault(fault_id=id_, fault=each) for id_, each in self.faults.items()]

    async def view(self, ticket: Ticket) -> Sample:
        now = self.clock.now_seconds()
        times = {"scheduled_at_seconds": ticket.scheduled_at_seconds, "started_at_seconds": now}
        await self.clock.sleep(0.05)
        region = None if self.is_ill or BROKEN in self.faults.values() else PRIMARY
        return a_sample(ticket.sequence, region, **times, finished_at_seconds=now + 0.05)


def new_player(folder: Path, board: Board, tell: Callable[[str], None] = lambda _line: None) -> Player:
    """A player of incidents on a board, by the board's clock."""
    return Player(
        clock=board.clock,
        injector=board,
        new_probe=lambda _view: board,
        journal=folder / JOURNAL_NAME,
        regions=(PRIMARY, SECONDARY),
        tell=tell,
    )


def playing(folder: Path, scenario: Any, **flags: Any) -> Any:
    async def run() -> Any:
        clock = new_site().clock
        board = Board(clock, **flags)
        told: list[str] = []
        player = new_player(folder, board, told.append)
        return await scenario(player, board)

    work: Coroutine[Any, Any, Any] = run()
    return run_virtually(work)


def test_faults_come_and_go_by_the_schedule_and_samples_count_from_the_beginning(tmp_path: Path) -> None:
    async def scenario(player: Player, board: Board) -> Any:
        await player.clock.sleep(500)
        return await player.play(SCHEDULE, [VIEW]), board.history

    samples, history = playing(tmp_path, scenario)
    assert history == [("inject", 560), ("undo", 620)]  # 500, and a minute of steady state
    outcome = outcome_of(VIEW, samples[VIEW.name], expected=EXPECTED, fault_at_seconds=60, duration_seconds=180)
    assert [(each.failed > 40, each.good > 40) for each in outcome.minutes] == [
        (False, True),
        (True, False),
        (False, True),
    ]
    assert not (tmp_path / JOURNAL_NAME).exists()


def test_replay_that_is_cut_short_leaves_nothing_broken(tmp_path: Path) -> None:
    async def scenario(player: Player, board: Board) -> dict[str, Fault]:
        task = asyncio.create_task(player.play(SCHEDULE, [VIEW]))
        await player.clock.sleep(90)
        assert list(board.faults.values()) == [BROKEN]
        assert json.loads((tmp_path / JOURNAL_NAME).read_text())[0]["target"] == BROKEN.target
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return board.faults

    assert playing(tmp_path, scenario) == {}
    assert not (tmp_path / JOURNAL_NAME).exists()


def test_next_replay_ends_what_a_crashed_one_left(tmp_path: Path) -> None:
    async def scenario(player: Player, board: Board) -> list[tuple[str, float]]:
        board.faults["f1"] = BROKEN
        (tmp_path / JOURNAL_NAME).write_text(json.dumps([dataclasses.asdict(BROKEN)]))
        await player.play(SCHEDULE, [VIEW])
        return board.history

    assert playing(tmp_path, scenario)[0] == ("undo", 0)


def test_replay_rejects_a_site_that_is_broken_already(tmp_path: Path) -> None:
    async def scenario(player: Player, board: Board) -> list[tuple[str, float]]:
        board.faults["f1"] = BROKEN
        with pytest.raises(NotSteadyError, match=r"refuse \(id f1"):
            await player.play(SCHEDULE, [VIEW])
        return board.history

    assert playing(tmp_path, scenario) == []


def test_fault_that_is_refused_ends_the_replay(tmp_path: Path) -> None:
    async def scenario(player: Player, _board: Board) -> None:
        with pytest.raises(AwsError):
            await player.play(SCHEDULE, [VIEW])

    playing(tmp_path, scenario, refuses_injection=True)


def test_page_is_valid_and_tells_sources_certainty_and_lateness(tmp_path: Path) -> None:
    async def scenario(player: Player, _board: Board) -> Any:
        return await player.play(SCHEDULE, [VIEW])

    samples = playing(tmp_path, scenario)
    outcome = outcome_of(VIEW, samples[VIEW.name], expected=EXPECTED, fault_at_seconds=60, duration_seconds=180)
    found = Replay(
        incident=an_incident(0, 2),
        schedule=SCHEDULE,
        outcomes=(outcome,),
        hostname="www.example.test",
        speed=5,
        mails=(Mail(subject="[ALARM] the bucket <b> does not answer", text="What covers:   Layer 1"),),
    )
    page = tmp_path / "page.html"
    page.write_text(render(found), encoding="utf-8")
    assert complaints([page]) == ""
    told = ("[ALARM] the bucket &lt;b&gt; does not answer", "What covers:   Layer 1")
    for expected in ("https://example.test/", "stated", "1 minutes in which nothing changed", "s late", *told):
        assert expected in page.read_text(encoding="utf-8")
    assert re.search(r"<td>(49|50)\.\d%</td>", page.read_text(encoding="utf-8"))
    assert document(found)["shortened_minutes"] == 1
    assert document(found)["kept_time"] is True
    assert "did not keep the time" not in page.read_text(encoding="utf-8")
    late = dataclasses.replace(found, outcomes=(dataclasses.replace(outcome, late_seconds=0.6),))
    assert "did not keep the time" in render(late)
    assert document(late)["kept_time"] is False
    left_out = dataclasses.replace(found, outcomes=(dataclasses.replace(outcome, overloaded=5),))
    assert document(left_out)["kept_time"] is False
    assert [column.header for column in summary([found]).columns] == ["incident", "one region"]


def test_replay_rejects_a_site_whose_page_views_fail_without_a_fault(tmp_path: Path) -> None:
    async def scenario(player: Player, board: Board) -> list[tuple[str, float]]:
        board.is_ill = True
        with pytest.raises(NotSteadyError, match=r"one region.*lower --speed"):
            await player.play(SCHEDULE, [VIEW])
        return board.history

    assert playing(tmp_path, scenario) == []


def test_replay_waits_for_steady_state(tmp_path: Path) -> None:
    async def scenario(player: Player, board: Board) -> Any:
        board.is_ill = True
        task = asyncio.create_task(player.play(SCHEDULE, [VIEW]))
        await player.clock.sleep(100)
        board.is_ill = False
        return await task, board.history

    samples, history = playing(tmp_path, scenario)
    assert 158 <= history[0][1] <= 163
    assert all(each.is_good for each in samples[VIEW.name] if each.scheduled_at_seconds < 59)
