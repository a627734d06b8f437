"""The switch between releases that are there: rollbacks and what they mark, pointers that follow, and what a loser is told."""

from dataclasses import replace
from typing import Any

import pytest

from scripts.errors import AwsError, SupersededError, UnsafePlanError
from scripts.release import bucket as bucket_module
from scripts.release import following, publish
from scripts.release.drain import change_drains, plan_evacuation
from scripts.release.manifest import Manifest, manifest_key
from scripts.release.parity import check_parity, plan_repair, repair
from scripts.release.pointers import POINTER_KEY, HeldPointer, held_pointer, read_pointer, write_pointer
from scripts.release.routing import KEYS_PER_WRITE, RoutingStore, RoutingVersion, served
from scripts.release.samples import BadAnswer
from scripts.release.serving.index import Index
from tests.worlds.release_commands import Failover, FakeProbe, document
from tests.worlds.release_commands import failover as failover
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world

BAD = BadAnswer(hostname="www.example.test", path="/", reason="status 503")


def pointed_at(world: ReleaseWorld) -> list[str | None]:
    pointers = [read_pointer(bucket.client, bucket.name) for bucket in world.site.buckets.values()]
    return [None if pointer is None else pointer.release_id for pointer in pointers]


def roll_back(world: ReleaseWorld, release_id: str | None = None, *, force: bool = False) -> None:
    world.switcher.rollback(world.switcher.plan_rollback(release_id, force=force))


def test_second_rollback_does_not_publish_the_bad_release_again(world: ReleaseWorld, failover: Failover) -> None:
    good, bad = world.publish("good"), world.publish("bad")
    code, output, _ = failover("rollback", "--apply")
    assert (code, f"Rolled back from {bad.release_id} to {good.release_id}" in output) == (0, True)
    assert f"{bad.release_id} is marked as rolled back from" in output
    code, _, error = failover("rollback", "--apply")
    assert (code, f"release {bad.release_id} was rolled back from" in error) == (1, True)
    assert f"failover rollback {bad.release_id} --force --apply" in error
    assert world.release_ids[0] == good.release_id
    assert failover("rollback", "--force", "--apply")[0] == 1  # it has to be named


def test_release_that_was_rolled_back_from_comes_back_when_it_is_named_and_forced(
    world: ReleaseWorld, failover: Failover
) -> None:
    good, bad = world.publish("good"), world.publish("bad")
    roll_back(world)
    assert failover("rollback", bad.release_id, "--apply")[0] == 1
    assert failover("rollback", bad.release_id, "--force", "--apply")[0] == 0
    assert world.release_ids == (bad.release_id, good.release_id)
    roll_back(world)  # what it came from was not bad, and its own mark is gone
    assert world.release_ids[0] == good.release_id


def test_rollback_goes_further_back_when_that_is_named(world: ReleaseWorld) -> None:
    first, _, bad = world.publish("one"), world.publish("two"), world.publish("bad")
    roll_back(world)
    roll_back(world, first.release_id)
    assert world.release_ids[0] == first.release_id
    with pytest.raises(UnsafePlanError, match="was rolled back from"):
        world.switcher.plan_rollback(None)
    with pytest.raises(UnsafePlanError, match=bad.release_id):
        world.switcher.plan_rollback(bad.release_id)


def test_publish_of_a_release_that_was_rolled_back_from_is_refused_unless_forced(
    world: ReleaseWorld, failover: Failover
) -> None:
    """As a pipeline does that runs again."""
    good, bad = world.publish("good"), world.publish("bad")
    roll_back(world)
    world.write("bad")
    code, _, error = failover("sync-content", str(world.folder), "--apply")
    assert (code, f"release {bad.release_id} was rolled back from" in error) == (1, True)
    assert failover("sync-content", str(world.folder), "--canary", "10", "--apply")[0] == 1
    assert world.release_ids[0] == good.release_id
    assert failover("sync-content", str(world.folder), "--force", "--apply")[0] == 0
    assert world.release_ids[0] == bad.release_id
    assert not [key for key in world.store.values if key.startswith("withdrawn/")]


