"""Pruning: which releases go, in which order their objects go, and what stops it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.errors import AwsError, RegionUnavailableError, UnsafePlanError
from scripts.release.manifest import Manifest, manifest_key
from scripts.release.pointers import write_pointer
from scripts.release.prune import PrunePlan, Reason, Removal, StoredRelease, choose, plan_prune, prune
from scripts.release.routing import served
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOES = (Reason.OLD, Reason.ORPHAN)
NO_GRACE = timedelta(0)


def release(release_id: str, age_seconds: int, *, has_manifest: bool = True) -> StoredRelease:
    changed_at = NOW - timedelta(seconds=age_seconds)
    return StoredRelease(release_id=release_id, changed_at=changed_at, has_manifest=has_manifest)


def plan_of(world: ReleaseWorld, *, keep: int = 1, grace: timedelta = NO_GRACE) -> PrunePlan:
    return plan_prune(world.site, keep=keep, grace=grace, now=datetime.now(UTC) + timedelta(seconds=5))


def publish_three(world: ReleaseWorld) -> Manifest:
    """Publish three releases; return the first, which is neither active nor previous then."""
    first = world.publish("one")
    world.publish("two")
    world.publish("three")
    return first


RELEASES = st.lists(
    st.builds(release, st.text("abcdef", min_size=1, max_size=4), st.integers(0, 500), has_manifest=st.booleans()),
    max_size=12,
    unique_by=lambda each: each.release_id,
)


@given(RELEASES, st.sets(st.text("abcdef", min_size=1, max_size=4)), st.integers(1, 6), st.integers(0, 400))
def test_choice_keeps_what_must_stay(
    releases: list[StoredRelease], served: set[str], keep: int, grace_seconds: int
) -> None:
    grace = timedelta(seconds=grace_seconds)
    chosen = choose(releases, served, keep=keep, grace=grace, now=NOW)
    gone = {each for each, reason in chosen.items() if reason in GOES}
    # Of two in one second the served one is the newer.
    whole = sorted(
        (each for each in releases if each.has_manifest),
        key=lambda each: (each.changed_at, each.release_id in served, each.release_id),
    )
    assert set(chosen) == {each.release_id for each in releases}
    assert not gone & served
    assert not gone & {each.release_id for each in whole[-keep:]}
    assert not gone & {each.release_id for each in releases if NOW - each.changed_at < grace}


@given(RELEASES, st.integers(1, 6), st.integers(0, 400))
def test_choice_removes_everything_else(releases: list[StoredRelease], keep: int, grace_seconds: int) -> None:
    chosen = choose(releases, (), keep=keep, grace=timedelta(seconds=grace_seconds), now=NOW)
    old = [each for each in releases if NOW - each.changed_at >= timedelta(seconds=grace_seconds)]
    newest_first = sorted(releases, key=lambda each: (each.changed_at, each.release_id), reverse=True)
    whole = [each for each in newest_first if each.has_manifest]
    replaced_long_ago = [each for each in whole if each in old][1:]
    assert {each for each, reason in chosen.items() if reason is Reason.OLD} == {
        each.release_id for each in replaced_long_ago if each not in whole[:keep]
    }
    assert {each for each, reason in chosen.items() if reason is Reason.ORPHAN} == {
        each.release_id for each in old if not each.has_manifest
    }


@pytest.mark.parametrize(
    ("keep", "grace_seconds", "gone"),
    [
        (1, 0, {"b", "c", "d"}),
        (2, 0, {"c", "d"}),
        (9, 0, set()),
        (1, 25, {"d"}),  # a and b are younger, c was live until b came
        (1, 1000, set()),
    ],
)
def test_choice_by_number_and_age(keep: int, grace_seconds: int, gone: set[str]) -> None:
    releases = [release("a", 10), release("b", 20), release("c", 30), release("d", 40)]
    chosen = choose(releases, (), keep=keep, grace=timedelta(seconds=grace_seconds), now=NOW)
    assert {each for each, reason in chosen.items() if reason in GOES} == gone


def test_orphans_do_not_count_among_the_last() -> None:
    releases = [release("orphan", 10, has_manifest=False), release("whole", 20)]
    chosen = choose(releases, (), keep=1, grace=NO_GRACE, now=NOW)
    assert chosen == {"orphan": Reason.ORPHAN, "whole": Reason.RECENT}


def test_plan_names_the_old_release_and_keeps_active_and_previous(world: ReleaseWorld) -> None:
    first = publish_three(world)
    plan = plan_of(world)
    assert [removal.release_id for removal in plan.removals] == [first.release_id]
    assert set(plan.kept.values()) == {Reason.SERVED}


def test_plan_deletes_nothing(world: ReleaseWorld) -> None:
    publish_three(world)
    before = world.keys(PRIMARY)
    plan_of(world)
    assert world.keys(PRIMARY) == before


def test_grace_time_keeps_young_releases(world: ReleaseWorld) -> None:
    publish_three(world)
    assert plan_of(world, grace=timedelta(hours=1)).removals == ()


def test_prune_deletes_manifest_and_objects_in_both_regions(world: ReleaseWorld) -> None:
    first = publish_three(world)
    prune(world.site, plan_of(world))
    for region in (PRIMARY, SECONDARY):
        assert not [key for key in world.keys(region) if first.release_id in key]


def test_prune_leaves_the_other_releases_whole(world: ReleaseWorld) -> None:
    publish_three(world)
    prune(world.site, plan_of(world))
    assert {key.split("/")[1] for key in world.keys(PRIMARY, "releases/")} == {
        world.release_ids[0],
        world.release_ids[1],
    }


def test_prune_leaves_delete_markers_in_the_versioned_bucket(world: ReleaseWorld) -> None:
    bucket = world.site.buckets[PRIMARY]
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    first = publish_three(world)
    prune(world.site, plan_of(world))
    found = bucket.client.list_object_versions(Bucket=bucket.name, Prefix=first.prefix)
    assert len(found["DeleteMarkers"]) == len(first.files)
    assert len(found["Versions"]) == len(first.files)


def test_interrupted_prune_leaves_no_manifest_anywhere(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    first = publish_three(world)
    plan = plan_of(world)
    delete = world.site.buckets[PRIMARY].delete_objects

    def stop(keys: list[str]) -> None:
        if keys[0].startswith("releases/"):
            raise KeyboardInterrupt
        delete(keys)

    monkeypatch.setattr(world.site.buckets[PRIMARY], "delete_objects", stop)
    with pytest.raises(KeyboardInterrupt):
        prune(world.site, plan)
    for region in (PRIMARY, SECONDARY):
        assert not [key for key in world.keys(region, "control/manifests/") if first.release_id in key]


def test_half_pruned_release_is_finished_as_an_orphan(world: ReleaseWorld) -> None:
    first = publish_three(world)
    for bucket in world.site.buckets.values():
        bucket.delete_objects([manifest_key(first.release_id)])
    world.delete(PRIMARY, f"{first.prefix}index.html")
    plan = plan_of(world)
    assert [removal.reason for removal in plan.removals] == [Reason.ORPHAN]
    prune(world.site, plan)
    assert not [key for key in world.keys(PRIMARY) | world.keys(SECONDARY) if first.release_id in key]


def test_unfinished_publish_is_no_orphan_within_the_grace_time(world: ReleaseWorld) -> None:
    manifest = world.publish()
    world.damage(PRIMARY, "releases/unfinished/index.html")
    assert plan_of(world, grace=timedelta(hours=1)).kept == {
        manifest.release_id: Reason.SERVED,
        "unfinished": Reason.YOUNG,
    }


def test_release_that_a_pointer_names_stays(world: ReleaseWorld) -> None:
    first = publish_three(world)
    bucket = world.site.buckets[SECONDARY]
    write_pointer(bucket.client, bucket.name, served(first, first.index()), first, region=SECONDARY)
    assert plan_of(world).kept[first.release_id] is Reason.SERVED


def test_prune_is_refused_when_nothing_is_active(world: ReleaseWorld) -> None:
    publish_three(world)
    world.store.values.clear()
    with pytest.raises(UnsafePlanError, match="no release is active"):
        plan_of(world)


def test_prune_is_refused_while_a_region_is_silent(world: ReleaseWorld) -> None:
    publish_three(world)
    world.kill(SECONDARY)
    with pytest.raises(RegionUnavailableError, match=SECONDARY):
        plan_of(world)


def test_prune_is_refused_when_a_region_falls_silent_before_it_is_listed(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_three(world)
    bucket = world.site.buckets[SECONDARY]

    def fall_silent() -> None:
        raise RegionUnavailableError(region=SECONDARY, operation="ListObjectsV2", resource=bucket.name, code="503")

    monkeypatch.setattr(bucket, "list_manifests", fall_silent)
    with pytest.raises(RegionUnavailableError):
        plan_of(world)


def test_prune_spares_a_release_that_was_switched_to_meanwhile(world: ReleaseWorld) -> None:
    first = publish_three(world)
    plan = plan_of(world)
    world.switcher.rollback(world.switcher.plan_rollback(first.release_id))
    with pytest.raises(UnsafePlanError, match="was switched to meanwhile"):
        prune(world.site, plan)
    assert f"{first.prefix}index.html" in world.keys(PRIMARY)


def test_prune_spares_the_increments_of_a_release_that_was_switched_to_meanwhile(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.folder / "404.html").write_text("the same in both", encoding="utf-8")
    base, second = world.publish("one"), world.publish("two")
    (world.folder / "404.html").write_text("most is new", encoding="utf-8")
    world.publish("three")
    world.publish("four")
    monkeypatch.setattr("scripts.release.prune.DELETES_PER_CALL", 1)  # each release by itself
    plan = plan_of(world)
    # All of them were published within a second of S3's times.
    removals = sorted(plan.removals, key=lambda removal: removal.release_id != base.release_id)
    assert [removal.release_id for removal in removals] == [base.release_id, second.release_id]
    world.switcher.rollback(world.switcher.plan_rollback(second.release_id))
    with pytest.raises(UnsafePlanError, match=f"{second.release_id} was switched to meanwhile"):
        prune(world.site, replace(plan, removals=tuple(removals)))
    active = world.site.buckets[PRIMARY].read_manifest(second.release_id)
    assert active is not None
    assert active.base_id == base.release_id
    assert world.site.buckets[PRIMARY].missing_files(active.files) == []


def test_prune_spares_what_a_manifest_names_in_one_region_only(world: ReleaseWorld) -> None:
    """The primary misses a release and two rollbacks, which keep a file of it for those who have it open."""
    first, second = world.publish("one"), world.publish("two")
    (world.folder / "app.0123abcd.js").write_text("1", encoding="utf-8")
    world.kill(PRIMARY)
    third = world.publish("three", allow_degraded=True)
    for each in (second, first):
        world.switcher.rollback(world.switcher.plan_rollback(each.release_id))
    world.revive(PRIMARY)
    plan = plan_of(world)
    assert [removal.release_id for removal in plan.removals] == [third.release_id]
    prune(world.site, plan)
    bucket = world.site.buckets[SECONDARY]
    active = bucket.read_manifest(first.release_id)
    assert active is not None
    assert [each.file.path for each in active.retained] == ["app.0123abcd.js"]
    assert bucket.missing_files(active.stored_files) == []


def test_releases_that_fit_into_one_request_a_region_go_together(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of 400 objects go together, the third by itself; manifests go before objects."""
    world.publish()
    names = ("r1", "r2", "r3")
    keys = {name: tuple(f"releases/{name}/{number}" for number in range(400)) for name in names}
    removals = tuple(
        Removal(release_id=name, reason=Reason.OLD, keys=dict.fromkeys((PRIMARY, SECONDARY), keys[name]))
        for name in names
    )
    deleted: dict[str, list[list[str]]] = {PRIMARY: [], SECONDARY: []}
    for region, calls in deleted.items():
        monkeypatch.setattr(world.site.buckets[region], "delete_objects", calls.append)
    steps: list[int] = []
    prune(world.site, PrunePlan(removals=removals, kept={}), steps.append)
    wanted = [
        [manifest_key("r1"), manifest_key("r2")],
        [*keys["r1"], *keys["r2"]],
        [manifest_key("r3")],
        [*keys["r3"]],
    ]
    assert deleted == {PRIMARY: wanted, SECONDARY: wanted}
    assert steps == [1600, 800]


