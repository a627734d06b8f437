"""The state buckets: made once, hardened, repaired when somebody loosened them, and refused when the site file has none."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from scripts.cli import application
from scripts.errors import MissingOutputError
from tests.local.gateway_world import GatewayWorld

REGION, REPLICA_REGION = "eu-west-1", "eu-north-1"
runner = CliRunner()


@pytest.fixture
def bucket(gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch) -> str:
    """A name that nothing has yet; AWS is localcloud's gateway, because moto alone loses delete-marker replication."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", gateway_world.gateway.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return gateway_world.unique("state")


def stacks(folder: Path, *, bucket: str | None, replica_region: str | None = None) -> Path:
    """Writes the output as cdktf does: what is not given is left out, not null."""
    given = {"backend": "s3", "bucket": bucket, "region": REGION, "replica_region": replica_region}
    state = {key: value for key, value in given.items() if value is not None}
    (folder / "edge").mkdir(parents=True)
    document = {"output": {"state": {"value": state}}}
    (folder / "edge" / "cdk.tf.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def bootstrap(folder: Path, *arguments: str) -> dict[str, Any]:
    result = runner.invoke(application(), ["bootstrap", "--stacks", str(folder), "--json", *arguments])
    if result.exception is not None:
        raise result.exception
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def names() -> list[str]:
    return [item["Name"] for item in boto3.client("s3").list_buckets()["Buckets"]]


def test_plan_names_every_setting_and_makes_nothing(bucket: str, tmp_path: Path) -> None:
    document = bootstrap(stacks(tmp_path, bucket=bucket))
    assert len(document["pending"]) == 6
    assert bucket not in names()


def test_bucket_is_made_private_versioned_and_tls_only(bucket: str, tmp_path: Path) -> None:
    bootstrap(stacks(tmp_path, bucket=bucket), "--apply")
    s3 = boto3.client("s3", region_name=REGION)
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == REGION
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_second_run_has_nothing_to_do(bucket: str, tmp_path: Path) -> None:
    folder = stacks(tmp_path, bucket=bucket, replica_region=REPLICA_REGION)
    bootstrap(folder, "--apply")
    assert bootstrap(folder)["pending"] == []


def test_loosened_setting_is_the_only_thing_to_do(bucket: str, tmp_path: Path) -> None:
    folder = stacks(tmp_path, bucket=bucket)
    bootstrap(folder, "--apply")
    boto3.client("s3").delete_public_access_block(Bucket=bucket)
    assert bootstrap(folder, "--apply")["pending"] == [f"{bucket}: no public access"]
    assert bootstrap(folder)["pending"] == []


def test_replica_gets_states_and_deletions(bucket: str, tmp_path: Path) -> None:
    bootstrap(stacks(tmp_path, bucket=bucket, replica_region=REPLICA_REGION), "--apply")
    s3 = boto3.client("s3", region_name=REGION)
    (rule,) = s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]["Rules"]
    assert rule["Destination"]["Bucket"] == f"arn:aws:s3:::{bucket}-replica"
    assert rule["DeleteMarkerReplication"] == {"Status": "Enabled"}
    assert s3.get_bucket_location(Bucket=f"{bucket}-replica")["LocationConstraint"] == REPLICA_REGION


def test_local_state_needs_no_bucket(tmp_path: Path) -> None:
    with pytest.raises(MissingOutputError, match="needs no bucket"):
        bootstrap(stacks(tmp_path, bucket=None))


def test_stacks_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingOutputError, match=r"run `python main\.py SITE_FILE`"):
        bootstrap(tmp_path)
