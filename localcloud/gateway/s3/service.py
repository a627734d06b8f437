"""S3's API: which requests are answered here, which go to moto, and what follows a write."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from localcloud.gateway.clock import AwsClock
from localcloud.gateway.errors import ServiceError
from localcloud.gateway.faults import Fault, FaultBoard, FaultKind, corrupted
from localcloud.gateway.identifiers import ACCOUNT_ID
from localcloud.gateway.s3.answers import STATUS_CODES, error_response
from localcloud.gateway.s3.kms_objects import give_opaque_etag, refuse_read, refuse_write_without_key
from localcloud.gateway.s3.moto_objects import MotoObjects
from localcloud.gateway.s3.object_events import ObjectEvents, Publish
from localcloud.gateway.s3.object_reads import is_plain_read, read_object
from localcloud.gateway.s3.replicator import Replicator
from localcloud.gateway.s3.subresources import BucketSubresources, decoded_body, subresource_of
from localcloud.gateway.wire import Request, Response
from localcloud.gateway.xml_tree import parse_xml

ORIGIN_HEADER = "HTTP_X_LOCALCLOUD_ORIGIN"
"""The header x-localcloud-origin as WSGI spells it.

Sent by the data plane and by functions that it runs; faults that concern reads alone, such as `corrupt`, act on those.
"""

EDGE_ORIGIN = "data-plane"
"""The edge, which models connections to origins itself."""

LISTING_PARAMETERS = frozenset(
    [
        "continuation-token",
        "delimiter",
        "encoding-type",
        "fetch-owner",
        "key-marker",
        "list-type",
        "marker",
        "max-keys",
        "optional-object-attributes",
        "prefix",
        "start-after",
        "version-id-marker",
        "versions",
        "x-id",
    ]
)
"""Of ListObjects, ListObjectsV2 and ListObjectVersions: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html"""

OBJECT_ACTIONS = {
    "GET": "s3:GetObject",
    "HEAD": "s3:GetObject",
    "PUT": "s3:PutObject",
    "POST": "s3:PutObject",
    "DELETE": "s3:DeleteObject",
}


def refuse_other_digest(request: Request) -> None:
    """Refuse a body that is not what its Content-MD5 says, which moto does not look at.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html

    Raises:
        ServiceError: 400 BadDigest, or InvalidDigest for a header that is no MD5.
    """
    given = request.header("Content-MD5")
    if given is None or request.method != "PUT":
        return
    try:
        wanted = base64.b64decode(given, validate=True)
    except ValueError:
        wanted = b""
    if len(wanted) != hashlib.md5(usedforsecurity=False).digest_size:
        raise ServiceError(400, "InvalidDigest", "The Content-MD5 you specified is not valid.")
    if hashlib.md5(request.body, usedforsecurity=False).digest() != wanted:
        raise ServiceError(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")


class S3Service:
    """Answers S3 requests in path style."""

    def __init__(
        self,
        *,
        objects: MotoObjects,
        faults: FaultBoard,
        clock: AwsClock,
        replication_delay_seconds: float,
        forward: Callable[[Request], Response],
        publish: Publish,
    ) -> None:
        self._objects = objects
        self._faults = faults
        self._forward = forward
        self.subresources = BucketSubresources(objects)
        self._events = ObjectEvents(objects=objects, wants=self.subresources.tells_event_bridge, publish=publish)
        self.replicator = Replicator(
            objects=objects,
            clock=clock,
            delay_seconds=replication_delay_seconds,
            rules_of=self.subresources.replication_rules,
            is_down=lambda region: faults.has_outage(f"s3:{region}"),
        )

    def bucket_versions(self) -> dict[str, str]:
        """Return bucket name -> what changes with its place and policy."""
        return {
            name: f"{bucket.region_name} {bucket.creation_date.timestamp()} {self.subresources.policy_version(name)}"
            for name, bucket in self._objects.buckets().items()
        }

    def handle(self, request: Request) -> Response:
        """Answer one request; refusals become S3's Error."""
        bucket, _, key = unquote(request.raw_path).lstrip("/").partition("/")
        is_head = request.method == "HEAD"
        try:
            self._require_owner(bucket, request)
            if request.environ.get(ORIGIN_HEADER) and request.method in {"GET", "HEAD"}:
                return self._read_for_data_plane(bucket, key, request)
            fault = self._apply_faults(bucket, request) if self._is_about_objects(bucket, key, request) else None
            response = self._handle_object(bucket, key, request) if key else self._handle_bucket(bucket, request)
            is_slow = fault is not None and fault.kind is FaultKind.SLOW
            return self._as_injected(fault, response) if is_slow else response
        except ServiceError as error:
            return error_response(error.status, error.code, error.message, is_head=is_head)

    def is_about_objects(self, request: Request) -> bool:
        """Return whether a request reads, lists or changes objects, and not how a bucket is set up."""
        bucket, _, key = unquote(request.raw_path).lstrip("/").partition("/")
        return self._is_about_objects(bucket, key, request)

    def _require_owner(self, bucket: str, request: Request) -> None:
        """Refuse what is meant for a bucket of another account.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html

        Raises:
            ServiceError: 403 AccessDenied.
        """
        owner = request.header("x-amz-expected-bucket-owner")
        if owner not in (None, ACCOUNT_ID) and self._objects.has_bucket(bucket):
            raise ServiceError(403, "AccessDenied", "Access Denied")

    def _read_for_data_plane(self, bucket: str, key: str, request: Request) -> Response:
        """Read under the faults of the bucket's region; the edge has judged the bucket policy already."""
        region = self._objects.bucket(bucket).region_name
        is_edge = request.environ.get(ORIGIN_HEADER) == EDGE_ORIGIN
        fault = self._faults.apply_before_read(region, has_connected=is_edge)
        _refuse_as_injected(fault)
        response = self._read(bucket, key, request) if key and is_plain_read(request) else self._forward(request)
        return self._as_injected(fault, response) if response.is_success else response

    def _as_injected(self, fault: Fault | None, response: Response) -> Response:
        if fault is not None and fault.kind is FaultKind.CORRUPT:
            response.body = corrupted(response.body)
        if fault is not None and fault.kind is FaultKind.SLOW and fault.value:
            response.sending_seconds = self._faults.clock.real_seconds(len(response.body) / fault.value)
        return response

    def _is_about_objects(self, bucket: str, key: str, request: Request) -> bool:
        """Return whether a request reads, lists or changes objects; how a bucket is set up can be asked for in any outage.

        The data plane asks for it when it follows what Terraform changes, and so must not notice the outage there.
        """
        if not self._objects.has_bucket(bucket):
            return False
        is_deletion_of_many = request.method == "POST" and "delete" in request.query
        is_listing = request.method == "GET" and request.query.keys() <= LISTING_PARAMETERS
        return bool(key) or is_deletion_of_many or is_listing

    def _apply_faults(self, bucket: str, request: Request) -> Fault | None:
        """Apply the faults of the bucket's region to a function's write and to anybody's request for objects.

        S3 is a regional service, so a region's outage is one for its publishers too, and for copies that come from there:
        https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/regional-services.html

        Returns:
            A fault that changes the answer, or None.

        Raises:
            ServiceError: the status of a fault; 503 for a copy whose source S3 cannot reach (inferred: AWS names no code for it).
            ConnectionDropped: the request gets no answer.
        """
        fault = self._faults.apply_before_read(self._objects.bucket(bucket).region_name, has_connected=False)
        _refuse_as_injected(fault)
        source = unquote(request.header("x-amz-copy-source") or "").lstrip("/").partition("/")[0]
        if source and self._faults.has_outage(f"s3:{self._objects.bucket(source).region_name}"):
            raise ServiceError(503, "ServiceUnavailable", f"the region of {source} does not answer")
        return fault

    def _read(self, bucket: str, key: str, request: Request) -> Response:
        stored = self._objects.bucket(bucket)
        version = self._objects.version(stored, key, request.query.get("versionId"))
        if version is not None and not self._objects.is_delete_marker(version):
            is_edge = request.environ.get(ORIGIN_HEADER) == EDGE_ORIGIN
            refuse_read(version, stored.region_name, request, is_edge=is_edge)
        response = read_object(self._objects, bucket, key, request)
        self._add_replication_status(bucket, key, response)
        return response

    def _add_replication_status(self, bucket: str, key: str, response: Response) -> None:
        version_id = response.headers.get("x-amz-version-id")
        status = self.replicator.status(bucket, key, version_id) if version_id else None
        if status is not None:
            response.headers["x-amz-replication-status"] = status

    def _handle_object(self, bucket: str, key: str, request: Request) -> Response:
        action = OBJECT_ACTIONS.get(request.method, "s3:GetObject")
        if self.subresources.is_denied(bucket, action, f"arn:aws:s3:::{bucket}/{key}"):
            raise ServiceError(403, "AccessDenied", f"The policy of {bucket} denies {action} with an explicit deny")
        if is_plain_read(request):
            return self._read(bucket, key, request)
        refuse_other_digest(request)
        if request.method in {"PUT", "POST"} and "tagging" not in request.query:
            refuse_write_without_key(self._objects.bucket(bucket), request)
        response = self._forward(request)
        if response.is_success:
            self._after_object_write(bucket, key, request, response)
        return response

    def _after_object_write(self, bucket: str, key: str, request: Request, response: Response) -> None:
        version_id = _header(response, "x-amz-version-id")
        is_part = "partNumber" in request.query or "uploads" in request.query
        if request.method == "DELETE":
            self._after_object_deletion(bucket, key, request, version_id)
        elif request.method in {"PUT", "POST"} and not is_part:
            if version_id is None:
                version_id = request.query.get("versionId") or self._latest_version_id(bucket, key)
            version = self._objects.version(self._objects.bucket(bucket), key, version_id)
            if version is not None and "tagging" not in request.query:
                give_opaque_etag(version, response)
            self.replicator.object_written(bucket, key, version_id)
            self._events.object_written(bucket, key, version_id, request)

    def _after_object_deletion(self, bucket: str, key: str, request: Request, version_id: str | None) -> None:
        """Follow a DELETE; without a version id it puts a delete marker, if the bucket is versioned."""
        if request.query.keys() & {"tagging", "uploadId"}:
            return
        named = request.query.get("versionId")
        is_marked = named is None and version_id is not None
        if is_marked:
            self.replicator.object_marked_deleted(bucket, key)
        self._events.object_deleted(bucket, key, named or version_id, is_marked=is_marked)

    def _latest_version_id(self, bucket: str, key: str) -> str | None:
        stored = self._objects.bucket(bucket)
        version = self._objects.version(stored, key, None)
        return str(version.version_id) if version is not None and stored.is_versioned else None

    def _handle_bucket(self, bucket: str, request: Request) -> Response:
        name = subresource_of(request) if bucket else None
        if name is not None:
            return self._handle_subresource(bucket, name, request)
        if request.method == "PUT" and "versioning" in request.query:
            self._refuse_suspension(bucket, request)
        response = self._forward(request)
        if not response.is_success:
            return response
        if request.method == "POST" and "delete" in request.query:
            self._after_deletions(bucket, parse_xml(response.body))
        elif request.method == "DELETE" and not request.query.keys() - {"x-id"}:
            self.subresources.forget_bucket(bucket)
            self.replicator.forget_bucket(bucket)
        return response

    def _refuse_suspension(self, bucket: str, request: Request) -> None:
        """Keep versioning of a replication's source on.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-and-other-bucket-configs.html

        Raises:
            ServiceError: 409 InvalidBucketState.
        """
        status = parse_xml(decoded_body(request)).findtext("Status")
        if status == "Suspended" and self.subresources.has_replication(bucket):
            message = (
                "A replication configuration is present on this bucket, so the versioning state cannot be changed."
            )
            raise ServiceError(409, "InvalidBucketState", message)

    def _after_deletions(self, bucket: str, result: Element) -> None:
        """Follow a DeleteObjects.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletedObject.html
        """
        for deleted in result.findall("Deleted"):
            key, marker = deleted.findtext("Key") or "", deleted.findtext("DeleteMarkerVersionId")
            if marker is not None:
                self.replicator.object_marked_deleted(bucket, key)
            self._events.object_deleted(
                bucket, key, marker or deleted.findtext("VersionId"), is_marked=marker is not None
            )

    def _handle_subresource(self, bucket: str, name: str, request: Request) -> Response:
        response = self.subresources.handle(bucket, name, request)
        if name == "notification" and request.method == "PUT" and self.subresources.wants_events(bucket):
            return self._forward(request)  # moto sends the events, and checks their destinations
        return response


def _refuse_as_injected(fault: Fault | None) -> None:
    """Refuse with the status of a fault, if it has one.

    Raises:
        ServiceError: that status.
    """
    if fault is not None and fault.kind is FaultKind.STATUS:
        status = fault.value or 500
        code = {int(known): name for known, name in STATUS_CODES.items()}.get(status, "ServiceUnavailable")
        raise ServiceError(status, code, f"injected by {fault.id}")


def _header(response: Response, name: str) -> str | None:
    return next((value for key, value in response.headers.items() if key.lower() == name), None)
