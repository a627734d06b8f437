"""Pruning: which releases go, in which order their objects go, and what stops it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.clock import rfc3339
from scripts.errors import AwsError, RegionUnavailableError, UnsafePlanError
from scripts.release.bucket import ContentBucket
from scripts.release.checked_files import checked_bytes
from scripts.release.manifest import Manifest, manifest_key
from scripts.release.pointers import write_pointer
from scripts.release.prune import PrunePlan, Reason, Removal, StoredRelease, choose, plan_prune
from scripts.release.routing import served
from tests.worlds.manual_clock import ManualClock
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOES = (Reason.OLD, Reason.ORPHAN)
NO_GRACE = timedelta(0)
SOON = timedelta(seconds=5)
A_DAY = timedelta(days=1)


def release(release_id: str, age_seconds: int, *, has_manifest: bool = True) -> StoredRelease:
    changed_at = NOW - timedelta(seconds=age_seconds)
    return StoredRelease(release_id=release_id, changed_at=changed_at, has_manifest=has_manifest)


def plan_of(world: ReleaseWorld, *, keep: int = 1, grace: timedelta = NO_GRACE, later: timedelta = SOON) -> PrunePlan:
    return plan_prune(world.site, keep=keep, grace=grace, now=datetime.now(UTC) + later)


def claims(world: ReleaseWorld) -> set[str]:
    return {key for key in world.store.values if key.startswith("pruning/")}


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
    chosen = choose(releases, served, keep=keep, grace=grace, now=NOW, upload_grace=NO_GRACE)
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
    chosen = choose(releases, (), keep=keep, grace=timedelta(seconds=grace_seconds), now=NOW, upload_grace=NO_GRACE)
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
    chosen = choose(releases, (), keep=keep, grace=timedelta(seconds=grace_seconds), now=NOW, upload_grace=NO_GRACE)
    assert {each for each, reason in chosen.items() if reason in GOES} == gone


def test_orphans_do_not_count_among_the_last() -> None:
    releases = [release("orphan", 10, has_manifest=False), release("whole", 20)]
    chosen = choose(releases, (), keep=1, grace=NO_GRACE, now=NOW, upload_grace=NO_GRACE)
    assert chosen == {"orphan": Reason.ORPHAN, "whole": Reason.RECENT}


def test_plan_names_the_old_release_and_keeps_active_and_previous(world: ReleaseWorld) -> None:
    first = publish_three(world)
    plan = plan_of(world)
    assert [removal.release_id for removal in plan.removals] == [first.release_id]
    assert set(plan.kept.values()) == {Reason.SERVED}
    assert plan.objects == sum(len(keys) for keys in plan.removals[0].keys.values()) > 0


def test_release_stays_while_others_stand_on_its_increment(world: ReleaseWorld) -> None:
    for number in range(3):
        (world.folder / f"{number}.html").write_text("the same in all", encoding="utf-8")
    first, second = world.publish("one"), world.publish("two")
    assert plan_of(world).kept == {first.release_id: Reason.SERVED, second.release_id: Reason.SERVED}
    third, fourth = world.publish("three"), world.publish("four")
    plan = plan_of(world)
    assert plan.kept == {
        first.release_id: Reason.BASE,
        third.release_id: Reason.SERVED,
        fourth.release_id: Reason.SERVED,
    }
    assert [removal.release_id for removal in plan.removals] == [second.release_id]


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
    world.prune(plan_of(world))
    for region in (PRIMARY, SECONDARY):
        assert not [key for key in world.keys(region) if first.release_id in key]


def test_prune_leaves_the_other_releases_whole(world: ReleaseWorld) -> None:
    publish_three(world)
    world.prune(plan_of(world))
    assert {key.split("/")[1] for key in world.keys(PRIMARY, "releases/")} == {
        world.release_ids[0],
        world.release_ids[1],
    }


def test_prune_leaves_delete_markers_in_the_versioned_bucket(world: ReleaseWorld) -> None:
    bucket = world.site.buckets[PRIMARY]
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    first = publish_three(world)
    world.prune(plan_of(world))
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
        world.prune(plan)
    for region in (PRIMARY, SECONDARY):
        assert not [key for key in world.keys(region, "control/manifests/") if first.release_id in key]


def test_half_pruned_release_is_finished_as_an_orphan(world: ReleaseWorld) -> None:
    first = publish_three(world)
    for bucket in world.site.buckets.values():
        bucket.delete_objects([manifest_key(first.release_id)])
    world.delete(PRIMARY, f"{first.prefix}index.html")
    plan = plan_of(world, later=A_DAY)
    assert [removal.reason for removal in plan.removals] == [Reason.ORPHAN]
    world.prune(plan)
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


def test_prune_is_refused_after_a_release_of_its_plan_was_switched_to(world: ReleaseWorld) -> None:
    first = publish_three(world)
    plan = plan_of(world)
    world.switcher.rollback(world.switcher.plan_rollback(first.release_id))
    with pytest.raises(AwsError, match="ConflictException"):
        world.prune(plan)
    assert f"{first.prefix}index.html" in world.keys(PRIMARY)
    assert not claims(world)


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
    world.prune(plan)
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
    world.prune(PrunePlan(removals=removals, kept={}, etag=world.store.etag), steps.append)
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


def upload_of(world: ReleaseWorld, text: str) -> Manifest:
    """Sends a release's files and stops before its manifest, as a publish under way has done at one time."""
    built = world.write(text)
    for bucket in world.site.buckets.values():
        for file in built.files:
            bucket.put_file(file, checked_bytes(world.folder, file))
    return built


