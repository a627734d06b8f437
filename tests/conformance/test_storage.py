"""S3: reads, conditions, storage classes, versions and replication."""

import json
from typing import Any

import pytest

from tests.conformance.cloud import Cloud, refused, unique
from tests.documented import documented, stated

PRIMARY, SECONDARY = "eu-central-1", "us-east-1"


@pytest.mark.parametrize(
    "storage_class",
    [
        stated(
            "S3API/API_GetObject",
            "A GLACIER object cannot be read before it is restored: 403 InvalidObjectState.",
            "GLACIER",
        ),
        stated("S3API/API_GetObject", "A DEEP_ARCHIVE object cannot be read before it is restored.", "DEEP_ARCHIVE"),
    ],
)
def test_archived_object_is_not_read(cloud: Cloud, storage_class: str) -> None:
    s3, bucket = cloud.aws("s3"), cloud.readable_bucket()
    s3.put_object(Bucket=bucket, Key="i", Body="x", StorageClass=storage_class)
    refused("InvalidObjectState", s3.get_object, Bucket=bucket, Key="i")
    assert cloud.get(cloud.distribution([cloud.origin(bucket)])["DomainName"], "/i").status == 403
    s3.restore_object(Bucket=bucket, Key="i", RestoreRequest={"Days": 1})
    cloud.until(lambda: 'ongoing-request="false"' in s3.head_object(Bucket=bucket, Key="i").get("Restore", ""))
    assert s3.get_object(Bucket=bucket, Key="i")["Body"].read() == b"x"


@pytest.mark.parametrize(
    "storage_class",
    [
        stated("S3/storage-class-intro", "A GLACIER_IR object is read at once.", "GLACIER_IR"),
        stated("S3/storage-class-intro", "A STANDARD_IA object is read at once.", "STANDARD_IA"),
    ],
)
def test_object_of_an_instant_class_is_read(cloud: Cloud, storage_class: str) -> None:
    s3, bucket = cloud.aws("s3"), cloud.bucket()
    s3.put_object(Bucket=bucket, Key="i", Body="x", StorageClass=storage_class)
    answer = s3.get_object(Bucket=bucket, Key="i")
    assert (answer["Body"].read(), answer["StorageClass"]) == (b"x", storage_class)


@documented("S3API/API_HeadObject", "HEAD of an archived object says its storage class.")
def test_head_of_an_archived_object(cloud: Cloud) -> None:
    s3, bucket = cloud.aws("s3"), cloud.bucket()
    s3.put_object(Bucket=bucket, Key="i", Body="x", StorageClass="GLACIER")
    assert s3.head_object(Bucket=bucket, Key="i")["StorageClass"] == "GLACIER"


def versioned(cloud: Cloud, region: str) -> str:
    bucket = cloud.bucket(region)
    settings = {"Status": "Enabled"}
    cloud.aws("s3", region).put_bucket_versioning(Bucket=bucket, VersioningConfiguration=settings)
    return bucket


def replicated(cloud: Cloud, *, status: str = "Enabled", markers: str = "Enabled") -> tuple[str, str]:
    """Makes a bucket whose objects are replicated to a second one."""
    source, destination = versioned(cloud, PRIMARY), versioned(cloud, SECONDARY)
    rule = {
        "ID": "all",
        "Priority": 1,
        "Status": status,
        "Filter": {},
        "DeleteMarkerReplication": {"Status": markers},
        "Destination": {"Bucket": f"arn:aws:s3:::{destination}"},
    }
    configuration = {"Role": "arn:aws:iam::123456789012:role/replication", "Rules": [rule]}
    cloud.aws("s3", PRIMARY).put_bucket_replication(Bucket=source, ReplicationConfiguration=configuration)
    return source, destination


def status_of(cloud: Cloud, bucket: str, region: str) -> str:
    return str(cloud.aws("s3", region).head_object(Bucket=bucket, Key="i").get("ReplicationStatus"))


def has(cloud: Cloud, bucket: str, key: str = "i") -> bool:
    found = cloud.aws("s3", SECONDARY).list_objects_v2(Bucket=bucket).get("Contents", [])
    return key in {each["Key"] for each in found}


@documented(
    "S3/replication-and-other-bucket-configs",
    "Versioning of a replication's source cannot be suspended: 409 InvalidBucketState.",
)
def test_source_stays_versioned(cloud: Cloud) -> None:
    source, _ = replicated(cloud)
    call = cloud.aws("s3", PRIMARY).put_bucket_versioning
    refused("InvalidBucketState", call, Bucket=source, VersioningConfiguration={"Status": "Suspended"})
    cloud.aws("s3", PRIMARY).delete_bucket_replication(Bucket=source)
    call(Bucket=source, VersioningConfiguration={"Status": "Suspended"})


