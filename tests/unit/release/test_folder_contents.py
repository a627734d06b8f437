"""What a folder holds decides how it is served: charsets, stale variants, other names of a page, what is left out."""

import gzip
import json
import unicodedata
from pathlib import Path
from typing import Literal

import brotli
import pytest

from scripts.errors import WrongUsageError
from scripts.release import digests
from scripts.release.folder import read_folder
from scripts.release.folder_notes import notes_on
from scripts.release.manifest import Manifest
from scripts.release.serving.charsets import CharsetReader
from scripts.release.serving.content_settings import parse_content
from scripts.release.serving.variant_contents import InnerDigest

LATIN = "<!doctype html><meta charset=ISO-8859-1><title>caf\u00e9</title>".encode("latin-1")


def read(folder: Path, files: dict[str, bytes], document: dict[str, object] | None = None) -> Manifest:
    for name, content in {"index.html": b"x", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return read_folder(folder, rules=parse_content(document or {}))


def types(manifest: Manifest) -> dict[str, str]:
    return {file.path: file.content_type for file in manifest.files}


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("a.html", LATIN, "text/html; charset=iso-8859-1"),
        ("a.html", '<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">\u00e9'.encode("cp1252"),
         "text/html; charset=windows-1252"),
        ("a.html", "<title>\u00e9".encode("latin-1"), "text/html"),
        ("a.html", "<meta charset=utf-8>\u00e9".encode("latin-1"), "text/html"),
        ("a.html", "<meta charset=iso-8859-1>\u00e9".encode(), "text/html; charset=utf-8"),
        ("a.css", '@charset "iso-8859-15"; a { content: "\u20ac" }'.encode("iso-8859-15"), "text/css; charset=iso-8859-15"),
        ("a.xml", '<?xml version="1.0" encoding="latin1"?><a>\u00e9</a>'.encode("latin-1"), "text/xml; charset=latin1"),
        ("a.txt", "\ufeffx".encode("utf-16-le"), "text/plain; charset=utf-16le"),
        ("a.js", b"'\xff'", "text/javascript"),
        ("a.png", b"\xff", "image/png"),
        ("a.geojson", b"\xff", "application/geo+json"),
    ],
)  # fmt: skip
def test_text_is_served_in_the_charset_that_it_is_in(
    tmp_path: Path, name: str, content: bytes, content_type: str
) -> None:
    assert types(read(tmp_path, {name: content}))[name] == content_type


def test_rule_of_the_site_file_goes_before_what_the_bytes_say(tmp_path: Path) -> None:
    rule: dict[str, object] = {"rule": [{"pattern": "*.html", "content_type": "text/html; charset=x"}]}
    assert types(read(tmp_path, {"a.html": LATIN}, rule))["a.html"] == "text/html; charset=x"


def test_character_that_lies_across_two_parts_is_utf_8() -> None:
    reader = CharsetReader()
    for part in (b"\xc3", b"\xa9"):
        reader.read(part)
    assert reader.charset() == "utf-8"
    reader.read(b"\xc3")
    assert reader.charset() == ""


def test_variant_is_what_it_stands_for_or_a_file_of_its_own(tmp_path: Path) -> None:
    files = {
        "a.js": b"1", "a.js.br": brotli.compress(b"1"), "a.js.gz": gzip.compress(b"1"),
        "b.js": b"2", "b.js.br": brotli.compress(b"of an earlier build"), "b.js.gz": b"no gzip",
        "c.js": b"3", "c.js.br": brotli.compress(b"3")[:-1], "c.js.gz": gzip.compress(b"3")[:-1],
    }  # fmt: skip
    manifest = read(tmp_path, files)
    encoded = {file.path: file.content_encoding for file in manifest.files if file.content_encoding}
    assert encoded == {"a.js.br": "br", "a.js.gz": "gzip"}
    (note,) = notes_on(manifest)
    assert note.startswith("b.js.br, b.js.gz, c.js.br and 1 more: not what lies beside it")


def test_variant_of_a_page_that_is_stamped_is_no_variant(tmp_path: Path) -> None:
    page = b'<meta name="release" content="">'
    manifest = read(tmp_path, {"a.html": page, "a.html.gz": gzip.compress(page)})
    assert {file.path: file.content_encoding for file in manifest.files}["a.html.gz"] is None


def test_gzip_of_several_members_is_undone_whole() -> None:
    digest, whole = InnerDigest("a.js.gz"), InnerDigest("a.js.gz")
    digest.read(gzip.compress(b"one") + gzip.compress(b"two"))
    whole.read(gzip.compress(b"onetwo"))
    assert digest.sha256() == whole.sha256() != ""


