"""The prober's command against the deployed site: the code path that a customer runs."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.worlds.deployment_world import DeploymentWorld

pytestmark = pytest.mark.local


def test_endless_prober_ends_by_a_signal_and_has_kept_what_it_saw(deployment: DeploymentWorld, tmp_path: Path) -> None:
    """Whether the site is published yet depends on what ran before: what is kept is looked at, not how the site was."""
    history = tmp_path / "history.sqlite"
    command = [str(Path(sys.executable).with_name("failover")), "probe", "--history", str(history), "--json"]
    environment = {
        **os.environ,
        "FAILOVER_LOCALCLOUD": str(deployment.folder / "localcloud"),
        "FAILOVER_OUTPUTS": str(deployment.folder / "outputs.json"),
    }
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"Probing www.example.test" in process.stderr.readline()
        while not history.exists() or history.stat().st_size == 0:
            os.sched_yield()
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode in (0, 1, 3), stderr
    document = json.loads(stdout.splitlines()[0])
    assert document["hostname"] == "www.example.test"


def test_health_check_names_every_authoritative_server(deployment: DeploymentWorld, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("failover")), "health-check", "--json", "--history", str(tmp_path / "h")],
        env={
            **os.environ,
            "FAILOVER_LOCALCLOUD": str(deployment.folder / "localcloud"),
            "FAILOVER_OUTPUTS": str(deployment.folder / "outputs.json"),
        },
        capture_output=True,
        timeout=120,
    )
    assert done.returncode in (0, 1), done.stderr
    checks = json.loads(done.stdout)["checks"]
    authoritative = [check for check in checks if check["check"] == "authoritative"]
    assert len(authoritative) == 8
    assert all(check["ok"] for check in checks if check["check"] in ("authoritative", "propagation", "certificate"))