@documented("S3/replication-status", "A replicated object is COMPLETED at its source and a REPLICA at its destination.")
def test_object_is_replicated(cloud: Cloud) -> None:
    source, destination = replicated(cloud)
    cloud.aws("s3", PRIMARY).put_object(Bucket=source, Key="i", Body="x", Metadata={"a": "1"})
    cloud.until(lambda: status_of(cloud, source, PRIMARY) == "COMPLETED")
    assert status_of(cloud, destination, SECONDARY) == "REPLICA"
    assert cloud.aws("s3", SECONDARY).head_object(Bucket=destination, Key="i")["Metadata"] == {"a": "1"}


@documented("S3/replication-status", "An object is PENDING until it is replicated.")
def test_object_is_pending_first(cloud: Cloud) -> None:
    source, _ = replicated(cloud)
    cloud.aws("s3", PRIMARY).put_object(Bucket=source, Key="i", Body="x")
    assert status_of(cloud, source, PRIMARY) == "PENDING"


@documented(
    "S3/replication-and-other-bucket-configs", "When the destination's versioning is suspended, replication fails."
)
def test_replication_to_a_suspended_destination_fails(cloud: Cloud) -> None:
    source, destination = replicated(cloud)
    settings = {"Status": "Suspended"}
    cloud.aws("s3", SECONDARY).put_bucket_versioning(Bucket=destination, VersioningConfiguration=settings)
    cloud.aws("s3", PRIMARY).put_object(Bucket=source, Key="i", Body="x")
    cloud.until(lambda: status_of(cloud, source, PRIMARY) == "FAILED")


@documented("S3/replication-what-is-isnot-replicated", "Objects from before the rule are not replicated.")
def test_objects_from_before_are_not_replicated(cloud: Cloud) -> None:
    source, destination = versioned(cloud, PRIMARY), versioned(cloud, SECONDARY)
    cloud.aws("s3", PRIMARY).put_object(Bucket=source, Key="old", Body="x")
    rule = {"Status": "Enabled", "Prefix": "", "Destination": {"Bucket": f"arn:aws:s3:::{destination}"}}
    configuration = {"Role": "arn:aws:iam::123456789012:role/replication", "Rules": [rule]}
    cloud.aws("s3", PRIMARY).put_bucket_replication(Bucket=source, ReplicationConfiguration=configuration)
    cloud.aws("s3", PRIMARY).put_object(Bucket=source, Key="i", Body="x")
    cloud.until(lambda: has(cloud, destination))
    assert not has(cloud, destination, "old")


@documented("S3/delete-marker-replication", "Delete markers are replicated where the rule says so.")
def test_delete_marker_is_replicated(cloud: Cloud) -> None:
    source, destination = replicated(cloud)
    cloud.aws("s3", PRIMARY).put_object(Bucket=source, Key="i", Body="x")
    cloud.until(lambda: has(cloud, destination))
    cloud.aws("s3", PRIMARY).delete_object(Bucket=source, Key="i")
    cloud.until(lambda: not has(cloud, destination))


@documented("S3/delete-marker-replication", "Delete markers are not replicated where the rule does not say so.")
def test_delete_marker_is_not_replicated(cloud: Cloud) -> None:
    source, destination = replicated(cloud, markers="Disabled")
    s3 = cloud.aws("s3", PRIMARY)
    for key in ("i", "last"):
        s3.put_object(Bucket=source, Key=key, Body="x")
    s3.delete_object(Bucket=source, Key="i")
    cloud.until(lambda: has(cloud, destination, "last"))
    cloud.sleep(10)
    assert has(cloud, destination)


@documented("S3/replication-what-is-isnot-replicated", "A disabled rule replicates nothing.")
def test_disabled_rule_replicates_nothing(cloud: Cloud) -> None:
    source, destination = replicated(cloud, status="Disabled")
    cloud.aws("s3", PRIMARY).put_object(Bucket=source, Key="i", Body="x")
    cloud.sleep(10)
    assert not has(cloud, destination)


