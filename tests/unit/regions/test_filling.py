"""A new region's bucket: filled with every release from the regions that stay, and compared."""

from collections.abc import Iterator
from typing import Any

import pytest

from scripts.errors import UnsafePlanError
from scripts.regions.filling import Source, fill, read_source
from scripts.release.bucket import ContentBucket
from scripts.release.pointers import read_pointer
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld, _bucket, clients_on_moto
from tests.worlds.release_world import world as world

NEW = "eu-west-1"


@pytest.fixture(scope="module")
def clients() -> Iterator[dict[str, Any]]:
    with clients_on_moto(PRIMARY, SECONDARY, NEW) as found:
        yield found


@pytest.fixture(scope="module")
def aws(clients: dict[str, Any]) -> dict[str, Any]:
    return {region: clients[region] for region in (PRIMARY, SECONDARY)}


@pytest.fixture
def bucket(clients: dict[str, Any]) -> ContentBucket:
    return _bucket(clients[NEW], NEW)


def source_of(world: ReleaseWorld, *regions: str) -> Source:
    buckets = {region: world.site.buckets[region] for region in regions or (SECONDARY,)}
    return read_source(buckets, world.site.routing.read().routing)


@pytest.mark.parametrize("is_etag_md5", [True, False], ids=["by S3", "through this machine"])
def test_every_release_is_copied_and_compared_while_the_old_region_is_dead(
    world: ReleaseWorld, bucket: ContentBucket, is_etag_md5: bool
) -> None:
    world.publish("one")
    world.publish("two")
    world.kill(PRIMARY)
    source = source_of(world)
    filled = fill(bucket, source, world.site.routing, is_etag_md5=is_etag_md5)
    assert {stored.key for stored in bucket.objects("releases/")} == world.keys(SECONDARY, "releases/")
    assert (filled.copied, filled.verified, filled.incomplete) == (source.files, source.files, ())
    assert len(source.manifests) == 2


def test_copy_has_headers_and_metadata_of_what_was_published(world: ReleaseWorld, bucket: ContentBucket) -> None:
    manifest = world.publish()
    fill(bucket, source_of(world), world.site.routing)
    there, here = (
        each.client.head_object(Bucket=each.name, Key=f"{manifest.prefix}index.html")
        for each in (world.site.buckets[SECONDARY], bucket)
    )
    assert (here["ContentType"], here["CacheControl"]) == (there["ContentType"], there["CacheControl"])
    assert (here["Metadata"], here["ETag"]) == (there["Metadata"], there["ETag"])


def test_endpoint_of_the_new_region_serves_the_active_release(world: ReleaseWorld, bucket: ContentBucket) -> None:
    manifest = world.publish()
    fill(bucket, source_of(world), world.site.routing)
    pointer = read_pointer(bucket.client, bucket.name)
    assert pointer is not None
    assert pointer.release_id == manifest.release_id
    assert bucket.not_found_page_digest() is not None


def test_active_release_is_copied_first(world: ReleaseWorld) -> None:
    world.publish("one")
    active = world.publish("two")
    assert source_of(world).manifests[0].release_id == active.release_id


def test_second_fill_copies_what_was_published_meanwhile_alone(world: ReleaseWorld, bucket: ContentBucket) -> None:
    world.publish("one")
    first = fill(bucket, source_of(world), world.site.routing)
    world.publish("two")
    again = fill(bucket, source_of(world), world.site.routing)
    assert again.copied == again.verified - first.verified > 0
    assert fill(bucket, source_of(world), world.site.routing).copied == 0


def test_damaged_copy_is_found_and_replaced(world: ReleaseWorld, bucket: ContentBucket) -> None:
    manifest = world.publish()
    fill(bucket, source_of(world), world.site.routing)
    bucket.client.put_object(Bucket=bucket.name, Key=f"{manifest.prefix}index.html", Body=b"broken")
    assert fill(bucket, source_of(world), world.site.routing).copied == 1


def test_nothing_is_begun_when_no_region_that_stays_answers(world: ReleaseWorld) -> None:
    world.publish()
    world.kill(SECONDARY)
    with pytest.raises(UnsafePlanError, match=f"S3 in {SECONDARY} does not answer.*nothing was changed"):
        source_of(world)


def test_release_that_viewers_get_and_no_region_holds_whole_stops_it(
    world: ReleaseWorld, bucket: ContentBucket
) -> None:
    manifest = world.publish()
    world.delete(SECONDARY, f"{manifest.prefix}index.html")
    with pytest.raises(UnsafePlanError, match="publish it again with failover sync-content FOLDER --force --apply"):
        fill(bucket, source_of(world), world.site.routing)


def test_old_release_that_no_region_holds_whole_is_named_and_the_others_are_copied(
    world: ReleaseWorld, bucket: ContentBucket
) -> None:
    first = world.publish("one")
    world.publish("two")
    world.publish("three")
    world.delete(SECONDARY, f"releases/{first.release_id}/index.html")
    assert fill(bucket, source_of(world), world.site.routing).incomplete == (first.release_id,)


def test_site_without_a_release_needs_nothing(world: ReleaseWorld, bucket: ContentBucket) -> None:
    assert fill(bucket, source_of(world), world.site.routing).verified == 0
