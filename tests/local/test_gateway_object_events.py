"""What S3 tells EventBridge of objects.

Sources: `S3` = https://docs.aws.amazon.com/AmazonS3/latest/userguide/
"""

import json
from typing import Any

import pytest

from tests.local.test_gateway_cloudwatch import allow, claimed, function
from tests.local.test_gateway_s3 import replicated_pair, settle
from tests.worlds.gateway_world import GatewayWorld, refused

REGION = "eu-central-1"


def told(world: GatewayWorld, bucket: str) -> None:
    """Let a bucket's events go to EventBridge."""
    world.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )


def listener(world: GatewayWorld, **detail: Any) -> str:
    """Return the ARN of a function that a rule in eu-central-1 invokes with S3's events of this detail."""
    name, arn = world.unique("rule"), function(world)
    events = world.client("events", REGION)
    pattern = json.dumps({"source": ["aws.s3"], "detail": detail})
    rule = events.put_rule(Name=name, EventPattern=pattern)["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": arn}])
    allow(world, arn, "events.amazonaws.com", rule)
    return arn


def heard(world: GatewayWorld, arn: str) -> list[tuple[str, dict[str, Any]]]:
    """Return detail type and detail of what the function was invoked with."""
    return [(event["detail-type"], event["detail"]) for event in claimed(world, arn)]


@pytest.fixture
def bucket(gateway_world: GatewayWorld) -> str:
    name = gateway_world.bucket(REGION)
    told(gateway_world, name)
    return name


def test_event_has_the_documented_fields(gateway_world: GatewayWorld, bucket: str) -> None:
    # S3/ev-events.html
    arn = listener(gateway_world, bucket={"name": [bucket]})
    put = gateway_world.client("s3").put_object(Bucket=bucket, Key="a b/ü.html", Body=b"hello")
    (event,) = claimed(gateway_world, arn)
    assert (event["source"], event["region"], event["resources"]) == ("aws.s3", REGION, [f"arn:aws:s3:::{bucket}"])
    detail = event["detail"]
    assert detail.keys() == {
        "version",
        "bucket",
        "object",
        "request-id",
        "requester",
        "source-ip-address",
        "reason",
    }
    assert detail["bucket"] == {"name": bucket}
    sequencer = detail["object"].pop("sequencer")
    assert int(sequencer, 16) > 0
    assert detail["object"] == {
        "key": "a b/ü.html",
        "size": 5,
        "etag": put["ETag"].strip('"'),
        "version-id": put["VersionId"],
    }


def test_reason_is_the_operation(gateway_world: GatewayWorld, bucket: str) -> None:
    # S3/ev-events.html, reason
    arn, s3 = listener(gateway_world, bucket={"name": [bucket]}), gateway_world.client("s3")
    s3.put_object(Bucket=bucket, Key="one", Body=b"1")
    s3.copy_object(Bucket=bucket, Key="two", CopySource={"Bucket": bucket, "Key": "one"})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="three")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="three", UploadId=upload, PartNumber=1, Body=b"3")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="three", UploadId=upload, MultipartUpload=parts)
    reasons = {detail["object"]["key"]: detail["reason"] for _, detail in heard(gateway_world, arn)}
    assert reasons == {"one": "PutObject", "two": "CopyObject", "three": "CompleteMultipartUpload"}


@pytest.mark.parametrize("how", ["one", "many"])
def test_deletion_says_whether_a_version_is_left(gateway_world: GatewayWorld, bucket: str, how: str) -> None:
    # S3/ev-events.html, deletion-type; S3/DeleteMarker.html
    s3 = gateway_world.client("s3")
    version_id = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    arn = listener(gateway_world, bucket={"name": [bucket]})
    for named in ({}, {"VersionId": version_id}):
        if how == "one":
            s3.delete_object(Bucket=bucket, Key="k", **named)
        else:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", **named}]})
    found = heard(gateway_world, arn)
    assert [(kind, detail["deletion-type"], detail["reason"]) for kind, detail in found] == [
        ("Object Deleted", "Delete Marker Created", "DeleteObject"),
        ("Object Deleted", "Permanently Deleted", "DeleteObject"),
    ]
    assert found[1][1]["object"]["version-id"] == version_id


