"""The state buckets: made once, hardened, repaired when somebody loosened them, and refused when the site file has none."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from typer.testing import CliRunner

from scripts.cli import application
from scripts.errors import AwsError, MissingOutputError, UnsafePlanError, WrongUsageError
from scripts.terraform.state_bucket import replication_settings
from tests.worlds.gateway_world import GatewayWorld
from tests.worlds.manual_clock import ManualClock
from tests.worlds.shipped_function import QuietHandler, loopback_server

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


def make(bucket: str, region: str = REGION) -> Any:
    s3: Any = boto3.client("s3", region_name=region)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    return s3


def test_what_else_a_policy_and_a_lifecycle_say_stays(bucket: str, tmp_path: Path) -> None:
    s3, folder = make(bucket), stacks(tmp_path, bucket=bucket)
    theirs = {
        "Sid": "Auditors",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": theirs}))
    rule = {"ID": "drafts", "Status": "Enabled", "Filter": {"Prefix": "drafts/"}, "Expiration": {"Days": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    bootstrap(folder, "--apply")
    statements = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert [statement["Sid"] for statement in statements] == ["Auditors", "DenyInsecureTransport"]
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert [rule["ID"] for rule in rules] == ["drafts", "old-states"]
    assert bootstrap(folder)["pending"] == []


def test_half_done_run_is_finished(bucket: str, tmp_path: Path) -> None:
    make(bucket).put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    folder = stacks(tmp_path, bucket=bucket, replica_region=REPLICA_REGION)
    pending = bootstrap(folder, "--apply")["pending"]
    assert f"{bucket}: bucket in {REGION}" not in pending
    assert f"{bucket}: versioning" in pending
    assert bootstrap(folder)["pending"] == []


def test_role_that_s3_may_no_longer_take_is_mended(bucket: str, tmp_path: Path) -> None:
    folder = stacks(tmp_path, bucket=bucket, replica_region=REPLICA_REGION)
    bootstrap(folder, "--apply")
    iam, role = boto3.client("iam", region_name="us-east-1"), f"{bucket}-replicate"
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    other = json.loads(json.dumps(trust).replace("s3.amazonaws.com", "ec2.amazonaws.com"))
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(other))
    assert bootstrap(folder, "--apply")["pending"] == [f"{role}: role that copies {bucket} to {bucket}-replica"]
    assert iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"] == trust


def test_replication_by_another_role_is_mended(bucket: str, tmp_path: Path) -> None:
    folder = stacks(tmp_path, bucket=bucket, replica_region=REPLICA_REGION)
    bootstrap(folder, "--apply")
    s3: Any = boto3.client("s3", region_name=REGION)
    wanted = s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]
    other = {**wanted, "Role": "arn:aws:iam::123456789012:role/other"}
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=other)
    assert len(bootstrap(folder, "--apply")["pending"]) == 1
    assert s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"] == wanted


def test_replication_by_rules_of_others_is_refused_and_left_as_it_is(bucket: str, tmp_path: Path) -> None:
    folder = stacks(tmp_path, bucket=bucket, replica_region=REPLICA_REGION)
    bootstrap(folder, "--apply")
    s3: Any = boto3.client("s3", region_name=REGION)
    theirs = s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]
    theirs["Rules"].append({**theirs["Rules"][0], "ID": "backup", "Priority": 2})
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=theirs)
    with pytest.raises(UnsafePlanError, match=r"rules of somebody else \(backup\)"):
        bootstrap(folder, "--apply")
    assert s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"] == theirs


@pytest.mark.parametrize("code", ["InvalidArgument", "InvalidRequest", "NoSuchBucket"])
def test_rule_waits_until_s3_sees_the_role_that_was_just_made(code: str) -> None:
    s3: Any = boto3.client("s3", region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")
    iam: Any = boto3.client("iam", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    clock = ManualClock()
    _, rule = replication_settings(s3, iam, source="states", destination="states-replica", clock=clock)
    role = {
        "Path": "/",
        "RoleName": "states-replicate",
        "RoleId": "AROA0123456789ABCDEF",
        "Arn": "arn:aws:iam::123456789012:role/states-replicate",
        "CreateDate": "2026-11-28T00:00:00Z",
    }
    with Stubber(s3) as of_s3, Stubber(iam) as of_iam:
        of_iam.add_response("get_role", {"Role": role})
        of_s3.add_client_error("put_bucket_replication", code)
        of_s3.add_response("put_bucket_replication", {})
        rule.write()
        of_s3.assert_no_pending_responses()
    assert clock.seconds >= 3


def test_encryption_rule_without_an_algorithm_is_no_kms() -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionRule.html: each of its members is optional
    s3: Any = boto3.client("s3", region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")
    _, rule = replication_settings(s3, None, source="states", destination="states-replica", clock=ManualClock())
    with Stubber(s3) as of_s3:
        rules = {"Rules": [{"BucketKeyEnabled": True}]}
        of_s3.add_response("get_bucket_encryption", {"ServerSideEncryptionConfiguration": rules})
        of_s3.add_client_error("get_bucket_replication", "ReplicationConfigurationNotFoundError")
        assert not rule.is_met()


def test_bucket_in_another_region_is_refused(bucket: str, tmp_path: Path) -> None:
    make(bucket, "ap-south-1")
    with pytest.raises(WrongUsageError, match=f"{bucket} is in ap-south-1, and .* says {REGION}"):
        bootstrap(stacks(tmp_path, bucket=bucket), "--apply")


def test_bucket_of_another_account_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html: a bare 403, as HEAD has no body
    class Forbidding(QuietHandler):
        def do_HEAD(self) -> None:  # noqa: N802  (the name that http.server calls)
            self.send_response(403)
            self.end_headers()

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr("scripts.commands.bootstrap.caller_account", lambda _region: "123456789012")
    with loopback_server(Forbidding) as url, pytest.raises(AwsError, match="another account has this name"):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        bootstrap(stacks(tmp_path, bucket="taken"))


def test_bucket_that_lets_us_in_is_left_alone_when_it_is_another_accounts(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
    s3 = make(bucket)
    monkeypatch.setattr("scripts.commands.bootstrap.caller_account", lambda _region: "210987654321")
    with pytest.raises(AwsError, match="another account has this name"):
        bootstrap(stacks(tmp_path, bucket=bucket), "--apply")
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


def test_states_under_a_kms_key_are_not_promised_a_replica(bucket: str, tmp_path: Path) -> None:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:eu-west-1:123456789012:key/one"}
    make(bucket).put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
    )
    with pytest.raises(UnsafePlanError, match="encrypts with aws:kms"):
        bootstrap(stacks(tmp_path / "both", bucket=bucket, replica_region=REPLICA_REGION))
    assert bootstrap(stacks(tmp_path / "one", bucket=bucket))["pending"]


def test_plan_is_printed_before_anything_is_written(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    result = runner.invoke(application(), ["bootstrap", "--stacks", str(stacks(tmp_path, bucket=bucket)), "--apply"])
    assert result.exit_code == 0
    assert result.stdout.count("to do") == 6
    assert result.stdout.endswith("Done: 6.\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"output": []}',
        '{"output": {"state": {"value": null}}}',
        '{"output": {"state": {"value": {"backend": "s3", "bucket": "states"}}}}',
    ],
)
def test_stacks_that_cannot_be_read_are_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge" / "cdk.tf.json").write_text(text, encoding="utf-8")
    with pytest.raises(MissingOutputError, match=r"edge.cdk\.tf\.json"):
        bootstrap(tmp_path)
