"""The parity check's function on a release world."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.worlds.release_world import PRIMARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world
from tests.worlds.shipped_function import load

SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event", "time": "2026-11-24T10:00:00Z"}


MINUTES_5 = 300_000


@dataclass
class Check:
    """The function of the primary region, and what it published."""

    module: ModuleType
    metrics: list[float] = field(default_factory=list)
    remaining_milliseconds: int = MINUTES_5

    def run(self, event: dict[str, Any] = SCHEDULED) -> dict[str, Any]:
        context = SimpleNamespace(get_remaining_time_in_millis=lambda: self.remaining_milliseconds)
        found: dict[str, Any] = self.module.handler(event, context)
        return found

    def run_and_find(self) -> dict[str, Any]:
        """Runs and returns what it found missing; fails when it found nothing."""
        with pytest.raises(self.module.ParityLost) as caught:
            self.run()
        found: dict[str, Any] = json.loads(str(caught.value))
        return found

    def put_metric_data(self, *, Namespace: str, MetricData: list[dict[str, Any]]) -> None:  # noqa: N803
        assert Namespace == "FailoverSite"
        (datum,) = MetricData
        names = {dimension["Name"]: dimension["Value"] for dimension in datum["Dimensions"]}
        assert (datum["MetricName"], names) == ("MissingObjects", {"Hostname": "www.example.test", "Region": PRIMARY})
        self.metrics.append(datum["Value"])


@pytest.fixture
def versioned(world: ReleaseWorld) -> ReleaseWorld:
    """The website in versioned buckets, as they are on AWS."""
    for bucket in world.site.buckets.values():
        bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    return world


@pytest.fixture
def check(versioned: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[Check]:
    names = {region: bucket.name for region, bucket in versioned.site.buckets.items()}
    environment = {
        "BUCKET": names.pop(PRIMARY),
        "REGION": PRIMARY,
        "OTHERS": json.dumps(names),
        "HOSTNAME": "www.example.test",
        "NAMESPACE": "FailoverSite",
    }
    made = Check(module=load(monkeypatch, "parity_check/handler.py", environment=environment))
    clients: dict[tuple[str, str], Any] = {
        ("s3", region): bucket.client for region, bucket in versioned.site.buckets.items()
    }
    clients["cloudwatch", PRIMARY] = made
    fake = SimpleNamespace(client=lambda service, region_name, **_: clients[service, region_name])
    monkeypatch.setattr(made.module, "boto3", fake)
    yield made


def event(moment: datetime) -> dict[str, Any]:
    return {"source": "aws.s3", "detail-type": "Object Deleted", "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}
