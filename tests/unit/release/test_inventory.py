"""The list of releases and the overview of the website, with all regions up and with one down."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from scripts.errors import RegionUnavailableError
from scripts.release.bucket import ContentBucket, StoredObject
from scripts.release.inventory import ReleaseSummary, take_inventory
from scripts.release.manifest import MANIFESTS_PREFIX, manifest_key
from scripts.release.overview import take_overview
from scripts.release.prune import plan_prune
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world


def inventory(world: ReleaseWorld) -> dict[str, ReleaseSummary]:
    return {each.release_id: each for each in take_inventory(world.site).releases}


def test_inventory_of_an_empty_website_is_empty(world: ReleaseWorld) -> None:
    assert take_inventory(world.site).releases == ()


def test_inventory_marks_the_active_and_the_previous_release(world: ReleaseWorld) -> None:
    first, second = world.publish("one"), world.publish("two")
    found = inventory(world)
    assert (found[second.release_id].is_active, found[first.release_id].is_previous) == (True, True)
    assert not any(each.is_incomplete for each in found.values())


def test_inventory_counts_files_and_bytes_by_the_manifest(world: ReleaseWorld) -> None:
    manifest = world.publish()
    found = inventory(world)[manifest.release_id]
    assert (found.files, found.size_bytes) == (len(manifest.files), manifest.size_bytes)


def test_release_age_is_that_of_its_manifest(world: ReleaseWorld) -> None:
    manifest = world.publish()
    bucket = world.site.buckets[PRIMARY]
    head = bucket.client.head_object(Bucket=bucket.name, Key=manifest_key(manifest.release_id))
    published_at = inventory(world)[manifest.release_id].published_at
    assert published_at is not None
    assert abs((published_at - head["LastModified"]).total_seconds()) < 2


def test_release_that_a_region_lacks_part_of_is_incomplete(world: ReleaseWorld) -> None:
    manifest = world.publish()
    world.delete(SECONDARY, f"{manifest.prefix}logo.svg")
    found = inventory(world)[manifest.release_id]
    assert found.is_incomplete
    assert found.is_active


def test_release_without_a_manifest_is_incomplete_and_has_no_age(world: ReleaseWorld) -> None:
    world.damage(PRIMARY, "releases/unfinished/index.html")
    found = inventory(world)["unfinished"]
    assert (found.is_incomplete, found.published_at, found.files) == (True, None, None)


def test_release_whose_base_increment_has_no_manifest_is_listed_as_incomplete(world: ReleaseWorld) -> None:
    """An interrupted prune leaves one."""
    (world.folder / "404.html").write_text("the same in both", encoding="utf-8")
    base, second = world.publish("one"), world.publish("two")
    for bucket in world.site.buckets.values():
        bucket.delete_objects([manifest_key(base.release_id)])
    found = inventory(world)[second.release_id]
    assert (found.is_incomplete, found.is_active, found.files) == (True, True, None)


def test_pruned_release_whose_files_others_use_is_not_incomplete(world: ReleaseWorld) -> None:
    (world.folder / "app.0123456789abcdef.css").write_text("asked for by open pages")
    first = world.publish("one")
    (world.folder / "app.0123456789abcdef.css").unlink()
    world.publish("two")
    world.publish("three")
    world.prune(plan_prune(world.site, keep=1, grace=timedelta(0), now=datetime.now(UTC)))
    found = inventory(world)[first.release_id]
    assert (found.published_at, found.is_increment, found.is_incomplete) == (None, True, False)


def test_active_release_of_which_nothing_is_left_is_listed(world: ReleaseWorld) -> None:
    manifest = world.publish()
    for bucket in world.site.buckets.values():
        bucket.delete_objects(sorted(world.keys(bucket.region)))
    assert inventory(world)[manifest.release_id].is_incomplete


def test_increment_that_releases_share_is_listed_once(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    (world.folder / "404.html").write_text("the same in all", encoding="utf-8")
    base, *others = [world.publish(text) for text in ("one", "two", "three")]
    assert all(f"{other.prefix}404.html" not in world.keys(PRIMARY) for other in others)
    listed = []
    for bucket in world.site.buckets.values():

        def list_and_note(prefix: str, bucket: ContentBucket = bucket) -> Iterator[StoredObject]:
            listed.append((bucket.region, prefix))
            return ContentBucket.objects(bucket, prefix)

        monkeypatch.setattr(bucket, "objects", list_and_note)
    assert len(take_inventory(world.site).releases) == 3
    assert (PRIMARY, base.prefix) in listed
    assert len(listed) == len(set(listed))


def test_releases_on_one_increment_are_told_apart(world: ReleaseWorld) -> None:
    (world.folder / "404.html").write_text("the same in all", encoding="utf-8")
    base, second = world.publish("one"), world.publish("two")
    world.delete(SECONDARY, f"{second.prefix}index.html")
    found = inventory(world)
    assert (found[base.release_id].is_incomplete, found[second.release_id].is_incomplete) == (False, True)
    assert [file.path for file in found[second.release_id].regions[SECONDARY].missing] == ["index.html"]


def test_folder_that_the_console_made_is_no_release(world: ReleaseWorld) -> None:
    manifest = world.publish()
    world.put(PRIMARY, MANIFESTS_PREFIX)
    found = take_inventory(world.site)
    assert ([each.release_id for each in found.releases], found.strays) == ([manifest.release_id], {})


@pytest.mark.parametrize("name", ["notes.txt", "backup/0123456789abcdef.json", "0123456789abcdef.json.bak", "x.json"])
def test_key_beside_the_manifests_that_is_none_is_told_by_name(world: ReleaseWorld, name: str) -> None:
    manifest = world.publish()
    world.put(SECONDARY, f"{MANIFESTS_PREFIX}{name}")
    found = take_inventory(world.site)
    assert [each.release_id for each in found.releases] == [manifest.release_id]
    assert found.strays == {SECONDARY: (f"{MANIFESTS_PREFIX}{name}",)}


def test_inventory_works_while_a_region_is_silent(world: ReleaseWorld) -> None:
    manifest = world.publish()
    world.kill(PRIMARY)
    found = inventory(world)[manifest.release_id]
    assert found.regions[PRIMARY].error is not None
    assert found.regions[SECONDARY].is_whole
    assert not found.is_incomplete


def test_inventory_is_refused_when_no_region_answers(world: ReleaseWorld) -> None:
    world.kill(PRIMARY)
    world.kill(SECONDARY)
    with pytest.raises(RegionUnavailableError):
        take_inventory(world.site)


def test_overview_shows_routing_pointers_and_parity(world: ReleaseWorld) -> None:
    manifest = world.publish()
    overview = take_overview(world.site)
    assert overview.routing.release_id == manifest.release_id
    for region in (PRIMARY, SECONDARY):
        found = overview.regions[region]
        assert (found.answers, found.is_drained, found.pointer) == (True, False, manifest.release_id)
        assert found.parity is not None
        assert found.parity.is_whole


def test_overview_before_the_first_release_knows_no_parity(world: ReleaseWorld) -> None:
    assert {found.parity for found in take_overview(world.site).regions.values()} == {None}


def test_overview_works_while_a_region_is_silent(world: ReleaseWorld) -> None:
    world.publish()
    world.kill(PRIMARY)
    regions = take_overview(world.site).regions
    assert (regions[PRIMARY].answers, regions[PRIMARY].pointer) == (False, None)
    assert regions[SECONDARY].parity is not None


def test_overview_works_when_the_manifest_is_nowhere(world: ReleaseWorld) -> None:
    manifest = world.publish()
    for region in (PRIMARY, SECONDARY):
        world.delete(region, manifest_key(manifest.release_id))
    assert {found.parity for found in take_overview(world.site).regions.values()} == {None}