def test_rule_chooses_by_prefix_and_exact_key(gateway_world: GatewayWorld, bucket: str) -> None:
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
    keys = [{"prefix": "releases/"}, "control/active.json"]
    arn = listener(gateway_world, bucket={"name": [bucket]}, object={"key": keys})
    for key in ("releases/1/index.html", "control/active.json", "control/active.json.bak", "health/region.json"):
        gateway_world.client("s3").put_object(Bucket=bucket, Key=key, Body=b"1")
    found = {detail["object"]["key"] for _, detail in heard(gateway_world, arn)}
    assert found == {"releases/1/index.html", "control/active.json"}


def test_bucket_that_was_not_told_to_is_silent(gateway_world: GatewayWorld) -> None:
    # S3/enable-event-notifications-eventbridge.html
    bucket = gateway_world.bucket(REGION)
    arn = listener(gateway_world, bucket={"name": [bucket]})
    gateway_world.client("s3").put_object(Bucket=bucket, Key="k", Body=b"1")
    assert heard(gateway_world, arn) == []


def test_other_regions_rules_hear_nothing(gateway_world: GatewayWorld) -> None:
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html: a bus hears its own region
    bucket = gateway_world.bucket("us-east-1")
    told(gateway_world, bucket)
    arn = listener(gateway_world, bucket={"name": [bucket]})
    gateway_world.client("s3").put_object(Bucket=bucket, Key="k", Body=b"1")
    assert heard(gateway_world, arn) == []


def test_tags_of_an_object_are_no_new_object(gateway_world: GatewayWorld, bucket: str) -> None:
    # S3/EventBridge.html: Object Tags Added is an event of its own
    s3 = gateway_world.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    arn = listener(gateway_world, bucket={"name": [bucket]})
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert heard(gateway_world, arn) == []


def test_refused_write_tells_nothing(gateway_world: GatewayWorld, bucket: str) -> None:
    arn, s3 = listener(gateway_world, bucket={"name": [bucket]}), gateway_world.client("s3")
    refused("BadDigest", s3.put_object, Bucket=bucket, Key="k", Body=b"1", ContentMD5="AAAAAAAAAAAAAAAAAAAAAA==")
    assert heard(gateway_world, arn) == []


def test_replica_tells_nothing(gateway_world: GatewayWorld) -> None:
    """AWS does not say; here the destination is silent, so nothing may rest on it."""
    destination, source = replicated_pair(gateway_world, both_ways=True)
    told(gateway_world, destination)
    arn = listener(gateway_world, bucket={"name": [destination]})
    gateway_world.client("s3").put_object(Bucket=source, Key="releases/1/k", Body=b"1")
    settle(gateway_world)
    assert gateway_world.client("s3").get_object(Bucket=destination, Key="releases/1/k")["Body"].read() == b"1"
    assert heard(gateway_world, arn) == []


def test_eventbridge_beside_another_destination_is_not_modelled(gateway_world: GatewayWorld) -> None:
    bucket = gateway_world.bucket(REGION)
    topic = gateway_world.client("sns", REGION).create_topic(Name=gateway_world.unique("topic"))["TopicArn"]
    both = {
        "EventBridgeConfiguration": {},
        "TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}],
    }
    refused(
        "NotImplemented",
        gateway_world.client("s3").put_bucket_notification_configuration,
        501,
        Bucket=bucket,
        NotificationConfiguration=both,
    )


@pytest.mark.parametrize("broken", ["eu-central-1", "us-east-1"])
def test_function_cannot_copy_from_or_to_a_region_that_is_down(gateway_world: GatewayWorld, broken: str) -> None:
    destination, source = gateway_world.bucket("eu-central-1"), gateway_world.bucket("us-east-1")
    s3 = gateway_world.client("s3")
    s3.put_object(Bucket=source, Key="k", Body=b"1")
    headers = {"x-localcloud-origin": "lambda", "x-amz-copy-source": f"{source}/k"}
    fault = gateway_world.control("POST", "/faults", {"target": f"s3:{broken}", "kind": "status", "value": 503})[1]
    try:
        status, _, _ = gateway_world.http("PUT", f"/{destination}/k", headers=headers)
    finally:
        gateway_world.control("DELETE", f"/faults/{fault['id']}")
    assert status == 503
    assert gateway_world.http("PUT", f"/{destination}/k", headers=headers)[0] == 200
