"""What a server outside AWS serves from: complete releases, switched in one step, and never a broken one."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import pytest

from scripts.errors import UnsafePlanError
from scripts.exits.exits import Exits, open_exits
from scripts.exits.folder_store import FolderStore
from scripts.exits.store import MARKER_PATH, ExitUnavailableError, Source
from scripts.release.manifest import Manifest, ReleaseFile
from tests.worlds.exit_stores import StoreUnderTest, bucket_store, folder_store
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.release_world import aws as aws
from tests.worlds.release_world import world as world


@pytest.fixture(params=["folder", "bucket"])
def tested(request: pytest.FixtureRequest, aws: dict[str, Any], tmp_path: Path) -> StoreUnderTest:  # noqa: ARG001  (runs moto)
    return folder_store(tmp_path / "exit") if request.param == "folder" else bucket_store()


def publish(tested: StoreUnderTest, world: ReleaseWorld, text: str) -> Manifest:
    manifest = world.publish(text)
    exits = Exits(stores=(tested.store,))
    assert exits.follow(manifest, Source(world.site.buckets.values(), world.folder).write) == []
    return manifest


def test_release_is_served_whole_with_its_id_and_the_marker(tested: StoreUnderTest, world: ReleaseWorld) -> None:
    manifest = publish(tested, world, "one")
    served = tested.served()
    assert set(served) == {*(file.path for file in manifest.files), MARKER_PATH}
    assert json.loads(served[MARKER_PATH]) == {"region": "exit"}
    assert manifest.release_id.encode() in served["index.html"]  # stamped, as in the regions
    assert {file.path: file.md5 for file in manifest.files} == {
        path: hashlib.md5(body, usedforsecurity=False).hexdigest()
        for path, body in served.items()
        if path != MARKER_PATH
    }
    assert (tested.store.active(), tested.store.wrong(manifest)) == (manifest.release_id, [])


def test_bring_changes_nothing_for_visitors(tested: StoreUnderTest, world: ReleaseWorld) -> None:
    publish(tested, world, "one")
    before = tested.served()
    second = world.publish("two")
    source = Source(world.site.buckets.values(), world.folder)
    tested.store.bring(second, tested.store.lacking(second), source.write, lambda _size: None)
    assert tested.served() == before
    assert tested.store.lacking(second) == []
    tested.store.switch(second)
    assert b"two" in tested.served()["index.html"]


def test_small_change_is_all_that_is_written(tested: StoreUnderTest, world: ReleaseWorld) -> None:
    publish(tested, world, "one")
    second = world.publish("two")
    written: list[str] = []
    source = Source(world.site.buckets.values(), world.folder)

    def write(file: ReleaseFile, target: IO[bytes]) -> None:
        written.append(file.path)
        source.write(file, target)

    tested.store.bring(second, tested.store.lacking(second), write, lambda _size: None)
    assert sorted(written) == ["404.html", "index.html"]  # both hold the release's id; the others are as they were


def test_rollback_sends_no_file(tested: StoreUnderTest, world: ReleaseWorld) -> None:
    first = publish(tested, world, "one")
    publish(tested, world, "two")
    assert tested.store.lacking(first) == []
    tested.store.switch(first)
    assert b"one" in tested.served()["index.html"]
    assert tested.store.wrong(first) == []


def test_file_that_a_release_does_not_have_is_not_served(tested: StoreUnderTest, world: ReleaseWorld) -> None:
    (world.folder / "old.txt").write_text("old", encoding="utf-8")
    publish(tested, world, "one")
    (world.folder / "old.txt").unlink()
    publish(tested, world, "two")
    assert "old.txt" not in tested.served()


def test_damage_is_found_and_mended_without_the_folder(tested: StoreUnderTest, world: ReleaseWorld) -> None:
    manifest = publish(tested, world, "one")
    tested.damage("index.html")
    exits = Exits(stores=(tested.store,))
    (state,) = exits.compare(manifest)
    assert (state.wrong, state.is_whole) == (("index.html",), False)
    assert exits.follow(manifest, Source(world.site.buckets.values()).write) == []
    assert tested.store.wrong(manifest) == []
    assert b"one" in tested.served()["index.html"]


def test_older_release_that_is_active_is_wrong_as_a_whole(tested: StoreUnderTest, world: ReleaseWorld) -> None:
    publish(tested, world, "one")
    second = world.publish("two")
    assert sorted(tested.store.wrong(second)) == sorted(file.path for file in second.files)


def test_prune_never_takes_what_visitors_get(tested: StoreUnderTest, world: ReleaseWorld) -> None:
    first = publish(tested, world, "one")
    second = publish(tested, world, "two")
    assert tested.store.keep_only(set()) == [first.release_id]
    assert tested.store.wrong(second) == []


def test_bytes_that_no_region_has_are_never_served(tested: StoreUnderTest, world: ReleaseWorld) -> None:
    publish(tested, world, "one")
    before, second = tested.served(), world.publish("two")
    page = next(file for file in second.files if file.path == "index.html")
    for region in world.site.buckets:
        world.damage(region, page.key)
    with pytest.raises(UnsafePlanError, match=r"index\.html: no region holds the bytes"):
        Exits(stores=(tested.store,)).follow(second, Source(world.site.buckets.values()).write)
    assert tested.served() == before


def test_region_that_is_dead_is_passed_over(tested: StoreUnderTest, world: ReleaseWorld) -> None:
    manifest = world.publish("one")
    first, *_ = world.site.buckets
    world.kill(first)
    assert Exits(stores=(tested.store,)).follow(manifest, Source(world.site.buckets.values()).write) == []
    assert tested.store.wrong(manifest) == []


@pytest.mark.parametrize("path", ["../escape", "/etc/passwd", "a/../../b"])
def test_path_that_leads_out_is_refused(tested: StoreUnderTest, world: ReleaseWorld, path: str) -> None:
    manifest = world.publish("one")
    bad = replace(manifest, files=(replace(manifest.files[0], path=path),))
    with pytest.raises(UnsafePlanError, match="no path within a site"):
        tested.store.bring(bad, list(bad.files), Source(world.site.buckets.values()).write, lambda _size: None)


def test_folder_that_is_not_there_is_not_made(tmp_path: Path, world: ReleaseWorld) -> None:
    manifest = world.publish("one")
    store = FolderStore(tmp_path / "unmounted", name="exit")
    with pytest.raises(
        ExitUnavailableError, match=r"unmounted, where exit serves from, cannot be used: no such folder"
    ):
        store.lacking(manifest)
    assert not (tmp_path / "unmounted").exists()


def test_release_that_is_not_whole_is_not_switched_to(tmp_path: Path, world: ReleaseWorld) -> None:
    tested = folder_store(tmp_path / "exit")
    with pytest.raises(UnsafePlanError, match="does not hold release"):
        tested.store.switch(world.publish("one"))


def test_unknown_profile_is_wrong_usage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    content = {"bucket": "b", "endpoint_url": "https://store.example", "region": "x", "profile": "nobody"}
    with pytest.raises(Exception, match=r"the keys of exit: .*nobody.*Write them below \[nobody\]"):
        open_exits({"exit": content})
