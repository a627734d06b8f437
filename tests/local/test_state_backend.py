"""State in S3, on localcloud: the production example's backend, with its lock, and a rename in a clone that never deployed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from scripts.terraform.cli import PLAN_CLEAN
from tests.worlds.deployment_world import ROOT, DeploymentWorld

pytestmark = [pytest.mark.local, pytest.mark.slow]

BUCKET, REGION = "failover-site-prod-state", "eu-west-1"
KEY = "failover-site/prod/dns.tfstate"


def with_bucket(name: str, deployment: DeploymentWorld, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make an empty bucket on the deployment's localcloud, which this process talks to from now on; return the client of S3."""
    for variable, value in deployment.endpoints.environment.items():
        monkeypatch.setenv(variable, value)
    s3: Any = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return s3


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


STATES = "failover-site-demo-state"


def test_renamed_site_is_refused_by_the_states_that_terraform_wrote(
    deployment: DeploymentWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deployed site's own states, as they would lie in the bucket, and a clone that has nothing but the changed site file."""
    s3 = with_bucket(STATES, deployment, monkeypatch)
    for stack in ("dns", "edge"):
        state = (deployment.folder / f"terraform.{stack}.tfstate").read_bytes()
        s3.put_object(Bucket=STATES, Key=f"failover-site/demo/{stack}.tfstate", Body=state)
    site_file = (deployment.folder / "site.toml").read_text(encoding="utf-8").partition("[state]")
    assert site_file[1]
    rest = site_file[2][site_file[2].index("\n[") :]
    text = f'{site_file[0]}[state]\nbackend = "s3"\nbucket = "{STATES}"\nregion = "{REGION}"\n{rest}'
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
