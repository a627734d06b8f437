"""The commands of the pages, as they are shown and in the order of `RUNS`, in a checkout beside the deployed site."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.commands.build import make
from scripts.release.serving.file_rules import ContentRules
from scripts.site_build.output import write_site
from tests.documented_commands import RUNS, Run
from tests.worlds.deployment_world import ROOT, DeploymentWorld
from tests.worlds.foreign_terraform import group

pytestmark = [pytest.mark.local, pytest.mark.slow]

_OWN = ("build", "cdktf.out", "config", "site")
"""Folders of a checkout that its commands write to; the rest is this repository's."""
_SECONDS = 300


@pytest.fixture(scope="module")
def checkout(deployment: DeploymentWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the deployed site is `config/prod.toml` and also the demo that was left running."""
    folder = tmp_path_factory.mktemp("documents") / "checkout"
    folder.mkdir()
    for each in ROOT.iterdir():
        if each.name not in _OWN and not each.name.startswith((".git", "terraform.")):
            (folder / each.name).symlink_to(each)
    shutil.copytree(ROOT / "config", folder / "config")
    shutil.copy(deployment.folder / "site.toml", folder / "config" / "prod.toml")
    for place in (folder, folder / "build" / "demo"):
        shutil.copytree(deployment.folder / "cdktf.out", place / "cdktf.out", symlinks=True)
        for state in deployment.folder.glob("terraform.*.tfstate"):
            shutil.copy(state, place)
    for place in (folder / "build", folder / "build" / "demo"):
        shutil.copy(deployment.folder / "outputs.json", place)
    (folder / "build" / "demo" / "localcloud").symlink_to(deployment.folder / "localcloud")
    _write_content(folder / "site")
    website = group(folder / "infrastructure" / "website")
    (website / "domain.tf").write_text('variable "domain" {\n  type = string\n}\n', encoding="utf-8")
    return folder


def _write_content(site: Path) -> None:
    """Writes a source with a file that will be taken down, what is built of it, and another build."""
    shutil.copytree(ROOT / "site" / "src", site / "src")
    (site / "src" / "data").mkdir()
    (site / "src" / "data" / "customers.csv").write_text("name\n", encoding="utf-8")
    files = make(site / "src", ContentRules()).files
    write_site(files, site / "build")
    write_site(files, site / "other")
    (site / "other" / "other.txt").write_text("of another release", encoding="utf-8")


@pytest.mark.parametrize("run", RUNS, ids=[f"{number:02} {run.command}" for number, run in enumerate(RUNS)])
def test_documented_command_works(run: Run, checkout: Path, deployment: DeploymentWorld) -> None:
    if "edge.json" in run.command:
        _write_plans(checkout, deployment)
    command = _with_what_the_site_knows(run.command, deployment)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=checkout / run.within, env=_environment(checkout, deployment),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS, check=False,
    )  # fmt: skip
    said = f"{command}\n{done.stdout}{done.stderr}"
    assert done.returncode in run.exit_codes, said
    assert run.says in said


def _environment(checkout: Path, deployment: DeploymentWorld) -> dict[str, str]:
    tools = (Path(sys.executable).parent, deployment.terraform.binary.parent)
    return {
        **os.environ,
        **deployment.terraform.environment,
        "PATH": os.pathsep.join([*map(str, tools), os.environ["PATH"]]),
        "FAILOVER_LOCALCLOUD": str(deployment.folder / "localcloud"),
        "FAILOVER_OUTPUTS": str(checkout / "build" / "outputs.json"),
    }


def _with_what_the_site_knows(command: str, deployment: DeploymentWorld) -> str:
    """Puts in a release's id and an alarm's ARN."""
    if "_RELEASE" in command or "RELEASE_ID" in command:
        releases = json.loads(deployment.failover("releases", "--json").stdout)
        (other,) = [each["release_id"] for each in releases["releases"] if "previous" in each["states"]]
        command = command.replace("PREVIOUS_RELEASE", other).replace("RELEASE_ID", other)
    return command.replace(" ARN", " arn:aws:cloudwatch:us-east-1:123456789012:alarm:failover-site-demo-alarm-edge-5xx")


def _write_plans(checkout: Path, deployment: DeploymentWorld) -> None:
    for stack in ("dns", "edge"):
        plan = deployment.terraform.plan_to(checkout / "cdktf.out" / "stacks" / stack, "p")
        (checkout / f"{stack}.json").write_text(json.dumps(plan), encoding="utf-8")
