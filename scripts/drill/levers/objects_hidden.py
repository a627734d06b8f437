"""Levers path-check-fails and region-marker-missing: a health object is taken away, in one bucket or in all.

A delete marker hides it (https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html); the version below
stays, and is the current one again as soon as the marker is deleted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from scripts.aws.clients import aws_client, translated
from scripts.drill.levers.lever import Json, bucket_arn, statement
from scripts.errors import NotSteadyError


class ObjectsHidden:
    """Hides one key in some buckets."""

    def __init__(self, where: Mapping[str, str]) -> None:
        """`where`: key; buckets, as JSON of region -> bucket."""
        self.where = dict(where)
        self._key = where["key"]
        self._buckets: dict[str, str] = json.loads(where["buckets"])

    def describe(self) -> str:
        """Return what it does."""
        buckets = " and ".join(self._buckets.values())
        return (
            f"puts a delete marker on {self._key} in {buckets}: whoever asks for it gets an error. Undo: the marker is deleted,"
            " and the version below is the current one again"
        )

    def capture(self) -> Json:
        """Return region -> the current version's id."""
        found = {}
        for region, bucket in self._buckets.items():
            with translated("HeadObject", f"{bucket}/{self._key}", region=region):
                try:
                    answer = _s3(region).head_object(Bucket=bucket, Key=self._key)
                except ClientError as error:
                    if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
                        raise NotSteadyError(
                            f"{bucket} has no {self._key}: run `failover chaos recover`, or apply the region's stack"
                        ) from error
                    raise
            if answer.get("VersionId") in (None, "null"):
                raise NotSteadyError(f"{bucket} keeps no versions, so a deletion there has no way back")
            found[region] = answer["VersionId"]
        return {"versions": found}

    def pull(self, before: Json) -> None:
        """Delete the object in every bucket, without a version."""
        for region in before["versions"]:
            bucket = self._buckets[region]
            with translated("DeleteObject", f"{bucket}/{self._key}", region=region):
                _s3(region).delete_object(Bucket=bucket, Key=self._key)

    def restore(self, before: Json) -> None:
        """Delete the markers above the captured version; a newer version than that stays as it is."""
        for region in before["versions"]:
            for marker in self._markers_on_top(region):
                bucket = self._buckets[region]
                with translated("DeleteObject", f"{bucket}/{self._key}?versionId={marker}", region=region):
                    _s3(region).delete_object(Bucket=bucket, Key=self._key, VersionId=marker)

    def statements(self) -> list[Json]:
        """Return the rights on the key and its versions."""
        objects = [bucket_arn(bucket, self._key) for bucket in self._buckets.values()]
        return [
            statement("s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion", resource=objects),
            statement("s3:ListBucketVersions", resource=[bucket_arn(bucket) for bucket in self._buckets.values()]),
        ]

    def _markers_on_top(self, region: str) -> list[str]:
        bucket = self._buckets[region]
        with translated("ListObjectVersions", f"{bucket}/{self._key}", region=region):
            pages = list(_s3(region).get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=self._key))
        markers = [each for page in pages for each in page.get("DeleteMarkers", []) if each["Key"] == self._key]
        versions = [each for page in pages for each in page.get("Versions", []) if each["Key"] == self._key]
        if any(each["IsLatest"] for each in versions):
            return []
        newest = max((each["LastModified"] for each in versions), default=None)
        return [each["VersionId"] for each in markers if newest is None or each["LastModified"] >= newest]


def _s3(region: str) -> Any:  # noqa: ANN401  (a client, as in scripts/aws/clients.py)
    return aws_client("s3", region=region)