def test_upload_under_way_is_not_taken_whatever_the_grace_time(world: ReleaseWorld) -> None:
    publish_three(world)
    plan = world.publisher.plan(world.write("four"))
    built = upload_of(world, "four")
    found = plan_of(world)
    assert found.kept[built.release_id] is Reason.YOUNG
    assert built.release_id in {each.release_id for each in plan_of(world, later=A_DAY).removals}
    world.put(PRIMARY, "releases/by-hand/x")
    assert "by-hand" in {each.release_id for each in plan_of(world).removals}
    world.publisher.apply(plan, world.folder)
    assert world.release_ids[0] == built.release_id


@pytest.mark.parametrize("skew", [timedelta(hours=26), -timedelta(hours=26)])
def test_ages_are_by_the_clock_of_s3(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, skew: timedelta) -> None:
    publish_three(world)
    monkeypatch.setattr("scripts.clock.utc_now", lambda: datetime.now(UTC) + skew)
    monkeypatch.setattr("scripts.aws.clients.utc_now", lambda: datetime.now(UTC) + skew)
    assert plan_prune(world.site, keep=1, grace=A_DAY).removals == ()
    monkeypatch.setattr(ContentBucket, "clock", lambda _: datetime.now(UTC) + A_DAY + SOON)
    assert len(plan_prune(world.site, keep=1, grace=A_DAY).removals) == 1


def test_rollback_that_was_planned_before_a_prune_is_refused(world: ReleaseWorld) -> None:
    first = publish_three(world)
    active = world.release_ids[0]
    rollback = world.switcher.plan_rollback(first.release_id)
    world.prune(plan_of(world))
    with pytest.raises(UnsafePlanError, match="changed by somebody else meanwhile"):
        world.switcher.rollback(rollback)
    assert world.release_ids[0] == active


def test_older_folder_whose_publish_was_planned_before_a_prune_is_not_switched_to(world: ReleaseWorld) -> None:
    publish_three(world)
    active = world.release_ids[0]
    publish = world.publisher.plan(world.write("one"))
    world.prune(plan_of(world))
    with pytest.raises(AwsError, match="ConflictException"):
        world.publisher.apply(publish, world.folder)
    assert world.release_ids[0] == active
    manifest = world.publish("one")
    for bucket in world.site.buckets.values():
        assert bucket.missing_files(manifest.files) == []


