"""Bucket subresources that are kept as the client sent them, because moto loses parts of them.

Lifecycle, replication, notification, access logging, metrics, intelligent tiering, analytics and the bucket policy.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import ClassVar
from xml.etree.ElementTree import Element

from localcloud.gateway.errors import ServiceError, UnsupportedResource
from localcloud.gateway.s3.access_logging import refuse_bad_target
from localcloud.gateway.s3.answers import NAMESPACE, xml_response
from localcloud.gateway.s3.moto_objects import MotoObjects
from localcloud.gateway.s3.replication_rules import ReplicationRule, parse_rules
from localcloud.gateway.wire import JsonObject, Request, Response
from localcloud.gateway.xml_tree import element, parse_xml, serialize_xml, text_element
from localcloud.model.bucket_policy import AccessRequest, Decision, evaluate
from localcloud.model.errors import UnsupportedResource as UnsupportedPolicy

MISSING_CODES = {
    "lifecycle": "NoSuchLifecycleConfiguration",
    "replication": "ReplicationConfigurationNotFoundError",
    "policy": "NoSuchBucketPolicy",
    "metrics": "NoSuchConfiguration",
    "intelligent-tiering": "NoSuchConfiguration",
    "analytics": "NoSuchConfiguration",
}
LIST_TAGS = {
    "metrics": ("ListMetricsConfigurationsResult", "MetricsConfiguration"),
    "intelligent-tiering": ("ListBucketIntelligentTieringConfigurationsOutput", "IntelligentTieringConfiguration"),
    "analytics": ("ListBucketAnalyticsConfigurationResult", "AnalyticsConfiguration"),
}
EMPTY = {"notification": "NotificationConfiguration", "logging": "BucketLoggingStatus"}
"""Answered without anything in them where nothing was put."""
KEPT = frozenset({*MISSING_CODES, *EMPTY, "policyStatus"})
TRANSITION_HEADER = "x-amz-transition-default-minimum-object-size"
DEFAULT_TRANSITION_SIZE = "all_storage_classes_128K"
"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html"""

