"""Canaries: a share of the viewers, promotion, the end of one, and what a failed probe undoes."""

import json

import pytest

from scripts.errors import MissingOutputError, SupersededError, UnsafePlanError
from scripts.release.manifest import Manifest
from scripts.release.pointers import POINTER_KEY, read_pointer
from scripts.release.routing import parse_routing
from scripts.release.samples import BadAnswer
from tests.worlds.release_commands import Failover, FakeProbe
from tests.worlds.release_commands import failover as failover
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world


def start_canary(world: ReleaseWorld, text: str = "two", percent: int = 10) -> Manifest:
    manifest = world.write(text)
    world.publisher.apply_canary(world.publisher.plan(manifest), world.folder, percent)
    return manifest


def routing_of(world: ReleaseWorld) -> tuple[str | None, str | None, str | None]:
    """Active, previous and canary release."""
    routing = parse_routing(world.store.values["routing"])
    return routing.release_id, routing.previous_release_id, routing.canary_release_id


def test_canary_is_whole_in_both_regions_and_changes_neither_active_release_nor_pointers(world: ReleaseWorld) -> None:
    first = world.publish("one")
    canary = start_canary(world)
    assert routing_of(world) == (first.release_id, None, canary.release_id)
    for bucket in world.site.buckets.values():
        assert bucket.read_manifest(canary.release_id) == canary
        pointer = read_pointer(bucket.client, bucket.name)
        assert pointer is not None and pointer.release_id == first.release_id


def test_canary_needs_an_active_release(world: ReleaseWorld) -> None:
    with pytest.raises(UnsafePlanError, match="beside another active release"):
        start_canary(world)


def test_active_release_is_no_canary(world: ReleaseWorld) -> None:
    world.publish("one")
    with pytest.raises(UnsafePlanError, match="every viewer gets it"):
        start_canary(world, "one")


def test_promotion_switches_every_viewer_and_sends_nothing(world: ReleaseWorld) -> None:
    first, canary = world.publish("one"), start_canary(world)
    objects = world.keys(PRIMARY, "releases/")
    world.switcher.rollback(world.switcher.plan_promotion())
    assert routing_of(world) == (canary.release_id, first.release_id, None)
    assert world.keys(PRIMARY, "releases/") == objects


def test_promotion_without_a_canary_is_refused(world: ReleaseWorld) -> None:
    world.publish("one")
    with pytest.raises(MissingOutputError, match="no canary runs"):
        world.switcher.plan_promotion()


def test_rollback_ends_the_canary_and_leaves_the_active_release(world: ReleaseWorld) -> None:
    world.publish("zero")
    first = world.publish("one")
    start_canary(world)
    world.switcher.rollback(world.switcher.plan_rollback(None))
    assert routing_of(world)[0] == first.release_id
    assert routing_of(world)[2] is None


def test_canary_is_not_pruned(world: ReleaseWorld, failover: Failover) -> None:
    world.publish("one")
    canary = start_canary(world)
    failover("prune", "--keep", "1", "--grace-seconds", "0", "--apply")
    assert f"{canary.prefix}index.html" in world.keys(SECONDARY)


def test_publish_ends_a_canary(world: ReleaseWorld) -> None:
    world.publish("one")
    start_canary(world)
    third = world.publish("three")
    assert (routing_of(world)[0], routing_of(world)[2]) == (third.release_id, None)


def test_rollback_works_while_a_region_is_down(world: ReleaseWorld) -> None:
    first = world.publish("one")
    world.publish("two")
    world.kill(PRIMARY)
    plan = world.switcher.plan_rollback(None)
    world.switcher.rollback(plan)
    assert (plan.left_out, routing_of(world)[0]) == ((PRIMARY,), first.release_id)


def test_commands_start_and_promote_a_canary(world: ReleaseWorld, failover: Failover) -> None:
    world.publish("one")
    canary = world.write("two")
    code, output, _ = failover("sync-content", str(world.folder), "--canary", "25", "--apply")
    assert (code, "25 % of the viewers get it" in output) == (0, True)
    assert json.loads(failover("status", "--json")[1])["canary"] == {"release_id": canary.release_id, "percent": 25}
    assert failover("sync-content", "--promote", "--apply")[0] == 0
    assert world.release_ids[0] == canary.release_id


def test_sync_content_of_the_active_folder_says_that_a_canary_runs(world: ReleaseWorld, failover: Failover) -> None:
    first, canary = world.publish("one"), start_canary(world)
    world.write("one")
    code, output, _ = failover("sync-content", str(world.folder))
    assert code == 0
    assert "Nothing to do" in output
    assert f"10 % of the viewers get release {canary.release_id}" in output
    assert "failover sync-content --promote --apply" in output
    assert "failover rollback --apply" in output
    found = json.loads(failover("sync-content", str(world.folder), "--json")[1])
    assert found["canary"] == {"release_id": canary.release_id, "percent": 10}
    assert found["active_release_id"] == first.release_id


def test_sync_content_of_another_folder_says_that_the_canary_ends(world: ReleaseWorld, failover: Failover) -> None:
    world.publish("one")
    canary = start_canary(world)
    world.write("three")
    assert (
        f"Ends the canary that ran: 10 % of the viewers get release {canary.release_id}"
        in (failover("sync-content", str(world.folder))[1])
    )
    assert json.loads(failover("sync-content", str(world.folder), "--apply", "--json")[1])["canary"] is None


