"""`failover migrate-states` on a site that is deployed: its states are put into the layout of before, and brought back.

What is deployed is not touched but for tags, which get the values that they have; other tests change the site meanwhile, so plans
read the states alone. Which entry lay where is known from states of that version (`tests/synth/earlier_states`).
"""

import copy
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from scripts.errors import UnsafePlanError
from scripts.terraform.cli import Terraform, from_this_machine
from scripts.terraform.migration import keep_copies, move_states, plan_migration, settle
from scripts.terraform.states import State, addresses
from tests.worlds.deployment_world import ROOT, STACKS, DeploymentWorld

pytestmark = [pytest.mark.local, pytest.mark.slow]

EARLIER = ROOT / "tests" / "synth" / "earlier_states" / "demo"


@pytest.fixture(scope="module")
def folder(deployment: DeploymentWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's stacks as this version has them, above states in the layout of before."""
    folder = tmp_path_factory.mktemp("earlier")
    shutil.copy(deployment.folder / "site.toml", folder)
    command = [sys.executable, str(ROOT / "main.py"), str(folder / "site.toml"), "--output", str(folder / "cdktf.out")]
    subprocess.run(command, check=True, capture_output=True)
    now = {name: json.loads(_file(deployment.folder, name).read_bytes()) for name in STACKS}
    for name, state in _as_before(now).items():
        _file(folder, name).write_text(json.dumps(state), encoding="utf-8")
    return folder


def _file(folder: Path, stack: str) -> Path:
    return folder / f"terraform.{stack}.tfstate"


def _as_before(states: dict[str, State]) -> dict[str, State]:
    """Puts what the attachments hold, and the replication roles, back where the earlier version had them."""
    homes = {
        address: path.stem for path in EARLIER.glob("*.json") for address in addresses(json.loads(path.read_bytes()))
    }
    before = {
        name: {**copy.deepcopy(state), "resources": []} for name, state in states.items() if "attachment" not in name
    }
    for name, state in states.items():
        for address, entry in addresses(state).items():
            moved = copy.deepcopy(entry)
            home = (
                name
                if name in before and not address.startswith("aws_iam_role.replication_")
                else homes.get(address, "monitoring")
            )
            if home != name:
                region = name.partition("-")[2]
                moved["provider"] = f'provider["registry.terraform.io/hashicorp/aws"].{region.replace("-", "_")}'
                for instance in moved["instances"]:
                    if tags := instance["attributes"].get("tags_all"):
                        tags["Stack"] = home
            before[home]["resources"].append(moved)
        if name in before:
            wires = [
                each for each in state["outputs"] if "replication" in each or "checks" in each or "alerting" in each
            ]
            before[name]["outputs"] = {key: value for key, value in state["outputs"].items() if key not in wires}
    return before


@pytest.fixture
def terraform(deployment: DeploymentWorld, folder: Path) -> Terraform:
    return from_this_machine(folder, {**deployment.endpoints.environment, "TF_CLI_ARGS_plan": "-refresh=false"})


def test_apply_without_the_migration_is_refused_before_anything_changes(terraform: Terraform, folder: Path) -> None:
    stack = folder / "cdktf.out" / "stacks" / "edge"
    terraform.init(stack)
    with pytest.raises(Exception, match="Provider configuration not present"):
        terraform.plan_exit_code(stack)


def test_one_command_brings_the_states_over_and_leaves_nothing_to_plan(terraform: Terraform, folder: Path) -> None:
    stacks = folder / "cdktf.out" / "stacks"
    migration = plan_migration(terraform, stacks)
    kept = keep_copies(migration, folder)
    move_states(terraform, migration)
    settle(terraform, stacks, Console(stderr=True))
    assert {path.name: terraform.plan_exit_code(path) for path in sorted(stacks.iterdir())} == dict.fromkeys(
        sorted(STACKS), 0
    )
    assert plan_migration(terraform, stacks).moves == ()
    assert sorted(path.stem for path in kept.iterdir()) == sorted(name for name in STACKS if "attachment" not in name)


def test_change_of_the_site_is_not_applied_with_the_layout(terraform: Terraform, folder: Path) -> None:
    """The last test: it changes the site file."""
    text = (folder / "site.toml").read_text(encoding="utf-8").replace("failure_threshold = 3", "failure_threshold = 4")
    (folder / "site.toml").write_text(text, encoding="utf-8")
    command = [sys.executable, str(ROOT / "main.py"), str(folder / "site.toml"), "--output", str(folder / "cdktf.out")]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(
        UnsafePlanError, match=r"the plan of edge changes more than the layout: update aws_route53_health"
    ):
        settle(terraform, folder / "cdktf.out" / "stacks", Console(stderr=True))