def test_what_was_found_in_files_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "RACY_SECONDS", -10)  # or a file that has just been written is not remembered
    first = read(tmp_path / "site", {"a.html": LATIN, "a.js": b"1", "a.js.br": brotli.compress(b"1")})
    cache = tmp_path / "cache"
    read_folder(tmp_path / "site", cache=cache)
    entries = [entry for line in cache.read_text(encoding="utf-8").splitlines()[1:] for entry in json.loads(line)]
    assert len(entries) == 4
    monkeypatch.setattr(digests, "_digest", lambda *_: pytest.fail("it was read again"))
    assert read_folder(tmp_path / "site", cache=cache) == first


def test_large_file_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.bin").write_bytes(b"0123456789")
    scanned = digests.ScannedFile.of("a.bin", (tmp_path / "a.bin").stat())
    whole = digests.digest_files(tmp_path, [scanned], None)
    monkeypatch.setattr(digests, "_PART_BYTES", 1)
    assert digests.digest_files(tmp_path, [scanned], None) == whole


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_name_is_stored_in_both_forms_of_unicode(tmp_path: Path, form: Literal["NFC", "NFD"]) -> None:
    name = unicodedata.normalize(form, "caf\u00e9.html")
    manifest = read(tmp_path, {name: b"x"})
    found = {file.path: file.source_path for file in manifest.files if file.path.startswith("caf")}
    assert found == {"caf\u00e9.html": name, "cafe\u0301.html": name}


def test_two_files_whose_names_differ_in_form_keep_their_own(tmp_path: Path) -> None:
    manifest = read(tmp_path, {"caf\u00e9.txt": b"1", "cafe\u0301.txt": b"22"})
    sizes = {file.path: file.size_bytes for file in manifest.files if file.path.startswith("caf")}
    assert sizes == {"caf\u00e9.txt": 1, "cafe\u0301.txt": 2}


@pytest.mark.parametrize(
    ("clean_urls", "name", "more"),
    [
        ("folder", "docs/1.0/index.html", "docs/1.0"),
        ("file", "docs/1.0.html", "docs/1.0"),
        ("folder", "v1/a/index.html", None),
        ("off", "docs/1.0/index.html", None),
        ("folder", "docs/1.0.html", None),
    ],
)
def test_page_whose_clean_url_has_a_dot_is_stored_as_that_too(
    tmp_path: Path, clean_urls: str, name: str, more: str | None
) -> None:
    manifest = read(tmp_path, {name: b"version"}, {"clean_urls": clean_urls})
    found = {file.path: file.content_type for file in manifest.files if file.path != "index.html"}
    assert found == dict.fromkeys([name, *([more] if more else [])], "text/html; charset=utf-8")


def test_further_paths_are_part_of_what_a_release_is(tmp_path: Path) -> None:
    styles: list[dict[str, object]] = [{"clean_urls": "folder"}, {"clean_urls": "folder", "ignore": ["/1.0/**"]}]
    manifests = [read(tmp_path, {"1.0/index.html": b"x"}, style) for style in styles]
    assert len({manifest.release_id for manifest in manifests}) == 2


def test_leavings_of_generators_and_desktops_are_left_out(tmp_path: Path) -> None:
    leavings = (
        ".buildinfo", ".buildinfo.bak", ".doctrees/a.doctree", ".nojekyll", ".DS_Store", "img/.DS_Store", "._a.png", "Thumbs.db",
    )  # fmt: skip
    files = dict.fromkeys((*leavings, ".well-known/security.txt", "a.map"), b"x")
    manifest = read(tmp_path, files, {"ignore": ["*.map"]})
    assert [file.path for file in manifest.files] == [".well-known/security.txt", "index.html"]


@pytest.mark.parametrize("name", [".env", ".git/config", ".htpasswd", "a/.ssh/id"])
def test_other_hidden_files_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongUsageError, match="a hidden file or folder, often with secrets"):
        read(tmp_path, {name: b"x"})


def test_hidden_file_that_the_site_file_ignores_is_left_out(tmp_path: Path) -> None:
    manifest = read(tmp_path, {".vscode/x": b""}, {"ignore": [".vscode/**"]})
    assert [file.path for file in manifest.files] == ["index.html"]


@pytest.mark.parametrize("value", ["*.map", [1], ["a//b"]])
def test_ignore_that_is_no_list_of_patterns_is_refused(value: object) -> None:
    with pytest.raises(WrongUsageError, match=r"content\.ignore"):
        parse_content({"ignore": value})


def test_root_may_be_a_redirect(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "index.html").write_bytes(b"x")
    assert read_folder(tmp_path, rules=parse_content({"redirect": [{"from": "/", "to": "/en/"}]})).files
    with pytest.raises(WrongUsageError, match="no redirect starts at /"):
        read_folder(tmp_path)


def test_file_that_the_regional_endpoint_serves_in_parts_only_is_named(tmp_path: Path) -> None:
    (note,) = notes_on(read(tmp_path, {"film.mp4": bytes(4_500_001), "small.mp4": bytes(4_500_000)}))
    assert note.startswith("film.mp4: above 4,500,000 bytes")
