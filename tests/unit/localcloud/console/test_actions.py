"""What the console runs."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from localcloud.console.actions import Action, ActionRunner, actions_from

TALK = "import sys; print('state', sys.argv[1]); open(sys.argv[2] + '/report.html', 'w').write('x'); sys.exit(1)"
WAIT = """
import signal, sys, time
def stop(*_):
    print("undone", flush=True)
    sys.exit(130)
signal.signal(signal.SIGINT, stop)
print("begun", flush=True)
time.sleep(60)
"""


def action(code: str, *, report: str = "") -> Action:
    command = (sys.executable, "-c", code, "{state_dir}", "{report}")
    return Action(id="a", group="g", title="The drill", command=command, report=report)


def runner_of(one: Action, folder: Path, notes: list[str]) -> ActionRunner:
    return ActionRunner((one,), state_dir=folder, note=lambda _kind, text: notes.append(text))


async def until(runner: ActionRunner, line: str) -> None:
    async with asyncio.timeout(20):
        while line not in runner.document()["lines"]:
            await asyncio.sleep(0.01)


def test_run_tells_what_it_says_how_it_ended_and_where_its_report_is(tmp_path: Path) -> None:
    notes: list[str] = []

    async def run() -> ActionRunner:
        runner = runner_of(action(TALK, report="report.html"), tmp_path, notes)
        await runner.start("a")
        async with asyncio.timeout(20):
            while runner.is_running:
                await asyncio.sleep(0.01)
        return runner

    runner = asyncio.run(run())
    document = runner.document()
    assert document["lines"] == [f"state {tmp_path}"]
    assert (document["exit_code"], document["is_running"], document["has_report"]) == (1, False, True)
    assert notes == ["The drill begins.", "The drill ended outside its objective."]


def test_stop_lets_it_undo_and_a_second_one_waits(tmp_path: Path) -> None:
    notes: list[str] = []

    async def run() -> None:
        runner = runner_of(action(WAIT), tmp_path, notes)
        await runner.start("a")
        await until(runner, "begun")
        with pytest.raises(RuntimeError, match="The drill runs"):
            await runner.start("a")
        await runner.close()
        assert runner.document()["lines"] == ["begun", "undone"]
        assert runner.exit_code == 130

    asyncio.run(run())
    assert notes[-1] == "The drill was stopped."


def test_what_is_not_listed_or_not_there_is_refused(tmp_path: Path) -> None:
    async def run() -> None:
        gone = Action(id="gone", group="g", title="t", command=("/no/such/program",))
        runner = ActionRunner((gone,), state_dir=tmp_path, note=lambda *_: None)
        with pytest.raises(LookupError):
            await runner.start("other")
        with pytest.raises(RuntimeError, match="/no/such/program cannot be started"):
            await runner.start("gone")
        assert not runner.is_running

    asyncio.run(run())


def test_actions_are_read_from_json() -> None:
    text = json.dumps([{"id": "a", "group": "g", "title": "t", "command": ["x", "y"]}])
    assert actions_from(text) == (Action(id="a", group="g", title="t", command=("x", "y")),)
    assert actions_from(None) == actions_from("") == ()


@pytest.mark.parametrize(
    "text", ["{", "3", '[{"id": "a"}]', '[{"id":"a","group":"g","title":"t","command":["x"],"no":1}]']
)
def test_what_is_no_list_of_actions_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="LOCALCLOUD_ACTIONS"):
        actions_from(text)
