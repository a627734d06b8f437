"""What the bench serves: a bucket, distributions in front of it, with and without our router function, and a hosted zone."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from constructs_lib import naming
from constructs_lib.edge.router_source import render
from tools.bench.localcloud.running import Running

REGION, OTHER = "eu-central-1", "us-east-1"
BUCKET = "bench-content"
ZONE = "bench.test"
CACHED_PATH, RELEASED_PATH = "/plain.txt", "/page.txt"
_BODY = b"x" * 2048
_CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html"""

_LIMIT_SECONDS = 60.0


class EdgeSite:
    """One bucket, and what leads to it.

    Attributes:
        plain: the distribution without a function, as CreateDistribution answers.
        routed: the one with our router function.
    """

    def __init__(self, localcloud: Running) -> None:
        self._localcloud = localcloud
        s3 = localcloud.client("s3", REGION)
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        for key in (CACHED_PATH[1:], f"releases/b1{RELEASED_PATH}"):
            s3.put_object(
                Bucket=BUCKET, Key=key, Body=_BODY, ContentType="text/plain", CacheControl="public, max-age=31536000"
            )
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{BUCKET}/*",
        }
        s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        self._cloudfront = localcloud.client("cloudfront")
        control = {
            "Name": "bench",
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
        answer = self._cloudfront.create_origin_access_control(OriginAccessControlConfig=control)
        self._control_id = answer["OriginAccessControl"]["Id"]
        self.plain = self.create_distribution("plain")
        self.routed = self.create_distribution("routed", function_arn=self._publish_router())

    def create_distribution(self, reference: str, *, function_arn: str | None = None) -> dict[str, Any]:
        """Makes a distribution of the bucket and returns it."""
        functions = {"Quantity": 1, "Items": [{"EventType": "viewer-request", "FunctionARN": function_arn}]}
        origins = [self._origin(naming.origin_id(REGION)), self._origin(naming.origin_id(OTHER))]
        config = {
            "CallerReference": reference,
            "Comment": "bench",
            "Enabled": True,
            "Origins": {"Quantity": len(origins), "Items": origins},
            "DefaultCacheBehavior": {
                "TargetOriginId": naming.origin_id(REGION),
                "ViewerProtocolPolicy": "https-only",
                "CachePolicyId": _CACHING_OPTIMIZED,
                **({} if function_arn is None else {"FunctionAssociations": functions}),
            },
        }
        made: dict[str, Any] = self._cloudfront.create_distribution(DistributionConfig=config)["Distribution"]
        return made

    def _origin(self, id_: str) -> dict[str, Any]:
        return {
            "Id": id_,
            "DomainName": f"{BUCKET}.s3.{REGION}.amazonaws.com",
            "OriginAccessControlId": self._control_id,
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        }

    def _publish_router(self) -> str:
        arn: str = self._cloudfront.create_key_value_store(Name="bench-routing")["KeyValueStore"]["ARN"]
        values = self._localcloud.client("cloudfront-keyvaluestore")
        etag = values.describe_key_value_store(KvsARN=arn)["ETag"]
        routing = {"active": {"id": "r1", "base": "b1"}, "drained_regions": []}
        values.put_key(KvsARN=arn, Key="routing", Value=json.dumps(routing), IfMatch=etag)
        config = {
            "Comment": "router",
            "Runtime": "cloudfront-js-2.0",
            "KeyValueStoreAssociations": {"Quantity": 1, "Items": [{"KeyValueStoreARN": arn}]},
        }
        made = self._cloudfront.create_function(
            Name="bench-router", FunctionConfig=config, FunctionCode=render(own=REGION, other=OTHER).encode()
        )
        published = self._cloudfront.publish_function(Name="bench-router", IfMatch=made["ETag"])
        function_arn: str = published["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
        return function_arn


def wait_until(claim: Callable[[], bool], *, pause_seconds: float = 0.02) -> float:
    """Waits until a claim holds and returns how long that took.

    Raises:
        TimeoutError: it does not within a minute.
    """
    began = time.monotonic()
    while not claim():
        if time.monotonic() - began > _LIMIT_SECONDS:
            raise TimeoutError("what the bench waits for never came true")
        time.sleep(pause_seconds)
    return time.monotonic() - began
