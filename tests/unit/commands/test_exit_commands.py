"""Publish, rollback, verify, prune and status with a server outside AWS that serves from a folder."""

import shutil
from pathlib import Path

import pytest

from tests.worlds.release_commands import Failover, document
from tests.worlds.release_commands import failover as failover
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world


@pytest.fixture
def served(world: ReleaseWorld, tmp_path: Path) -> Path:
    """The folder that the server serves."""
    folder = tmp_path / "exit"
    folder.mkdir()
    world.exits["exit"] = {"folder": str(folder)}
    return folder / "current"


def publish(world: ReleaseWorld, failover: Failover, text: str, *options: str, exit_code: int = 0) -> str:
    world.write(text)
    answer = document(failover, "sync-content", str(world.folder), "--apply", "--force", *options, exit_code=exit_code)
    return str(answer["release_id"])


def page(served: Path) -> str:
    return (served / "index.html").read_text(encoding="utf-8")


def test_publish_and_rollback_take_the_exit_along(world: ReleaseWorld, failover: Failover, served: Path) -> None:
    first = publish(world, failover, "one")
    second = publish(world, failover, "two")
    assert served.resolve().name == second
    assert "two" in page(served)
    document(failover, "rollback", "--apply")
    assert served.resolve().name == first


def test_plan_writes_nothing_there(world: ReleaseWorld, failover: Failover, served: Path) -> None:
    world.write("one")
    document(failover, "sync-content", str(world.folder))
    assert list(served.parent.iterdir()) == []


def test_canary_is_stored_and_switched_to_when_it_is_promoted(
    world: ReleaseWorld, failover: Failover, served: Path
) -> None:
    first = publish(world, failover, "one")
    second = publish(world, failover, "two", "--canary", "10")
    assert served.resolve().name == first
    assert (served.parent / "releases" / second).is_dir()
    document(failover, "sync-content", "--promote", "--apply")
    assert served.resolve().name == second


def test_publish_without_the_exit_switches_nothing(world: ReleaseWorld, failover: Failover, served: Path) -> None:
    first = publish(world, failover, "one")
    served.parent.rename(served.parent.with_name("gone"))
    world.write("two")
    code, _, error = failover("sync-content", str(world.folder), "--apply")
    assert code == 3
    assert "no such folder on this machine" in error
    assert "Nothing was switched. To publish without it, add --allow-degraded" in error
    assert world.release_ids[0] == first


def test_degraded_publish_names_who_is_behind_and_a_repair_brings_it_in_line(
    world: ReleaseWorld, failover: Failover, served: Path
) -> None:
    publish(world, failover, "one")
    gone = served.parent.with_name("gone")
    served.parent.rename(gone)
    second = publish(world, failover, "two", "--allow-degraded")
    gone.rename(served.parent)
    assert "one" in page(served)
    found = document(failover, "verify", exit_code=1)
    assert (found["in_parity"], found["exits"]["exit"]["active_release_id"] == second) == (False, False)
    repaired = document(failover, "verify", "--repair", "--apply")
    assert repaired["exits"]["exit"]["active_release_id"] == second
    assert "two" in page(served)


def test_rollback_without_the_exit_works_and_says_so(world: ReleaseWorld, failover: Failover, served: Path) -> None:
    first = publish(world, failover, "one")
    publish(world, failover, "two")
    shutil.rmtree(served.parent)
    code, output, _ = failover("rollback", "--apply")
    assert code == 0
    assert "exit keeps the release that it had" in output
    assert "failover verify --repair --apply" in output
    assert world.release_ids[0] == first


def test_status_says_what_the_exit_holds(world: ReleaseWorld, failover: Failover, served: Path) -> None:
    publish(world, failover, "one")
    _, output, _ = failover("status")
    assert f"exit, outside AWS ({served.parent}): whole" in output
    (served / "index.html").unlink()
    _, output, _ = failover("status")
    assert "exit, outside AWS, does not hold all of the active release: failover verify --repair" in output


def test_prune_goes_there_too(world: ReleaseWorld, failover: Failover, served: Path) -> None:
    for text in ("one", "two", "three"):
        publish(world, failover, text)
    document(failover, "prune", "--keep", "1", "--grace-seconds", "0", "--apply")
    assert len(list((served.parent / "releases").iterdir())) == 2  # the active and the previous one


def test_second_run_finishes_what_the_exit_missed(world: ReleaseWorld, failover: Failover, served: Path) -> None:
    publish(world, failover, "one")
    shutil.rmtree(served.parent)
    served.parent.mkdir()
    document(failover, "sync-content", str(world.folder), "--apply")
    assert "one" in page(served)