@documented("S3/replication-requirements", "Replication needs versioning of the source.")
def test_replication_needs_versioning(cloud: Cloud) -> None:
    source, destination = cloud.bucket(PRIMARY), versioned(cloud, SECONDARY)
    rule = {"Status": "Enabled", "Prefix": "", "Destination": {"Bucket": f"arn:aws:s3:::{destination}"}}
    configuration = {"Role": "arn:aws:iam::123456789012:role/replication", "Rules": [rule]}
    call = cloud.aws("s3", PRIMARY).put_bucket_replication
    refused("InvalidRequest", call, Bucket=source, ReplicationConfiguration=configuration)


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        stated(
            "S3API/API_PutObject",
            "PutObject with If-None-Match * is refused where the object exists.",
            {"IfNoneMatch": "*"},
            "PreconditionFailed",
        ),
        stated(
            "S3API/API_PutObject",
            "PutObject with If-Match of another ETag is refused.",
            {"IfMatch": '"0"'},
            "PreconditionFailed",
        ),
    ],
)
def test_put_has_conditions(cloud: Cloud, condition: dict[str, str], code: str) -> None:
    bucket = cloud.bucket(i="x")
    refused(code, cloud.aws("s3").put_object, Bucket=bucket, Key="i", Body="y", **condition)


@documented("S3API/API_GetObject", "GetObject with If-Match of another ETag is refused with 412.")
def test_get_has_conditions(cloud: Cloud) -> None:
    bucket = cloud.bucket(i="x")
    refused("PreconditionFailed", cloud.aws("s3").get_object, Bucket=bucket, Key="i", IfMatch='"0"')


@documented("S3API/API_GetObject", "GetObject of an absent key is NoSuchKey.")
def test_absent_key_is_not_found(cloud: Cloud) -> None:
    refused("NoSuchKey", cloud.aws("s3").get_object, Bucket=cloud.bucket(), Key="nothing")


@documented("S3/versioning-workflows", "A deleted object of a versioned bucket can be read by its version.")
def test_deleted_object_is_read_by_its_version(cloud: Cloud) -> None:
    s3, bucket = cloud.aws("s3", PRIMARY), versioned(cloud, PRIMARY)
    version = s3.put_object(Bucket=bucket, Key="i", Body="x")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="i")
    refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="i")
    assert s3.get_object(Bucket=bucket, Key="i", VersionId=version)["Body"].read() == b"x"


@documented("S3API/API_PutBucketPolicy", "A bucket policy is JSON with statements: MalformedPolicy otherwise.")
def test_policy_must_be_one(cloud: Cloud) -> None:
    refused("MalformedPolicy", cloud.aws("s3").put_bucket_policy, Bucket=cloud.bucket(), Policy="{}")


@documented("S3/access-control-block-public-access", "BlockPublicPolicy refuses a policy for everybody.")
def test_public_policy_is_blocked(cloud: Cloud) -> None:
    s3, bucket = cloud.aws("s3"), cloud.bucket()
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicPolicy": True})
    arn = f"arn:aws:s3:::{bucket}/*"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": arn}
    policy: dict[str, Any] = {"Version": "2012-10-17", "Statement": [statement]}
    refused("AccessDenied", s3.put_bucket_policy, Bucket=bucket, Policy=json.dumps(policy))


@documented("S3API/API_CreateBucket", "A bucket that exists is not made again: BucketAlreadyOwnedByYou.")
def test_bucket_is_made_once(cloud: Cloud) -> None:
    bucket = cloud.bucket(PRIMARY)
    where = {"LocationConstraint": PRIMARY}
    call = cloud.aws("s3", PRIMARY).create_bucket
    refused("BucketAlreadyOwnedByYou", call, Bucket=bucket, CreateBucketConfiguration=where)


@documented("S3/bucketnamingrules", "A bucket's name has at least three characters.")
def test_bucket_rejects_a_short_name(cloud: Cloud) -> None:
    refused("InvalidBucketName", cloud.aws("s3").create_bucket, Bucket="ab")


@documented("S3/bucketnamingrules", "A bucket's name has at most 63 characters.")
def test_bucket_rejects_a_long_name(cloud: Cloud) -> None:
    refused("InvalidBucketName", cloud.aws("s3").create_bucket, Bucket="a" * 64)


@documented("S3API/API_DeleteBucket", "A bucket with objects is not deleted: BucketNotEmpty.")
def test_bucket_with_objects_is_not_deleted(cloud: Cloud) -> None:
    refused("BucketNotEmpty", cloud.aws("s3").delete_bucket, Bucket=cloud.bucket(i="x"))


@documented("S3API/API_PutObject", "A body that is not what Content-MD5 says is refused: BadDigest.")
def test_body_must_have_its_digest(cloud: Cloud) -> None:
    digest = "AAAAAAAAAAAAAAAAAAAAAA=="
    refused("BadDigest", cloud.aws("s3").put_object, Bucket=cloud.bucket(), Key="i", Body="x", ContentMD5=digest)


def test_buckets_have_names_of_their_own() -> None:
    assert unique("bucket") != unique("bucket")
