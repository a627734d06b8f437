"""Redirects, clean URLs and variants of a release on their way: in manifest, store and pointers; published and pruned."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import brotli
import pytest

from scripts.clock import utc_now
from scripts.errors import WrongUsageError
from scripts.release.bucket import NOT_FOUND_TEXT
from scripts.release.folder import read_folder
from scripts.release.manifest import Manifest
from scripts.release.parity import check_parity
from scripts.release.pointers import read_pointer
from scripts.release.prune import plan_prune
from scripts.release.routing import Routing, served
from scripts.release.serving.content_settings import parse_content
from tests.worlds.release_world import PRIMARY, SECONDARY, ReleaseWorld, aws, world

__all__ = ["aws", "world"]

MOVED = {"redirect": [{"from": "/old", "to": "/"}, {"from": "/blog/*", "to": "/"}]}


def publish(world: ReleaseWorld, text: str, content: dict[str, Any]) -> Manifest:
    world.write(text)
    plan = world.publisher.plan(read_folder(world.folder, rules=parse_content(content)))
    world.publisher.apply(plan, world.folder)
    return plan.manifest


def redirect_keys(world: ReleaseWorld) -> set[str]:
    return {key for key in world.store.values if key.startswith("redirect/")}


def pointer(world: ReleaseWorld, region: str = PRIMARY) -> dict[str, Any]:
    bucket = world.site.buckets[region]
    found: dict[str, Any] = json.loads(
        bucket.client.get_object(Bucket=bucket.name, Key="control/active.json")["Body"].read()
    )
    return found


def test_redirects_lie_in_the_store_before_the_switch(world: ReleaseWorld) -> None:
    manifest = publish(world, "one", MOVED)
    table = manifest.redirect_table
    assert redirect_keys(world) == set(table.entries) == {f"redirect/{table.id}", f"redirect/{table.id}/old/index.html"}
    assert world.routing["active"]["redirects"] == table.id


def test_regional_endpoints_get_the_same_redirects(world: ReleaseWorld) -> None:
    publish(world, "one", MOVED | {"trailing_slash": "add"})
    for region in (PRIMARY, SECONDARY):
        found = pointer(world, region)
        assert (found["redirects"], found["wildcards"]) == ({"old/index.html": "301 /"}, "/blog/ 301 /")
        assert found["style"] == "folder add"


def test_unchanged_redirects_are_not_written_again(world: ReleaseWorld) -> None:
    publish(world, "one", MOVED)
    written: list[str] = []
    update = world.store.update_keys

    def recording(**arguments: Any) -> dict[str, Any]:
        written.extend(put["Key"] for put in arguments["Puts"])
        return update(**arguments)

    world.store.update_keys = recording  # type: ignore[method-assign]
    publish(world, "two", MOVED)
    assert [key for key in written if key.startswith("redirect/")] == []
    assert len(redirect_keys(world)) == 2


def test_rollback_brings_back_the_redirects_of_its_release(world: ReleaseWorld) -> None:
    first = publish(world, "one", MOVED)
    for text in ("two", "three"):
        publish(world, text, {})
    world.prune(plan_prune(world.site, keep=5, grace=timedelta(days=1), now=utc_now()))
    assert redirect_keys(world) == set()
    world.switcher.rollback(world.switcher.plan_rollback(first.release_id))
    assert redirect_keys(world) == set(first.redirect_table.entries)
    assert pointer(world)["redirects"] == {"old/index.html": "301 /"}


def test_redirects_of_the_previous_release_stay_for_a_rollback(world: ReleaseWorld) -> None:
    publish(world, "one", MOVED)
    publish(world, "two", {})
    plan = plan_prune(world.site, keep=1, grace=timedelta(0), now=utc_now())
    assert not set(plan.index_keys) & redirect_keys(world)


def test_redirect_takes_the_place_of_a_page_that_went(world: ReleaseWorld) -> None:
    (world.folder / "old").mkdir()
    (world.folder / "old" / "index.html").write_text("old", encoding="utf-8")
    publish(world, "one", {})
    (world.folder / "old" / "index.html").unlink()
    (world.folder / "old").rmdir()
    manifest = publish(world, "two", MOVED)
    assert manifest.index().increment_of("old/index.html") == "-" * 16


def test_manifest_remembers_style_and_redirects(world: ReleaseWorld) -> None:
    manifest = publish(world, "one", MOVED | {"trailing_slash": "remove"})
    assert world.site.buckets[SECONDARY].read_manifest(manifest.release_id) == manifest
    assert parity_is_reached(world, manifest)


def parity_is_reached(world: ReleaseWorld, manifest: Manifest) -> bool:
    return check_parity(world.site.buckets.values(), manifest, world.site.routing.read().routing).is_reached


def test_pointer_with_other_redirects_is_no_parity(world: ReleaseWorld) -> None:
    manifest = publish(world, "one", MOVED)
    document = pointer(world) | {"redirects_id": "another"}
    bucket = world.site.buckets[PRIMARY]
    bucket.client.put_object(Bucket=bucket.name, Key="control/active.json", Body=json.dumps(document).encode())
    assert not parity_is_reached(world, manifest)


def test_pointer_of_an_earlier_version_is_read(world: ReleaseWorld) -> None:
    manifest = publish(world, "one", {})
    wanted = ("schema", "release_id", "base_id", "index_id", "layers")
    document = {key: value for key, value in pointer(world).items() if key in wanted}
    bucket = world.site.buckets[PRIMARY]
    bucket.client.put_object(Bucket=bucket.name, Key="control/active.json", Body=json.dumps(document).encode())
    found = read_pointer(bucket.client, bucket.name)
    assert found is not None and found.follows(served(manifest, manifest.index()))


def test_retained_file_without_a_variant_ends_the_extension(world: ReleaseWorld) -> None:
    """A viewer of the earlier page would be sent to an object that never was."""
    (world.folder / "a.0123456789abcdef.css").write_text("a {}", encoding="utf-8")
    publish(world, "one", {})
    (world.folder / "a.0123456789abcdef.css").unlink()
    write_with_variant(world.folder / "b.fedcba9876543210.css")
    publish(world, "two", {})
    assert "br" not in world.routing["active"]


def test_fallback_stands_in_routing_and_pointer_and_leaves_with_its_release(world: ReleaseWorld) -> None:
    publish(world, "one", {"fallback": "/index.html"})
    assert (world.routing["active"]["fallback"], pointer(world)["fallback"]) == ("index.html", "index.html")
    assert set(pointer(world)["layers"]) == {"404.html", "index.html"}
    publish(world, "two", {})
    assert "fallback" not in world.routing["active"]


def test_page_that_is_gone_falls_back_and_anything_else_that_is_gone_is_missing(world: ReleaseWorld) -> None:
    (world.folder / "gone").mkdir()
    for name in ("gone/index.html", "gone.txt", *(f"{number}.txt" for number in range(9))):
        (world.folder / name).write_text("x", encoding="utf-8")
    publish(world, "one", {"fallback": "/index.html"})
    for name in ("gone/index.html", "gone.txt"):
        (world.folder / name).unlink()
    second = publish(world, "two", {"fallback": "/index.html"})
    assert second.base is not None
    layers = pointer(world)["layers"]
    assert (layers["gone/index.html"], layers["gone.txt"]) == ("~" * 16, second.release_id)


@pytest.mark.parametrize("value", ["index.html", "/a?b.html", "/no.js", 1, "/*"])
def test_fallback_that_is_no_page_is_refused(value: object) -> None:
    with pytest.raises(WrongUsageError, match=r"content\.fallback"):
        parse_content({"fallback": value})


def test_fallback_that_the_release_lacks_is_refused(world: ReleaseWorld) -> None:
    with pytest.raises(WrongUsageError, match="the release has no such file"):
        publish(world, "one", {"fallback": "/app.html"})


def write_with_variant(path: Path) -> None:
    path.write_bytes(b"a {}")
    path.with_name(f"{path.name}.br").write_bytes(brotli.compress(b"a {}"))


def test_complete_variants_stand_in_routing_and_pointer(world: ReleaseWorld) -> None:
    write_with_variant(world.folder / "a.css")
    publish(world, "one", {})
    assert (world.routing["active"]["br"], pointer(world)["br"]) == ("css", "css")


def test_file_without_a_dot_lies_where_routers_look_for_it(world: ReleaseWorld) -> None:
    (world.folder / "LICENSE").write_bytes(b"free")
    manifest = publish(world, "one", {})
    bucket = world.site.buckets[PRIMARY]
    stored = bucket.client.get_object(Bucket=bucket.name, Key=f"{manifest.prefix}LICENSE/index.html")
    assert stored["Body"].read() == b"free"


@pytest.mark.parametrize(
    ("names", "content", "named"),
    [
        (("about", "about.html"), {"clean_urls": "file"}, "about: its address would be that of about.html"),
        (("what?.html",), {}, "a name with a \\? or with % and two hex digits"),
        (("a%20b.html",), {}, "a name with a \\? or with % and two hex digits"),
        (("a\x01b.html",), {}, r"'a\\x01b.html': a name with a character that XML cannot hold"),
        ((), {"redirect": [{"from": "/old", "to": "/gone/"}]}, "the release has no gone/index.html"),
        (("LICENSE",), {"redirect": [{"from": "/LICENSE", "to": "/"}]}, "it would hide LICENSE/index.html"),
        ((), {"clean_urls": "file", "trailing_slash": "add"}, "never about.html"),
    ],
)
def test_folder_is_refused_by_name(
    world: ReleaseWorld, names: tuple[str, ...], content: dict[str, Any], named: str
) -> None:
    for name in ("index.html", *names):
        (world.folder / name).write_text("x", encoding="utf-8")
    with pytest.raises(WrongUsageError, match=named):
        read_folder(world.folder, rules=parse_content(content))


def test_release_without_a_404_page_shows_what_the_regional_endpoint_shows(world: ReleaseWorld) -> None:
    publish(world, "one", {})
    (world.folder / "404.html").unlink()
    manifest = publish(world, "two", {})
    bucket = world.site.buckets[PRIMARY]
    assert bucket.client.get_object(Bucket=bucket.name, Key="errors/404.html")["Body"].read() == NOT_FOUND_TEXT
    assert parity_is_reached(world, manifest)


def test_usual_release_adds_nothing_to_routing_and_manifest(world: ReleaseWorld) -> None:
    manifest = publish(world, "one", {})
    assert set(world.routing["active"]) == {"id", "base", "index", "chunks", "salt"}
    assert not {"style", "redirects"} & json.loads(manifest.to_json()).keys()
    assert Routing(active=served(manifest, manifest.index())).to_json() == world.store.values["routing"]


def test_build_and_publish_give_the_same_release(tmp_path: Path) -> None:
    for name in ("index.html", "LICENSE"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    rules = parse_content(MOVED)
    assert read_folder(tmp_path, rules=rules) == read_folder(tmp_path, rules=rules)
