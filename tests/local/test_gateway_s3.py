"""What S3 keeps, refuses, copies and breaks on request.

Sources: `API` = https://docs.aws.amazon.com/AmazonS3/latest/API/ ,
`S3` = https://docs.aws.amazon.com/AmazonS3/latest/userguide/
"""

import json
import queue
import threading
from typing import Any

import pytest
from botocore.exceptions import ProxyConnectionError

from tests.worlds.gateway_world import GatewayWorld, refused, wait_until

ROLE = "arn:aws:iam::123456789012:role/replication"


def replication_rule(destination: str, **changes: Any) -> dict[str, Any]:
    return {
        "ID": "releases",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": "releases/"},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{destination}"},
        **changes,
    }


def replicated_pair(world: GatewayWorld, *, both_ways: bool = False, **changes: Any) -> tuple[str, str]:
    """Return a bucket in eu-central-1 and the bucket in us-east-1 that it is replicated to."""
    source, destination = world.bucket("eu-central-1"), world.bucket("us-east-1")
    pairs = [(source, destination), (destination, source)] if both_ways else [(source, destination)]
    for one, other in pairs:
        configuration = {"Role": ROLE, "Rules": [replication_rule(other, **changes)]}
        world.client("s3").put_bucket_replication(Bucket=one, ReplicationConfiguration=configuration)
    return source, destination


def settle(world: GatewayWorld) -> None:
    assert world.gateway.application.s3.replicator.wait_until_idle(10)


def keys_of(world: GatewayWorld, bucket: str) -> set[str]:
    return {item["Key"] for item in world.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])}


@pytest.mark.parametrize(("operation", "code"), [("head_bucket", "403"), ("get_bucket_versioning", "AccessDenied")])
def test_bucket_of_another_owner_than_expected_is_refused(
    gateway_world: GatewayWorld, operation: str, code: str
) -> None:
    # S3/bucket-owner-condition.html
    call, bucket = getattr(gateway_world.client("s3"), operation), gateway_world.bucket()
    refused(code, call, Bucket=bucket, ExpectedBucketOwner="210987654321", status=403)
    assert call(Bucket=bucket, ExpectedBucketOwner="123456789012")


def test_object_read_returns_what_was_written(gateway_world: GatewayWorld) -> None:
    # API/API_GetObject.html
    s3, bucket = gateway_world.client("s3"), gateway_world.bucket()
    headers = {"ContentType": "text/html", "CacheControl": "max-age=60", "Metadata": {"release": "r1"}}
    put = s3.put_object(Bucket=bucket, Key="a b/ü.html", Body=b"<p>hello", **headers)
    got = s3.get_object(Bucket=bucket, Key="a b/ü.html")
    assert got["Body"].read() == b"<p>hello"
    assert {name: got[name] for name in headers} == headers
    assert (got["ETag"], got["VersionId"]) == (put["ETag"], put["VersionId"])


@pytest.mark.parametrize(
    ("byte_range", "expected"),
    [("bytes=0-1", b"01"), ("bytes=7-", b"789"), ("bytes=-2", b"89"), ("bytes=8-99", b"89")],
)
def test_object_read_of_a_range(gateway_world: GatewayWorld, byte_range: str, expected: bytes) -> None:
    # RFC 9110 section 14.1.2
    s3, bucket = gateway_world.client("s3"), gateway_world.bucket()
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    got = s3.get_object(Bucket=bucket, Key="k", Range=byte_range)
    assert (got["ResponseMetadata"]["HTTPStatusCode"], got["Body"].read()) == (206, expected)


def test_object_read_rejects_a_range_beyond_the_end(gateway_world: GatewayWorld) -> None:
    s3, bucket = gateway_world.client("s3"), gateway_world.bucket()
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    refused("InvalidRange", s3.get_object, 416, Bucket=bucket, Key="k", Range="bytes=10-")