MAXIMUM_POLICY_BYTES = 20 * 1024
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html"""

EVENT_DESTINATIONS = {"TopicConfiguration", "QueueConfiguration", "CloudFunctionConfiguration"}
EVENT_BRIDGE = "EventBridgeConfiguration"


def subresource_of(request: Request) -> str | None:
    """Return the kept subresource that a bucket request is about, or None."""
    return next((name for name in request.query if name in KEPT), None)


@dataclass(slots=True)
class _Kept:
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class BucketSubresources:
    """The kept subresources of all buckets."""

    STATE: ClassVar[tuple[str, ...]] = ("_kept", "_rules", "_policies", "_policy_versions")

    def __init__(self, objects: MotoObjects) -> None:
        self._objects = objects
        self._lock = threading.RLock()
        self._kept: dict[tuple[str, str, str], _Kept] = {}
        self._rules: dict[str, list[ReplicationRule]] = {}
        self._policies: dict[str, JsonObject] = {}
        self._policy_versions: Counter[str] = Counter()

    def handle(self, bucket: str, name: str, request: Request) -> Response:
        """Answer GET, PUT or DELETE of a kept subresource."""
        self._objects.bucket(bucket)
        with self._lock:
            if request.method == "PUT":
                return self._put(bucket, name, request)
            if request.method == "DELETE":
                return self._delete(bucket, name, request.query.get("id", ""))
            return self._get(bucket, name, request.query.get("id", ""))

    def forget_bucket(self, bucket: str) -> None:
        """Forget what a deleted bucket had."""
        with self._lock:
            for kept in [kept for kept in self._kept if kept[0] == bucket]:
                del self._kept[kept]
            self._rules.pop(bucket, None)
            self._policies.pop(bucket, None)

    def policy_version(self, bucket: str) -> int:
        """Return a number that changes with the bucket's policy."""
        return self._policy_versions[bucket]

    def has_replication(self, bucket: str) -> bool:
        """Return whether a bucket has a replication configuration, enabled or not."""
        return (bucket, "replication", "") in self._kept

    def replication_rules(self, bucket: str) -> list[ReplicationRule]:
        """Return a bucket's enabled replication rules."""
        return self._rules.get(bucket, [])

    def is_denied(self, bucket: str, action: str, resource: str) -> bool:
        """Return whether the bucket policy denies an action to an operator, whose requests count as made over TLS."""
        policy = self._policies.get(bucket)
        if policy is None:
            return False
        return _decision(policy, action, resource) is Decision.EXPLICIT_DENY

    def wants_events(self, bucket: str) -> bool:
        """Return whether the bucket's events go to a topic, queue or function."""
        kept = self._kept.get((bucket, "notification", ""))
        return kept is not None and any(tag.encode() in kept.body for tag in EVENT_DESTINATIONS)

    def tells_event_bridge(self, bucket: str) -> bool:
        """Return whether the bucket's events go to EventBridge."""
        kept = self._kept.get((bucket, "notification", ""))
        return kept is not None and EVENT_BRIDGE.encode() in kept.body

    def _put(self, bucket: str, name: str, request: Request) -> Response:
        body = decoded_body(request)
        headers: dict[str, str] = {}
        if name == "policy":
            self._policies[bucket] = self._checked_policy(bucket, body)
            self._policy_versions[bucket] += 1
        elif name == "replication":
            self._rules[bucket] = self._checked_rules(bucket, parse_xml(body))
        elif name == "lifecycle":
            _check_lifecycle(parse_xml(body))
            headers[TRANSITION_HEADER] = request.header(TRANSITION_HEADER) or DEFAULT_TRANSITION_SIZE
        elif name == "notification":
            _check_notification(parse_xml(body))
        elif name == "logging":
            refuse_bad_target(bucket, parse_xml(body), self._objects, self._policies)
        else:
            parse_xml(body)
        self._kept[(bucket, name, request.query.get("id", ""))] = _Kept(body, headers)
        return Response(status=204 if name == "policy" else 200, headers=dict(headers))

    def _get(self, bucket: str, name: str, identifier: str) -> Response:
        if name == "policyStatus":
            return self._policy_status(bucket)
        if name in LIST_TAGS and not identifier:
            return self._list(bucket, name)
        kept = self._kept.get((bucket, name, identifier))
        if kept is None and name in EMPTY:
            return xml_response(serialize_xml(element(EMPTY[name]), NAMESPACE))
        if kept is None:
            raise ServiceError(
                404, MISSING_CODES[name], f"The bucket {bucket} has no {name} configuration {identifier}"
            )
        if name == "policy":
            return Response(headers={"Content-Type": "application/json"}, body=kept.body)
        return xml_response(kept.body, kept.headers)

    def _list(self, bucket: str, name: str) -> Response:
        list_tag, item_tag = LIST_TAGS[name]
        items = [
            parse_xml(kept.body) for (owner, kind, _), kept in self._kept.items() if (owner, kind) == (bucket, name)
        ]
        for item in items:
            item.tag = item_tag
        return xml_response(serialize_xml(element(list_tag, text_element("IsTruncated", False), *items), NAMESPACE))

    def _delete(self, bucket: str, name: str, identifier: str) -> Response:
        self._kept.pop((bucket, name, identifier), None)
        if name == "replication":
            self._rules.pop(bucket, None)
        if name == "policy":
            self._policies.pop(bucket, None)
            self._policy_versions[bucket] += 1
        return Response(status=204)

    def _policy_status(self, bucket: str) -> Response:
        policy = self._policies.get(bucket)
        if policy is None:
            raise ServiceError(404, "NoSuchBucketPolicy", "The bucket policy does not exist")
        status = element("PolicyStatus", text_element("IsPublic", is_public_policy(policy)))
        return xml_response(serialize_xml(status, NAMESPACE))

    def _checked_policy(self, bucket: str, body: bytes) -> JsonObject:
        policy = parse_policy(body)
        block = self._objects.bucket(bucket).public_access_block
        if block is not None and str(block.block_public_policy).lower() == "true" and is_public_policy(policy):
            message = (
                "public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access: " + bucket
            )
            raise ServiceError(403, "AccessDenied", message)
        _decision(policy, "s3:GetObject", f"arn:aws:s3:::{bucket}/*")
        return policy

    def _checked_rules(self, bucket: str, configuration: Element) -> list[ReplicationRule]:
        """Refuse replication from or to a bucket that is not versioned.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-requirements.html
        """
        if not self._objects.bucket(bucket).is_versioned:
            message = "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
            raise ServiceError(400, "InvalidRequest", message)
        rules = parse_rules(configuration)
        for rule in rules:
            if not self._objects.has_bucket(rule.destination):
                raise ServiceError(400, "InvalidRequest", f"Destination bucket must exist: {rule.destination}")
            if not self._objects.bucket(rule.destination).is_versioned:
                message = f"Destination bucket must have versioning enabled: {rule.destination}"
                raise ServiceError(400, "InvalidRequest", message)
        return rules


