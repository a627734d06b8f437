"""The release commands of a site in three regions, which only a regional entry has: every region takes part, and is named."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.worlds.release_commands import Failover, document
from tests.worlds.release_commands import failover as failover
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld, clients_on_moto
from tests.worlds.release_world import world as world

THIRD = "ap-northeast-1"


@pytest.fixture(scope="module")
def aws() -> Iterator[dict[str, Any]]:
    """As the module's own, with one region more."""
    with clients_on_moto(PRIMARY, SECONDARY, THIRD) as clients:
        yield clients


@pytest.fixture(autouse=True)
def _regional(world: ReleaseWorld) -> None:
    world.site = replace(world.site, entry="regional")


def test_status_and_releases_show_every_region(world: ReleaseWorld, failover: Failover) -> None:
    manifest = world.publish()
    for region in (PRIMARY, SECONDARY, THIRD):
        assert document(failover, "status")["regions"][region]["pointer_release_id"] == manifest.release_id
    (found,) = document(failover, "releases")["releases"]
    assert {region: parity["in_parity"] for region, parity in found["regions"].items()} == {
        PRIMARY: True,
        SECONDARY: True,
        THIRD: True,
    }


def test_plan_of_a_publish_uploads_to_every_region(world: ReleaseWorld, failover: Failover) -> None:
    world.write("one")
    uploads = document(failover, "sync-content", str(world.folder))["uploads"]
    assert {region: len(files) for region, files in uploads.items()} == {PRIMARY: 3, SECONDARY: 3, THIRD: 3}


def test_repair_takes_what_is_missing_from_whichever_region_has_it(world: ReleaseWorld, failover: Failover) -> None:
    manifest = world.publish()
    world.delete(PRIMARY, f"{manifest.prefix}logo.svg")
    world.delete(SECONDARY, f"{manifest.prefix}logo.svg")
    assert document(failover, "verify", "--repair", "--apply")["in_parity"] is True
    assert f"{manifest.prefix}logo.svg" in world.keys(PRIMARY) & world.keys(SECONDARY)
    _, output, _ = failover("verify")
    assert "Every region holds all of it" in output


def test_publish_without_one_region_goes_to_the_other_two(world: ReleaseWorld, failover: Failover) -> None:
    world.publish("one")
    world.kill(THIRD)
    manifest = world.write("two")
    code, _, error = failover("sync-content", str(world.folder))
    assert (code, "publish without it, add --allow-degraded" in error) == (3, True)
    _, output, _ = failover("sync-content", str(world.folder), "--allow-degraded", "--apply", "--no-probe")
    assert f"Published: {PRIMARY} and {SECONDARY} confirmed what was sent" in output
    assert f"{manifest.prefix}index.html" in world.keys(PRIMARY) & world.keys(SECONDARY)
    _, output, _ = failover("sync-content", str(world.folder), "--allow-degraded")
    assert f"Nothing to do: {PRIMARY} and {SECONDARY} hold it" in output


def test_canary_is_refused_where_no_router_would_give_it_to_anybody(world: ReleaseWorld, failover: Failover) -> None:
    world.publish("one")
    world.write("two")
    code, _, error = failover("sync-content", str(world.folder), "--canary", "10", "--apply", "--no-probe")
    assert (code, 'needs routing.entry = "cloudfront"' in error) == (2, True)
    assert document(failover, "status")["canary"] is None


def test_rollback_names_the_region_that_missed_it(world: ReleaseWorld, failover: Failover) -> None:
    first = world.publish("one")
    world.publish("two")
    world.kill(SECONDARY)
    code, output, _ = failover("rollback", "--apply")
    assert (code, f"{SECONDARY} does not answer" in output) == (0, True)
    world.revive(SECONDARY)
    regions = document(failover, "status", exit_code=1)["regions"]
    assert json.dumps(regions).count(f'"pointer_release_id": "{first.release_id}"') == 2