def test_repair_of_the_active_release_keeps_the_canary(world: ReleaseWorld) -> None:
    first, canary = world.publish("one"), start_canary(world)
    world.delete(SECONDARY, POINTER_KEY)
    world.publish("one")
    assert routing_of(world) == (first.release_id, None, canary.release_id)
    pointer = read_pointer(world.site.buckets[SECONDARY].client, world.site.buckets[SECONDARY].name)
    assert pointer is not None and pointer.release_id == first.release_id


def test_rollback_to_an_older_release_says_that_the_canary_ends(world: ReleaseWorld, failover: Failover) -> None:
    zero, _ = world.publish("zero"), world.publish("one")
    canary = start_canary(world)
    told = f"the canary {canary.release_id}, which 10 % of the viewers get"
    assert told in failover("rollback", zero.release_id)[1]
    assert f"Ended with it: {told}" in failover("rollback", zero.release_id, "--apply")[1]
    assert routing_of(world)[2] is None


def test_rollback_to_the_active_release_by_name_ends_the_canary(world: ReleaseWorld) -> None:
    zero, first = world.publish("zero"), world.publish("one")
    start_canary(world)
    plan = world.switcher.plan_rollback(first.release_id)
    world.switcher.rollback(plan)
    assert plan.cancels_canary
    assert routing_of(world) == (first.release_id, zero.release_id, None)


@pytest.mark.parametrize("percent", ["0", "100", "x"])
def test_canary_share_is_between_1_and_99(world: ReleaseWorld, failover: Failover, percent: str) -> None:
    world.write("one")
    assert failover("sync-content", str(world.folder), "--canary", percent)[0] == 2


def test_promote_and_canary_exclude_each_other(failover: Failover) -> None:
    assert failover("sync-content", "--promote", "--canary", "5")[0] == 2


def test_promote_takes_no_folder(world: ReleaseWorld, failover: Failover) -> None:
    world.publish("one")
    world.write("two")
    assert failover("sync-content", str(world.folder), "--canary", "25", "--apply")[0] == 0
    assert failover("sync-content", str(world.folder), "--promote")[0] == 2


def test_release_that_is_not_served_is_rolled_back(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.publish("one")
    world.write("two")
    monkeypatch.setattr(FakeProbe, "bad", [BadAnswer(hostname="www.example.test", path="/", reason="status 503")])
    code, _, error = failover("sync-content", str(world.folder), "--apply")
    assert (code, "https://www.example.test/: status 503" in error) == (1, True)
    assert world.release_ids[0] == first.release_id
    for bucket in world.site.buckets.values():
        pointer = read_pointer(bucket.client, bucket.name)
        assert pointer is not None and pointer.release_id == first.release_id


@pytest.mark.parametrize("silent", [PRIMARY, SECONDARY])
def test_release_that_is_not_served_is_rolled_back_while_a_region_is_down(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    first = world.publish("one")
    world.write("two")
    world.kill(silent)
    monkeypatch.setattr(FakeProbe, "bad", [BadAnswer(hostname="www.example.test", path="/", reason="status 503")])
    code, _, error = failover("sync-content", str(world.folder), "--allow-degraded", "--apply")
    assert (code, "Rolled back to" in error) == (1, True)
    (answering,) = {PRIMARY, SECONDARY} - {silent}
    bucket = world.site.buckets[answering]
    pointer = read_pointer(bucket.client, bucket.name)
    assert pointer is not None and pointer.release_id == first.release_id


def test_first_release_that_is_not_served_stays_and_says_so(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = world.write("one")
    monkeypatch.setattr(FakeProbe, "bad", [BadAnswer(hostname="www.example.test", path="/", reason="no such host")])
    code, _, error = failover("sync-content", str(world.folder), "--apply")
    assert (code, "nothing to go back to" in error) == (1, True)
    assert world.release_ids[0] == manifest.release_id


def test_no_probe_asks_nobody(world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch) -> None:
    world.write("one")
    monkeypatch.setattr(FakeProbe, "bad", [BadAnswer(hostname="www.example.test", path="/", reason="status 503")])
    assert failover("sync-content", str(world.folder), "--apply", "--no-probe")[0] == 0


def test_somebody_elses_switch_is_not_undone(world: ReleaseWorld) -> None:
    first = world.publish("one")
    plan = world.publisher.plan(world.write("two"))
    written = world.publisher.apply(plan, world.folder)
    world.publish("three")
    with pytest.raises(SupersededError, match=f"somebody else has switched to {world.release_ids[0]} since"):
        world.switcher.restore_routing(plan.current.routing, written)
    assert first.release_id not in world.release_ids


def test_release_without_most_of_the_active_files_is_refused_unless_forced(world: ReleaseWorld) -> None:
    for number in range(12):
        (world.folder / f"page-{number}.html").write_text("page", encoding="utf-8")
    world.publish("one")
    for number in range(12):
        (world.folder / f"page-{number}.html").unlink()
    built = world.write("two")
    with pytest.raises(UnsafePlanError, match="lacks 12 of the active release's 15 files"):
        world.publisher.plan(built)
    assert len(world.publisher.plan(built, force=True).changes.removed) == 12
