"""Objects of the active release that somebody deleted: found before a publish, and put back from versions or from the folder."""

from pathlib import Path

import pytest

from scripts.errors import UnsafePlanError
from scripts.release.folder import read_folder
from scripts.release.held_sample import SAMPLE_FILES, held_sample
from scripts.release.manifest import Manifest
from scripts.release.parity import check_parity, plan_repair, repair
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world

REGIONS = (PRIMARY, SECONDARY)


@pytest.fixture
def published(world: ReleaseWorld) -> Manifest:
    """A release of 42 files in versioned buckets, the second one on the increment of the first."""
    for bucket in world.site.buckets.values():
        bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    for number in range(39):
        (world.folder / f"{number:02}.txt").write_text(str(number), encoding="utf-8")
    world.publish("one")
    found = world.site.buckets[PRIMARY].read_manifest(world.publish("two").release_id)
    assert found is not None
    assert found.base is not None
    return found


def lose(world: ReleaseWorld, manifest: Manifest, *regions: str) -> None:
    """As `aws s3 rm --recursive` of a part; delete markers of one region may be replicated into the other."""
    for region in regions:
        world.site.buckets[region].delete_objects([file.key for file in manifest.files if file.path.endswith(".txt")])


def is_whole(world: ReleaseWorld, manifest: Manifest) -> bool:
    return all(bucket.missing_files(manifest.held_files) == [] for bucket in world.site.buckets.values())


@pytest.mark.parametrize("regions", [REGIONS, (PRIMARY,), (SECONDARY,)])
def test_repair_restores_from_versions_what_no_region_holds(
    world: ReleaseWorld, published: Manifest, regions: tuple[str, ...]
) -> None:
    lose(world, published, *regions)
    routing = world.site.routing.read().routing
    parity = check_parity(world.site.buckets.values(), published, routing)
    plan = plan_repair(parity, routing, world.site.buckets)
    assert (len(plan.restores), len(plan.lost)) == (39 if regions == REGIONS else 0, 0)
    assert repair(plan, world.site.buckets, store=world.site.routing).is_reached
    assert is_whole(world, published)
    bucket = world.site.buckets[SECONDARY]
    found = bucket.client.head_object(Bucket=bucket.name, Key=published.files[0].key)
    assert (found["ContentType"], found["CacheControl"]) == (
        published.files[0].content_type,
        published.files[0].cache_control,
    )


def test_version_with_another_content_is_not_restored(world: ReleaseWorld, published: Manifest) -> None:
    file = published.files[0]
    world.put(PRIMARY, file.key, b"y" * file.size_bytes)
    assert world.site.buckets[PRIMARY].restorable_version(file) is not None  # the one before
    versions = world.site.buckets[PRIMARY].client.list_object_versions(
        Bucket=world.site.buckets[PRIMARY].name, Prefix=file.key
    )["Versions"]
    (old,) = [each for each in versions if each["ETag"].strip('"') == file.md5]
    client = world.site.buckets[PRIMARY].client
    client.delete_object(Bucket=world.site.buckets[PRIMARY].name, Key=file.key, VersionId=old["VersionId"])
    assert world.site.buckets[PRIMARY].restorable_version(file) is None


def test_publish_of_the_active_release_compares_objects_when_it_is_forced(
    world: ReleaseWorld, published: Manifest
) -> None:
    lose(world, published, SECONDARY)
    built = read_folder(world.folder)
    assert world.publisher.plan(built).is_empty  # a plan believes manifests
    plan = world.publisher.plan(built, force=True)
    assert {region: len(files) for region, files in plan.uploads.items()} == {PRIMARY: 0, SECONDARY: 39}
    world.publisher.apply(plan, world.folder)
    assert is_whole(world, published)
    assert world.publisher.plan(built, force=True).is_empty


def test_small_change_after_a_loss_is_not_switched_to(world: ReleaseWorld, published: Manifest) -> None:
    lose(world, published, *REGIONS)
    before = world.routing
    with pytest.raises(UnsafePlanError, match=r"lacks files that its manifest names .* verify --repair --apply"):
        world.publish("three")
    assert world.routing == before
    manifest = world.write("three")
    world.publisher.apply(world.publisher.plan(manifest, force=True), world.folder)
    (active,) = {world.routing["active"]["id"]}
    found = world.site.buckets[PRIMARY].read_manifest(active)
    assert found is not None
    assert all(bucket.missing_files(found.files) == [] for bucket in world.site.buckets.values())


def test_sample_is_even_and_leaves_out_what_is_sent(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"{number:02}.txt").write_text("x", encoding="utf-8")
    (tmp_path / "index.html").write_text("x", encoding="utf-8")
    manifest = read_folder(tmp_path)
    sent = {manifest.files[0].key}
    sample = held_sample(manifest, sent)
    assert [file.path for file in sample] == [f"{number:02}.txt" for number in range(1, 100, 13)]
    assert len(sample) <= SAMPLE_FILES
    assert held_sample(manifest, {file.key for file in manifest.files}) == []
