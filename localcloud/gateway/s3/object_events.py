"""What S3 tells EventBridge of objects, for buckets that ask for it: created and deleted.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html (which events there are) and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html (their fields). Events of tags, ACLs, restores, lifecycle and
storage classes are not modelled, because nothing here causes them. AWS does not say what a replica's arrival tells: here nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from localcloud.gateway.cloudwatch.event_rules import service_event
from localcloud.gateway.identifiers import ACCOUNT_ID, random_uuid
from localcloud.gateway.s3.moto_objects import MotoObjects
from localcloud.gateway.wire import JsonObject, Request

Publish = Callable[[str, JsonObject], None]
"""(region, event) -> EventBridge."""

# Anything else in the query makes it a request about a part of the object, such as its tags.
_WHOLE_OBJECT_QUERY = frozenset({"x-id", "uploadId"})


@dataclass(slots=True, kw_only=True)
class ObjectEvents:
    """Tells EventBridge, in the bucket's region, after a request has succeeded.

    Attributes:
        objects: moto's buckets.
        wants: whether a bucket asks for events.
        publish: EventBridge.
    """

    objects: MotoObjects
    wants: Callable[[str], bool]
    publish: Publish
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def object_written(self, bucket: str, key: str, version_id: str | None, request: Request) -> None:
        """Tell of a PUT, copy or completed multipart upload; of nothing but whole objects."""
        if not self.wants(bucket) or request.query.keys() - _WHOLE_OBJECT_QUERY:
            return
        version = self.objects.version(self.objects.bucket(bucket), key, version_id)
        if version is None:
            return
        details = {"size": version.size, "etag": version.etag.strip('"'), **_version(version_id)}
        self._tell("Object Created", bucket, key, details, {"reason": _reason(request)})

    def object_deleted(self, bucket: str, key: str, version_id: str | None, *, is_marked: bool) -> None:
        """Tell of a deletion.

        Args:
            bucket: the bucket.
            key: the object.
            version_id: of the delete marker, or of the version that is gone; None in an unversioned bucket.
            is_marked: a delete marker was put on top; otherwise something is gone for ever.
        """
        if self.wants(bucket):
            kind = "Delete Marker Created" if is_marked else "Permanently Deleted"
            reasons: JsonObject = {"reason": "DeleteObject", "deletion-type": kind}
            self._tell("Object Deleted", bucket, key, _version(version_id), reasons)

    def _tell(self, detail_type: str, bucket: str, key: str, details: JsonObject, reasons: JsonObject) -> None:
        region = str(self.objects.bucket(bucket).region_name)
        detail: JsonObject = {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": key, **details, "sequencer": f"{next(self._numbers):016X}"},
            "request-id": random_uuid().replace("-", "")[:16].upper(),
            "requester": ACCOUNT_ID,
            "source-ip-address": "127.0.0.1",
            **reasons,
        }
        arn = f"arn:aws:s3:::{bucket}"
        event = service_event(region=region, source="aws.s3", detail_type=detail_type, resource_arn=arn, detail=detail)
        self.publish(region, event)


def _version(version_id: str | None) -> JsonObject:
    return {} if version_id is None else {"version-id": version_id}


def _reason(request: Request) -> str:
    if "uploadId" in request.query:
        return "CompleteMultipartUpload"
    return "CopyObject" if request.header("x-amz-copy-source") else "PutObject"
