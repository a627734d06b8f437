"""Keys of the KeyValueStore and manifests that somebody wrote by hand: named, and never a traceback."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from scripts.errors import UnreadableManifestError, UnsafePlanError
from scripts.release.build_order import NEWEST_KEY, Build
from scripts.release.folder import read_folder
from scripts.release.manifest import manifest_key, parse_manifest
from scripts.release.prune import plan_prune
from scripts.release.routing import parse_routing
from scripts.release.taken_down import TAKEDOWN_KEY, takedowns
from tests.worlds.release_world import PRIMARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world

BUILD = Build(number=8, source_seconds=9)


@pytest.mark.parametrize(
    "value", ['{"number":"7"}', '{"source_seconds":"x"}', '{"number":1.5}', "[]", "null", "no JSON"], ids=str
)
def test_newest_build_that_says_no_number_is_named(world: ReleaseWorld, value: str) -> None:
    world.store.values[NEWEST_KEY] = value
    with pytest.raises(UnsafePlanError, match="newest-build of the KeyValueStore is unreadable"):
        world.publisher.plan(world.write("one"), build=BUILD)


@pytest.mark.parametrize("value", ["garbage", "", "yesterday - a.txt"])
def test_note_of_a_takedown_that_says_nothing_is_named(world: ReleaseWorld, value: str) -> None:
    """Nobody publishes before it is known what must not come back."""
    world.store.values |= {TAKEDOWN_KEY: "x", "takedown/0123": value}
    with pytest.raises(UnsafePlanError, match="the key takedown/0123"):
        world.publisher.plan(world.write("one"))
    with pytest.raises(UnsafePlanError, match="the key takedown/0123"):
        takedowns(world.site.routing)


@pytest.mark.parametrize("value", ["garbage", "", "2026-12-01T00:00:00"])
def test_claim_that_has_no_end_is_named(world: ReleaseWorld, value: str) -> None:
    world.publish("one")
    built = world.write("two")
    world.store.values[f"pruning/{built.release_id}"] = value
    with pytest.raises(UnsafePlanError, match=f"the key pruning/{built.release_id}"):
        world.publisher.plan(built)
    with pytest.raises(UnsafePlanError, match=f"the key pruning/{built.release_id}"):
        plan_prune(world.site, keep=1, grace=timedelta(0))


@pytest.mark.parametrize(
    "document",
    [
        {"active": {"id": "a", "base": "b", "chunks": "x"}},
        {"active": {"id": 1, "base": "b"}},
        {"active": {"id": "a", "base": "b"}, "canary": {"id": "c", "base": "b", "percent": "10"}},
        {"active": {"id": "a", "base": "b"}, "canary": {"percent": 10}},
        {"canary": {"id": "c", "base": "b"}},
    ],
    ids=json.dumps,
)
def test_routing_of_other_types_is_unreadable(document: object) -> None:
    with pytest.raises(ValueError, match=r"another type|canary has no|not a routing"):
        parse_routing(json.dumps(document))


@pytest.mark.parametrize(
    "changed",
    [
        {"decided_at": "soon"},
        {"decided_at": 1},
        {"decided_at": "2026-12-01T00:00:00"},
        {"retained": [["a", "b", 1, "", "", "", None, "soon"]]},
        {"retained": None},
        {"removed": None},
    ],
    ids=json.dumps,
)
def test_manifest_of_no_time_is_unreadable(world: ReleaseWorld, changed: dict[str, object]) -> None:
    """And so the publish is refused, instead of ending where the time is needed."""
    built = world.publish("one")
    key = manifest_key(built.release_id)
    document = json.loads(built.to_json()) | changed
    text = json.dumps(document, separators=(",", ":"))
    with pytest.raises((ValueError, TypeError)):
        parse_manifest(text.encode())
    world.put(PRIMARY, key, text.encode())
    with pytest.raises(UnreadableManifestError, match=key):
        world.publisher.plan(world.write("two"))


def test_commit_of_a_clock_that_is_ahead_does_not_make_every_later_build_the_older_one(world: ReleaseWorld) -> None:
    world.write("one")
    ahead = int((datetime.now(UTC) + timedelta(days=4000)).timestamp())
    plan = world.publisher.plan(read_folder(world.folder), build=Build(source_seconds=ahead))
    world.publisher.apply(plan, world.folder)
    now = int((datetime.now(UTC) + timedelta(seconds=2)).timestamp())
    plan = world.publisher.plan(world.write("two"), build=Build(source_seconds=now))
    world.publisher.apply(plan, world.folder)
    with pytest.raises(UnsafePlanError, match="older than one that was published"):
        world.publisher.plan(world.write("three"), build=Build(source_seconds=now - 3600))


def test_noted_time_that_is_of_the_future_says_nothing(world: ReleaseWorld) -> None:
    """As versions before this one noted it."""
    ahead = int((datetime.now(UTC) + timedelta(days=4000)).timestamp())
    world.store.values[NEWEST_KEY] = json.dumps({"number": None, "source_seconds": ahead})
    now = int(datetime.now(UTC).timestamp()) - 60
    world.publisher.apply(world.publisher.plan(world.write("one"), build=Build(source_seconds=now)), world.folder)
    assert json.loads(world.store.values[NEWEST_KEY])["source_seconds"] == now


def test_pipeline_that_counts_anew_is_told_the_way_out(world: ReleaseWorld) -> None:
    world.publisher.apply(world.publisher.plan(world.write("one"), build=Build(number=5000)), world.folder)
    with pytest.raises(UnsafePlanError, match="Where the pipeline counts anew, delete the key newest-build"):
        world.publisher.plan(world.write("two"), build=Build(number=1))
