"""The live suite, as a customer runs it, against the deployed site."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.commands.build import make
from scripts.release.serving.file_rules import ContentRules
from scripts.site_build.output import write_site
from tests.local.test_deployment import SITE_SOURCE
from tests.worlds.deployment_world import ROOT, DeploymentWorld

pytestmark = pytest.mark.local


def test_live_suite_passes_and_says_why_it_leaves_something_out(deployment: DeploymentWorld, tmp_path: Path) -> None:
    write_site(make(SITE_SOURCE, ContentRules()).files, tmp_path / "site")
    deployment.failover("sync-content", str(tmp_path / "site"), "--apply", "--force")
    done = subprocess.run(
        [
            sys.executable,
            *("-m", "pytest", "-q", "-m", "live", "tests/live"),
            *("--site-file", str(deployment.folder / "site.toml")),
            *("--localcloud", str(deployment.folder / "localcloud")),
            *("--outputs", str(deployment.folder / "outputs.json")),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    skipped = [line for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
    assert len(skipped) == 2, skipped
    assert "no [github]" in skipped[0]
    assert "no --drill NAME was given" in skipped[1]
