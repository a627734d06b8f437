"""The deployed site's states in a bucket of its localcloud, as a site file with the S3 backend has them."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import boto3
import pytest

from tests.worlds.deployment_world import DeploymentWorld

REGION = "eu-west-1"
STATES = "failover-site-demo-state"
"""The bucket that `with_states` makes."""
PREFIX = "failover-site/demo"
"""Under which the states of the deployed site lie."""


def with_bucket(name: str, deployment: DeploymentWorld, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make a bucket on the deployment's localcloud, which this process talks to from now on; return the client of S3.

    Another test may have made it: they share the localcloud.
    """
    for variable, value in deployment.endpoints.environment.items():
        monkeypatch.setenv(variable, value)
    s3: Any = boto3.client("s3", region_name=REGION)
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return s3


def with_states(stacks: Sequence[str], deployment: DeploymentWorld, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make the bucket with these stacks' states; return the client of S3."""
    s3 = with_bucket(STATES, deployment, monkeypatch)
    for stack in stacks:
        state = (deployment.folder / f"terraform.{stack}.tfstate").read_bytes()
        s3.put_object(Bucket=STATES, Key=f"{PREFIX}/{stack}.tfstate", Body=state)
    return s3


def site_file_with_states(deployment: DeploymentWorld) -> str:
    """Return the deployed site's file with that bucket as its backend."""
    before, section, after = (deployment.folder / "site.toml").read_text(encoding="utf-8").partition("[state]")
    assert section
    rest = after[after.index("\n[") :]
    return f'{before}[state]\nbackend = "s3"\nbucket = "{STATES}"\nregion = "{REGION}"\n{rest}'