def test_canary_that_was_ended_by_a_rollback_is_marked(world: ReleaseWorld) -> None:
    world.publish("one")
    manifest = world.write("two")
    world.publisher.apply_canary(world.publisher.plan(manifest), world.folder, 10)
    roll_back(world)
    with pytest.raises(UnsafePlanError, match=f"{manifest.release_id} was rolled back from"):
        world.publisher.plan(world.write("two"))


def test_rollback_to_the_active_release_ends_a_canary_or_changes_nothing(world: ReleaseWorld) -> None:
    first, second = world.publish("one"), world.publish("two")
    world.publisher.apply_canary(world.publisher.plan(world.write("three")), world.folder, 10)
    plan = world.switcher.plan_rollback(second.release_id)
    assert (plan.manifest.release_id, plan.cancels_canary) == (second.release_id, True)
    world.switcher.rollback(plan)
    again = world.switcher.plan_rollback(second.release_id)
    assert (again.manifest.release_id, again.cancels_canary) == (second.release_id, False)
    world.switcher.rollback(again)
    assert world.release_ids == (second.release_id, first.release_id)


def test_publish_of_the_active_release_needs_no_force_after_it_came_back(world: ReleaseWorld) -> None:
    world.publish("one")
    world.publish("two")
    roll_back(world)
    assert world.publisher.plan(world.write("one")).is_empty


