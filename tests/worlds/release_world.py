"""A published website on moto for the tests of the release commands, with regions that can be switched off."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from scripts.release.bucket import ContentBucket
from scripts.release.deletion import prune
from scripts.release.folder import read_folder
from scripts.release.manifest import Manifest
from scripts.release.prune import PrunePlan
from scripts.release.publish import Publisher
from scripts.release.routing import RoutingStore, parse_routing
from scripts.release.switching import Switcher
from scripts.release.website import Website
from tests.worlds.fake_store import FakeKeyValueStore
from tests.worlds.manual_clock import ManualClock

PRIMARY, SECONDARY = "eu-central-1", "us-east-1"
PAGE = '<!doctype html><html lang="en"><head><meta name="release" content=""></head><body>{}</body></html>'


@contextmanager
def clients_on_moto(*regions: str) -> Iterator[dict[str, Any]]:
    """moto, started once, and region -> a client that is made once: both take longer than the tests."""
    with pytest.MonkeyPatch.context() as monkeypatch, mock_aws():
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield {region: boto3.client("s3", region_name=region) for region in regions}


@pytest.fixture(scope="module")
def aws() -> Iterator[dict[str, Any]]:
    with clients_on_moto(PRIMARY, SECONDARY) as clients:
        yield clients


@dataclass(kw_only=True)
class ReleaseWorld:
    """One website with two empty buckets, unversioned because that is one call less a test.

    Attributes:
        site: what the commands get.
        store: the fake behind its routing.
        folder: a built site; `publish` changes its index page.
        exits: server outside AWS -> where releases are published for it, as the edge stack's output has it.
    """

    site: Website
    store: FakeKeyValueStore
    folder: Path
    exits: dict[str, dict[str, str]] = field(default_factory=dict)
    _dead: dict[str, Callable[..., None]] = field(default_factory=dict)

    @property
    def publisher(self) -> Publisher:
        return Publisher(list(self.site.buckets.values()), self.site.routing)

    @property
    def switcher(self) -> Switcher:
        return Switcher(list(self.site.buckets.values()), self.site.routing)

    @property
    def routing(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self.store.values.get("routing", "{}")))

    @property
    def release_ids(self) -> tuple[str | None, str | None]:
        """Active and previous release."""
        routing = parse_routing(self.store.values.get("routing", "{}"))
        return routing.release_id, routing.previous_release_id

    def write(self, text: str) -> Manifest:
        """Change the built site; return the release that it would be."""
        (self.folder / "index.html").write_text(PAGE.format(text), encoding="utf-8")
        return read_folder(self.folder)

    def publish(self, text: str = "one", *, allow_degraded: bool = False) -> Manifest:
        manifest = self.write(text)
        self.publisher.apply(self.publisher.plan(manifest, allow_degraded=allow_degraded), self.folder)
        return manifest

    def prune(self, plan: PrunePlan, progress: Callable[[int], None] = lambda _count: None) -> None:
        """Carries a plan out; the pause before the deletion takes no time."""
        prune(self.site, plan, progress, clock=ManualClock())

    def keys(self, region: str, prefix: str = "") -> set[str]:
        return {stored.key for stored in self.site.buckets[region].objects(prefix)}

    def delete(self, region: str, key: str) -> None:
        self.site.buckets[region].delete_objects([key])

    def damage(self, region: str, key: str) -> None:
        self.put(region, key, b"broken")

    def put(self, region: str, key: str, body: bytes = b"") -> None:
        bucket = self.site.buckets[region]
        bucket.client.put_object(Bucket=bucket.name, Key=key, Body=body)

    def kill(self, region: str) -> None:
        """Let every call to a region's S3 fail as a dead endpoint does, without the client's retries."""

        if region in self._dead:
            return

        def refuse(**_arguments: object) -> None:
            raise EndpointConnectionError(endpoint_url=f"https://s3.{region}.amazonaws.com")

        self._dead[region] = refuse
        self.site.buckets[region].client.meta.events.register("before-call.s3", refuse)

    def revive(self, region: str) -> None:
        self.site.buckets[region].client.meta.events.unregister("before-call.s3", self._dead.pop(region))

    def revive_all(self) -> None:
        for region in tuple(self._dead):
            self.revive(region)


@pytest.fixture
def world(aws: dict[str, Any], tmp_path: Path) -> Iterator[ReleaseWorld]:
    """A website of this test's own."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "404.html").write_text(PAGE.format("nothing"), encoding="utf-8")
    (folder / "logo.svg").write_text("<svg/>", encoding="utf-8")
    store = FakeKeyValueStore()
    routing = RoutingStore(cast("Any", store), "arn:store")
    buckets = {region: _bucket(client, region) for region, client in aws.items()}
    made = ReleaseWorld(
        site=Website(hostname="www.example.test", buckets=buckets, routing=routing), store=store, folder=folder
    )
    yield made
    made.revive_all()


def _bucket(client: Any, region: str) -> ContentBucket:
    where: Any = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    name = f"content-{region}-{uuid.uuid4()}"
    client.create_bucket(Bucket=name, **where)
    return ContentBucket(client, region=region, name=name)
