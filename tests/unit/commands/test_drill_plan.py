"""`failover drill LEVER` without --apply: its plan, and the one document that --json promises."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts import cli
from scripts.commands.shared import lever_drill


def test_plan_of_a_lever_is_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[lever_drill.LeverOptions] = []

    def plan(
        _name: str, _outputs: Path, _endpoints: object, options: lever_drill.LeverOptions, **_rest: object
    ) -> None:
        asked.append(options)

    monkeypatch.delenv("FAILOVER_LOCALCLOUD", raising=False)
    monkeypatch.setattr(lever_drill, "run_lever", plan)
    arguments = ["drill", "origin-denied", "--json", "--outputs", str(tmp_path / "outputs.json")]
    done = CliRunner().invoke(cli.application(("drill",)), arguments)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"scenario": "origin-denied", "applied": False}
    assert [options.apply for options in asked] == [False]
