"""Taking a site down: the order, the buckets with every version, and what stops it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws
from rich.console import Console

from scripts.aws import clients
from scripts.errors import AwsError, EnvironmentFailureError
from scripts.terraform.cli import Terraform, TerraformError
from scripts.terraform.teardown import empty, plan_teardown, tear_down

REGION = "eu-central-1"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    clients.session.cache_clear()
    with mock_aws():
        yield boto3.client("s3", region_name=REGION)
    clients.session.cache_clear()


def versioned(s3: Any, name: str, *, objects: int) -> None:
    """A bucket with two versions of each object, and a delete marker over the first."""
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for number in range(objects):
        for body in (b"1", b"2"):
            s3.put_object(Bucket=name, Key=f"releases/{number}", Body=body)
    s3.delete_object(Bucket=name, Key="releases/0")


class FakeTerraform:
    """Notes what is destroyed; `resources` is what each stack's state holds; where it does not say, no bucket."""

    def __init__(self, resources: dict[str, list[tuple[str, str, dict[str, Any]]]]) -> None:
        self._resources = resources
        self.destroyed: list[str] = []

    def init(self, stack_dir: Path) -> None:
        assert (stack_dir / "cdk.tf.json").exists()

    def resources(self, stack_dir: Path) -> list[tuple[str, str, dict[str, Any]]]:
        return self._resources.get(stack_dir.name, [("aws_iam_role", "aws_iam_role.x", {})])

    def interrupt(self) -> None:
        pass

    def destroy(self, stack_dir: Path, *, targets: Sequence[str] = ()) -> None:
        if not targets:
            self.destroyed.append(stack_dir.name)


class Writing(FakeTerraform):
    """A stack whose bucket is written into whenever something is deleted, by what its state holds and by what it does not.

    Args:
        s3: where the bucket is.
        writers: addresses in the state that write; after they are gone nothing of the state does.
        late: how often something else writes just before the bucket is deleted.
    """

    def __init__(self, s3: Any, *, writers: Sequence[str], late: int = 0) -> None:
        kinds: list[tuple[str, str, dict[str, Any]]] = [(address.partition(".")[0], address, {}) for address in writers]
        super().__init__({"region-eu-central-1": [bucket("content"), *kinds]})
        self._s3, self._alive, self._late = s3, set(writers), late
        s3.meta.events.register("after-call.s3.DeleteObjects", lambda **_: self._write() if self._alive else None)

    def _write(self) -> None:
        self._s3.put_object(Bucket="content", Key="releases/again", Body=b"1")

    def destroy(self, stack_dir: Path, *, targets: Sequence[str] = ()) -> None:
        super().destroy(stack_dir, targets=targets)
        self._alive -= set(targets)
        if targets:
            return
        if self._late:
            self._late -= 1
            self._write()
        try:
            self._s3.delete_bucket(Bucket="content")
        except self._s3.exceptions.ClientError as error:
            raise TerraformError(f"terraform destroy failed: {error}") from error


def synthesized(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).mkdir()
        (folder / name / "cdk.tf.json").write_text(json.dumps({"resource": {}}))
    return folder


def bucket(name: str, **more: Any) -> tuple[str, str, dict[str, Any]]:
    return "aws_s3_bucket", "aws_s3_bucket.content", {"bucket": name, "region": REGION, **more}


def test_stack_that_holds_nothing_is_left_out(tmp_path: Path) -> None:
    folder = synthesized(tmp_path, "dns", "edge")
    fake = FakeTerraform({"edge": []})
    assert plan_teardown(cast("Terraform", fake), folder).waves == (("dns",),)


def test_every_version_and_marker_of_a_bucket_goes(s3: Any) -> None:
    versioned(s3, "content", objects=3)
    assert empty(s3, "content") == 7
    s3.delete_bucket(Bucket="content")  # refused while anything is left


