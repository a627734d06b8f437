"""The indexes and redirects in the KeyValueStore, compared with the manifests of the releases that viewers may get."""

import json
from dataclasses import replace

import pytest

from scripts.errors import UnsafePlanError
from scripts.release.manifest import Manifest, manifest_key
from scripts.release.serving.index import KEY_PREFIX
from scripts.release.serving.url_rules import REDIRECT_PREFIX
from scripts.release.store_parity import StoreParity, check_store
from tests.unit.release.test_canary import start_canary
from tests.worlds.release_commands import Failover, document
from tests.worlds.release_commands import failover as failover
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world


def publish_three(world: ReleaseWorld) -> tuple[Manifest, ...]:
    """The last two have an index each: they stand on the first one's increment."""
    (world.folder / "404.html").write_text("the same in all", encoding="utf-8")
    return tuple(world.publish(text) for text in ("one", "two", "three"))


def found(world: ReleaseWorld, release_id: str | None = None) -> StoreParity:
    return check_store(world.site.routing, world.site.routing.read(), world.site.buckets.values(), release_id)


def index_of(world: ReleaseWorld, role: str) -> str:
    """The first chunk's key."""
    return f"{KEY_PREFIX}{world.routing[role]['index']}/0"


def test_published_releases_are_whole_in_the_store(world: ReleaseWorld) -> None:
    _, second, third = publish_three(world)
    parity = found(world)
    assert (parity.compared, parity.is_reached) == ((third.release_id, second.release_id), True)


@pytest.mark.parametrize("role", ["active", "previous", "canary"])
@pytest.mark.parametrize("is_gone", [True, False])
def test_chunk_that_is_absent_or_differs_is_named_with_its_value(world: ReleaseWorld, role: str, is_gone: bool) -> None:
    publish_three(world)
    start_canary(world, "four")
    key = index_of(world, role)
    value = world.store.values.pop(key)
    if not is_gone:
        world.store.values[key] = "0" * 24
    assert found(world).lacking == {key: value}


def test_one_release_that_is_named_is_compared_alone(world: ReleaseWorld) -> None:
    _, second, third = publish_three(world)
    del world.store.values[index_of(world, "previous")]
    assert found(world, third.release_id).is_reached
    assert not found(world, second.release_id).is_reached


def test_index_that_no_manifest_gives_is_judged_by_its_own_digest(world: ReleaseWorld) -> None:
    publish_three(world)
    for region in (PRIMARY, SECONDARY):
        world.delete(region, manifest_key(world.routing["previous"]["id"]))
    assert found(world).is_reached
    world.store.values[index_of(world, "previous")] += "0" * 8
    assert found(world).lost == (index_of(world, "previous"),)


def test_unreadable_manifest_of_the_active_release_is_told_and_of_another_gives_nothing(world: ReleaseWorld) -> None:
    _, second, third = publish_three(world)
    for region in (PRIMARY, SECONDARY):
        world.damage(region, manifest_key(second.release_id))
    assert found(world).is_reached
    for region in (PRIMARY, SECONDARY):
        world.damage(region, manifest_key(third.release_id))
    with pytest.raises(UnsafePlanError, match="is unreadable"):
        found(world)


def test_redirects_are_compared_too(world: ReleaseWorld, failover: Failover) -> None:
    world.site = replace(world.site, content={"redirect": [{"from": "/old", "to": "/"}]})
    world.write("one")
    assert failover("sync-content", str(world.folder), "--apply")[0] == 0
    (key,) = (each for each in world.store.values if each.startswith(REDIRECT_PREFIX))
    assert found(world).is_reached
    value = world.store.values.pop(key)
    assert found(world).lacking == {key: value}


def test_store_is_not_listed_for_releases_without_an_index(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish()
    monkeypatch.delattr(type(world.store), "paginate")
    assert found(world).is_reached


def test_verify_reports_and_repairs_the_store(world: ReleaseWorld, failover: Failover) -> None:
    publish_three(world)
    key = index_of(world, "active")
    value = world.store.values.pop(key)
    code, output, _ = failover("verify")
    assert code == 1
    assert f"Absent or different: 1 keys of the KeyValueStore, {key}" in output
    assert "failover verify --repair" in output
    plan = document(failover, "verify", "--repair", exit_code=1)
    assert (plan["key_value_store"]["lacking"], key in world.store.values) == ([key], False)
    assert plan["in_parity"] is False
    before = json.dumps(world.routing)
    repaired = document(failover, "verify", "--repair", "--apply")
    assert (repaired["key_value_store"]["in_parity"], repaired["in_parity"]) == (True, True)
    assert (world.store.values[key], json.dumps(world.routing)) == (value, before)
    assert failover("verify")[0] == 0


def test_repair_of_the_store_gives_way_to_another_writer(world: ReleaseWorld, failover: Failover) -> None:
    publish_three(world)
    del world.store.values[index_of(world, "active")]
    world.store.race = True
    code, _, error = failover("verify", "--repair", "--apply")
    assert (code, "Somebody else wrote it meanwhile" in error) == (3, True)


def test_what_no_manifest_gives_is_told_and_not_repaired(world: ReleaseWorld, failover: Failover) -> None:
    publish_three(world)
    for region in (PRIMARY, SECONDARY):
        world.delete(region, manifest_key(world.routing["previous"]["id"]))
    del world.store.values[index_of(world, "previous")]
    code, output, _ = failover("verify", "--repair", "--apply")
    assert (code, "keys that no manifest gives" in output) == (1, True)
