"""The order of builds: what runs again does not take back what is newer."""

import os
import subprocess
from pathlib import Path

import pytest

from scripts.errors import UnsafePlanError
from scripts.release.build_order import Build, commit_seconds, mark_of
from tests.worlds.release_commands import Failover
from tests.worlds.release_commands import failover as failover
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world


@pytest.mark.parametrize(
    ("build", "newest", "is_older"),
    [
        (Build(number=1), Build(number=2), True),
        (Build(number=2), Build(number=2), False),
        (Build(number=3, source_seconds=1), Build(number=2, source_seconds=9), False),
        (Build(source_seconds=1), Build(number=2, source_seconds=9), True),
        (Build(number=1), Build(source_seconds=9), False),
        (Build(), Build(number=2, source_seconds=9), False),
    ],
)
def test_number_decides_and_without_one_the_source(build: Build, newest: Build, is_older: bool) -> None:
    assert build.is_older_than(newest) is is_older
    assert (mark_of(build, newest).puts == {}) is (is_older or build in (Build(), newest))


def publish(failover: Failover, world: ReleaseWorld, text: str, *options: str) -> tuple[int, str]:
    world.write(text)
    code, _, error = failover("sync-content", str(world.folder), "--apply", *options)
    return code, error


@pytest.mark.parametrize("option", ["--build-number", "--source-seconds"])
def test_older_build_that_runs_again_is_refused_unless_forced(
    world: ReleaseWorld, failover: Failover, option: str
) -> None:
    assert publish(failover, world, "seven", option, "7")[0] == 0
    assert publish(failover, world, "eight", option, "8")[0] == 0
    newer = world.release_ids[0]
    code, error = publish(failover, world, "seven", option, "7")
    assert (code, "is older than one that was published already" in error) == (1, True)
    assert failover("sync-content", str(world.folder), "--canary", "10", "--apply", option, "7")[0] == 1
    assert world.release_ids[0] == newer
    assert publish(failover, world, "seven", option, "7", "--force")[0] == 0
    assert publish(failover, world, "between", option, "7")[0] == 1  # eight was published all the same


def test_publisher_that_lost_its_switch_cannot_take_it_back_by_running_again(
    world: ReleaseWorld, failover: Failover
) -> None:
    first = world.write("one")
    plan = world.publisher.plan(first, build=Build(number=1))
    assert publish(failover, world, "two", "--build-number", "2")[0] == 0
    world.write("one")
    with pytest.raises(Exception, match="ConflictException"):
        world.publisher.apply(plan, world.folder)
    assert publish(failover, world, "one", "--build-number", "1")[0] == 1
    assert first.release_id not in world.release_ids


def test_build_that_changes_nothing_is_noted(world: ReleaseWorld, failover: Failover) -> None:
    publish(failover, world, "one", "--build-number", "1")
    publish(failover, world, "one", "--build-number", "3")
    assert publish(failover, world, "two", "--build-number", "2")[0] == 1


def test_publish_that_says_nothing_of_itself_is_not_refused(world: ReleaseWorld, failover: Failover) -> None:
    publish(failover, world, "one", "--build-number", "3")
    assert publish(failover, world, "two")[0] == 0
    assert publish(failover, world, "three", "--build-number", "2")[0] == 1


def test_number_of_the_environment_counts(
    world: ReleaseWorld, failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(failover, world, "one", "--build-number", "3")
    monkeypatch.setenv("FAILOVER_BUILD_NUMBER", "2")
    assert publish(failover, world, "two")[0] == 1


def test_rollback_does_not_make_an_older_build_the_newest(world: ReleaseWorld, failover: Failover) -> None:
    publish(failover, world, "one", "--build-number", "1")
    publish(failover, world, "two", "--build-number", "3")
    assert failover("rollback", "--apply")[0] == 0
    assert publish(failover, world, "between", "--build-number", "2")[0] == 1


def test_unreadable_note_is_named(world: ReleaseWorld) -> None:
    world.store.values["newest-build"] = "["
    with pytest.raises(UnsafePlanError, match="newest-build of the KeyValueStore is unreadable"):
        world.publisher.plan(world.write("one"), build=Build(number=1))


def test_source_is_as_old_as_the_last_commit(tmp_path: Path) -> None:
    folder = tmp_path / "public"
    folder.mkdir()
    assert commit_seconds(folder) is None
    environment = {
        **os.environ,
        **{f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        "GIT_COMMITTER_DATE": "@1700000000 +0000",
    }
    for command in (("init", "-q"), ("commit", "-q", "--allow-empty", "-m", "one")):
        subprocess.run(["git", *command], cwd=tmp_path, env=environment, check=True)
    assert commit_seconds(folder) == 1_700_000_000
    assert commit_seconds(tmp_path / "nothing") is None