def test_object_read_honours_conditions(gateway_world: GatewayWorld) -> None:
    # API/API_GetObject.html: If-Match fails with 412, If-None-Match with 304
    s3, bucket = gateway_world.client("s3"), gateway_world.bucket()
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    refused("304", s3.get_object, 304, Bucket=bucket, Key="k", IfNoneMatch=etag)
    refused("PreconditionFailed", s3.get_object, 412, Bucket=bucket, Key="k", IfMatch='"other"')
    assert s3.get_object(Bucket=bucket, Key="k", IfMatch=etag)["Body"].read() == b"1"


def test_deleted_object_is_missing_until_a_version_is_named(gateway_world: GatewayWorld) -> None:
    # S3/DeleteMarker.html
    s3, bucket = gateway_world.client("s3"), gateway_world.bucket()
    version_id = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="k")
    refused("NoSuchKey", s3.get_object, 404, Bucket=bucket, Key="k")
    refused("404", s3.head_object, 404, Bucket=bucket, Key="k")
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=version_id)["Body"].read() == b"1"


def test_conditional_write(gateway_world: GatewayWorld) -> None:
    # API/API_PutObject.html: If-None-Match * and If-Match fail with 412
    s3, bucket = gateway_world.client("s3"), gateway_world.bucket()
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    refused("PreconditionFailed", s3.put_object, 412, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")
    s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=etag)
    refused("PreconditionFailed", s3.put_object, 412, Bucket=bucket, Key="k", Body=b"3", IfMatch=etag)


LIFECYCLE = {
    "Rules": [
        {
            "ID": "expire",
            "Status": "Enabled",
            "Filter": {},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 5},
        }
    ]
}


