"""Every experiment of config/experiments, run by Chaos Toolkit's engine on the deployed site as its users run it."""

import json
from pathlib import Path

import pytest

from scripts.commands.build import make
from scripts.release.serving.file_rules import ContentRules
from scripts.site_build.output import write_site
from tests.local.test_deployment import SITE_SOURCE
from tests.worlds.deployment_world import ROOT, DeploymentWorld

pytestmark = [pytest.mark.local, pytest.mark.slow]

EXPERIMENTS = sorted((ROOT / "config" / "experiments").glob("*.json"))


@pytest.fixture(scope="module")
def published(deployment: DeploymentWorld, tmp_path_factory: pytest.TempPathFactory) -> DeploymentWorld:
    """The deployment with a release that is live, whatever the tests before this module left."""
    folder = tmp_path_factory.mktemp("chaos") / "site"
    write_site(make(SITE_SOURCE, ContentRules()).files, folder)
    deployment.failover("sync-content", str(folder), "--apply", "--force")
    return deployment


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_experiment_holds_and_leaves_nothing_broken(published: DeploymentWorld, path: Path, tmp_path: Path) -> None:
    deployment = published
    done = deployment.failover("chaos", "run", str(path), "--report", str(tmp_path))
    assert ": held." in done.stdout
    journal = json.loads((tmp_path / "journal.json").read_text(encoding="utf-8"))
    assert (journal["status"], journal["deviated"]) == ("completed", False)
    assert {each["status"] for each in (*journal["run"], *journal["rollbacks"])} == {"succeeded"}
    assert deployment.failover("chaos", "recover").stdout == "Nothing was left broken.\n"
