"""Publishing what was reviewed, to some viewers first, and ending that when the site gets worse."""

import pytest

from scripts.errors import ProbeRefusedError
from scripts.release.folder import read_folder
from scripts.release.reviewed import identity
from tests.worlds.release_commands import Failover, document
from tests.worlds.release_commands import failover as failover
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world


def reviewed(world: ReleaseWorld) -> str:
    return identity(world.folder, read_folder(world.folder).release_id)


def test_folder_that_was_reviewed_is_published(world: ReleaseWorld, failover: Failover) -> None:
    world.write("one")
    found = document(failover, "sync-content", str(world.folder), "--reviewed", reviewed(world), "--apply")
    assert found["release_id"] == reviewed(world).partition("@")[0]


def test_folder_that_changed_since_its_review_is_not_published(world: ReleaseWorld, failover: Failover) -> None:
    world.write("one")
    approved = reviewed(world)
    world.write("two")
    code, _, error = failover("sync-content", str(world.folder), "--reviewed", approved, "--apply")
    assert (code, f"{approved} was reviewed: nothing was published" in error) == (1, True)
    assert world.release_ids[0] is None


def test_other_rules_for_the_same_bytes_are_told_as_such(world: ReleaseWorld, failover: Failover) -> None:
    world.write("one")
    approved = "0123456789abcdef@" + reviewed(world).partition("@")[2]
    code, _, error = failover("sync-content", str(world.folder), "--reviewed", approved)
    assert (code, "the deployed site file's [content] is another one" in error) == (1, True)


def test_identity_knows_names_and_bytes(world: ReleaseWorld) -> None:
    world.write("one")
    before = identity(world.folder, "r")
    (world.folder / "index.html").rename(world.folder / "other.html")
    assert identity(world.folder, "r") != before


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that canaries were watched for; what a watch finds is tested in tests/unit/release/test_canary_guard.py."""
    seconds: list[float] = []

    def keep(*_arguments: object, **options: float) -> None:
        seconds.append(options["seconds"])

    monkeypatch.setattr("scripts.commands.publishing.publishing.keep_good_canary", keep)
    return seconds


def test_canary_that_is_good_is_given_to_everybody(
    world: ReleaseWorld, failover: Failover, watched: list[float]
) -> None:
    world.publish("one")
    world.write("two")
    call = ("sync-content", str(world.folder), "--canary", "5", "--promote-after", "30", "--apply")
    found = document(failover, *call)
    assert found["active_release_id"] == found["release_id"] == reviewed(world).partition("@")[0]
    assert (found["canary"], watched) == (None, [30.0])


def test_canary_that_is_ended_is_given_to_nobody(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.publish("one")
    world.write("two")

    def end(*_arguments: object, **_options: float) -> None:
        raise ProbeRefusedError("page views failed")

    monkeypatch.setattr("scripts.commands.publishing.publishing.keep_good_canary", end)
    call = ("sync-content", str(world.folder), "--canary", "5", "--promote-after", "30", "--apply")
    assert failover(*call)[0] == 1
    assert world.site.routing.read().routing.release_id == first.release_id


def test_first_release_has_nobody_to_be_tried_on(world: ReleaseWorld, failover: Failover, watched: list[float]) -> None:
    world.write("one")
    call = ("sync-content", str(world.folder), "--canary", "5", "--promote-after", "30", "--apply")
    found = document(failover, *call)
    assert found["active_release_id"] == found["release_id"]
    assert watched == []


def test_promotion_after_a_while_needs_a_share(world: ReleaseWorld, failover: Failover) -> None:
    world.write("one")
    code, _, error = failover("sync-content", str(world.folder), "--promote-after", "30")
    assert (code, "needs --canary PERCENT" in error) == (2, True)