def test_lifecycle_is_kept_whole(gateway_world: GatewayWorld) -> None:
    # API/API_PutBucketLifecycleConfiguration.html
    s3, bucket = gateway_world.client("s3"), gateway_world.bucket()
    refused("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, 404, Bucket=bucket)
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=LIFECYCLE)
    got = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert got["Rules"][0]["NoncurrentVersionExpiration"] == LIFECYCLE["Rules"][0]["NoncurrentVersionExpiration"]
    assert got["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    s3.delete_bucket_lifecycle(Bucket=bucket)
    refused("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, 404, Bucket=bucket)


def test_event_bridge_flag_and_metrics_are_kept(gateway_world: GatewayWorld) -> None:
    # API/API_PutBucketNotificationConfiguration.html, API_PutBucketMetricsConfiguration.html
    s3, bucket = gateway_world.client("s3"), gateway_world.bucket()
    events: dict[str, Any] = {"EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=events)
    assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=bucket)
    s3.put_bucket_metrics_configuration(Bucket=bucket, Id="all", MetricsConfiguration={"Id": "all"})
    assert s3.get_bucket_metrics_configuration(Bucket=bucket, Id="all")["MetricsConfiguration"] == {"Id": "all"}
    listed = s3.list_bucket_metrics_configurations(Bucket=bucket)["MetricsConfigurationList"]
    assert listed == [{"Id": "all"}]


def policy_of(bucket: str, *statements: dict[str, Any]) -> str:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Resource": resources, **s} for s in statements]})


DENY_PLAIN_HTTP = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def test_policy_that_denies_plain_http_does_not_lock_out_operators(gateway_world: GatewayWorld) -> None:
    # API requests count as made over TLS; S3/security-best-practices.html
    s3, bucket = gateway_world.client("s3"), gateway_world.bucket()
    s3.put_bucket_policy(Bucket=bucket, Policy=policy_of(bucket, DENY_PLAIN_HTTP))
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False


def test_policy_that_denies_everybody_denies_operators(gateway_world: GatewayWorld) -> None:
    s3, bucket = gateway_world.client("s3"), gateway_world.bucket()
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject"}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy_of(bucket, deny))
    refused("AccessDenied", s3.put_object, 403, Bucket=bucket, Key="k", Body=b"1")


def test_policy_rejects_what_is_malformed_or_public(gateway_world: GatewayWorld) -> None:
    # API/ErrorResponses.html: MalformedPolicy; S3/access-control-block-public-access.html: BlockPublicPolicy
    s3, bucket = gateway_world.client("s3"), gateway_world.bucket()
    refused("MalformedPolicy", s3.put_bucket_policy, 400, Bucket=bucket, Policy="{")
    block = {
        "BlockPublicPolicy": True,
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    public = policy_of(bucket, {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"})
    refused("AccessDenied", s3.put_bucket_policy, 403, Bucket=bucket, Policy=public)


def test_replication_copies_an_object_with_all_it_has(gateway_world: GatewayWorld) -> None:
    # S3/replication-what-is-isnot-replicated.html
    source, destination = replicated_pair(gateway_world)
    s3 = gateway_world.client("s3")
    headers = {"ContentType": "text/html", "CacheControl": "max-age=60", "Metadata": {"release": "r1"}}
    put = s3.put_object(Bucket=source, Key="releases/r1/index.html", Body=b"1", Tagging="a=1", **headers)
    settle(gateway_world)
    replica = s3.get_object(Bucket=destination, Key="releases/r1/index.html")
    assert {name: replica[name] for name in headers} == headers
    assert (replica["VersionId"], replica["ETag"], replica["TagCount"]) == (put["VersionId"], put["ETag"], 1)
    assert replica["ReplicationStatus"] == "REPLICA"
    assert s3.head_object(Bucket=source, Key="releases/r1/index.html")["ReplicationStatus"] == "COMPLETED"


def test_replication_honours_the_prefix(gateway_world: GatewayWorld) -> None:
    # API/API_ReplicationRuleFilter.html
    source, destination = replicated_pair(gateway_world)
    for key in ("releases/a", "control/active.json"):
        gateway_world.client("s3").put_object(Bucket=source, Key=key, Body=b"1")
    settle(gateway_world)
    assert keys_of(gateway_world, destination) == {"releases/a"}


def test_replication_honours_prefix_and_tags(gateway_world: GatewayWorld) -> None:
    # API/API_ReplicationRuleAndOperator.html
    both = {"And": {"Prefix": "releases/", "Tags": [{"Key": "copy", "Value": "yes"}]}}
    source, destination = replicated_pair(gateway_world, Filter=both, DeleteMarkerReplication={"Status": "Disabled"})
    s3 = gateway_world.client("s3")
    s3.put_object(Bucket=source, Key="releases/a", Body=b"1", Tagging="copy=yes")
    s3.put_object(Bucket=source, Key="releases/b", Body=b"1")
    settle(gateway_world)
    assert keys_of(gateway_world, destination) == {"releases/a"}


def test_listing_by_delimiter_leaves_out_prefixes_of_deleted_objects_alone(gateway_world: GatewayWorld) -> None:
    # S3/DeleteMarker.html: a listing has no objects whose latest version is a delete marker
    s3, bucket = gateway_world.client("s3"), gateway_world.bucket()
    for key in ("releases/a/1", "releases/a/2", "releases/b/1", "releases/c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    for key in ("releases/a/1", "releases/b/1"):
        s3.delete_object(Bucket=bucket, Key=key)
    for prefix, folders in (("releases/", ["releases/a/"]), ("", ["releases/"])):
        found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, Delimiter="/")
        assert [each["Prefix"] for each in found["CommonPrefixes"]] == folders
    assert [
        each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix="releases/", Delimiter="/")["Contents"]
    ] == ["releases/c"]


@pytest.mark.parametrize(("status", "kept"), [("Enabled", set()), ("Disabled", {"releases/a"})])
def test_replication_of_delete_markers(gateway_world: GatewayWorld, status: str, kept: set[str]) -> None:
    # S3/delete-marker-replication.html
    source, destination = replicated_pair(gateway_world, DeleteMarkerReplication={"Status": status})
    s3 = gateway_world.client("s3")
    s3.put_object(Bucket=source, Key="releases/a", Body=b"1")
    s3.delete_object(Bucket=source, Key="releases/a")
    settle(gateway_world)
    assert keys_of(gateway_world, destination) == kept


def test_replication_of_a_multi_object_delete(gateway_world: GatewayWorld) -> None:
    source, destination = replicated_pair(gateway_world)
    s3 = gateway_world.client("s3")
    s3.put_object(Bucket=source, Key="releases/a", Body=b"1")
    s3.delete_objects(Bucket=source, Delete={"Objects": [{"Key": "releases/a"}]})
    settle(gateway_world)
    assert keys_of(gateway_world, destination) == set()


def test_replication_leaves_version_deletes_alone(gateway_world: GatewayWorld) -> None:
    # S3/delete-marker-replication.html: deletes that name a version are not replicated
    source, destination = replicated_pair(gateway_world)
    s3 = gateway_world.client("s3")
    version_id = s3.put_object(Bucket=source, Key="releases/a", Body=b"1")["VersionId"]
    settle(gateway_world)
    s3.delete_object(Bucket=source, Key="releases/a", VersionId=version_id)
    settle(gateway_world)
    assert keys_of(gateway_world, destination) == {"releases/a"}


def test_replicas_are_not_replicated_onward(gateway_world: GatewayWorld) -> None:
    # S3/replication-what-is-isnot-replicated.html
    source, destination = replicated_pair(gateway_world, both_ways=True)
    s3 = gateway_world.client("s3")
    s3.put_object(Bucket=source, Key="releases/a", Body=b"1")
    settle(gateway_world)
    for bucket in (source, destination):
        versions = s3.list_object_versions(Bucket=bucket)["Versions"]
        assert len(versions) == 1, bucket


def test_replication_waits_while_a_region_is_down(gateway_world: GatewayWorld) -> None:
    source, destination = replicated_pair(gateway_world)
    s3 = gateway_world.client("s3")
    _, fault = gateway_world.control("POST", "/faults", {"target": "s3:us-east-1", "kind": "unreachable"})
    s3.put_object(Bucket=source, Key="releases/a", Body=b"1")
    assert s3.head_object(Bucket=source, Key="releases/a")["ReplicationStatus"] == "PENDING"
    gateway_world.control("DELETE", f"/faults/{fault['id']}")
    settle(gateway_world)
    assert keys_of(gateway_world, destination) == {"releases/a"}


@pytest.mark.parametrize(
    "changes",
    [{"DeleteMarkerReplication": None}, {"Priority": None}],
    ids=["no delete marker rule", "no priority"],
)
def test_replication_rejects_incomplete_rules(gateway_world: GatewayWorld, changes: dict[str, Any]) -> None:
    # API/API_ReplicationRule.html: with Filter, both are required
    source, destination = gateway_world.bucket(), gateway_world.bucket("us-east-1")
    rule = {name: value for name, value in (replication_rule(destination) | changes).items() if value is not None}
    put = gateway_world.client("s3").put_bucket_replication
    refused("InvalidRequest", put, 400, Bucket=source, ReplicationConfiguration={"Role": ROLE, "Rules": [rule]})


def test_replication_needs_versioning_on_both_sides(gateway_world: GatewayWorld) -> None:
    # S3/replication-requirements.html
    versioned, plain = gateway_world.bucket(), gateway_world.bucket("us-east-1", is_versioned=False)
    put = gateway_world.client("s3").put_bucket_replication
    for source, destination in ((versioned, plain), (plain, versioned)):
        configuration = {"Role": ROLE, "Rules": [replication_rule(destination)]}
        refused("InvalidRequest", put, 400, Bucket=source, ReplicationConfiguration=configuration)


def test_status_fault_acts_on_everybody_who_wants_objects_of_that_region(gateway_world: GatewayWorld) -> None:
    # aws-fault-isolation-boundaries/regional-services.html
    s3, bucket, elsewhere = gateway_world.client("s3"), gateway_world.bucket(), gateway_world.bucket("us-east-1")
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    deletion = {"Objects": [{"Key": "k"}]}
    _, fault = gateway_world.control("POST", "/faults", {"target": "s3:eu-central-1", "kind": "status", "value": 503})
    try:
        assert gateway_world.data_plane_read(bucket, "k")[0] == 503
        refused("SlowDown", s3.get_object, 503, Bucket=bucket, Key="k")
        refused("SlowDown", s3.put_object, 503, Bucket=bucket, Key="k", Body=b"2")
        refused("SlowDown", s3.list_objects_v2, 503, Bucket=bucket)
        refused("SlowDown", s3.delete_objects, 503, Bucket=bucket, Delete=deletion)
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
        s3.put_object(Bucket=elsewhere, Key="k", Body=b"2")
    finally:
        gateway_world.control("DELETE", f"/faults/{fault['id']}")
    assert gateway_world.data_plane_read(bucket, "k")[2] == b"1"


def test_refuse_fault_leaves_publishers_without_an_answer_too(gateway_world: GatewayWorld) -> None:
    bucket = gateway_world.bucket()
    _, fault = gateway_world.control("POST", "/faults", {"target": "s3:eu-central-1", "kind": "refuse"})
    try:
        with pytest.raises(ProxyConnectionError):
            gateway_world.client("s3").put_object(Bucket=bucket, Key="k", Body=b"1")
    finally:
        gateway_world.control("DELETE", f"/faults/{fault['id']}")


def test_corrupt_fault_alters_the_body(gateway_world: GatewayWorld) -> None:
    bucket = gateway_world.bucket()
    gateway_world.client("s3").put_object(Bucket=bucket, Key="k", Body=b"content")
    _, fault = gateway_world.control("POST", "/faults", {"target": "s3:eu-central-1", "kind": "corrupt"})
    try:
        status, headers, body = gateway_world.data_plane_read(bucket, "k")
    finally:
        gateway_world.control("DELETE", f"/faults/{fault['id']}")
    assert (status, headers["content-length"]) == (200, "7")
    assert body != b"content"


def test_refuse_fault_closes_the_connection_without_an_answer(gateway_world: GatewayWorld) -> None:
    bucket = gateway_world.bucket()
    _, fault = gateway_world.control("POST", "/faults", {"target": "s3:eu-central-1", "kind": "refuse"})
    try:
        with pytest.raises(ConnectionError):
            gateway_world.data_plane_read(bucket, "k", origin="lambda")
    finally:
        gateway_world.control("DELETE", f"/faults/{fault['id']}")


@pytest.mark.parametrize("kind", ["refuse", "unreachable", "hang"])
def test_edge_applies_faults_of_the_connection_itself(gateway_world: GatewayWorld, kind: str) -> None:
    bucket = gateway_world.bucket()
    gateway_world.client("s3").put_object(Bucket=bucket, Key="k", Body=b"1")
    _, fault = gateway_world.control("POST", "/faults", {"target": "s3:eu-central-1", "kind": kind})
    try:
        assert gateway_world.data_plane_read(bucket, "k")[2] == b"1"
    finally:
        gateway_world.control("DELETE", f"/faults/{fault['id']}")


def test_hanging_read_ends_when_the_fault_is_removed(gateway_world: GatewayWorld) -> None:
    bucket, outcome = gateway_world.bucket("eu-west-1"), queue.Queue[object]()

    def read() -> None:
        try:
            outcome.put(gateway_world.data_plane_read(bucket, "k", origin="lambda"))
        except ConnectionError as error:
            outcome.put(error)

    _, fault = gateway_world.control("POST", "/faults", {"target": "s3:eu-west-1", "kind": "hang"})
    reader = threading.Thread(target=read)
    reader.start()
    with pytest.raises(queue.Empty):
        outcome.get(timeout=0.05)
    gateway_world.control("DELETE", f"/faults/{fault['id']}")
    assert isinstance(outcome.get(timeout=60), ConnectionError)
    reader.join()


def test_multipart_upload_is_replicated(gateway_world: GatewayWorld) -> None:
    source, destination = replicated_pair(gateway_world)
    s3 = gateway_world.client("s3")
    upload = s3.create_multipart_upload(Bucket=source, Key="releases/big")["UploadId"]
    part = s3.upload_part(Bucket=source, Key="releases/big", UploadId=upload, PartNumber=1, Body=b"x" * 100)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=source, Key="releases/big", UploadId=upload, MultipartUpload=parts)
    settle(gateway_world)
    wait_until(lambda: keys_of(gateway_world, destination) == {"releases/big"}, attempts=1)
