"""Taking a site down: every stack in the reverse of the order in which it was made, its versioned buckets emptied first.

What may write into a bucket goes before it is emptied: the parity check puts back what it misses, and S3 logs each deletion.

S3 deletes no bucket that holds a version or a delete marker, and replication copies no deletion of a version, so each bucket is
emptied by itself, in its own region: https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.aws.clients import s3_client, translated
from scripts.errors import AwsError, EnvironmentFailureError
from scripts.terraform.cli import TerraformError
from scripts.terraform.deploy import run_waves, stack_order

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from rich.console import Console

    from scripts.terraform.cli import Terraform

_PER_CALL = 1000  # https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
_PROTECTING = ("deletion_protection", "deletion_protection_enabled")
_BUCKET = "aws_s3_bucket"
# They write nothing, and keep a bucket closed and its deletions final for as long as it is there.
_STAYS_WITH_BUCKET = frozenset(
    (
        _BUCKET,
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
    )
)
_NOT_EMPTY = "BucketNotEmpty"
# A run of a function that has begun ends by itself, and a log that was due is delivered: each time less can come.
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket that a stack's state holds.

    Attributes:
        versions: how many versions and delete markers it has.
        is_locked: object lock keeps its files: it can be neither emptied nor deleted before they expire.
    """

    stack: str
    name: str
    region: str
    versions: int
    is_locked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Teardown:
    """What would go.

    Attributes:
        waves: stacks in the order in which they go, those alone that hold something; those of one wave do not need each other.
        buckets: of all stacks.
        protected: addresses whose deletion protection is on; nothing goes while there is one.
    """

    waves: tuple[tuple[str, ...], ...]
    buckets: tuple[Bucket, ...]
    protected: tuple[str, ...]

    @property
    def locked(self) -> tuple[Bucket, ...]:
        """Buckets that stay, and their stacks with them."""
        return tuple(bucket for bucket in self.buckets if bucket.is_locked)


def plan_teardown(terraform: Terraform, stacks_folder: Path) -> Teardown:
    """Reads every state and counts what its buckets hold.

    Raises:
        StacksError: nothing is synthesized in the folder.
        TerraformError: a state cannot be read.
        AwsError: a bucket cannot be listed.
    """
    order = list(reversed(stack_order(stacks_folder)))
    buckets: list[Bucket] = []
    protected: list[str] = []
    empty_stacks = set()
    for stack in (name for wave in order for name in wave):
        terraform.init(stacks_folder / stack)
        held = terraform.resources(stacks_folder / stack)
        if not held:  # never applied, or gone already: its plan would ask for states that are not there
            empty_stacks.add(stack)
        for kind, address, body in held:
            protected += [f"{address} ({stack})" for key in _PROTECTING if body.get(key) is True]
            if kind == _BUCKET:
                buckets.append(_bucket(stack, body))
    waves = tuple(left for wave in order if (left := tuple(name for name in wave if name not in empty_stacks)))
    return Teardown(waves=waves, buckets=tuple(buckets), protected=tuple(protected))


def tear_down(terraform: Terraform, stacks_folder: Path, teardown: Teardown, console: Console) -> None:
    """Empties each stack's buckets and destroys it, the last made first. Stacks with a locked bucket stay.

    Raises:
        TerraformError: a stack could not be destroyed; those after it were not touched.
        AwsError: a bucket could not be emptied.
        EnvironmentFailureError: one does not stay empty.
    """
    staying = {bucket.stack for bucket in teardown.locked}
    waves = [[name for name in wave if name not in staying] for wave in teardown.waves]

    def destroy(folder: Path, doing: Callable[[str], None]) -> None:
        _destroy(terraform, folder, [each for each in teardown.buckets if each.stack == folder.name], doing)

    run_waves(terraform, stacks_folder, [wave for wave in waves if wave], console, destroy)


def _destroy(terraform: Terraform, folder: Path, buckets: Sequence[Bucket], doing: Callable[[str], None]) -> None:
    """Destroys one stack: first all that could write into its buckets, then what they hold, then they."""
    if buckets:
        doing("destroying what writes into its buckets")
        writers = [address for kind, address, _ in terraform.resources(folder) if kind not in _STAYS_WITH_BUCKET]
        if writers:
            terraform.destroy(folder, targets=writers)
    for left in reversed(range(_TRIES)):
        for bucket in buckets:
            doing(f"emptying {bucket.name}")
            empty(s3_client(bucket.region), bucket.name)
        doing("destroying")
        try:
            terraform.destroy(folder)
        except TerraformError as error:
            if _NOT_EMPTY not in str(error) or not buckets:
                raise
            if not left:
                raise EnvironmentFailureError(
                    f"something goes on writing into {' or '.join(each.name for each in buckets)}, which was emptied {_TRIES} "
                    f"times: of {folder.name} the buckets are left, everything else is gone. Find who writes, or wait: S3 "
                    "delivers access logs for hours. Then run the same command again"
                ) from error
        else:
            return


def empty(client: S3Client, name: str) -> int:
    """Deletes every version and every delete marker of a bucket; returns how many there were.

    Raises:
        AwsError: S3 refused, or kept one.
    """
    count = 0
    while batch := next(_batches(client, name), None):  # the first page each time: what was on it is gone by then
        with translated("DeleteObjects", name):
            answer = client.delete_objects(Bucket=name, Delete={"Objects": batch, "Quiet": True})
        for error in answer.get("Errors", ()):
            raise AwsError(
                operation="DeleteObjects",
                resource=f"{name}/{error.get('Key')}",
                code=str(error.get("Code")),
                detail=str(error.get("Message")),
            )
        count += len(batch)
    return count


def _bucket(stack: str, body: Mapping[str, Any]) -> Bucket:
    name, region = str(body["bucket"]), str(body["region"])
    is_locked = bool(body.get("object_lock_enabled"))
    count = sum(len(batch) for batch in _batches(s3_client(region), name))
    return Bucket(stack=stack, name=name, region=region, versions=count, is_locked=is_locked)


def _batches(client: S3Client, name: str) -> Iterator[list[Any]]:
    """Yields up to 1,000 versions and delete markers at a time; none for a bucket that is gone."""
    pages = client.get_paginator("list_object_versions").paginate(Bucket=name, PaginationConfig={"PageSize": _PER_CALL})
    try:
        with translated("ListObjectVersions", name):
            for page in pages:
                found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                if found:
                    yield [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
    except AwsError as error:
        if error.code != "NoSuchBucket":
            raise
