"""What is asked after a switch: every name, and S3 of every region, which no edge's cache stands before."""

import pytest

from scripts.release.folder import read_folder
from scripts.release.held_sample import held_sample, look_past_caches
from scripts.release.increments import on_increments
from scripts.release.samples import sample
from tests.worlds.release_commands import Failover, FakeProbe, document
from tests.worlds.release_commands import failover as failover
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world

FILES = 60


@pytest.fixture
def published(world: ReleaseWorld) -> str:
    """A release of many files, so that a look before the switch asks for few of them."""
    for number in range(FILES):
        (world.folder / f"{number:02}.txt").write_text(str(number), encoding="utf-8")
    return world.publish("one").release_id


def lost_after_the_look(world: ReleaseWorld, text: str) -> str:
    """Returns the key of an unchanged file that only the look after the switch to `text` asks for."""
    built = world.write(text)
    routing = world.site.routing.read()
    active = world.site.buckets[PRIMARY].read_manifest(str(routing.routing.release_id))
    assert routing.told_at is not None
    manifest = on_increments(built, active, now=routing.told_at)
    before = held_sample(manifest, {each.key for each in manifest.files if each.increment == built.release_id})
    plan = world.publisher.plan(built)
    return next(each.key for each in sample(manifest, plan.changes) if each not in before and each.path.endswith("txt"))


@pytest.mark.parametrize("region", [PRIMARY, SECONDARY])
@pytest.mark.usefixtures("published")
def test_lost_object_that_the_edges_still_answer_for_is_noticed_after_the_switch(
    world: ReleaseWorld, failover: Failover, published: str, region: str
) -> None:
    """Every name serves it, from a cache; the release before is active again, and whoever reads is told what to do."""
    world.delete(region, key := lost_after_the_look(world, "two"))
    code, _, error = failover("sync-content", str(world.folder), "--apply")
    assert code == 1
    assert f"S3 of {region} does not hold {key.rpartition('/')[2]}" in error
    assert "--repair --apply" in error
    assert world.release_ids[0] == published


@pytest.mark.usefixtures("published")
def test_no_probe_does_not_ask_the_regions_either(world: ReleaseWorld, failover: Failover) -> None:
    world.delete(PRIMARY, lost_after_the_look(world, "two"))
    built = read_folder(world.folder)
    found = document(failover, "sync-content", str(world.folder), "--apply", "--no-probe")
    assert found["asked"] is None
    assert world.release_ids[0] == built.release_id


def test_first_release_that_lost_a_file_stays_and_is_named(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = world.write("one")
    lost = next(each for each in built.files if each.path == "index.html")

    def answer_and_lose(_probe: FakeProbe, _files: object) -> list[object]:
        world.delete(SECONDARY, lost.key)
        return []

    monkeypatch.setattr(FakeProbe, "ask", answer_and_lose)
    code, _, error = failover("sync-content", str(world.folder), "--apply")
    assert (code, "It is the first release, so it stays" in error) == (1, True)
    assert f"S3 of {SECONDARY} does not hold index.html" in error
    assert world.release_ids[0] == built.release_id


def test_what_was_asked_is_told(world: ReleaseWorld, failover: Failover) -> None:
    world.write("one")
    code, output, _ = failover("sync-content", str(world.folder), "--apply")
    assert code == 0
    assert f"S3 of {PRIMARY} and {SECONDARY} holds them, which no cache stands before" in output
    world.write("two")
    found = document(failover, "sync-content", str(world.folder), "--apply")
    asked = found["asked"]
    assert isinstance(asked, dict)
    assert asked["regions"] == [PRIMARY, SECONDARY]
    assert asked["files"] == FakeProbe.files
    assert asked["names"] == [world.site.hostname]


def test_promotion_asks_the_regions_too(world: ReleaseWorld, failover: Failover) -> None:
    world.publish("one")
    world.write("two")
    assert failover("sync-content", str(world.folder), "--canary", "10", "--apply")[0] == 0
    found = document(failover, "sync-content", "--promote", "--apply")
    assert found["asked"]["regions"] == [PRIMARY, SECONDARY]


def test_region_that_does_not_answer_tells_nothing(world: ReleaseWorld) -> None:
    built = world.publish("one")
    world.kill(SECONDARY)
    look = look_past_caches(built.files, list(world.site.buckets.values()))
    assert (look.regions, look.lost) == ((PRIMARY,), ())


def test_changed_object_counts_as_lost(world: ReleaseWorld) -> None:
    built = world.publish("one")
    world.damage(PRIMARY, built.files[0].key)
    look = look_past_caches(built.files, list(world.site.buckets.values()))
    assert [(each.region, each.file.path) for each in look.lost] == [(PRIMARY, built.files[0].path)]
