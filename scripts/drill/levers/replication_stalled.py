"""Lever replication-stall: the primary's replication rules are disabled, and one object is written that only the primary holds.

Objects written meanwhile are not replicated afterwards (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html),
so the object that was written for the measurement is deleted again, in every version.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from scripts.aws.clients import aws_client, translated
from scripts.drill.levers.lever import Json, bucket_arn, statement
from scripts.errors import NotSteadyError

PREFIX = "releases/.failover-drill/"


class ReplicationStalled:
    """Disables every rule of one bucket."""

    def __init__(self, where: Mapping[str, str]) -> None:
        """`where`: region, bucket; other_region, other_bucket: where replicas would go; role_arn: that copies."""
        self.where = dict(where)
        self._region, self._bucket = where["region"], where["bucket"]

    def describe(self) -> str:
        """Return what it does."""
        return (
            f"disables every replication rule of {self._bucket} ({self._region}) and writes one small object below {PREFIX} that"
            " then is on the primary only. Undo: the rules as they were; the object is deleted in every version"
        )

    def capture(self) -> Json:
        """Return the whole replication configuration, and the key of the object to write."""
        configuration = self._read()
        if all(rule["Status"] == "Disabled" for rule in configuration["Rules"]):
            raise NotSteadyError(f"replication from {self._bucket} is disabled already: run `failover chaos recover`")
        return {"configuration": configuration, "key": f"{PREFIX}{uuid.uuid4().hex}"}

    def pull(self, before: Json) -> None:
        """Disable the rules, then write the object."""
        self._write(_disabled(before["configuration"]))
        with translated("PutObject", f"{self._bucket}/{before['key']}", region=self._region):
            self._s3().put_object(Bucket=self._bucket, Key=before["key"], Body=b"written by a failover drill")

    def restore(self, before: Json) -> None:
        """Delete the object, then put back the rules, unless somebody has changed them since."""
        for region, bucket in ((self._region, self._bucket), (self.where["other_region"], self.where["other_bucket"])):
            delete_versions(region, bucket, before["key"])
        if self._read() == _disabled(before["configuration"]):
            self._write(before["configuration"])

    def statements(self) -> list[Json]:
        """Return the rights on the configuration and on the drill's own keys."""
        buckets = [self._bucket, self.where["other_bucket"]]
        return [
            statement(
                "s3:GetReplicationConfiguration", "s3:PutReplicationConfiguration", resource=bucket_arn(self._bucket)
            ),
            statement(
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:DeleteObjectVersion",
                resource=[bucket_arn(bucket, f"{PREFIX}*") for bucket in buckets],
            ),
            statement("s3:ListBucketVersions", "s3:ListBucket", resource=[bucket_arn(bucket) for bucket in buckets]),
            statement("iam:PassRole", resource=self.where["role_arn"]),
        ]

    def _read(self) -> Json:
        with translated("GetBucketReplication", self._bucket, region=self._region):
            found: Json = self._s3().get_bucket_replication(Bucket=self._bucket)["ReplicationConfiguration"]
        return found

    def _write(self, configuration: Json) -> None:
        with translated("PutBucketReplication", self._bucket, region=self._region):
            self._s3().put_bucket_replication(Bucket=self._bucket, ReplicationConfiguration=configuration)

    def _s3(self) -> Any:  # noqa: ANN401  (a client, as in scripts/aws/clients.py)
        return aws_client("s3", region=self._region)


def _disabled(configuration: Json) -> Json:
    return {**configuration, "Rules": [{**rule, "Status": "Disabled"} for rule in configuration["Rules"]]}


def delete_versions(region: str, bucket: str, key: str) -> None:
    """Delete an object in every version, delete markers too; none of that is replicated.

    Raises:
        AwsError: S3 refused, or does not answer.
    """
    s3 = aws_client("s3", region=region)
    with translated("ListObjectVersions", f"{bucket}/{key}", region=region):
        pages = list(s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key))
    for page in pages:
        for each in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            with translated("DeleteObject", f"{bucket}/{key}", region=region):
                s3.delete_object(Bucket=bucket, Key=key, VersionId=each["VersionId"])
