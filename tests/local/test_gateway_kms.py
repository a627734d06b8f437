"""What KMS keys change: multi-Region keys, objects under them, their replicas, and what the publisher makes of the ETag.

Sources: `KMS` = https://docs.aws.amazon.com/kms/latest/ ; `S3` = https://docs.aws.amazon.com/AmazonS3/latest/
"""

import json
from collections import Counter
from typing import Any

import pytest

from scripts.release.bucket import ContentBucket
from scripts.release.manifest import ReleaseFile
from tests.worlds.gateway_world import GatewayWorld, refused

PRIMARY, SECONDARY = "eu-central-1", "us-east-1"
BODY = b"page"
BODY_MD5 = "71860c77c6745379b0d44304d66b6a13"
DISTRIBUTION = "arn:aws:cloudfront::123456789012:distribution/E1"
ADMINISTRATION = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
    "Action": "kms:*",
    "Resource": "*",
}
FOR_CLOUDFRONT = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudfront.amazonaws.com"},
    "Action": "kms:Decrypt",
    "Resource": "*",
    "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:cloudfront::123456789012:distribution/*"}},
}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [ADMINISTRATION, *statements]})


def key(world: GatewayWorld, region: str = PRIMARY, *, multi_region: bool = True) -> str:
    made = world.client("kms", region).create_key(MultiRegion=multi_region, Policy=policy(FOR_CLOUDFRONT))
    return str(made["KeyMetadata"]["Arn"])


def key_id(arn: str) -> str:
    """Return a key's id, which is all that some of moto's operations take."""
    return arn.rpartition("/")[2]


def replica(world: GatewayWorld, primary_arn: str, region: str = SECONDARY, **changes: Any) -> Any:
    return world.client("kms", PRIMARY).replicate_key(KeyId=primary_arn, ReplicaRegion=region, **changes)


def encrypted_bucket(world: GatewayWorld, key_arn: str, region: str = PRIMARY) -> str:
    name = world.bucket(region)
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}
    rule = {"ApplyServerSideEncryptionByDefault": encryption, "BucketKeyEnabled": True}
    world.client("s3", region).put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    return name


def release_file(path: str = "index.html") -> ReleaseFile:
    return ReleaseFile(
        path=path, increment="1" * 16, size_bytes=4, md5=BODY_MD5, content_type="text/html", cache_control="no-store"
    )


def content_bucket(world: GatewayWorld, name: str, region: str = PRIMARY) -> ContentBucket:
    return ContentBucket(world.client("s3", region), region=region, name=name)


class Calls:
    """Counts the operations of a client."""

    def __init__(self, client: Any) -> None:
        self.counted: Counter[str] = Counter()
        client.meta.events.register("before-call.s3", self._count)

    def _count(self, model: Any, **_: object) -> None:
        self.counted[model.name] += 1


