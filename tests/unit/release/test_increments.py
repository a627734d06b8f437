"""What a release shares with the active one, and what it keeps for that one's viewers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scripts.release.increments import RETENTION, on_increments, with_retained
from scripts.release.manifest import Manifest, ReleaseFile
from scripts.release.serving.file_rules import IMMUTABLE_CACHE_CONTROL

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ONE, TWO, THREE = "1" * 16, "2" * 16, "3" * 16
OLD_ASSET, NEW_ASSET = "app-0123abcd.css", "app-9876fedc.css"


def release(release_id: str, files: dict[str, str]) -> Manifest:
    """A release of a folder: path -> content."""
    described = (
        ReleaseFile(
            path=path, increment=release_id, size_bytes=1, md5=text, content_type="text/html", cache_control="no-store"
        )
        for path, text in sorted(files.items())
    )
    return Manifest(release_id=release_id, base=None, files=tuple(described))


def pages(**changed: str) -> dict[str, str]:
    return {f"{name}.html": changed.get(name, "same") for name in "abcdefghij"}


def increments(manifest: Manifest) -> dict[str, str]:
    return {file.path: file.increment for file in manifest.files}


def test_first_release_is_whole() -> None:
    built = release(ONE, pages())
    assert on_increments(built, None, now=NOW) == built


def test_same_release_again_is_the_active_one() -> None:
    active = on_increments(release(TWO, pages(a="new")), release(ONE, pages()), now=NOW)
    assert on_increments(release(TWO, pages(a="new")), active, now=NOW) == active


def test_small_change_puts_only_the_changed_files_in_an_increment_of_their_own() -> None:
    found = on_increments(release(TWO, pages(a="new")), release(ONE, pages()), now=NOW)
    assert increments(found) == {**dict.fromkeys(pages(), ONE), "a.html": TWO}
    assert (found.base_id, found.increments) == (ONE, {"a.html": TWO})


def test_third_release_stands_on_the_first_ones_increment_and_shares_the_seconds() -> None:
    second = on_increments(release(TWO, pages(a="new")), release(ONE, pages()), now=NOW)
    third = on_increments(release(THREE, pages(a="new", b="newer")), second, now=NOW)
    assert (third.base_id, third.increments) == (ONE, {"a.html": TWO, "b.html": THREE})


def test_file_that_goes_back_to_what_it_was_lies_in_the_base_increment_again() -> None:
    second = on_increments(release(TWO, pages(a="new")), release(ONE, pages()), now=NOW)
    assert on_increments(release(THREE, pages(b="new")), second, now=NOW).increments == {"b.html": THREE}


def test_other_headers_are_another_object() -> None:
    built = release(TWO, pages())
    files = (replace(built.files[0], cache_control="no-cache"), *built.files[1:])
    assert on_increments(replace(built, files=files), release(ONE, pages()), now=NOW).increments == {"a.html": TWO}


def test_release_that_changes_most_files_is_whole() -> None:
    found = on_increments(release(TWO, dict.fromkeys(pages(), "new")), release(ONE, pages()), now=NOW)
    assert (found.base, set(increments(found).values())) == (None, {TWO})


def test_removed_path_is_sent_to_where_nothing_lies() -> None:
    files = pages()
    del files["a.html"]
    found = on_increments(release(TWO, files), release(ONE, pages()), now=NOW)
    assert (found.removed, found.increments) == (("a.html",), {"a.html": TWO})


def test_dropped_asset_with_a_fingerprint_still_answers() -> None:
    active = release(ONE, {**pages(), OLD_ASSET: "old"})
    found = on_increments(release(TWO, {**pages(), NEW_ASSET: "new"}), active, now=NOW)
    assert [each.file.path for each in found.retained] == [OLD_ASSET]
    assert found.increments == {NEW_ASSET: TWO}
    assert OLD_ASSET not in found.removed


def test_dropped_asset_is_gone_after_the_retention() -> None:
    active = release(ONE, {**pages(), OLD_ASSET: "old"})
    second = on_increments(release(TWO, pages(a="new")), active, now=NOW)
    kept = on_increments(release(THREE, pages(a="newer")), second, now=NOW + RETENTION - timedelta(seconds=1))
    gone = on_increments(release(THREE, pages(a="newer")), second, now=NOW + RETENTION)
    assert ([each.file.path for each in kept.retained], gone.retained) == ([OLD_ASSET], ())
    assert OLD_ASSET in gone.removed


def test_rollback_keeps_the_assets_of_the_release_that_viewers_have() -> None:
    first = release(ONE, {**pages(), OLD_ASSET: "old"})
    second = on_increments(release(TWO, {**pages(), NEW_ASSET: "new"}), first, now=NOW)
    back = with_retained(first, second, now=NOW)
    assert ([each.file.path for each in back.retained], back.increments) == ([NEW_ASSET], {NEW_ASSET: TWO})


def test_whole_release_names_what_it_retains() -> None:
    active = release(ONE, {OLD_ASSET: "old", "index.html": "1"})
    found = on_increments(release(TWO, {"index.html": "2"}), active, now=NOW)
    assert (found.base, found.increments) == (None, {OLD_ASSET: ONE})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("styles.123383015093.css", True),  # a hash of digits alone
        ("app-0123abcd.css.br", True),
        ("img/hero.deadbeef.webp", True),
        ("assets/index-DiwrgTda.js", True),  # Vite
        ("assets/chunks/framework.CTVYQtO4.js", True),  # VitePress
        ("assets/guide_start.md.Dk29x0Aa.lean.js", True),
        ("_next/static/chunks/webpack-5adebf9f62dc3001.js", True),
        ("_next/static/kXq3_Zb/_buildManifest.js", True),  # named after the build, and not itself
        ("assets/js/runtime~main.a1b2c3d4.js", True),  # Docusaurus
        ("_app/immutable/nodes/0.DkPz1a2B.js", True),  # SvelteKit
        ("_astro/hoisted.CzWq1x-_.js", True),
        ("_astro/inter-latin.Cx9Pq2.woff2", True),
        ("img/photo-1200.JPG", True),
        ("styles.css", True),
        ("logo.svg", True),
        ("report-20261124.pdf", False),
        ("2026-11-24.html", False),
        ("data/customers.json", False),
        ("customers.csv", False),
        ("notes.txt", False),
    ],
)
def test_what_an_open_page_may_name_is_kept_and_a_document_is_not(path: str, expected: bool) -> None:
    active = release(ONE, {**pages(), path: "old"})
    found = on_increments(release(TWO, pages(a="new")), active, now=NOW)
    assert ([each.file.path for each in found.retained] == [path]) is expected


def test_what_a_rule_makes_immutable_is_kept_whatever_its_name() -> None:
    asset = "assets/index-BxY3kd_w.js"  # a hash of Vite, which no rule can tell from a word
    first = release(ONE, {**pages(), asset: "old"})
    stored = (
        replace(file, cache_control=IMMUTABLE_CACHE_CONTROL) if file.path == asset else file for file in first.files
    )
    found = on_increments(release(TWO, pages(a="new")), replace(first, files=tuple(stored)), now=NOW)
    assert [each.file.path for each in found.retained] == [asset]