def _decision(policy: JsonObject, action: str, resource: str) -> Decision:
    try:
        return evaluate(policy, AccessRequest(service=None, action=action, resource=resource, is_secure=True))
    except UnsupportedPolicy as error:
        raise UnsupportedResource(str(error)) from error


def parse_policy(body: bytes) -> JsonObject:
    """Return a bucket policy.

    Raises:
        ServiceError: 400 MalformedPolicy.
    """
    if len(body) > MAXIMUM_POLICY_BYTES:
        message = f"Bucket policies are limited to {MAXIMUM_POLICY_BYTES} bytes, this one has {len(body)}"
        raise ServiceError(400, "PolicyTooLarge", message)
    try:
        policy = json.loads(body)
        statements = policy["Statement"]
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceError(400, "MalformedPolicy", f"Policies must be valid JSON with a Statement: {error}") from error
    for statement in statements if isinstance(statements, list) else [statements]:
        missing = {"Effect", "Principal", "Action", "Resource"} - {part.removeprefix("Not") for part in statement}
        if missing or statement["Effect"] not in {"Allow", "Deny"}:
            raise ServiceError(400, "MalformedPolicy", f"Statement lacks {sorted(missing)}: {statement}")
    return {**policy, "Statement": statements}


def is_public_policy(policy: JsonObject) -> bool:
    """Return whether a policy lets everybody in: an Allow to anyone without condition.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html, "The meaning of
    public"; every condition counts as restricting here.
    """
    statements = policy["Statement"]
    return any(
        statement["Effect"] == "Allow"
        and statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        and not statement.get("Condition")
        for statement in (statements if isinstance(statements, list) else [statements])
    )


def _check_lifecycle(configuration: Element) -> None:
    """Refuse what PutBucketLifecycleConfiguration refuses first: no rules, or rules with one ID."""
    rules = configuration.findall("Rule")
    identifiers = [rule.findtext("ID") for rule in rules if rule.findtext("ID")]
    if not rules or any(rule.findtext("Status") not in {"Enabled", "Disabled"} for rule in rules):
        raise ServiceError(400, "MalformedXML", "A lifecycle configuration needs rules, each with a Status")
    if len(set(identifiers)) < len(identifiers):
        raise ServiceError(400, "InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")


def _check_notification(configuration: Element) -> None:
    """Refuse EventBridge together with another destination: moto would send each event to EventBridge once more."""
    tags = {child.tag for child in configuration}
    if EVENT_BRIDGE in tags and tags & EVENT_DESTINATIONS:
        raise UnsupportedResource("bucket notifications to EventBridge and to a topic, queue or function at once")


def decoded_body(request: Request) -> bytes:
    """Return the body without aws-chunked framing.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    """
    if "aws-chunked" not in (request.header("Content-Encoding") or ""):
        return request.body
    decoded, rest = b"", request.body
    while rest:
        size_line, _, rest = rest.partition(b"\r\n")
        size = int(size_line.partition(b";")[0], 16)
        if size == 0:
            break
        decoded, rest = decoded + rest[:size], rest[size + 2 :]
    return decoded
