"""Digests are remembered while a file cannot have changed, and never longer."""

import gzip
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.release import digests as digests_module
from scripts.release.digests import FileDigest, ScannedFile, cache_file, digest_files


def scan(path: Path) -> ScannedFile:
    return ScannedFile.of(path.name, path.stat())


def digests(path: Path, cache: Path | None) -> FileDigest:
    return digest_files(path.parent, [scan(path)], cache)[path.name]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A file that was written long enough ago to be remembered."""
    path = tmp_path / "page.html"
    path.write_bytes(b"one")
    return path


def remembered(page: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> FileDigest:
    """Digests the file as if nothing in it were younger than the racy time."""
    monkeypatch.setattr("scripts.release.digests.RACY_SECONDS", -1.0)
    return digests(page, cache)


def test_digest_is_of_the_content(page: Path) -> None:
    found = digests(page, None)
    assert (found.sha256, found.md5) == (
        hashlib.sha256(b"one").hexdigest(),
        hashlib.md5(b"one", usedforsecurity=False).hexdigest(),
    )


def test_unchanged_file_is_not_read_again(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache.json"
    first = remembered(page, cache, monkeypatch)

    def refuse(_folder: Path, _name: str) -> FileDigest:
        raise AssertionError("the file was read")

    monkeypatch.setattr("scripts.release.digests._digest", refuse)
    assert digests(page, cache) == first


@pytest.mark.parametrize("keep_time", [True, False])
def test_changed_file_is_read_again_even_with_its_old_time(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    keep_time: bool,
) -> None:
    cache = tmp_path / "cache.json"
    remembered(page, cache, monkeypatch)
    before = page.stat()
    page.write_bytes(b"two")
    if keep_time:
        os.utime(page, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert digests(page, cache).sha256 == hashlib.sha256(b"two").hexdigest()


def test_file_that_has_just_changed_is_not_remembered(page: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache.json"
    soon = time.time() + 60  # the moment in which it is read, however long this machine takes to come to it
    os.utime(page, (soon, soon))
    digests(page, cache)
    assert cache.read_text(encoding="utf-8") == '{"schema": 3}\n'


ENTRY = '["page.html",1,2,3,4,"sha","md5",false]'


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"schema":1,"files":{"page.html":[]}}',
        f'{{"schema":1}}\n[{ENTRY}]',
        f'{{"schema":2}}\n[{ENTRY}',
        '{"schema":2}\n[["page.html"]]\n',
        '{"schema":2}\n[[["page.html"],1,2,3,4,"sha","md5",false]]\n',
        '{"schema":2}\n[5]\n',
        '{"schema":2}\n5\n',
    ],
)
def test_damaged_cache_is_no_cache(page: Path, tmp_path: Path, content: str) -> None:
    cache = tmp_path / "cache.json"
    cache.write_text(content, encoding="utf-8")
    assert digests(page, cache).size_bytes == 3


def test_cache_that_cannot_be_written_is_no_error(page: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert digests(page, tmp_path / "file" / "cache.json").size_bytes == 3


def test_each_folder_has_a_cache_of_its_own(tmp_path: Path) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    one, other = (cache_file(tmp_path / name, environ) for name in ("one", "other"))
    assert one != other
    assert one.is_relative_to(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.html", b'<meta name="release" content="">', True),
        ("a.html", b"<p>release</p>", False),
        ("a.js", b'<meta name="release" content="">', False),
    ],
)
def test_only_a_page_with_a_place_for_it_is_stamped(tmp_path: Path, name: str, content: bytes, expected: bool) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert digests(path, None).is_stamped is expected


def test_cache_of_many_lines_is_read_whole_and_the_order_is_that_of_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.release.digests._FILES_PER_LINE", 2)
    monkeypatch.setattr("scripts.release.digests.RACY_SECONDS", -1.0)
    cache, folder = tmp_path / "cache.json", tmp_path / "site"
    folder.mkdir()
    names = [f"{number}.css" for number in range(5)]
    for name in names:
        (folder / name).write_text(name, encoding="utf-8")
    files = [scan(folder / name) for name in names]
    first = digest_files(folder, files, cache)
    assert len(cache.read_text(encoding="utf-8").splitlines()) == 4
    (folder / "1.css").write_text("changed", encoding="utf-8")
    read: list[str] = []
    digest = digests_module._digest

    def counted(folder: Path, name: str) -> FileDigest:
        read.append(name)
        return digest(folder, name)

    monkeypatch.setattr(digests_module, "_digest", counted)
    again = digest_files(folder, [scan(folder / name) for name in names], cache)
    assert (read, list(again)) == (["1.css"], names)
    assert {name for name in names if again[name] != first[name]} == {"1.css"}


def in_other_processes(folder: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    """Reads a folder's digests in a process without other threads, so that it may have others read."""
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom scripts.release import digests\n"
        "digests._FORKED_FROM_BYTES = 0\n"
        "folder = Path(sys.argv[1])\n"
        "files = [digests.ScannedFile.of(path.name, path.stat()) for path in sorted(folder.iterdir())]\n"
        f"{before}\n"
        "with digests.Digesting(folder, files, None) as digesting:\n"
        "    copies = len(digesting._copies._copies)\n"
        "    print(copies > 0, digesting.result())"
    )
    root = Path(__file__).parents[3]
    return subprocess.run([sys.executable, "-c", code, str(folder)], cwd=root, capture_output=True, text=True)


@pytest.fixture
def many(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(50):
        (folder / f"{number}.html").write_text(f'<meta name="release" content="">{number}\u00e4', encoding="utf-8")
    (folder / "latin.html").write_bytes(b'<meta charset="latin-1">\xe4')
    (folder / "0.html.gz").write_bytes(gzip.compress((folder / "0.html").read_bytes()))
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="only there a process is copied")
def test_other_processes_find_what_this_one_does(many: Path) -> None:
    found = in_other_processes(many)
    expected = digest_files(many, [scan(path) for path in sorted(many.iterdir())], None)
    assert (found.stdout, found.stderr) == (f"True {expected}\n", "")


def test_what_another_process_does_not_hand_over_is_read_here(many: Path) -> None:
    here = "digest, here = digests._digest, os.getpid()\n"
    fails = "digests._digest = lambda *file: digest(*file) if os.getpid() == here else sys.exit(1)"
    assert in_other_processes(many, here + fails).stdout == in_other_processes(many).stdout


def test_file_that_went_is_named_though_another_process_missed_it(many: Path) -> None:
    found = in_other_processes(many, "(folder / '7.html').unlink()")
    assert found.stderr.endswith(f"FileNotFoundError: [Errno 2] No such file or directory: '{many / '7.html'}'\n")