def test_deletes_go_in_batches_of_a_thousand(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = world.site.buckets[PRIMARY]
    sizes = []

    def delete_objects(*, Bucket: str, Delete: dict[str, list[object]]) -> dict[str, object]:  # noqa: ARG001, N803
        sizes.append(len(Delete["Objects"]))
        return {}

    monkeypatch.setattr(bucket.client, "delete_objects", delete_objects)
    bucket.delete_objects([f"releases/r/{number}" for number in range(2001)])
    assert sizes == [1000, 1000, 1]


def test_refused_delete_is_an_error_that_names_the_key(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = world.site.buckets[PRIMARY]
    refusal = {"Errors": [{"Key": "releases/r/x", "Code": "AccessDenied", "Message": "no"}]}
    monkeypatch.setattr(bucket.client, "delete_objects", lambda **_arguments: refusal)
    with pytest.raises(AwsError, match=r"releases/r/x failed: AccessDenied"):
        bucket.delete_objects(["releases/r/x"])


def test_folders_that_the_console_made_are_no_releases(world: ReleaseWorld) -> None:
    """They would take a place among those that stay."""
    first, second = world.publish("one"), world.publish("two")
    for key in ("releases/", "control/manifests/"):
        world.put(PRIMARY, key)
    plan = plan_prune(world.site, keep=5, grace=timedelta(0), now=datetime.now(UTC) + timedelta(days=2))
    assert plan.kept.keys() == {first.release_id, second.release_id}
    assert plan.removals == ()
