"""Parity of the regions with a manifest, and the repair of one from the other."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scripts.errors import MissingOutputError, RegionUnavailableError, UnsafePlanError
from scripts.release.manifest import Manifest, manifest_key
from scripts.release.parity import Parity, RepairPlan, check_parity, find_manifest, plan_repair, repair
from scripts.release.pointers import read_pointer
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world


def parity_of(world: ReleaseWorld, manifest: Manifest) -> Parity:
    return check_parity(world.site.buckets.values(), manifest, world.site.routing.read().routing)


def plan_of(world: ReleaseWorld, manifest: Manifest) -> RepairPlan:
    return plan_repair(parity_of(world, manifest), world.site.routing.read().routing)


def test_published_release_is_in_parity(world: ReleaseWorld) -> None:
    assert parity_of(world, world.publish()).is_reached


@pytest.mark.parametrize("how", ["delete", "damage"])
def test_parity_names_the_file_that_is_absent_or_differs(world: ReleaseWorld, how: str) -> None:
    manifest = world.publish()
    getattr(world, how)(SECONDARY, f"{manifest.prefix}index.html")
    parity = parity_of(world, manifest)
    assert [file.path for file in parity.regions[SECONDARY].missing] == ["index.html"]
    assert parity.regions[PRIMARY].is_whole
    assert not parity.is_reached


def test_region_without_the_manifest_is_not_in_parity(world: ReleaseWorld) -> None:
    manifest = world.publish()
    world.delete(SECONDARY, manifest_key(manifest.release_id))
    assert not parity_of(world, manifest).regions[SECONDARY].is_whole


@pytest.mark.parametrize("key", ["control/active.json", "errors/404.html"])
def test_region_whose_control_object_is_old_is_not_in_parity(world: ReleaseWorld, key: str) -> None:
    manifest = world.publish()
    world.delete(SECONDARY, key)
    assert parity_of(world, manifest).regions[SECONDARY].outdated_keys == (key,)


def test_control_objects_do_not_count_for_a_release_that_is_not_active(world: ReleaseWorld) -> None:
    first = world.publish("one")
    world.publish("two")
    assert parity_of(world, first).is_reached


def test_silent_region_is_part_of_the_result(world: ReleaseWorld) -> None:
    manifest = world.publish()
    world.kill(SECONDARY)
    parity = parity_of(world, manifest)
    assert parity.regions[SECONDARY].error is not None
    assert not parity.is_reached


def test_repair_is_refused_while_a_region_is_silent(world: ReleaseWorld) -> None:
    manifest = world.publish()
    world.kill(SECONDARY)
    with pytest.raises(RegionUnavailableError, match=SECONDARY):
        plan_of(world, manifest)


@pytest.mark.parametrize(("source", "destination"), [(PRIMARY, SECONDARY), (SECONDARY, PRIMARY)])
def test_repair_copies_what_a_region_lacks_from_the_other(world: ReleaseWorld, source: str, destination: str) -> None:
    manifest = world.publish()
    world.delete(destination, f"{manifest.prefix}index.html")
    (copy,) = plan_of(world, manifest).copies
    assert (copy.source, copy.destination, copy.file.path) == (source, destination, "index.html")


def test_repair_of_everything_reaches_parity(world: ReleaseWorld) -> None:
    manifest = world.publish()
    world.site.buckets[SECONDARY].delete_objects(sorted(world.keys(SECONDARY)))
    assert repair(plan_of(world, manifest), world.site.buckets, store=world.site.routing).is_reached


def test_repair_heals_both_regions_from_each_other(world: ReleaseWorld) -> None:
    manifest = world.publish()
    world.delete(PRIMARY, f"{manifest.prefix}index.html")
    world.damage(SECONDARY, f"{manifest.prefix}logo.svg")
    assert repair(plan_of(world, manifest), world.site.buckets, store=world.site.routing).is_reached


def test_repair_keeps_headers_and_metadata(world: ReleaseWorld) -> None:
    manifest = world.publish()
    key = f"{manifest.prefix}index.html"
    world.delete(SECONDARY, key)
    repair(plan_of(world, manifest), world.site.buckets, store=world.site.routing)
    headers = []
    for bucket in world.site.buckets.values():
        found = bucket.client.head_object(Bucket=bucket.name, Key=key)
        headers.append({name: found.get(name) for name in ("ContentType", "CacheControl", "Metadata", "ETag")})
    assert headers[0] == headers[1]
    assert headers[1]["Metadata"] == {"release": manifest.release_id, "md5": str(headers[1]["ETag"]).strip('"')}
    assert "must-revalidate" in str(headers[1]["CacheControl"])


def test_repair_points_the_regional_endpoint(world: ReleaseWorld) -> None:
    manifest = world.publish()
    world.delete(SECONDARY, "control/active.json")
    repair(plan_of(world, manifest), world.site.buckets, store=world.site.routing)
    bucket = world.site.buckets[SECONDARY]
    pointer = read_pointer(bucket.client, bucket.name)
    assert pointer is not None and pointer.release_id == manifest.release_id


def test_plan_of_a_repair_changes_nothing(world: ReleaseWorld) -> None:
    manifest = world.publish()
    world.delete(SECONDARY, f"{manifest.prefix}index.html")
    before = world.keys(SECONDARY)
    plan_of(world, manifest)
    assert world.keys(SECONDARY) == before


def test_repair_rejects_a_file_that_no_region_holds(world: ReleaseWorld) -> None:
    manifest = world.publish()
    for region in (PRIMARY, SECONDARY):
        world.delete(region, f"{manifest.prefix}index.html")
    with pytest.raises(UnsafePlanError, match=r"no region holds 1 of 3 files .*index\.html"):
        repair(plan_of(world, manifest), world.site.buckets, store=world.site.routing)


def test_repair_rejects_a_source_that_is_damaged_meanwhile(world: ReleaseWorld) -> None:
    manifest = world.publish()
    key = f"{manifest.prefix}index.html"
    world.delete(SECONDARY, key)
    plan = plan_of(world, manifest)
    world.damage(PRIMARY, key)
    with pytest.raises(UnsafePlanError, match="not copied to us-east-1"):
        repair(plan, world.site.buckets, store=world.site.routing)
    assert key not in world.keys(SECONDARY)


def test_repair_writes_no_manifest_before_the_files_are_there(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = world.publish()
    world.site.buckets[SECONDARY].delete_objects(sorted(world.keys(SECONDARY)))
    monkeypatch.setattr(world.site.buckets[SECONDARY], "copy_file_from", lambda *_arguments: None)
    repair(plan_of(world, manifest), world.site.buckets, store=world.site.routing)
    assert world.keys(SECONDARY, "control/") == set()


def test_manifest_is_found_in_the_region_that_answers(world: ReleaseWorld) -> None:
    manifest = world.publish()
    world.kill(PRIMARY)
    assert find_manifest(world.site.buckets.values(), manifest.release_id) == manifest


def test_manifest_that_is_nowhere_is_refused(world: ReleaseWorld) -> None:
    with pytest.raises(MissingOutputError, match="release nope has no manifest"):
        find_manifest(world.site.buckets.values(), "nope")


def test_manifest_that_may_be_in_a_silent_region_is_not_called_absent(world: ReleaseWorld) -> None:
    world.kill(PRIMARY)
    with pytest.raises(RegionUnavailableError, match=PRIMARY):
        find_manifest(world.site.buckets.values(), "nope")


def test_manifests_that_differ_are_refused(world: ReleaseWorld) -> None:
    manifest = world.publish()
    other = replace(manifest, files=manifest.files[1:])
    world.site.buckets[SECONDARY].put_manifest(other.release_id, other.to_json())
    with pytest.raises(UnsafePlanError, match="differs between eu-central-1 and us-east-1"):
        find_manifest(world.site.buckets.values(), manifest.release_id)


@pytest.mark.parametrize("silent", [PRIMARY, SECONDARY])
def test_region_that_missed_a_rollback_is_repaired(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    """It has the release's manifest from its first publish, which keeps nothing for viewers of the later one."""
    first = world.publish("one")
    (world.folder / "app.0123abcd.js").write_text("1", encoding="utf-8")
    second = world.publish("two")
    world.kill(silent)
    world.switcher.rollback(world.switcher.plan_rollback(first.release_id))
    world.revive(silent)
    times = world.site.buckets[silent].manifest_times()
    an_hour_ago = {release_id: moment - timedelta(hours=1) for release_id, moment in times.items()}
    monkeypatch.setattr(world.site.buckets[silent], "manifest_times", lambda: an_hour_ago)
    found = find_manifest(world.site.buckets.values(), first.release_id)
    assert [each.file.path for each in found.retained] == ["app.0123abcd.js"]
    assert not parity_of(world, found).regions[silent].has_manifest
    assert repair(plan_of(world, found), world.site.buckets, store=world.site.routing).is_reached
    assert parity_of(world, find_manifest(world.site.buckets.values(), second.release_id)).is_reached


def test_unreadable_manifest_is_put_back_from_the_other_region(world: ReleaseWorld) -> None:
    manifest = world.publish()
    world.damage(PRIMARY, manifest_key(manifest.release_id))
    found = find_manifest(world.site.buckets.values(), manifest.release_id)
    assert not parity_of(world, found).regions[PRIMARY].has_manifest
    assert repair(plan_of(world, found), world.site.buckets, store=world.site.routing).is_reached
    assert world.site.buckets[PRIMARY].read_manifest(manifest.release_id) == found


def test_manifest_that_is_unreadable_everywhere_is_refused_until_it_is_deleted(world: ReleaseWorld) -> None:
    manifest = world.publish()
    for region in (PRIMARY, SECONDARY):
        world.damage(region, manifest_key(manifest.release_id))
    with pytest.raises(UnsafePlanError, match=r"is unreadable.* if none has, delete it, then publish again"):
        find_manifest(world.site.buckets.values(), manifest.release_id)
    for region in (PRIMARY, SECONDARY):
        world.delete(region, manifest_key(manifest.release_id))
    assert parity_of(world, world.publish()).is_reached
