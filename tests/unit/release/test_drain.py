"""Leaving a region and coming back: what is written, and what is refused."""

from dataclasses import replace

import pytest

from scripts.errors import AwsError, RegionUnavailableError, UnsafePlanError, WrongUsageError
from scripts.release.drain import change_drains, drained, plan_evacuation, plan_restoration
from scripts.release.manifest import manifest_key
from scripts.release.routing import Routing
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world


def evacuate(world: ReleaseWorld, region: str) -> Routing:
    return change_drains(world.site, plan_evacuation(world.site, region))


def restore(world: ReleaseWorld, region: str) -> Routing:
    return change_drains(world.site, plan_restoration(world.site, region))


def test_plan_of_an_evacuation_writes_nothing(world: ReleaseWorld) -> None:
    plan_evacuation(world.site, PRIMARY)
    assert world.store.writes == 0


def test_evacuation_drains_the_region_and_keeps_the_releases(world: ReleaseWorld) -> None:
    first, second = world.publish("one"), world.publish("two")
    evacuate(world, PRIMARY)
    assert world.release_ids == (second.release_id, first.release_id)
    assert world.routing["drained_regions"] == [PRIMARY]


def test_evacuation_needs_no_answer_from_any_region(world: ReleaseWorld) -> None:
    world.publish()
    world.kill(PRIMARY)
    world.kill(SECONDARY)
    assert evacuate(world, PRIMARY).drained_regions == (PRIMARY,)


def test_evacuation_of_a_drained_region_writes_nothing(world: ReleaseWorld) -> None:
    evacuate(world, PRIMARY)
    evacuate(world, PRIMARY)
    assert world.store.writes == 1


def test_evacuation_rejects_the_only_region_that_is_not_drained(world: ReleaseWorld) -> None:
    evacuate(world, PRIMARY)
    with pytest.raises(UnsafePlanError, match="draining us-east-1 would leave no region"):
        plan_evacuation(world.site, SECONDARY)


def test_only_region_of_a_site_is_not_evacuated_but_may_be_restored(world: ReleaseWorld) -> None:
    world.publish()
    site = replace(world.site, buckets={PRIMARY: world.site.buckets[PRIMARY]})
    with pytest.raises(WrongUsageError, match="needs two regions, and the site has one, eu-central-1: add a second"):
        plan_evacuation(site, PRIMARY)
    assert plan_restoration(site, PRIMARY).is_empty


def test_drained_regions_that_do_not_exist_do_not_count() -> None:
    routing = Routing(drained_regions=("eu-west-1",))
    assert drained(routing, (PRIMARY,), {PRIMARY, SECONDARY}).drained_regions == (PRIMARY, "eu-west-1")


@pytest.mark.parametrize("plan", [plan_evacuation, plan_restoration])
def test_drain_rejects_an_unknown_region(world: ReleaseWorld, plan: type) -> None:
    with pytest.raises(WrongUsageError, match=r"'eu-west-1' is not one .* eu-central-1, us-east-1"):
        plan(world.site, "eu-west-1")


def test_evacuation_that_meets_another_writer_changes_nothing(world: ReleaseWorld) -> None:
    plan = plan_evacuation(world.site, PRIMARY)
    world.store.race = True
    with pytest.raises(AwsError, match="ConflictException"):
        change_drains(world.site, plan)
    assert world.routing == {}


def test_restoration_brings_the_region_back(world: ReleaseWorld) -> None:
    world.publish()
    evacuate(world, PRIMARY)
    restore(world, PRIMARY)
    assert world.routing["drained_regions"] == []


def test_restoration_of_a_region_that_serves_writes_nothing(world: ReleaseWorld) -> None:
    world.publish()
    restore(world, PRIMARY)
    assert world.store.writes == 1


def test_restoration_before_the_first_release_is_allowed(world: ReleaseWorld) -> None:
    evacuate(world, PRIMARY)
    assert restore(world, PRIMARY).drained_regions == ()


def test_restoration_does_not_ask_the_other_region(world: ReleaseWorld) -> None:
    world.publish()
    evacuate(world, PRIMARY)
    world.kill(SECONDARY)
    assert restore(world, PRIMARY).drained_regions == ()


@pytest.mark.parametrize(
    ("key", "lack"),
    [
        ("releases/{id}/index.html", "1 files"),
        (manifest_key("{id}"), "the manifest"),
        ("control/active.json", r"the new control/active\.json"),
    ],
)
def test_restoration_rejects_a_region_without_parity(world: ReleaseWorld, key: str, lack: str) -> None:
    manifest = world.publish()
    evacuate(world, PRIMARY)
    world.delete(PRIMARY, key.format(id=manifest.release_id))
    with pytest.raises(UnsafePlanError, match=f"eu-central-1 lacks {lack} of the active release"):
        plan_restoration(world.site, PRIMARY)


def test_restoration_rejects_a_silent_region(world: ReleaseWorld) -> None:
    world.publish()
    evacuate(world, PRIMARY)
    world.kill(PRIMARY)
    with pytest.raises(RegionUnavailableError, match=PRIMARY):
        plan_restoration(world.site, PRIMARY)


def test_release_that_comes_during_the_parity_check_stops_the_restoration(world: ReleaseWorld) -> None:
    world.publish("one")
    evacuate(world, PRIMARY)
    plan = plan_restoration(world.site, PRIMARY)
    world.publish("two")
    with pytest.raises(AwsError, match="ConflictException"):
        change_drains(world.site, plan)
    assert world.routing["drained_regions"] == [PRIMARY]