def test_nobody_can_plan_to_switch_to_what_is_claimed(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    first = publish_three(world)

    async def look(_clock: object, _seconds: float) -> None:
        with pytest.raises(UnsafePlanError, match=f"{first.release_id} is being deleted by failover prune"):
            world.switcher.plan_rollback(first.release_id)
        with pytest.raises(UnsafePlanError, match=f"{first.release_id} is being deleted by failover prune"):
            world.publisher.plan(world.write("one"))
        with pytest.raises(UnsafePlanError, match="another failover prune has claimed 1 releases"):
            plan_of(world)
        looked.append(claims(world))

    looked: list[set[str]] = []
    monkeypatch.setattr(ManualClock, "sleep", look)
    world.prune(plan_of(world))
    assert looked == [{f"pruning/{first.release_id}"}]
    assert not claims(world)
    assert not world.keys(PRIMARY, first.prefix)


def test_release_that_is_written_to_after_it_was_claimed_stays(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish_three(world)

    async def write(_clock: object, _seconds: float) -> None:
        world.put(SECONDARY, f"{first.prefix}late.html")

    monkeypatch.setattr(ManualClock, "sleep", write)
    with pytest.raises(UnsafePlanError, match=f"somebody wrote to release {first.release_id} in {SECONDARY}"):
        world.prune(plan_of(world))
    assert f"{first.prefix}index.html" in world.keys(PRIMARY)
    assert not claims(world)


def test_prune_that_was_killed_keeps_its_claim_until_that_ends(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish_three(world)
    with monkeypatch.context() as patched:
        patched.setattr(world.site.buckets[PRIMARY], "delete_objects", interrupt)
        patched.setattr("scripts.release.deletion._give_up", lambda *_arguments: None)  # killed
        with pytest.raises(KeyboardInterrupt):
            world.prune(plan_of(world))
    with pytest.raises(UnsafePlanError, match=r"is being deleted .* its claim ends at 20"):
        world.switcher.plan_rollback(first.release_id)
    claim = f"pruning/{first.release_id}"
    world.store.values[claim] = rfc3339(datetime.now(UTC) - timedelta(seconds=1))
    assert world.switcher.plan_rollback(first.release_id).manifest.release_id == first.release_id
    plan = plan_of(world)
    assert plan.ended_keys == (claim,)
    world.prune(plan)
    assert not claims(world)
    assert not world.keys(PRIMARY, first.prefix)


def interrupt(*_arguments: object) -> None:
    raise KeyboardInterrupt


def test_interrupted_prune_gives_its_claim_up(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_three(world)
    plan = plan_of(world)
    monkeypatch.setattr(world.site.buckets[PRIMARY], "delete_objects", interrupt)
    with pytest.raises(KeyboardInterrupt):
        world.prune(plan)
    assert not claims(world)


def test_deletion_ends_before_the_claim_does(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    first = publish_three(world)
    plan = plan_of(world)

    async def sleep(clock: ManualClock, seconds: float) -> None:
        clock.seconds += seconds + 3600

    monkeypatch.setattr(ManualClock, "sleep", sleep)
    with pytest.raises(UnsafePlanError, match="the time that was claimed for the deletion is over"):
        world.prune(plan)
    assert f"{first.prefix}index.html" in world.keys(PRIMARY)


def test_more_releases_than_one_write_holds_are_claimed_and_given_up(world: ReleaseWorld) -> None:
    world.publish()
    names = [f"{number:016x}" for number in range(120)]
    removals = tuple(Removal(release_id=name, reason=Reason.OLD, keys={PRIMARY: (), SECONDARY: ()}) for name in names)
    world.prune(PrunePlan(removals=removals, kept={}, etag=world.store.etag))
    assert not claims(world)


def test_indexes_of_releases_that_nobody_gets_go_and_those_of_the_others_stay(world: ReleaseWorld) -> None:
    (world.folder / "404.html").write_text("the same in all", encoding="utf-8")
    for text in ("one", "two", "three", "four"):
        world.publish(text)
    indexes = {key for key in world.store.values if key.startswith("index/")}
    used = {f"index/{release.index}/0" for release in world.site.routing.read().routing.releases}
    assert len(indexes) == 3 and len(used) == 2 and used < indexes
    plan = plan_of(world)
    assert set(plan.index_keys) == indexes - used
    world.prune(plan)
    assert {key for key in world.store.values if key.startswith("index/")} == used


def test_region_without_a_pointer_does_not_stop_a_prune(world: ReleaseWorld) -> None:
    first = publish_three(world)
    world.delete(SECONDARY, "control/active.json")
    assert [each.release_id for each in plan_of(world).removals] == [first.release_id]


def test_release_whose_objects_others_all_need_loses_its_manifest(world: ReleaseWorld) -> None:
    """All that is left of the first is a style sheet that pages of it ask for."""
    (world.folder / "app.0123456789abcdef.css").write_text("asked for by open pages", encoding="utf-8")
    for name in ("index.html", "404.html", "logo.svg"):
        (world.folder / name).unlink(missing_ok=True)
    first = world.publish("one")
    world.delete(PRIMARY, f"{first.prefix}index.html")
    world.delete(SECONDARY, f"{first.prefix}index.html")
    (world.folder / "app.0123456789abcdef.css").unlink()
    world.publish("two")
    world.publish("three")
    plan = plan_of(world)
    assert [(each.release_id, set(each.keys.values())) for each in plan.removals] == [(first.release_id, {()})]
    world.prune(plan)
    assert manifest_key(first.release_id) not in world.keys(PRIMARY) | world.keys(SECONDARY)
