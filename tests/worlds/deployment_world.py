"""The demo's site with a parity check, deployed once per test run by `cdktf deploy` with the real AWS provider to localcloud.

The deployed localcloud is saved. A later run with the same stacks, provider, cdktf-cli and localcloud begins with that snapshot
and says so; `make test ARGS=--fresh-deployment` deploys anew.
"""

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

from scripts.errors import EnvironmentFailureError
from scripts.local.endpoints import Endpoints, read_endpoints
from scripts.local.process import ANY_PORT, running_localcloud
from scripts.local.snapshots import DeployedSnapshot
from scripts.terraform.cli import Terraform, from_this_machine
from scripts.terraform.synthesis import MAIN, synthesize
from tools.setup import cdktf_cli

ROOT = Path(__file__).parents[2]
STACKS = (
    "dns", "region-eu-central-1", "region-us-east-1", "edge", "attachment-eu-central-1", "attachment-us-east-1", "monitoring",
)  # fmt: skip
SPEED = 5.0
_DEMO = (ROOT / "config" / "demo.toml").read_text(encoding="utf-8")
# What the parity check costs is above the demo's objective.
SITE_FILE = f"{_DEMO.replace('monthly_cost_usd = 7.50', 'monthly_cost_usd = 9.00')}\n[features]\nparity = true\n"
_SNAPSHOTS = ROOT / "build" / "snapshots"
_DEPLOY_TIMEOUT_SECONDS = 900
PATIENCE_SECONDS = 90.0
"""How long a test waits for what takes seconds, on a machine that does something else as well."""
_END = "deployment.end"  # empty, or what went wrong
_OUTPUTS = "outputs.json"


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

    One thread of its own does it all and lives as long as it: localcloud's children end with the thread that made them.

    Args:
        is_fresh: no snapshot is used.

    Attributes:
        folder: where it is made; whoever uses it from another process finds `deployment.end` there when it is done.
        story: how it came to be, for the end of the run; empty until then.
    """

    def __init__(self, *, is_fresh: bool = False) -> None:
        self._cleanup = ExitStack()
        self.folder = Path(self._cleanup.enter_context(tempfile.TemporaryDirectory(prefix="deployment-")))
        self._is_fresh = is_fresh
        self._is_begun = False
        self.story = ""

    def begin(self) -> None:
        """Starts localcloud and the deployment, once."""
        if self._is_begun:
            return
        self._is_begun = True
        self._cleanup.enter_context(ThreadPoolExecutor(1)).submit(self._make)

    def _make(self) -> None:
        error = ""
        try:
            _write_site(self.folder)
            snapshot = _snapshot(synthesize(self.folder / "site.toml", self.folder / "cdktf.out"))
            if self._is_fresh or (reason := snapshot.why_not()):
                self.story = f"deployed anew: {'as asked for' if self._is_fresh else reason}"
                self._deploy(snapshot)
            else:
                self._restore(snapshot)
                self.story = f"restored from the snapshot {snapshot.name}: stacks, tools and localcloud are the same"
        except BaseException as problem:  # the tests that wait for it fail with these words
            error = str(problem) or type(problem).__name__
            raise
        finally:
            unfinished = self.folder / f"{_END}.unfinished"
            unfinished.write_text(error, encoding="utf-8")
            unfinished.rename(self.folder / _END)

    def _deploy(self, snapshot: DeployedSnapshot) -> None:
        endpoints = self._localcloud()
        _cdktf_deploy(self.folder, endpoints)
        world = _world_in(self.folder)
        world.failover("outputs", "--stacks", str(world.stacks), "--save", str(self.folder / _OUTPUTS))
        try:
            snapshot.save(self.folder / "localcloud", world.stacks, (self.folder / _OUTPUTS,))
        except EnvironmentFailureError as problem:  # the next run deploys again
            self.story += f"; no snapshot was saved: {problem}"

    def _restore(self, snapshot: DeployedSnapshot) -> None:
        self._localcloud(*snapshot.serve_arguments(self.folder / "cdktf.out" / "stacks"))
        snapshot.take_file(_OUTPUTS, self.folder / _OUTPUTS)
        world = _world_in(self.folder)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda name: world.terraform.init(world.stacks / name), STACKS))

    def _localcloud(self, *arguments: str) -> Endpoints:
        localcloud = running_localcloud(self.folder / "localcloud", speed=SPEED, arguments=(*ANY_PORT, *arguments))
        return self._cleanup.enter_context(localcloud)

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


def _write_site(folder: Path) -> None:
    """Writes a site file and cdktf's configuration to a folder of its own: no state and no output lands in the repository."""
    (folder / "site.toml").write_text(SITE_FILE, encoding="utf-8")
    app = f"{sys.executable} {ROOT / 'main.py'} {folder / 'site.toml'}"
    config = {"language": "python", "app": app, "output": "cdktf.out", "projectId": "test", "sendCrashReports": "false"}
    (folder / "cdktf.json").write_text(json.dumps(config), encoding="utf-8")


def _snapshot(stacks: Path) -> DeployedSnapshot:
    """Returns the snapshot of these stacks, applied as this checkout's cdktf-cli does it."""
    tools = Path(cdktf_cli.__file__), cdktf_cli.FOLDER / "package-lock.json", MAIN
    terraform = from_this_machine(stacks, {})
    return DeployedSnapshot.of(
        stacks, terraform, *(path.read_text() for path in tools), purpose="tests", folder=_SNAPSHOTS
    )


def _cdktf_deploy(folder: Path, endpoints: Endpoints) -> None:
    """Runs cdktf as its users do."""
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