def test_rollback_looks_again_after_the_switch(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.publish("one")
    world.publish("two")
    follow = following.follow_routing

    def follow_and_lose(*arguments: Any, **named: Any) -> RoutingVersion:
        world.delete(SECONDARY, f"{first.prefix}index.html")
        return follow(*arguments, **named)

    monkeypatch.setattr("scripts.release.switching.follow_routing", follow_and_lose)
    code, _, error = failover("rollback", "--apply")
    assert (code, "was switched to and is not complete: us-east-1 lacks 1 of 3 files" in error) == (1, True)


def test_rollback_asks_the_names_and_stays(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.publish("one")
    world.publish("two")
    monkeypatch.setattr(FakeProbe, "bad", [BAD])
    code, _, error = failover("rollback", "--apply")
    assert (code, "https://www.example.test/: status 503" in error) == (1, True)
    assert world.release_ids[0] == first.release_id
    assert "index.html" in FakeProbe.files


def test_rollback_asks_nobody_when_told_so(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish("one")
    world.publish("two")
    monkeypatch.setattr(FakeProbe, "bad", [BAD])
    assert failover("rollback", "--no-probe", "--apply")[0] == 0


def test_pointer_is_written_only_over_the_one_that_was_looked_at(world: ReleaseWorld) -> None:
    first, second = world.publish("one"), world.publish("two")
    bucket = world.site.buckets[SECONDARY]
    routing = world.site.routing.read().routing
    assert routing.previous is not None
    for stale in (HeldPointer(), HeldPointer(etag='"0123456789abcdef0123456789abcdef"')):
        assert not write_pointer(bucket.client, bucket.name, routing.previous, first, region=SECONDARY, replacing=stale)
    assert pointed_at(world) == [second.release_id] * 2
    held = held_pointer(bucket.client, bucket.name)
    assert write_pointer(bucket.client, bucket.name, routing.previous, first, region=SECONDARY, replacing=held)
    world.delete(SECONDARY, POINTER_KEY)
    assert not write_pointer(bucket.client, bucket.name, routing.previous, first, region=SECONDARY, replacing=held)


def test_pointers_follow_whoever_switched_last(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second publish comes between the first one's pointers and its last look."""
    world.publish("one")
    is_still = following._is_still
    later: list[Manifest] = []

    def after_another(store: RoutingStore, current: RoutingVersion) -> bool:
        if not later:
            later.append(Manifest(release_id="", base=None, files=()))
            later[0] = world.publish("three")
        return is_still(store, current)

    monkeypatch.setattr(following, "_is_still", after_another)
    world.publish("two")
    assert pointed_at(world) == [later[0].release_id] * 2
    assert world.release_ids[0] == later[0].release_id


def test_repair_does_not_spread_a_routing_that_was_replaced_meanwhile(world: ReleaseWorld) -> None:
    first = world.publish("one")
    world.delete(SECONDARY, POINTER_KEY)
    routing = world.site.routing.read().routing
    plan = plan_repair(check_parity(world.site.buckets.values(), first, routing), routing)
    second = world.publish("two")
    repair(plan, world.site.buckets, store=world.site.routing)
    assert pointed_at(world) == [second.release_id] * 2


def test_publish_of_the_active_release_is_told_that_it_was_replaced(world: ReleaseWorld) -> None:
    world.publish("one")
    world.delete(SECONDARY, POINTER_KEY)
    plan = world.publisher.plan(world.write("one"))
    second = world.publish("two")
    with pytest.raises(SupersededError, match=f"somebody else has switched to {second.release_id}"):
        world.publisher.apply(plan, world.folder)
    assert pointed_at(world) == [second.release_id] * 2


def test_publisher_that_was_replaced_while_it_asked_is_told_the_truth(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish("one")
    first = world.write("two")
    replaced_by: list[str] = []

    def ask(_probe: FakeProbe, _files: object) -> list[BadAnswer]:
        replaced_by.append(world.publish("three").release_id)
        world.write("two")
        return [BAD]

    monkeypatch.setattr(FakeProbe, "ask", ask)
    code, _, error = failover("sync-content", str(world.folder), "--apply")
    assert code == 1
    assert f"release {first.release_id} was switched to, and somebody else has switched to {replaced_by[0]}" in error
    assert "nothing was changed" not in error
    assert world.release_ids[0] == replaced_by[0]


def test_bad_answer_goes_back_although_somebody_drained_a_region_meanwhile(world: ReleaseWorld) -> None:
    world.publish("zero")
    first = world.publish("one")
    plan = world.publisher.plan(world.write("two"))
    written = world.publisher.apply(plan, world.folder)
    change_drains(world.site, plan_evacuation(world.site, PRIMARY))
    world.switcher.restore_routing(plan.current.routing, written)
    routing = world.site.routing.read().routing
    # Nothing protected the release before the active one from a prune meanwhile, so it is not named again.
    assert (routing.release_id, routing.previous, routing.drained_regions) == (first.release_id, None, (PRIMARY,))
    assert pointed_at(world) == [first.release_id] * 2


def test_lost_answer_to_the_switch_is_not_taken_for_somebody_else(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client tries again, and meets the version that its first try has made."""
    update = world.store.update_keys

    def answered_at_the_second_try(**named: Any) -> dict[str, Any]:
        update(**named)
        return update(**named)

    monkeypatch.setattr(world.store, "update_keys", answered_at_the_second_try)
    manifest = world.publish("one")
    assert world.release_ids[0] == manifest.release_id
    assert pointed_at(world) == [manifest.release_id] * 2


def test_region_that_fails_after_the_switch_is_told_with_what_was_switched_to(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish("one")
    manifest = world.write("two")

    def fail(*_arguments: Any, **_named: Any) -> bool:
        raise AwsError(operation="PutObject", resource="b/control/active.json", code="AccessDenied", detail="no.")

    monkeypatch.setattr(following, "write_pointer", fail)
    code, _, error = failover("sync-content", str(world.folder), "--apply")
    assert (code, f"Release {manifest.release_id} was switched to all the same" in error) == (3, True)


def test_publishing_the_previous_release_again_keeps_its_increments(world: ReleaseWorld) -> None:
    """Edges that serve it by its old index would lose what another manifest does not keep."""
    for name in ("a", "b", "c", "d"):
        (world.folder / f"{name}.txt").write_text(name, encoding="utf-8")
    world.publish("one")
    second = world.publish("two")
    (world.folder / "a.txt").write_text("changed", encoding="utf-8")
    world.publish("three")
    (world.folder / "a.txt").write_text("a", encoding="utf-8")
    plan = world.publisher.plan(world.write("two"))
    stored = world.site.buckets[PRIMARY].read_manifest(second.release_id)
    assert stored is not None and stored.base is not None
    assert plan.manifest.files == stored.files
    assert not any(plan.uploads.values())
    world.publisher.apply(plan, world.folder)
    assert world.release_ids[0] == second.release_id
    world.delete(SECONDARY, f"{second.prefix}index.html")
    world.publish("four")
    assert world.publisher.plan(world.write("two")).uploads[SECONDARY]


def test_regions_that_disagree_on_the_active_release_stop_a_publish(world: ReleaseWorld) -> None:
    manifest = world.publish()
    other = replace(manifest, files=manifest.files[:-1])
    world.site.buckets[SECONDARY].put_manifest(manifest.release_id, other.to_json())
    with pytest.raises(UnsafePlanError, match=f"differs between {PRIMARY} and {SECONDARY}"):
        world.publisher.plan(world.write("two"))


def test_regions_that_disagree_on_more_than_a_takedown_stop_the_release_itself_too(world: ReleaseWorld) -> None:
    manifest = world.publish()
    other = replace(manifest, removed=("gone.html",))
    world.site.buckets[SECONDARY].put_manifest(manifest.release_id, other.to_json())
    with pytest.raises(UnsafePlanError, match=f"differs between {PRIMARY} and {SECONDARY}"):
        world.publisher.plan(world.write("one"))


def test_plan_is_empty_when_nothing_is_to_be_sent_or_listed(world: ReleaseWorld) -> None:
    manifest = world.publish()
    plan = world.publisher.plan(world.write("one"))
    assert plan.is_empty
    assert not replace(plan, unlisted=(PRIMARY,)).is_empty
    assert not replace(plan, uploads={**plan.uploads, PRIMARY: manifest.files}).is_empty


def test_publishing_the_active_release_again_sends_all_to_a_region_that_lost_it(world: ReleaseWorld) -> None:
    manifest = world.publish()
    for key in world.keys(SECONDARY):
        world.delete(SECONDARY, key)
    plan = world.publisher.plan(world.write("one"))
    assert plan.uploads == {PRIMARY: (), SECONDARY: manifest.files}
    assert plan.upload_bytes == manifest.size_bytes > 0
    world.publisher.apply(plan, world.folder)
    bucket = world.site.buckets[SECONDARY]
    assert bucket.missing_files(manifest.files) == []
    assert bucket.read_manifest(manifest.release_id) == manifest


def test_folder_of_an_active_release_on_an_increment_cannot_bring_it_back_alone(world: ReleaseWorld) -> None:
    """The region lost files of other increments with it; another release is sent whole."""
    (world.folder / "404.html").write_text("the same in both", encoding="utf-8")
    world.publish("one")
    second = world.publish("two")
    world.delete(SECONDARY, manifest_key(second.release_id))
    with pytest.raises(UnsafePlanError, match=f"{SECONDARY} does not hold the active release {second.release_id}, and"):
        world.publisher.plan(world.write("two"))
    third = world.publish("three")
    assert world.release_ids == (third.release_id, second.release_id)
    for bucket in world.site.buckets.values():
        assert bucket.missing_files(third.files) == []


@pytest.mark.parametrize("regions", [(PRIMARY,), (SECONDARY,)])
@pytest.mark.parametrize("which", ["active", "previous"])
def test_unreadable_manifest_in_a_region_stops_no_rollback(
    world: ReleaseWorld, failover: Failover, which: str, regions: tuple[str, ...]
) -> None:
    first, second = world.publish("one"), world.publish("two")
    bad = second if which == "active" else first
    for region in regions:
        world.damage(region, manifest_key(bad.release_id))
    assert failover("rollback", "--apply")[0] == 0
    assert world.release_ids == (first.release_id, second.release_id)
    assert pointed_at(world) == [first.release_id, first.release_id]
    assert failover("verify")[0] == 0
    assert failover("verify", bad.release_id, "--repair", "--apply")[0] == 0
    assert failover("verify", bad.release_id)[0] == 0


def test_rollback_from_a_release_whose_manifest_is_unreadable_everywhere(
    world: ReleaseWorld, failover: Failover
) -> None:
    first, second = world.publish("one"), world.publish("two")
    for region in (PRIMARY, SECONDARY):
        world.damage(region, manifest_key(second.release_id))
    assert failover("rollback", "--apply")[0] == 0
    assert world.release_ids == (first.release_id, second.release_id)
    assert failover("releases")[0] == 0


@pytest.mark.parametrize("damaged", [(), (PRIMARY,)])
def test_rollback_keeps_what_open_pages_of_the_bad_release_may_ask_for(
    world: ReleaseWorld, damaged: tuple[str, ...]
) -> None:
    first = world.publish("one")
    chunk = world.folder / "assets" / "page.4f3a9c1b2d5e.js"
    chunk.parent.mkdir(exist_ok=True)
    chunk.write_text("new in two", encoding="utf-8")
    second = world.publish("two")
    for region in damaged:
        world.damage(region, manifest_key(second.release_id))
    roll_back(world)
    for bucket in world.site.buckets.values():
        manifest = bucket.read_manifest(first.release_id)
        assert manifest is not None
        assert [each.file.path for each in manifest.retained] == ["assets/page.4f3a9c1b2d5e.js"]


@pytest.mark.parametrize(("chunks", "writes"), [(KEYS_PER_WRITE - 1, 1), (KEYS_PER_WRITE, 2), (KEYS_PER_WRITE + 1, 3)])
def test_index_lies_in_the_store_with_the_routing_or_before_it(world: ReleaseWorld, chunks: int, writes: int) -> None:
    """UpdateKeys takes 50 keys."""
    store = world.site.routing
    index = Index(id="1" * 16, chunks=tuple("0" * 24 for _ in range(chunks)))
    before = world.store.writes
    version = store.write(store.read().routing, expected_etag=store.etag(), index=index)
    assert world.store.writes - before == writes
    assert version.etag == store.etag() == world.store.etag
    assert set(index.entries) < set(world.store.values)


def test_deleting_keys_gives_the_version_for_the_next_write(world: ReleaseWorld) -> None:
    store = world.site.routing
    keys = {f"index/{number}": "0" for number in range(KEYS_PER_WRITE + 1)}
    etag = store.put_entries(keys, expected_etag=store.etag())
    etag = store.delete_keys(list(keys), expected_etag=etag)
    assert etag == world.store.etag
    assert not set(keys) & set(world.store.values)


def test_rollback_to_a_release_whose_manifest_is_unreadable_everywhere_is_refused(
    world: ReleaseWorld, failover: Failover
) -> None:
    first, second = world.publish("one"), world.publish("two")
    for region in (PRIMARY, SECONDARY):
        world.damage(region, manifest_key(first.release_id))
    code, _, error = failover("rollback", "--apply")
    assert code == 1
    assert "is unreadable" in error
    assert world.release_ids == (second.release_id, first.release_id)


def test_releases_mark_what_was_rolled_back_from(world: ReleaseWorld, failover: Failover) -> None:
    first, second = world.publish("one"), world.publish("two")
    assert failover("rollback", "--apply")[0] == 0
    states = {each["release_id"]: each["states"] for each in document(failover, "releases")["releases"]}
    assert states == {first.release_id: ["active"], second.release_id: ["previous", "withdrawn"]}
    assert "previous, withdrawn" in failover("releases")[1]
    roll_back(world, second.release_id, force=True)
    states = {each["release_id"]: each["states"] for each in document(failover, "releases")["releases"]}
    assert states[second.release_id] == ["active"]


def test_manifest_that_somebody_else_writes_meanwhile_on_another_routing_is_not_replaced(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two publish the same release, and the active one changes between their plans: the later plan's manifest stays."""
    world.publish("one")
    world.publish("two")
    built = world.write("three")
    plan = world.publisher.plan(built)
    put_manifests = bucket_module.put_manifests

    def after_others(*arguments: Any, **named: Any) -> None:
        monkeypatch.setattr(publish, "put_manifests", put_manifests)
        world.switcher.rollback(world.switcher.plan_rollback(None))
        world.publisher.apply(world.publisher.plan(built), world.folder)
        put_manifests(*arguments, **named)

    monkeypatch.setattr(publish, "put_manifests", after_others)
    with pytest.raises(UnsafePlanError, match="was changed by somebody else meanwhile"):
        world.publisher.apply(plan, world.folder)
    active = world.site.routing.read().routing.active
    for bucket in world.site.buckets.values():
        manifest = bucket.read_manifest(built.release_id)
        assert manifest is not None
        assert served(manifest, manifest.index()) == active


def test_publish_whose_routing_is_gone_writes_no_manifest(world: ReleaseWorld) -> None:
    world.publish("one")
    world.publish("two")
    built = world.write("three")
    plan = world.publisher.plan(built)
    world.switcher.rollback(world.switcher.plan_rollback(None))
    with pytest.raises(
        AwsError, match="Somebody else wrote it meanwhile, so this write was refused and nothing was switched"
    ):
        world.publisher.apply(plan, world.folder)
    assert not any(bucket.read_manifest(built.release_id) for bucket in world.site.buckets.values())
