"""The recovery point as S3 itself tells it: listings and replication status of two buckets at the gateway."""

import datetime as dt
from typing import Any

import pytest

from scripts.aws.clients import s3_client
from scripts.errors import AwsError
from scripts.release.bucket import ContentBucket
from scripts.release.recovery_point import RecoveryPoint, measure_recovery_point
from tests.worlds.gateway_world import GatewayWorld

PRIMARY, SECONDARY = "eu-central-1", "us-east-1"


@pytest.fixture(autouse=True)
def clients_at_the_gateway(gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", gateway_world.gateway.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


class Buckets:
    """Two buckets of the gateway, without replication."""

    def __init__(self, world: GatewayWorld) -> None:
        self.world = world
        self.names = {region: world.bucket(region) for region in (PRIMARY, SECONDARY)}

    def put(self, region: str, key: str) -> dt.datetime:
        s3: Any = self.world.client("s3", region)
        s3.put_object(Bucket=self.names[region], Key=key, Body=b"x")
        found: dt.datetime = s3.head_object(Bucket=self.names[region], Key=key)["LastModified"]
        return found

    def measure(self, now: dt.datetime, speed: float = 1.0) -> RecoveryPoint:
        primary, secondary = (
            ContentBucket(s3_client(region), region=region, name=name) for region, name in self.names.items()
        )
        return measure_recovery_point(primary, secondary, now=now, speed=speed)


@pytest.fixture
def buckets(gateway_world: GatewayWorld) -> Buckets:
    return Buckets(gateway_world)


def test_recovery_point_is_the_age_of_the_oldest_object_that_is_not_there(buckets: Buckets) -> None:
    now = buckets.put(PRIMARY, "releases/a/index.html") + dt.timedelta(seconds=30)
    buckets.put(PRIMARY, "releases/a/other.html")
    buckets.put(PRIMARY, "health/region.json")  # differs per region, and is never replicated
    found = buckets.measure(now)
    assert (found.seconds, found.missing, found.objects) == (30.0, 2, 2)
    assert (found.oldest_key, set(found.statuses)) == ("releases/a/index.html", {"none"})
    assert buckets.measure(now, speed=5).seconds == 150.0


def test_secondary_that_holds_everything_loses_nothing(buckets: Buckets) -> None:
    now = buckets.put(PRIMARY, "releases/a/index.html") + dt.timedelta(seconds=30)
    buckets.put(SECONDARY, "releases/a/index.html")
    assert buckets.measure(now).seconds == 0
    assert "holds all 1 objects" in str(buckets.measure(now))


def test_bucket_that_is_not_ours_is_an_error_that_names_it(buckets: Buckets) -> None:
    buckets.names[SECONDARY] = "nobody-has-this-bucket"
    with pytest.raises(AwsError, match="nobody-has-this-bucket"):
        buckets.measure(dt.datetime.now(dt.UTC))
