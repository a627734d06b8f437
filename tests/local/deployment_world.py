"""The demo's site, deployed once per test run by the real `cdktf deploy` with the real AWS provider to localcloud."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.endpoints import Endpoints
from scripts.localcloud_process import ANY_PORT, running_localcloud
from scripts.terraform_cli import Terraform, from_this_machine
from tools import cdktf_cli

ROOT = Path(__file__).parents[2]
STACKS = ("dns", "region-eu-central-1", "region-us-east-1", "edge")
SPEED = 5.0
_DEPLOY_TIMEOUT_SECONDS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentWorld:
    """A deployed demo site and how to reach it.

    Attributes:
        folder: holds `localcloud/` (state folder), `cdktf.out/stacks` and `outputs.json`.
        endpoints: the running localcloud.
        terraform: Terraform pointed at it.
    """

    folder: Path
    endpoints: Endpoints
    terraform: Terraform

    @property
    def stacks(self) -> Path:
        return self.folder / "cdktf.out" / "stacks"

    def failover(self, *arguments: str, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
        """Runs the `failover` command against this deployment, from the repository's folder."""
        command = [str(Path(sys.executable).with_name("failover")), *arguments]
        environment = {
            **os.environ,
            "FAILOVER_LOCALCLOUD": str(self.folder / "localcloud"),
            "FAILOVER_OUTPUTS": str(self.folder / "outputs.json"),
        }
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == exit_code, done.stdout + done.stderr
        return done


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeploymentWorld]:
    folder = tmp_path_factory.mktemp("deployment")
    with running_localcloud(folder / "localcloud", speed=SPEED, arguments=ANY_PORT) as endpoints:
        _cdktf_deploy(folder, endpoints)
        world = DeploymentWorld(
            folder=folder, endpoints=endpoints, terraform=from_this_machine(folder, endpoints.environment)
        )
        world.failover("outputs", "--stacks", str(world.stacks), "--save", str(folder / "outputs.json"))
        yield world


def _cdktf_deploy(folder: Path, endpoints: Endpoints) -> None:
    """Runs cdktf as its users do, in a folder of its own so that neither state nor output lands in the repository."""
    app = f"{sys.executable} {ROOT / 'main.py'} {ROOT / 'config' / 'demo.toml'}"
    config = {"language": "python", "app": app, "output": "cdktf.out", "projectId": "test", "sendCrashReports": "false"}
    (folder / "cdktf.json").write_text(json.dumps(config), encoding="utf-8")
    environment = {**os.environ, **cdktf_cli.environment(), **endpoints.environment}
    command = [*cdktf_cli.command(), "deploy", "*", "--auto-approve", "--skip-provider-lock"]
    with (folder / "cdktf.log").open("w") as log:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=_DEPLOY_TIMEOUT_SECONDS,
            check=False,
        )
    assert done.returncode == 0, (folder / "cdktf.log").read_text(encoding="utf-8")[-4000:]
