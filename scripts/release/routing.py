"""The switch: the routing key of the KeyValueStore, and the pointer objects that the regional endpoints read.

One conditional write of one key moves every edge from one release to another; nothing else is needed for the switch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from scripts.aws import translated

if TYPE_CHECKING:
    from mypy_boto3_cloudfront_keyvaluestore.client import CloudFrontKeyValueStoreClient
    from mypy_boto3_s3.client import S3Client

ROUTING_KEY = "routing"
POINTER_KEY = "control/active.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """What the router function reads.

    Attributes:
        release_id: the active release; None before the first publish.
        previous_release_id: the release before it, where `failover rollback` goes.
        drained_regions: regions whose bucket is asked last.
    """

    release_id: str | None = None
    previous_release_id: str | None = None
    drained_regions: tuple[str, ...] = field(default=())

    def switched_to(self, release_id: str) -> Routing:
        """Returns the routing with another active release; switching to the active one changes nothing."""
        if release_id == self.release_id:
            return self
        return Routing(release_id=release_id, previous_release_id=self.release_id, drained_regions=self.drained_regions)

    def draining(self, region: str) -> Routing:
        """Returns the routing with one more drained region."""
        return replace(self, drained_regions=tuple(sorted({*self.drained_regions, region})))

    def restoring(self, region: str) -> Routing:
        """Returns the routing without that drained region."""
        return replace(self, drained_regions=tuple(each for each in self.drained_regions if each != region))

    def to_json(self) -> str:
        """Returns the value of the key; at most 1 KB fits."""
        return json.dumps(
            {
                "release_id": self.release_id,
                "previous_release_id": self.previous_release_id,
                "drained_regions": list(self.drained_regions),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingVersion:
    """A routing together with the version of the store it was read at."""

    routing: Routing
    etag: str


class RoutingStore:
    """The routing key of one KeyValueStore."""

    def __init__(self, client: CloudFrontKeyValueStoreClient, arn: str) -> None:
        self._client = client
        self._arn = arn

    def read(self) -> RoutingVersion:
        """Returns the routing; an absent key is an empty routing."""
        with translated("DescribeKeyValueStore", self._arn):
            etag = self._client.describe_key_value_store(KvsARN=self._arn)["ETag"]
        with translated("GetKey", f"{self._arn} {ROUTING_KEY}"):
            try:
                value = self._client.get_key(KvsARN=self._arn, Key=ROUTING_KEY)["Value"]
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
                return RoutingVersion(routing=Routing(), etag=etag)
        document = json.loads(value)
        routing = Routing(
            release_id=document.get("release_id"),
            previous_release_id=document.get("previous_release_id"),
            drained_regions=tuple(document.get("drained_regions", ())),
        )
        return RoutingVersion(routing=routing, etag=etag)

    def write(self, routing: Routing, *, expected_etag: str) -> RoutingVersion:
        """Replaces the routing if the store has not changed since `expected_etag`; returns it with the new version.

        Raises:
            AwsError: ConflictException when somebody else wrote in between; nothing was changed then.
        """
        with translated("UpdateKeys", f"{self._arn} {ROUTING_KEY}"):
            answer = self._client.update_keys(
                KvsARN=self._arn, IfMatch=expected_etag, Puts=[{"Key": ROUTING_KEY, "Value": routing.to_json()}]
            )
        return RoutingVersion(routing=routing, etag=answer["ETag"])


def write_pointers(clients: Mapping[str, S3Client], buckets: Mapping[str, str], routing: Routing) -> None:
    """Tells the regional endpoint of every region which release is active."""
    body = json.dumps({"schema": 1, "release_id": routing.release_id}) + "\n"
    for region, bucket in buckets.items():
        with translated("PutObject", f"{bucket}/{POINTER_KEY}", region=region):
            clients[region].put_object(
                Bucket=bucket,
                Key=POINTER_KEY,
                Body=body.encode(),
                ContentType="application/json",
                CacheControl="no-store",
            )


def read_pointer(client: S3Client, bucket: str) -> str | None:
    """Returns the release that the regional endpoint of this bucket's region serves."""
    with translated("GetObject", f"{bucket}/{POINTER_KEY}", region=client.meta.region_name):
        try:
            body = client.get_object(Bucket=bucket, Key=POINTER_KEY)["Body"].read()
        except client.exceptions.NoSuchKey:
            return None
    release_id = json.loads(body).get("release_id")
    return None if release_id is None else str(release_id)
