"""docs/TOUR.md, command by command, against the deployed site. What deploys and drills there has tests of its own."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.test_deployment import release_id as release_id
from tests.local.test_deployment import site as site
from tests.worlds.deployment_world import ROOT, DeploymentWorld

pytestmark = [pytest.mark.local, pytest.mark.slow]

TOUR = (ROOT / "docs" / "TOUR.md").read_text(encoding="utf-8")
COMMANDS = [
    line for block in re.findall(r"^```sh\n(.*?)^```", TOUR, re.DOTALL | re.MULTILINE) for line in block.splitlines()
]
# tests/unit/test_makefile.py and tests/local/test_demo.py run the first two, tests/local/test_deployment.py the drill.
RUN_ELSEWHERE = ("make setup", ".venv/bin/failover demo ", ".venv/bin/failover drill edge-outage ", "export ")


def test_tour_has_the_commands_that_are_run_elsewhere() -> None:
    for command in RUN_ELSEWHERE:
        assert any(line.startswith(command) for line in COMMANDS), command


@pytest.mark.usefixtures("release_id")
def test_every_command_of_the_tour_works(deployment: DeploymentWorld, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "FAILOVER_LOCALCLOUD": str(deployment.folder / "localcloud"),
        "FAILOVER_OUTPUTS": str(deployment.folder / "outputs.json"),
    }
    tools = Path(sys.executable).parent
    for line in COMMANDS:
        if line.startswith(RUN_ELSEWHERE):
            continue
        command = line.replace(".venv/bin/", f"{shlex.quote(str(tools))}/").replace("build/tour", str(tmp_path))
        done = subprocess.run(
            ["bash", "-euc", command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False
        )  # fmt: skip
        # Status may still tell of an alarm that an earlier test of this deployment rang.
        expected = (0, 1) if line.endswith("failover status") else (0,)
        assert done.returncode in expected, f"{line}\n{done.stdout}{done.stderr}"
