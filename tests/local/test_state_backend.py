"""State in S3, on localcloud: the production example's backend, with its lock, and a rename in a clone that never deployed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.terraform.cli import PLAN_CLEAN
from tests.worlds.deployment_world import ROOT, DeploymentWorld
from tests.worlds.state_in_s3 import site_file_with_states, with_bucket, with_states

pytestmark = [pytest.mark.local, pytest.mark.slow]

BUCKET = "failover-site-prod-state"
KEY = "failover-site/prod/dns.tfstate"


def test_production_example_keeps_its_state_in_s3_and_respects_its_lock(
    deployment: DeploymentWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = with_bucket(BUCKET, deployment, monkeypatch)
    command = [sys.executable, "main.py", "config/prod.example.toml", "--output", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, env=os.environ, check=True, capture_output=True)
    stack = tmp_path / "stacks" / "dns"
    deployment.terraform.init(stack)
    deployment.terraform.apply(stack)
    assert deployment.terraform.plan_exit_code(stack) == PLAN_CLEAN
    assert b"example.com" in s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
    s3.put_object(
        Bucket=BUCKET, Key=f"{KEY}.tflock", Body=b'{"ID": "somebody-else", "Operation": "OperationTypeApply"}'
    )
    terraform = [str(deployment.terraform.binary), f"-chdir={stack}", "plan", "-input=false", "-lock-timeout=0s"]
    environment = {**os.environ, **deployment.terraform.environment}
    done = subprocess.run(terraform, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert "Error acquiring the state lock" in done.stderr


def test_renamed_site_is_refused_by_the_states_that_terraform_wrote(
    deployment: DeploymentWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deployed site's own states, as they would lie in the bucket, and a clone that has nothing but the changed site file."""
    with_states(["dns", "edge"], deployment, monkeypatch)
    text = site_file_with_states(deployment)
    refusals = {
        ('environment = "demo"', 'environment = "other"'): "holds the site failover-site-demo, which is deployed",
        ('project = "failover-site"', 'project = "failover-site"\ncertificate = "wildcard"'): 'certificate = "regions"',
    }
    for (old, new), words in refusals.items():
        assert old in text
        (tmp_path / "site.toml").write_text(text.replace(old, new), encoding="utf-8")
        command = [sys.executable, str(ROOT / "main.py"), "site.toml"]
        subprocess.run(command, cwd=tmp_path, env=os.environ, check=True, capture_output=True)
        stacks = str(tmp_path / "cdktf.out" / "stacks")
        assert words in deployment.failover("plan", "--stacks", stacks, exit_code=1).stderr
