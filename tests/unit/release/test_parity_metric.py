"""The last result of each region's parity check, as `failover status` shows it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError

from scripts.release.parity_metric import LastComparison, last_comparison
from tests.worlds.parity_check import Check
from tests.worlds.parity_check import check as check
from tests.worlds.parity_check import versioned as versioned
from tests.worlds.release_commands import Failover, document
from tests.worlds.release_commands import failover as failover
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world

HOSTNAME = "www.example.test"
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


class SilentCloudWatch:
    """Does not answer."""

    def get_metric_statistics(self, **_arguments: object) -> None:
        raise ConnectTimeoutError(endpoint_url="https://monitoring.eu-central-1.amazonaws.com")


def tell(client: Any, missing: int, age: timedelta, *, hostname: str = HOSTNAME, region: str = PRIMARY) -> None:
    dimensions = [{"Name": "Hostname", "Value": hostname}, {"Name": "Region", "Value": region}]
    data = {"MetricName": "MissingObjects", "Dimensions": dimensions, "Value": missing, "Timestamp": NOW - age}
    client.put_metric_data(Namespace="FailoverSite", MetricData=[data])


@pytest.fixture
def client(aws: dict[str, Any]) -> Any:  # noqa: ARG001  (starts moto)
    return boto3.client("cloudwatch", region_name=PRIMARY)


def asked(client: Any, hostname: str) -> LastComparison:
    return last_comparison(client, hostname=hostname, region=PRIMARY, now=NOW)


def test_last_result_counts_and_has_an_age(client: Any) -> None:
    for missing, minutes in ((7, 125), (3, 65), (0, 5)):
        tell(client, missing, timedelta(minutes=minutes), hostname="last")
    tell(client, 9, timedelta(minutes=1), hostname="another")
    assert asked(client, "last") == LastComparison(missing_objects=0, age_seconds=300)


def test_result_of_yesterday_is_none(client: Any) -> None:
    tell(client, 0, timedelta(hours=13), hostname="yesterday")
    assert asked(client, "yesterday") == LastComparison()


def test_what_the_function_publishes_is_found(
    check: Check, versioned: ReleaseWorld, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    versioned.publish()
    monkeypatch.setattr(check, "put_metric_data", client.put_metric_data)
    check.run()
    found = last_comparison(client, hostname=HOSTNAME, region=PRIMARY, now=datetime.now(UTC))
    assert found.missing_objects == 0
    assert found.age_seconds is not None and found.age_seconds < 120


def with_checks(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, make: Callable[[str], Any]) -> None:
    world.site = replace(world.site, parity_regions=(PRIMARY, SECONDARY))
    monkeypatch.setattr("scripts.commands.status.cloudwatch_client", make)


def test_status_has_no_column_of_parity_checks_without_the_feature(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    assert document(failover, "status")["regions"][PRIMARY]["parity_check"] is None
    assert "Parity check" not in failover("status")[1]


def test_status_shows_each_regions_last_result(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = {PRIMARY: [(0, 5)], SECONDARY: [(2, 30), (0, 90)]}

    class CloudWatch:
        def __init__(self, region: str) -> None:
            self.region = region

        def get_metric_statistics(self, *, EndTime: datetime, **_arguments: object) -> dict[str, Any]:  # noqa: N803
            now = EndTime - timedelta(minutes=1)
            found = points[self.region]
            return {"Datapoints": [{"Timestamp": now - timedelta(minutes=age), "Maximum": n} for n, age in found]}

    world.publish()
    with_checks(world, monkeypatch, CloudWatch)
    regions = document(failover, "status")["regions"]
    assert regions[PRIMARY]["parity_check"] == {"answers": True, "missing_objects": 0, "age_seconds": 300}
    output = failover("status")[1]
    assert ("whole, 0:05:00 ago" in output, "lacked 2 objects, 0:30:00 ago" in output) == (True, True)


def test_status_works_while_cloudwatch_of_a_region_is_silent(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish()
    with_checks(world, monkeypatch, lambda _region: SilentCloudWatch())
    code, output, _ = failover("status")
    assert (code, "unknown: CloudWatch says ConnectTimeoutError" in output) == (0, True)
    found = document(failover, "status")["regions"][PRIMARY]["parity_check"]
    assert found == {"answers": False, "missing_objects": None, "age_seconds": None}
