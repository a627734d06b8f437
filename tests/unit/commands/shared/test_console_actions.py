"""What localcloud's console may run for us."""

import json
from pathlib import Path

from localcloud.console.actions import actions_from
from localcloud.run_secret import ACTIONS_VARIABLE as THEIR_VARIABLE
from scripts.commands.shared.console_actions import ACTIONS_VARIABLE, console_actions
from scripts.drill.scenarios import SCENARIOS
from scripts.replay.incidents import incident_ids


def test_every_drill_and_every_replay_is_there_as_localcloud_takes_them(tmp_path: Path) -> None:
    text = console_actions(outputs=tmp_path / "outputs.json", stacks=tmp_path / "stacks")
    actions = actions_from(text)
    assert ACTIONS_VARIABLE == THEIR_VARIABLE
    drills = {f"drill-{name}-{variant.name}" for name, one in SCENARIOS.items() for variant in one.variants}
    assert {action.id for action in actions} == drills | {f"replay-{id_}" for id_ in incident_ids()}
    for action in actions:
        assert Path(action.command[0]).is_file()
        assert "{state_dir}" in action.command
        assert "{report}" in action.command
        assert "{primary}" not in action.title
        assert str(tmp_path / "outputs.json") in action.command
    assert json.loads(text)[0]["report"] == "report.html"
