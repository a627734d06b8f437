"""What PutBucketLogging accepts and refuses.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
"""

import json

import pytest

from tests.worlds.gateway_world import GatewayWorld, refused

REGION = "eu-central-1"


def log_bucket(world: GatewayWorld, source: str, region: str = REGION) -> str:
    """A log bucket that lets S3 write about `source`."""
    name = world.bucket(region)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/s3/*",
        "Condition": {
            "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{source}"},
            "StringEquals": {"aws:SourceAccount": "123456789012"},
        },
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    world.client("s3", region).put_bucket_policy(Bucket=name, Policy=document)
    return name


def log_to(world: GatewayWorld, source: str, target: str, prefix: str = "s3/") -> None:
    world.client("s3", REGION).put_bucket_logging(
        Bucket=source, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": prefix}}
    )


def test_logging_is_kept_as_it_was_put(gateway_world: GatewayWorld) -> None:
    source = gateway_world.bucket(REGION)
    s3 = gateway_world.client("s3", REGION)
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=source)
    target = log_bucket(gateway_world, source)
    log_to(gateway_world, source, target)
    assert s3.get_bucket_logging(Bucket=source)["LoggingEnabled"] == {"TargetBucket": target, "TargetPrefix": "s3/"}


def test_logging_takes_a_bucket_whose_acl_lets_the_log_delivery_group_write(gateway_world: GatewayWorld) -> None:
    source, target = gateway_world.bucket(REGION), gateway_world.bucket(REGION)
    s3 = gateway_world.client("s3", REGION)
    refused("InvalidTargetBucketForLogging", lambda: log_to(gateway_world, source, target))
    s3.put_bucket_ownership_controls(
        Bucket=target, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    s3.put_bucket_acl(Bucket=target, ACL="log-delivery-write")
    log_to(gateway_world, source, target)
    assert s3.get_bucket_logging(Bucket=source)["LoggingEnabled"]["TargetBucket"] == target


@pytest.mark.parametrize("why", ["absent", "of another bucket", "outside its prefix"])
def test_logging_rejects_a_bucket_that_s3_may_not_write_to(gateway_world: GatewayWorld, why: str) -> None:
    source = gateway_world.bucket(REGION)
    target = (
        "no-such-bucket"
        if why == "absent"
        else log_bucket(gateway_world, f"{source}-other" if "another" in why else source)
    )
    prefix = "elsewhere/" if why == "outside its prefix" else "s3/"
    refused("InvalidTargetBucketForLogging", lambda: log_to(gateway_world, source, target, prefix))


def test_logging_rejects_a_bucket_in_another_region(gateway_world: GatewayWorld) -> None:
    source = gateway_world.bucket(REGION)
    target = log_bucket(gateway_world, source, "us-east-1")
    refused("CrossLocationLoggingProhibited", lambda: log_to(gateway_world, source, target))
