"""State in S3: the production example's backend, with its lock, on localcloud."""

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


def test_production_example_keeps_its_state_in_s3_and_respects_its_lock(
    deployment: DeploymentWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in deployment.endpoints.environment.items():
        monkeypatch.setenv(name, value)
    s3: Any = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
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
