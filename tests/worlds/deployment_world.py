"""The demo's site with a parity check, deployed once per test run by `cdktf deploy` with the real AWS provider to localcloud."""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.local.endpoints import Endpoints, read_endpoints
from scripts.local.process import ANY_PORT, running_localcloud
from scripts.terraform.cli import Terraform, from_this_machine
from tools.setup import cdktf_cli

ROOT = Path(__file__).parents[2]
STACKS = (
    "dns", "region-eu-central-1", "region-us-east-1", "edge", "attachment-eu-central-1", "attachment-us-east-1", "monitoring",
)  # fmt: skip
SPEED = 5.0
_DEMO = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8")
# What the parity check costs is above the demo's objective.
SITE_FILE = f"{_DEMO.replace('monthly_cost_usd = 7.50', 'monthly_cost_usd = 9.00')}\n[features]\nparity = true\n"
_DEPLOY_TIMEOUT_SECONDS = 900
PATIENCE_SECONDS = 90.0
"""How long a test waits for what takes seconds, on a machine that does something else as well."""
_END = "deployment.end"  # empty, or what went wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentWorld:
    """A deployed demo site and how to reach it.

    Attributes:
        folder: holds `site.toml`, `localcloud/` (state folder), `cdktf.out/stacks` and `outputs.json`.
        endpoints: the running localcloud.
        terraform: Terraform pointed at it.
    """

    folder: Path
    endpoints: Endpoints
    terraform: Terraform

    @property
    def stacks(self) -> Path:
        return self.folder / "cdktf.out" / "stacks"

    def failover(self, *arguments: str, exit_code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Runs the `failover` command against this deployment, from the repository's folder; None takes any exit code."""
        command = [str(Path(sys.executable).with_name("failover")), *arguments]
        environment = {
            **os.environ,
            "FAILOVER_LOCALCLOUD": str(self.folder / "localcloud"),
            "FAILOVER_OUTPUTS": str(self.folder / "outputs.json"),
        }
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False
        )
        assert exit_code in (None, done.returncode), done.stdout + done.stderr
        return done


@dataclass(frozen=True, slots=True)
class UsedDeployment:
    """The deployment that another process makes in `folder`, or has made."""

    folder: Path

    def world(self) -> DeploymentWorld:
        """Waits for the end of the deployment; fails as it failed."""
        _wait_for(self.folder / _END)
        error = (self.folder / _END).read_text(encoding="utf-8")
        assert not error, error
        return _world_in(self.folder)

    def close(self) -> None:
        """Leaves it to its owner."""


class DeploymentUnderWay:
    """The deployment, begun before the first test: most of its two minutes Terraform's provider sleeps.

    localcloud is started by the main thread, because its children end with the thread that made them.

    Attributes:
        folder: where it is made; whoever uses it from another process finds `deployment.end` there when it is done.
    """

    def __init__(self) -> None:
        self._cleanup = ExitStack()
        self.folder = Path(self._cleanup.enter_context(tempfile.TemporaryDirectory(prefix="deployment-")))
        self._is_begun = False

    def begin(self) -> None:
        """Starts localcloud and the deployment, once."""
        if self._is_begun:
            return
        self._is_begun = True
        localcloud = running_localcloud(self.folder / "localcloud", speed=SPEED, arguments=ANY_PORT)
        endpoints = self._cleanup.enter_context(localcloud)
        pool = self._cleanup.enter_context(ThreadPoolExecutor(1))
        pool.submit(self._deploy, endpoints)

    def _deploy(self, endpoints: Endpoints) -> None:
        error = ""
        try:
            _cdktf_deploy(self.folder, endpoints)
            world = _world_in(self.folder)
            world.failover("outputs", "--stacks", str(world.stacks), "--save", str(self.folder / "outputs.json"))
        except BaseException as problem:  # the tests that wait for it fail with these words
            error = str(problem) or type(problem).__name__
            raise
        finally:
            unfinished = self.folder / f"{_END}.unfinished"
            unfinished.write_text(error, encoding="utf-8")
            unfinished.rename(self.folder / _END)

    def world(self) -> DeploymentWorld:
        """Waits for the end of the deployment; fails as it failed."""
        return UsedDeployment(self.folder).world()

    def close(self) -> None:
        """Ends localcloud and removes the folder."""
        self._cleanup.close()


def _world_in(folder: Path) -> DeploymentWorld:
    endpoints = read_endpoints(folder / "localcloud" / "endpoints.json")
    return DeploymentWorld(
        folder=folder, endpoints=endpoints, terraform=from_this_machine(folder, endpoints.environment)
    )


def _wait_for(path: Path) -> None:
    """Waits until another process has made the file."""
    deadline = time.monotonic() + _DEPLOY_TIMEOUT_SECONDS + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} was not made"
        time.sleep(0.1)


UNDER_WAY = pytest.StashKey[DeploymentUnderWay | UsedDeployment]()
FOLDER = "deployment_folder"


@pytest.fixture(scope="session")
def deployment(pytestconfig: pytest.Config) -> DeploymentWorld:
    return pytestconfig.stash[UNDER_WAY].world()


def _cdktf_deploy(folder: Path, endpoints: Endpoints) -> None:
    """Runs cdktf as its users do, in a folder of its own so that neither state nor output lands in the repository."""
    (folder / "site.toml").write_text(SITE_FILE, encoding="utf-8")
    app = f"{sys.executable} {ROOT / 'main.py'} {folder / 'site.toml'}"
    config = {"language": "python", "app": app, "output": "cdktf.out", "projectId": "test", "sendCrashReports": "false"}
    (folder / "cdktf.json").write_text(json.dumps(config), encoding="utf-8")
    environment = {**os.environ, **cdktf_cli.environment(), **endpoints.environment}
    command = [*cdktf_cli.command(), "deploy", "*", "--auto-approve"]
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
    assert done.returncode == 0, "\n".join(_end_of(folder / log) for log in ("localcloud/localcloud.log", "cdktf.log"))


def _end_of(log: Path) -> str:
    return f"{log.name}: {log.read_text(encoding='utf-8', errors='replace')[-4000:]}"