def test_replica_has_its_primarys_id_and_a_policy_of_its_own(gateway_world: GatewayWorld) -> None:
    # KMS/APIReference/API_ReplicateKey.html
    primary = key(gateway_world)
    answer = replica(gateway_world, primary, Policy=policy(), Tags=[{"TagKey": "Project", "TagValue": "site"}])
    metadata = answer["ReplicaKeyMetadata"]
    assert metadata["KeyId"] == key_id(primary)
    assert metadata["Arn"] == primary.replace(PRIMARY, SECONDARY)
    assert metadata["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
    kms = gateway_world.client("kms", SECONDARY)
    assert json.loads(kms.get_key_policy(KeyId=metadata["Arn"], PolicyName="default")["Policy"]) == json.loads(policy())
    assert kms.list_resource_tags(KeyId=metadata["Arn"])["Tags"] == [{"TagKey": "Project", "TagValue": "site"}]
    assert key_state(gateway_world, primary, PRIMARY)["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"


def key_state(world: GatewayWorld, arn: str, region: str) -> Any:
    return world.client("kms", region).describe_key(KeyId=arn)["KeyMetadata"]


def test_replicate_key_rejects_a_single_region_key(gateway_world: GatewayWorld) -> None:
    # KMS/APIReference/API_ReplicateKey.html: UnsupportedOperationException
    refused("UnsupportedOperationException", lambda: replica(gateway_world, key(gateway_world, multi_region=False)))


def test_replicate_key_rejects_a_region_that_has_one(gateway_world: GatewayWorld) -> None:
    # KMS/APIReference/API_ReplicateKey.html: AlreadyExistsException
    primary = key(gateway_world)
    replica(gateway_world, primary)
    refused("AlreadyExistsException", lambda: replica(gateway_world, primary))


def test_primary_waits_for_its_replicas_before_it_is_deleted(gateway_world: GatewayWorld) -> None:
    # KMS/developerguide/multi-region-keys-delete.html
    primary = key(gateway_world)
    replica(gateway_world, primary)
    state = gateway_world.client("kms", PRIMARY).schedule_key_deletion(KeyId=key_id(primary))["KeyState"]
    assert state == "PendingReplicaDeletion"


def test_etag_under_a_key_is_not_the_md5(gateway_world: GatewayWorld) -> None:
    # S3/API/API_Object.html
    s3, bucket = gateway_world.client("s3", PRIMARY), encrypted_bucket(gateway_world, key(gateway_world))
    written = s3.put_object(Bucket=bucket, Key="a", Body=BODY)
    read = s3.head_object(Bucket=bucket, Key="a")
    assert written["ETag"] == read["ETag"] != f'"{BODY_MD5}"'
    assert read["ServerSideEncryption"] == "aws:kms"


@pytest.mark.parametrize("state", ["disabled", "pending deletion", "absent"])
def test_s3_rejects_writes_under_an_unusable_key(gateway_world: GatewayWorld, state: str) -> None:
    # S3/API/ErrorResponses.html
    kms, arn = gateway_world.client("kms", PRIMARY), key(gateway_world)
    bucket = encrypted_bucket(gateway_world, arn if state != "absent" else f"{arn[:-4]}0000")
    code = {"disabled": "KMS.DisabledException", "absent": "KMS.NotFoundException"}.get(
        state, "KMS.KMSInvalidStateException"
    )
    if state == "disabled":
        kms.disable_key(KeyId=key_id(arn))
    elif state != "absent":
        kms.schedule_key_deletion(KeyId=key_id(arn))
    refused(code, lambda: gateway_world.client("s3", PRIMARY).put_object(Bucket=bucket, Key="a", Body=BODY))


def edge_read(world: GatewayWorld, bucket: str, source_arn: str | None = DISTRIBUTION, *, plain: bool = False) -> int:
    headers = {
        "x-localcloud-origin": "data-plane",
        "Authorization": f"AWS4-HMAC-SHA256 Credential=l/20260101/{PRIMARY}/s3/aws4_request, SignedHeaders=host, Signature=0",
        **({"x-localcloud-source-arn": source_arn} if source_arn else {}),
        **({"x-localcloud-plain": "1"} if plain else {}),
    }
    return world.http("GET", f"/{bucket}/a", headers=headers)[0]


@pytest.mark.parametrize(
    ("source_arn", "plain", "expected"),
    [
        (DISTRIBUTION, False, 200),
        ("arn:aws:cloudfront::999999999999:distribution/E1", False, 403),
        (None, False, 403),
        # S3/API/API_CopyObject.html: requests for objects protected by KMS fail if they are not made over TLS
        (DISTRIBUTION, True, 400),
    ],
)
def test_key_policy_decides_what_cloudfront_reads(
    gateway_world: GatewayWorld, source_arn: str | None, plain: bool, expected: int
) -> None:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
    bucket = encrypted_bucket(gateway_world, key(gateway_world))
    gateway_world.client("s3", PRIMARY).put_object(Bucket=bucket, Key="a", Body=BODY)
    assert edge_read(gateway_world, bucket, source_arn, plain=plain) == expected


def test_disabled_key_answers_the_edge_with_400(gateway_world: GatewayWorld) -> None:
    # S3/API/ErrorResponses.html: KMS.DisabledException
    arn = key(gateway_world)
    bucket = encrypted_bucket(gateway_world, arn)
    gateway_world.client("s3", PRIMARY).put_object(Bucket=bucket, Key="a", Body=BODY)
    gateway_world.client("kms", PRIMARY).disable_key(KeyId=key_id(arn))
    assert edge_read(gateway_world, bucket) == 400


def replicating(world: GatewayWorld, source: str, destination: str, **changes: Any) -> None:
    rule: dict[str, Any] = {
        "ID": "releases",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{destination}", **changes.pop("settings", {})},
        **changes,
    }
    world.client("s3", PRIMARY).put_bucket_replication(
        Bucket=source, ReplicationConfiguration={"Role": "arn:aws:iam::123456789012:role/r", "Rules": [rule]}
    )


SELECTS_KMS = {"SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}}}


def pair(world: GatewayWorld) -> tuple[str, str, str]:
    primary = key(world)
    other = replica(world, primary, Policy=policy(FOR_CLOUDFRONT))["ReplicaKeyMetadata"]["Arn"]
    source, destination = encrypted_bucket(world, primary), encrypted_bucket(world, other, SECONDARY)
    for bucket, region in ((source, PRIMARY), (destination, SECONDARY)):
        world.client("s3", region).put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return source, destination, str(other)


def test_replica_is_under_the_rules_key_and_keeps_the_digest(gateway_world: GatewayWorld) -> None:
    # S3/userguide/replication-config-for-kms-objects.html
    source, destination, other = pair(gateway_world)
    settings = {"EncryptionConfiguration": {"ReplicaKmsKeyID": other}}
    replicating(gateway_world, source, destination, settings=settings, **SELECTS_KMS)
    file = release_file()
    content_bucket(gateway_world, source).put_file(file, BODY)
    assert gateway_world.gateway.application.s3.replicator.wait_until_idle(10)
    copied = gateway_world.client("s3", SECONDARY).head_object(Bucket=destination, Key=file.key)
    assert copied["SSEKMSKeyId"] == other
    assert content_bucket(gateway_world, destination, SECONDARY).missing_files([file]) == []


def test_rule_that_does_not_select_them_leaves_objects_under_a_key_out(gateway_world: GatewayWorld) -> None:
    # S3/userguide/replication-config-for-kms-objects.html
    source, destination, _ = pair(gateway_world)
    replicating(gateway_world, source, destination)
    content_bucket(gateway_world, source).put_file(release_file(), BODY)
    assert gateway_world.gateway.application.s3.replicator.wait_until_idle(10)
    assert "Contents" not in gateway_world.client("s3", SECONDARY).list_objects_v2(Bucket=destination)


def test_replication_rejects_selection_without_a_replica_key(gateway_world: GatewayWorld) -> None:
    # S3/API/API_Destination.html: EncryptionConfiguration is required with SourceSelectionCriteria
    source, destination, _ = pair(gateway_world)
    refused("InvalidRequest", lambda: replicating(gateway_world, source, destination, **SELECTS_KMS))


FIFTEEN = {"Status": "Enabled", "Time": {"Minutes": 15}}


@pytest.mark.parametrize(
    "settings",
    [
        {"ReplicationTime": FIFTEEN},
        {"ReplicationTime": FIFTEEN, "Metrics": {"Status": "Enabled"}},
        {
            "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 5}},
            "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 5}},
        },
    ],
)
def test_replication_rejects_time_control_that_s3_does_not_know(
    gateway_world: GatewayWorld, settings: dict[str, Any]
) -> None:
    # S3/API/API_ReplicationTime.html and API_Metrics.html
    source, destination, _ = pair(gateway_world)
    refused("InvalidRequest", lambda: replicating(gateway_world, source, destination, settings=settings))


def test_publisher_finds_its_files_under_a_key(gateway_world: GatewayWorld) -> None:
    bucket = content_bucket(gateway_world, encrypted_bucket(gateway_world, key(gateway_world)))
    here, damaged, absent = release_file("here"), release_file("damaged"), release_file("absent")
    assert bucket.put_file(here, BODY) == here.md5
    bucket.client.put_object(Bucket=bucket.name, Key=damaged.key, Body=b"egap")
    assert bucket.missing_files([here, damaged, absent]) == [damaged, absent]


def test_publisher_asks_once_for_what_the_listing_does_not_tell(gateway_world: GatewayWorld) -> None:
    bucket = content_bucket(gateway_world, encrypted_bucket(gateway_world, key(gateway_world)))
    bucket.put_file(release_file(), BODY)
    calls = Calls(bucket.client)
    for _ in range(2):
        bucket.missing_files([release_file(), release_file("absent")])
    assert calls.counted == {"ListObjectsV2": 2, "HeadObject": 1}


def test_publisher_only_lists_without_a_key(gateway_world: GatewayWorld) -> None:
    bucket = content_bucket(gateway_world, gateway_world.bucket(PRIMARY))
    bucket.put_file(release_file(), BODY)
    calls = Calls(bucket.client)
    assert bucket.missing_files([release_file(), release_file("absent")]) == [release_file("absent")]
    assert calls.counted == {"ListObjectsV2": 1}


def test_publisher_reads_what_somebody_else_encrypted(gateway_world: GatewayWorld) -> None:
    bucket = content_bucket(gateway_world, encrypted_bucket(gateway_world, key(gateway_world)))
    bucket.client.put_object(Bucket=bucket.name, Key=release_file().key, Body=BODY)
    assert bucket.missing_files([release_file()]) == []
