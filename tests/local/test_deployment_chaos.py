"""Every experiment of config/experiments, run by Chaos Toolkit's engine on the deployed site as its users run it."""

import json
from pathlib import Path

import pytest

from tests.worlds.deployment_world import ROOT, DeploymentWorld

pytestmark = pytest.mark.local

EXPERIMENTS = sorted((ROOT / "config" / "experiments").glob("*.json"))


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_experiment_holds_and_leaves_nothing_broken(deployment: DeploymentWorld, path: Path, tmp_path: Path) -> None:
    done = deployment.failover("chaos", "run", str(path), "--report", str(tmp_path))
    assert ": held." in done.stdout
    journal = json.loads((tmp_path / "journal.json").read_text(encoding="utf-8"))
    assert (journal["status"], journal["deviated"]) == ("completed", False)
    assert {each["status"] for each in (*journal["run"], *journal["rollbacks"])} == {"succeeded"}
    assert deployment.failover("chaos", "recover").stdout == "Nothing was left broken.\n"
