"""A team's own stack beside the deployed site, as docs/CONSTRUCTS.md says: its program, `failover plan`, `failover deploy`."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.deployment_world import ROOT, STACKS, DeploymentWorld
from tests.worlds.state_in_s3 import PREFIX, STATES, site_file_with_states, with_states

pytestmark = [pytest.mark.local, pytest.mark.slow]

_SECONDS = 600


class Team:
    """A folder of a team: its program beside main.py, the site's states, and the commands run as the page says."""

    def __init__(self, folder: Path, deployment: DeploymentWorld) -> None:
        self.folder = folder
        self.deployment = deployment
        for name in ("main.py", "constructs_lib", "scripts", "aws_facts", "tools"):
            (folder / name).symlink_to(ROOT / name)
        shutil.copy(ROOT / "docs" / "examples" / "site_and_shop.py", folder / "shop.py")
        shutil.copy(deployment.folder / "site.toml", folder)
        shutil.copy(deployment.folder / "outputs.json", folder)

    def run(self, *command: str) -> str:
        environment = {
            **os.environ,
            "FAILOVER_PROGRAM": "shop.py",
            "FAILOVER_LOCALCLOUD": str(self.deployment.folder / "localcloud"),
            "FAILOVER_OUTPUTS": str(self.folder / "outputs.json"),
        }
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def failover(self, *arguments: str) -> str:
        return self.run(str(Path(sys.executable).with_name("failover")), *arguments)

    def plan(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.failover("plan", "--json"))
        return found


@pytest.fixture
def team(deployment: DeploymentWorld, tmp_path: Path) -> Iterator[Team]:
    team = Team(tmp_path, deployment)
    yield team
    stack = tmp_path / "cdktf.out" / "stacks" / "shop"
    if stack.is_dir():
        deployment.terraform.destroy(stack)


def plan_and_deploy(team: Team, *changed: str) -> None:
    """Do what the page says, and see that the site's other stacks stay as they are and the team's own comes beside them."""
    team.run(sys.executable, "shop.py", "site.toml")
    planned = team.plan()
    outcomes = {each["name"]: each["outcome"] for each in planned["stacks"]}
    assert outcomes == {**dict.fromkeys(STACKS, "unchanged"), **dict.fromkeys((*changed, "shop"), "changes")}
    assert "shop" in team.failover("deploy")
    said = team.failover("deploy", "--approved", planned["sha256"], "--apply")
    assert f"Applied: {', '.join((*changed, 'shop'))}." in said
    saved = json.loads((team.folder / "outputs.json").read_text(encoding="utf-8"))
    assert saved["shop"]["orders_url"].endswith("/failover-site-demo-orders")
    assert {each["outcome"] for each in team.plan()["stacks"]} == {"unchanged"}


def test_own_stack_is_planned_and_deployed_with_the_site(team: Team) -> None:
    for state in team.deployment.folder.glob("terraform.*.tfstate"):
        shutil.copy(state, team.folder)
    plan_and_deploy(team)
    assert (team.folder / "terraform.shop.tfstate").is_file()


def test_own_stack_keeps_its_state_in_the_sites_bucket(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = with_states(STACKS, team.deployment, monkeypatch)
    (team.folder / "site.toml").write_text(site_file_with_states(team.deployment), encoding="utf-8")
    plan_and_deploy(team, "edge")  # it has the backend among its outputs
    assert b"failover-site-demo-orders" in s3.get_object(Bucket=STATES, Key=f"{PREFIX}/shop.tfstate")["Body"].read()
    assert not list(team.folder.glob("*.tfstate"))
