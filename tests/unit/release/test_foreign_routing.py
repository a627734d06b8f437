"""A routing that no manifest gives: named, never spread, and gone with the next publish."""

import json

import pytest

from scripts.errors import UnsafePlanError
from scripts.release.drain import plan_restoration
from scripts.release.pointers import read_pointer, write_pointer
from tests.worlds.release_commands import Failover
from tests.worlds.release_commands import failover as failover
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world

ELSEWHERE = {"redirects": "evil*"}


def write_by_hand(world: ReleaseWorld, role: str = "active", /, **words: object) -> None:
    """What one write of the store can do: every page leads elsewhere."""
    routing = world.routing
    routing[role] |= words
    world.store.values |= {"routing": json.dumps(routing), "redirect/evil*": "/ 302 https://evil.example/*"}


def pointed_at(world: ReleaseWorld, region: str) -> str:
    bucket = world.site.buckets[region]
    pointer = read_pointer(bucket.client, bucket.name)
    assert pointer is not None
    return pointer.redirects_id


@pytest.mark.parametrize("words", [ELSEWHERE, {"base": "0" * 16}, {"index": "f" * 16, "chunks": 1}, {"style": "off"}])
def test_status_and_verify_name_what_the_manifest_does_not_give(
    world: ReleaseWorld, failover: Failover, words: dict[str, object]
) -> None:
    manifest = world.publish()
    write_by_hand(world, **words)
    told = f"The routing has another {', '.join(words)} of release {manifest.release_id} than its manifest gives"
    assert told in failover("status")[1]
    assert json.loads(failover("status", "--json")[1])["routing_problems"][0].startswith(told)
    code, output, _ = failover("verify")
    assert (code, told in output) == (1, True)


def test_repair_does_not_spread_it(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    write_by_hand(world, **ELSEWHERE)
    code, _, error = failover("verify", "--repair", "--apply")
    assert (code, "Nothing is repaired from it" in error) == (1, True)
    assert [pointed_at(world, region) for region in (PRIMARY, SECONDARY)] == ["", ""]


def test_publishing_the_same_folder_again_puts_it_right(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    write_by_hand(world, **ELSEWHERE)
    assert failover("sync-content", str(world.folder), "--apply")[0] == 0
    assert "redirects" not in world.routing["active"]
    assert failover("verify")[0] == 0


def test_redirects_of_the_previous_release_are_compared_too(world: ReleaseWorld, failover: Failover) -> None:
    first = world.publish("one")
    world.publish("two")
    write_by_hand(world, "previous", **ELSEWHERE)
    assert f"another redirects of release {first.release_id}" in failover("verify")[1]


def test_active_release_without_any_manifest_is_named(world: ReleaseWorld, failover: Failover) -> None:
    world.publish()
    write_by_hand(world, id="0" * 16)
    assert f"No region has a manifest of release {'0' * 16}" in failover("status")[1]


def test_whole_website_has_no_problem(world: ReleaseWorld, failover: Failover) -> None:
    world.publish("one")
    world.publish("two")
    assert json.loads(failover("status", "--json")[1])["routing_problems"] == []


def test_region_is_not_restored_by_it(world: ReleaseWorld) -> None:
    """Not even where its pointer says the same."""
    manifest = world.publish()
    write_by_hand(world, style="off")
    active = world.site.routing.read().routing.active
    assert active is not None
    for region, bucket in world.site.buckets.items():
        write_pointer(bucket.client, bucket.name, active, manifest, region=region)
    with pytest.raises(UnsafePlanError, match=r"something else of release \w+ than .* so eu-central-1 stays as it is"):
        plan_restoration(world.site, PRIMARY)
