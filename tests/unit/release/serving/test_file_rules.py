"""From a path to its headers: defaults, rules, fingerprints, variants, and what a whole release is checked for."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from py_mini_racer import MiniRacer

from scripts.release.serving.content_settings import parse_content
from scripts.release.serving.content_types import BY_EXTENSION, content_type_of, extension, is_compressible
from scripts.release.serving.file_rules import (
    FINGERPRINT,
    HTML_CACHE_CONTROL,
    IMMUTABLE_CACHE_CONTROL,
    OTHER_CACHE_CONTROL,
    ContentRules,
    StoredFile,
    check_release,
    describe,
    is_fingerprinted,
)

NO_RULES = ContentRules()


def stored(path: str, *rules: dict[str, object], files: tuple[str, ...] = ()) -> StoredFile:
    return describe(path, parse_content({"rule": list(rules)}), {path, *files})


@pytest.mark.parametrize(
    ("path", "content_type", "cache_control"),
    [
        ("index.html", "text/html; charset=utf-8", HTML_CACHE_CONTROL),
        ("a/INDEX.HTM", "text/html; charset=utf-8", HTML_CACHE_CONTROL),
        ("a.xhtml", "application/xhtml+xml", HTML_CACHE_CONTROL),
        ("page.0123456789abcdef.html", "text/html; charset=utf-8", HTML_CACHE_CONTROL),
        ("app.0123456789abcdef.css", "text/css; charset=utf-8", IMMUTABLE_CACHE_CONTROL),
        ("app.css", "text/css; charset=utf-8", OTHER_CACHE_CONTROL),
        ("app.js", "text/javascript; charset=utf-8", OTHER_CACHE_CONTROL),
        ("a.svg", "image/svg+xml; charset=utf-8", OTHER_CACHE_CONTROL),
        ("site.webmanifest", "application/manifest+json", OTHER_CACHE_CONTROL),
        ("backup.tar.gz", "application/gzip", OTHER_CACHE_CONTROL),
        ("unknown.kind", "application/octet-stream", OTHER_CACHE_CONTROL),
        ("CNAME", "application/octet-stream", OTHER_CACHE_CONTROL),
        (".well-known/security.txt", "text/plain; charset=utf-8", OTHER_CACHE_CONTROL),
    ],
)
def test_file_without_rules_goes_by_its_name(path: str, content_type: str, cache_control: str) -> None:
    file = stored(path)
    assert (file.content_type, file.cache_control, file.content_encoding) == (content_type, cache_control, None)


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.m3u8", "application/vnd.apple.mpegurl"), ("a.ts", "video/mp2t"), ("a.m4s", "video/iso.segment"),
        ("a.heic", "image/heic"),
        ("a.glb", "model/gltf-binary"), ("a.cjs", "text/javascript; charset=utf-8"), ("a.mpd", "application/dash+xml"),
        ("a.usdz", "model/vnd.usdz+zip"), ("a.gpx", "application/gpx+xml"), ("a.ttl", "text/turtle; charset=utf-8"),
        ("a.apk", "application/vnd.android.package-archive"), ("a.log", "text/plain; charset=utf-8"),
        ("a.KML", "application/vnd.google-earth.kml+xml"), ("a.py", "text/plain; charset=utf-8"),
        ("a.odt", "application/vnd.oasis.opendocument.text"), ("a.mkv", "video/x-matroska"), ("a.mp4", "video/mp4"),
        ("a.wav", "audio/wav"), ("a.", "application/octet-stream"), ("a", "application/octet-stream"),
    ],
)  # fmt: skip
def test_type_of_a_rarer_extension_is_the_registry_s(name: str, content_type: str) -> None:
    assert content_type_of(name) == content_type


def test_archive_is_never_undone_by_the_browser() -> None:
    assert stored("backup.tar.gz").content_encoding is None


def test_compressed_svg_says_so() -> None:
    assert (stored("a.svgz").content_type, stored("a.svgz").content_encoding) == ("image/svg+xml", "gzip")


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("styles.0123456789abcdef.css", True),
        ("assets/index-1a2b3c4d.js", True),
        ("main.3f2a1b9c.chunk.js", True),
        ("main.3f2a1b9c.js.map", True),
        ("style.min.6f0a3ba1a8c8a3e6e5b4f9a7d2c1b0a96f0a3ba1a8c8a3e6e5b4f9a7d2c1b0a9.css", True),
        ("logo_1a2b3c4d5e.png", True),
        ("report-20261124.pdf", False),  # a date
        ("the-deadbeef.html", False),  # a word
        ("index-DiwrgTda.js", False),  # not to be told from a name: give a rule
        ("1a2b3c4d.js", False),  # nothing but the hash: it could be an id
        ("f47ac10b-58cc-4372-a567-0e02b2c3d479.jpg", False),  # a uuid
        ("v1a2b3c4d/app.js", False),
        ("app-1a2b3c4.js", False),
        ("app-1A2B3C4D.js", False),
        ("app-1a2b3c4d", False),
    ],
)
def test_fingerprint_is_told_from_a_name(path: str, is_one: bool) -> None:
    assert is_fingerprinted(path) is is_one


def test_fingerprint_expression_means_the_same_in_javascript() -> None:
    paths = [
        "a.0123456789abcdef.css",
        "report-20261124.pdf",
        "a/b-1a2b3c4d.js.map",
        "deadbeef.js",
        "x-1a2b3c4d",
        "é_1a2b3c4d.js",
    ]
    wanted = [is_fingerprinted(path) for path in paths]
    script = f"const e = new RegExp({json.dumps(FINGERPRINT)}); JSON.stringify({json.dumps(paths)}.map((path) => e.test(path)))"
    assert json.loads(str(MiniRacer().eval(script))) == wanted


def test_last_rule_wins_setting_by_setting() -> None:
    file = stored(
        "downloads/a.bin",
        {"pattern": "/downloads/**", "content_type": "application/x-a", "cache_control": "no-store"},
        {"pattern": "*.bin", "content_type": "application/x-b"},
        {"pattern": "*.css", "content_type": "text/plain"},
    )
    assert (file.content_type, file.cache_control) == ("application/x-b", "no-store")


@pytest.mark.parametrize(("says", "cache_control"), [(True, IMMUTABLE_CACHE_CONTROL), (False, OTHER_CACHE_CONTROL)])
def test_rule_decides_what_is_fingerprinted(says: bool, cache_control: str) -> None:
    file = stored("assets/app-1a2b3c4d.js", {"pattern": "assets/**", "fingerprinted": says})
    assert (file.is_fingerprinted, file.cache_control) == (says, cache_control)


def test_page_is_never_told_fingerprinted_by_its_name() -> None:
    assert not stored("page.0123456789abcdef.html").is_fingerprinted


def test_page_is_revalidated_even_when_a_rule_calls_it_fingerprinted() -> None:
    assert stored("a.html", {"pattern": "*", "fingerprinted": True}).cache_control == HTML_CACHE_CONTROL


@pytest.mark.parametrize(("suffix", "encoding"), [(".br", "br"), (".gz", "gzip")])
def test_variant_has_the_headers_of_its_file(suffix: str, encoding: str) -> None:
    file = stored(f"a.0123456789abcdef.css{suffix}", files=("a.0123456789abcdef.css",))
    assert (file.variant_of, file.content_type, file.cache_control, file.content_encoding, file.is_fingerprinted) == (
        "a.0123456789abcdef.css",
        "text/css; charset=utf-8",
        IMMUTABLE_CACHE_CONTROL,
        encoding,
        True,
    )


@pytest.mark.parametrize(
    ("path", "files"), [("a.css.br", ()), ("data.tar.gz", ("data.tar",)), ("a.jpg.gz", ("a.jpg",)), (".br", ("",))]
)
def test_file_is_no_variant_of_nothing_or_of_what_is_compressed(path: str, files: tuple[str, ...]) -> None:
    assert stored(path, files=files).variant_of is None


def test_rule_makes_a_variant_a_file_of_its_own() -> None:
    file = stored("book.txt.gz", {"pattern": "*.txt.gz", "content_type": "application/gzip"}, files=("book.txt",))
    assert (file.variant_of, file.content_encoding, file.content_type) == (None, None, "application/gzip")


ODD = ["a b.css", "ä.css", "a\u0308.css", "100%.css", "c++.css", "A.css", "a.css", "x" * 900 + ".css", "ü/ö.css"]


@given(st.text(min_size=1, max_size=60).filter(lambda text: not text.startswith("/")) | st.sampled_from(ODD))
def test_every_path_gets_headers(path: str) -> None:
    file = describe(path, NO_RULES, {path})
    assert (file.path, bool(file.content_type), bool(file.cache_control)) == (path, True, True)


@pytest.mark.parametrize("path", ODD)
def test_odd_name_is_matched_by_its_extension(path: str) -> None:
    assert stored(path, {"pattern": "*.css", "cache_control": "no-store"}).cache_control == "no-store"


def test_names_that_differ_by_case_are_two_files() -> None:
    rule: dict[str, object] = {"pattern": "/a.css", "cache_control": "no-store"}
    assert stored("A.css", rule).cache_control != stored("a.css", rule).cache_control


@pytest.mark.parametrize("content_type", ["text/css", "image/svg+xml", "application/json; charset=utf-8", "font/ttf"])
def test_text_is_compressible(content_type: str) -> None:
    assert is_compressible(content_type)


@pytest.mark.parametrize("content_type", ["image/png", "font/woff2", "application/zip", "video/mp4"])
def test_what_is_compressed_already_is_not_compressible(content_type: str) -> None:
    assert not is_compressible(content_type)


def test_types_are_found_by_lower_case_extension() -> None:
    assert all(known == known.lower() for known in BY_EXTENSION)
    assert content_type_of("A.PNG") == "image/png"
    assert (extension("a.b/c"), extension(".htaccess"), extension("a.")) == ("", "", "")


@pytest.mark.parametrize(
    ("path", "size_bytes", "document", "named"),
    [
        ("index.html", 500_001, {}, "raise content.largest_page_bytes"),
        ("a.png", 4_500_001, {}, "raise content.largest_asset_bytes"),
        ("index.html", 11, {"largest_page_bytes": 10}, "index.html: 11 bytes, and 10 are allowed"),
        ("a.png", 11, {"rule": [{"pattern": "*.png", "largest_bytes": 10}]}, "a.png: 11 bytes, and 10 are allowed"),
    ],
)
def test_file_above_its_budget_is_a_problem(
    path: str, size_bytes: int, document: dict[str, object], named: str
) -> None:
    (problem,) = check_release(parse_content(document), {path: size_bytes}).problems
    assert named in problem


def test_rule_raises_the_budget_of_its_files() -> None:
    rules = parse_content({"rule": [{"pattern": "*.iso", "largest_bytes": 10_000_000}]})
    assert check_release(rules, {"a.iso": 9_000_000}).problems == ()


def test_pattern_that_matches_nothing_is_noted() -> None:
    rules = parse_content({"rule": [{"pattern": "*.pdf", "cache_control": "no-store"}]})
    assert check_release(rules, {"index.html": 1}).notes == (
        'content.rule "*.pdf": no file of the release matches it: correct or remove it',
    )


def test_empty_files_are_fine() -> None:
    assert check_release(NO_RULES, {"index.html": 0, "a.css": 0}).problems == ()


@pytest.mark.parametrize("value", [HTML_CACHE_CONTROL, IMMUTABLE_CACHE_CONTROL, OTHER_CACHE_CONTROL])
def test_what_leaves_the_edge_says_nothing_to_shared_caches_alone(value: str) -> None:
    """CloudFront passes Cache-Control on; how long the edge keeps a release is its cache policy's minimum TTL."""
    assert "s-maxage" not in value
