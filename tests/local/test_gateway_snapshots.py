"""Snapshots: what was made through AWS's APIs is there again after a new start, and what cannot be used says why."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from scripts.local.endpoints import Endpoints
from scripts.local.process import ANY_PORT, running_localcloud

ROOT = Path(__file__).parents[2]
ROLE = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}
NAME = "kept"


def localcloud(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "localcloud", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def client(endpoints: Endpoints, service: str, region: str = "us-east-1") -> Any:
    environment = endpoints.environment
    make: Any = boto3.client  # any service
    return make(
        service,
        region_name=region,
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environment["AWS_SESSION_TOKEN"],
    )


def fill(endpoints: Endpoints) -> None:
    """Makes something in moto's stores and in our own."""
    s3 = client(endpoints, "s3", "eu-central-1")
    s3.create_bucket(Bucket="kept-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket="kept-bucket", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"first", b"x" * 2_000_000):  # the second lies on disk
        s3.put_object(Bucket="kept-bucket", Key="page", Body=body, ContentType="text/plain")
    s3.put_bucket_lifecycle_configuration(
        Bucket="kept-bucket",
        LifecycleConfiguration={
            "Rules": [{"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 3}}]
        },
    )
    zone = client(endpoints, "route53").create_hosted_zone(Name="kept.test", CallerReference="1")["HostedZone"]["Id"]
    record = {"Name": "www.kept.test", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "127.0.0.1"}]}
    changes = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    client(endpoints, "route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=changes)
    client(endpoints, "iam").create_role(RoleName="kept", AssumeRolePolicyDocument=json.dumps(ROLE))
    topic = client(endpoints, "sns").create_topic(Name="kept")["TopicArn"]
    client(endpoints, "sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    client(endpoints, "cloudwatch").put_metric_alarm(
        AlarmName="kept",
        Namespace="AWS/Route53",
        MetricName="HealthCheckStatus",
        Statistic="Minimum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
        AlarmActions=[topic],
    )
    store = client(endpoints, "cloudfront").create_key_value_store(Name="kept")
    assert store["KeyValueStore"]["Name"] == "kept"


def held(endpoints: Endpoints) -> dict[str, Any]:
    """Returns what AWS's APIs say of it."""
    s3, route53 = client(endpoints, "s3", "eu-central-1"), client(endpoints, "route53")
    (zone,) = route53.list_hosted_zones()["HostedZones"]
    versions = s3.list_object_versions(Bucket="kept-bucket", Prefix="page")["Versions"]
    return {
        "versions": [(each["VersionId"], each["ETag"], each["Size"]) for each in versions],
        "bodies": [
            s3.get_object(Bucket="kept-bucket", Key="page", VersionId=each["VersionId"])["Body"].read()
            for each in versions
        ],
        "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket="kept-bucket")["Rules"],
        "records": route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"],
        "role": client(endpoints, "iam").get_role(RoleName="kept")["Role"],
        "subscriptions": client(endpoints, "sns").list_subscriptions()["Subscriptions"],
        "alarm": client(endpoints, "cloudwatch").describe_alarms()["MetricAlarms"][0]["AlarmArn"],
        "stores": client(endpoints, "cloudfront").list_key_value_stores()["KeyValueStoreList"]["Items"],
        "policies": client(endpoints, "cloudfront").list_cache_policies(Type="managed")["CachePolicyList"]["Quantity"],
    }


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A folder of snapshots with one, and what it holds."""
    folder = tmp_path_factory.mktemp("snapshots")
    state = folder / "localcloud"
    with running_localcloud(state, speed=20, arguments=ANY_PORT) as endpoints:
        fill(endpoints)
        before = held(endpoints)
        done = localcloud("save", NAME, "--state-dir", str(state), "--snapshots", str(folder / "all"))
        assert done.returncode == 0, done.stderr
        again = localcloud("save", NAME, "--state-dir", str(state), "--snapshots", str(folder / "all"))
        assert again.returncode == 3 and "--force" in again.stderr
        assert held(endpoints) == before  # saving changes nothing
        yield folder / "all", before


@contextmanager
def restored(folder: Path, state: Path) -> Iterator[Endpoints]:
    arguments = (*ANY_PORT, "--snapshot", NAME, "--snapshots", str(folder))
    with running_localcloud(state, speed=1, arguments=arguments) as endpoints:
        yield endpoints


def test_everything_is_there_again_and_can_be_changed(saved: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, before = saved
    with restored(folder, tmp_path) as endpoints:
        assert held(endpoints) == before
        zone = client(endpoints, "route53").list_hosted_zones()["HostedZones"][0]["Id"]
        record = {"Name": "new.kept.test", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "127.0.0.2"}]}
        client(endpoints, "route53").change_resource_record_sets(
            HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        )
        client(endpoints, "s3", "eu-central-1").put_object(Bucket="kept-bucket", Key="new", Body=b"y")
        assert len(held(endpoints)["records"]) == len(before["records"]) + 1
        policy = client(endpoints, "cloudfront").list_cache_policies(Type="managed")["CachePolicyList"]["Items"][0]
        client(endpoints, "cloudfront").get_cache_policy(Id=policy["CachePolicy"]["Id"])


def test_state_is_its_owners_alone(saved: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = saved
    assert (folder / NAME).stat().st_mode & 0o077 == 0
    assert (folder / NAME / "gateway.state").stat().st_mode & 0o077 == 0


def test_restore_is_refused_where_localcloud_runs_already(saved: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, _ = saved
    with restored(folder, tmp_path):
        done = localcloud("restore", NAME, "--snapshots", str(folder), "--state-dir", str(tmp_path), *ANY_PORT)
    assert done.returncode == 3
    assert "another localcloud" in done.stderr


@pytest.mark.parametrize("name", ["a/b", "../kept", "", ".hidden", "a" * 101, "kept\n"])
@pytest.mark.parametrize("verb", ["save", "restore"])
def test_name_that_cannot_be_one_is_wrong_usage(
    verb: str, name: str, saved: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    done = localcloud(verb, "--snapshots", str(saved[0]), "--state-dir", str(tmp_path), "--", name)
    assert done.returncode == 2, done.stderr


def test_unknown_name_lists_what_is_there(saved: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    done = localcloud("restore", "other", "--snapshots", str(saved[0]), "--state-dir", str(tmp_path))
    assert done.returncode == 2
    assert f"there: {NAME}" in done.stderr


def test_nothing_is_saved_where_nothing_runs(tmp_path: Path) -> None:
    done = localcloud("save", NAME, "--state-dir", str(tmp_path / "none"), "--snapshots", str(tmp_path / "all"))
    assert done.returncode == 3
    assert "nothing runs" in done.stderr
    assert not (tmp_path / "all").exists()