def test_more_than_one_page_goes(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.terraform.teardown._PER_CALL", 2)
    versioned(s3, "content", objects=4)
    assert empty(s3, "content") == 9
    s3.delete_bucket(Bucket="content")


def test_bucket_that_is_gone_is_empty(s3: Any) -> None:
    assert empty(s3, "gone") == 0


def test_object_that_s3_keeps_is_told() -> None:
    class Refusing:
        def get_paginator(self, _name: str) -> Any:
            return self

        def paginate(self, **_options: object) -> list[dict[str, Any]]:
            return [{"Versions": [{"Key": "a", "VersionId": "1"}]}]

        def delete_objects(self, **_options: object) -> dict[str, Any]:
            return {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "no"}]}

    with pytest.raises(AwsError, match=r"content/a failed: AccessDenied"):
        empty(cast("Any", Refusing()), "content")


def test_stacks_go_in_reverse_and_their_buckets_are_empty_by_then(s3: Any, tmp_path: Path) -> None:
    versioned(s3, "content", objects=2)
    folder = synthesized(tmp_path, "dns", "region-eu-central-1", "edge", "monitoring")
    fake = FakeTerraform({"region-eu-central-1": [bucket("content")]})
    terraform = cast("Terraform", fake)
    teardown = plan_teardown(terraform, folder)
    assert (fake.destroyed, teardown.buckets[0].versions) == ([], 5)
    tear_down(terraform, folder, teardown, Console(quiet=True))
    assert fake.destroyed == ["monitoring", "edge", "region-eu-central-1", "dns"]
    assert "Versions" not in s3.list_object_versions(Bucket="content")


@pytest.mark.parametrize(
    "writer",
    [
        "aws_lambda_function.parity", "aws_cloudwatch_event_rule.hourly", "aws_s3_bucket_logging.content", "aws_cloudtrail.trail",
        "aws_synthetics_canary.canary", "aws_s3_bucket_replication_configuration.out",
    ],
)  # fmt: skip
def test_what_writes_into_a_bucket_goes_before_it_is_emptied(
    s3: Any, tmp_path: Path, writer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    versioned(s3, "content", objects=2)
    fake = Writing(s3, writers=[writer])
    monkeypatch.setattr("scripts.terraform.teardown.s3_client", lambda _region: s3)
    folder = synthesized(tmp_path, "region-eu-central-1")
    tear_down(cast("Terraform", fake), folder, plan_teardown(cast("Terraform", fake), folder), Console(quiet=True))
    assert fake.destroyed == ["region-eu-central-1"]
    assert s3.list_buckets()["Buckets"] == []


def test_bucket_that_got_something_late_is_emptied_again(s3: Any, tmp_path: Path) -> None:
    versioned(s3, "content", objects=2)
    fake = Writing(s3, writers=[], late=2)
    folder = synthesized(tmp_path, "region-eu-central-1")
    tear_down(cast("Terraform", fake), folder, plan_teardown(cast("Terraform", fake), folder), Console(quiet=True))
    assert s3.list_buckets()["Buckets"] == []


def test_bucket_that_does_not_stay_empty_is_told(s3: Any, tmp_path: Path) -> None:
    versioned(s3, "content", objects=2)
    fake = Writing(s3, writers=[], late=99)
    folder = synthesized(tmp_path, "region-eu-central-1")
    teardown = plan_teardown(cast("Terraform", fake), folder)
    with pytest.raises(
        EnvironmentFailureError, match="something goes on writing into content, which was emptied 3 times"
    ):
        tear_down(cast("Terraform", fake), folder, teardown, Console(quiet=True))


def test_locked_bucket_keeps_its_stack_and_no_other(s3: Any, tmp_path: Path) -> None:
    versioned(s3, "trail", objects=1)
    folder = synthesized(tmp_path, "audit", "edge")
    fake = FakeTerraform({"audit": [bucket("trail", object_lock_enabled=True)]})
    teardown = plan_teardown(cast("Terraform", fake), folder)
    tear_down(cast("Terraform", fake), folder, teardown, Console(quiet=True))
    assert fake.destroyed == ["edge"]
    assert len(s3.list_object_versions(Bucket="trail")["Versions"]) == 2


def test_deletion_protection_is_found_in_the_state(tmp_path: Path) -> None:
    folder = synthesized(tmp_path, "edge", "api-table")
    table = ("aws_dynamodb_table", "aws_dynamodb_table.notes", {"deletion_protection_enabled": True})
    teardown = plan_teardown(cast("Terraform", FakeTerraform({"api-table": [table]})), folder)
    assert teardown.protected == ("aws_dynamodb_table.notes (api-table)",)
