"""Digests of a built folder's files, remembered between runs: what did not change is not read again.

A file is taken as unchanged when size, modification time, status change time and inode are. A file that changed within the last
seconds before the digests were written could change again without a new time stamp, so it is not remembered (git calls such
entries racy: https://git-scm.com/docs/racy-git).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scripts.clock import utc_now
from scripts.files import write_atomically
from scripts.processes.forked import Forked, can_fork, cores
from scripts.release.serving.charsets import UTF8, CharsetReader
from scripts.release.serving.content_types import extension, is_utf8_by_name
from scripts.release.serving.variant_contents import InnerDigest, base_by_name

SCHEMA = 3
RACY_SECONDS = 2.0
_FORKED_FROM_BYTES = 16 * 1024 * 1024
"""Below, other processes take longer to begin than they spare."""
_MOST_PROCESSES = 8
_PART_BYTES = 1024 * 1024
# The cache has a line for so many files: it is read line by line, because all of a large site at once is a lot of memory.
_FILES_PER_LINE = 1000

_VALUE = rb"""(?:"[^"]*"|'[^']*'|[^\s"'<>]*)"""
_NAME = rb"""name=(?:"release"|'release'|release)"""
RELEASE_META = re.compile(
    rb"(<meta\s+" + _NAME + rb"\s+content=|<meta\s+content=(?=" + _VALUE + rb"\s+" + _NAME + rb"[\s/>]))" + _VALUE,
    re.IGNORECASE,
)
"""Where a page is stamped: up to the value of `content`, with which the match ends; as people and minifiers write it."""
_PAGE_SUFFIXES = (".html", ".htm")


@dataclass(frozen=True, slots=True)
class FileDigest:
    """What a file holds; after its length in the order in which it is remembered.

    Attributes:
        size_bytes: its length.
        sha256: hex digest of the file.
        md5: hex digest of the file.
        is_stamped: it is a page with a place for the release id, so that what is stored differs from the file.
        charset: of a file whose name says that it is a text, see charsets.py; of any other UTF-8.
        inner_sha256: of a `.gz` or `.br` file that is named like a variant, the hex digest of what it holds; empty when that
            cannot be undone.
    """

    size_bytes: int
    sha256: str
    md5: str
    is_stamped: bool
    charset: str = UTF8
    inner_sha256: str = ""


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """A file of a folder and what tells whether it changed.

    Attributes:
        name: its path below the folder, with `/`.
        identity: size, times in nanoseconds, inode.
        is_regular: it is a file, not a pipe or a device.
    """

    name: str
    identity: tuple[int, int, int, int]
    is_regular: bool

    @classmethod
    def of(cls, name: str, status: os.stat_result) -> Self:
        """Returns the file with this status."""
        identity = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        return cls(name, identity, stat.S_ISREG(status.st_mode))

    @property
    def size_bytes(self) -> int:
        """Its length."""
        return self.identity[0]


_IDENTITY_FIELDS = 4
_ENTRY_FIELDS = 10
_NOT_YET = FileDigest(sha256="", md5="", size_bytes=0, is_stamped=False)
"""Holds a file's place, so that the digests have the order of the files."""


def followed(name: str, entry: ScannedFile | os.DirEntry[str]) -> ScannedFile:
    """Returns the file itself, or what a link leads to."""
    return entry if isinstance(entry, ScannedFile) else ScannedFile.of(name, entry.stat())


def is_page(name: str) -> bool:
    """Returns whether a file is a page, which may have a place for the release id."""
    return name.endswith(_PAGE_SUFFIXES)


def cache_file(folder: Path, environ: Mapping[str, str]) -> Path:
    """Returns where the digests of a folder are remembered: below XDG_CACHE_HOME, one file a folder."""
    base = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".cache")
    name = hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return Path(base) / "failover-website" / "digests" / f"{name}.json"


class Digesting:
    """Files of a folder whose digests are on their way: what is not remembered is read, by other processes where that pays.

    Threads would not help with a site's many small files: each of them is read and digested in less time than it takes Python
    to let another thread on.

    Args:
        folder: the built site.
        files: of it, in the order of the digests.
        cache: where the digests of the last run are and those of this one go; None: nowhere.
    """

    def __init__(self, folder: Path, files: Sequence[ScannedFile], cache: Path | None) -> None:
        self._folder, self._files, self._cache = folder, files, cache
        unknown = {file.name: file for file in files}
        self._found: dict[str, FileDigest] = dict.fromkeys(unknown, _NOT_YET)
        self._remembered = 0
        for name, *entry in _read(cache):
            identity, digest = entry[:_IDENTITY_FIELDS], entry[_IDENTITY_FIELDS:]
            self._remembered += 1
            file = unknown.get(name)
            if file is not None and file.identity == tuple(identity):
                self._found[name] = FileDigest(identity[0], *digest)
                del unknown[name]
        self._left = list(unknown.values())
        self._copies = Forked(partial(_digest_share, folder), _shares(self._left))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._copies.__exit__(kind, error, traceback)

    def result(self) -> dict[str, FileDigest]:
        """Waits for them; returns name -> digest.

        Raises:
            OSError: a file cannot be read; FileNotFoundError when it went meanwhile.
        """
        for name, size_bytes, *digest in _rows(self._copies.results()):
            self._found[name] = FileDigest(size_bytes, *digest)
        for file in self._left:
            if self._found[file.name] is _NOT_YET:
                self._found[file.name] = _digest(self._folder, file.name)
        if self._cache is not None and (self._left or self._remembered != len(self._files)):
            _write(self._cache, self._files, self._found)
        return self._found


def digest_files(folder: Path, files: Sequence[ScannedFile], cache: Path | None) -> dict[str, FileDigest]:
    """Returns name -> digest; reads only what changed since the last run that used the same cache.

    Raises:
        OSError: a file cannot be read; FileNotFoundError when it went meanwhile.
    """
    with Digesting(folder, files, cache) as digesting:
        return digesting.result()


def _shares(files: Sequence[ScannedFile]) -> list[Sequence[ScannedFile]]:
    """Returns what each of several processes reads; nothing where this one is as fast, or must not have others."""
    size_bytes = sum(file.size_bytes for file in files)
    if size_bytes < _FORKED_FROM_BYTES or not can_fork():
        return []
    count = min(cores(), _MOST_PROCESSES)
    return [files[start::count] for start in range(count)]


def _digest_share(folder: Path, files: Sequence[ScannedFile]) -> bytes:
    """Returns a line of JSON for each so many files: name, length and what is remembered of each."""
    lines = []
    for start in range(0, len(files), _FILES_PER_LINE):
        digests = ((file.name, _digest(folder, file.name)) for file in files[start : start + _FILES_PER_LINE])
        lines.append(json.dumps([[name, each.size_bytes, *_remembered(each)] for name, each in digests]).encode())
    return b"\n".join(lines)


def _rows(results: Iterable[bytes]) -> Iterator[list[Any]]:
    for result in results:
        for line in result.splitlines():
            yield from json.loads(line)


def _digest(folder: Path, name: str) -> FileDigest:
    path = f"{folder}/{name}"  # pathlib, and Python's own files, take as long as the reading itself
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        # A page is read at once, because its release is somewhere in it.
        part_bytes = status.st_size + 1 if is_page(name) else min(status.st_size + 1, _PART_BYTES)
        reader = _Reader(name)
        while part := os.read(descriptor, part_bytes):
            reader.read(part)
        return reader.digest()
    finally:
        os.close(descriptor)


class _Reader:
    """Reads one file part by part: a film of some gigabytes is not held; a page is, which has its release somewhere in it."""

    def __init__(self, name: str) -> None:
        self._sha256, self._md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        self._size_bytes = 0
        self._is_page, self._is_stamped = is_page(name), False
        self._charset = CharsetReader() if is_utf8_by_name(extension(name)) else None
        self._inner = InnerDigest(name) if base_by_name(name) is not None else None

    def read(self, part: bytes) -> None:
        self._sha256.update(part)
        self._md5.update(part)
        self._size_bytes += len(part)
        self._is_stamped = self._is_stamped or (self._is_page and RELEASE_META.search(part) is not None)
        if self._charset is not None:
            self._charset.read(part)
        if self._inner is not None:
            self._inner.read(part)

    def digest(self) -> FileDigest:
        return FileDigest(
            sha256=self._sha256.hexdigest(),
            md5=self._md5.hexdigest(),
            size_bytes=self._size_bytes,
            is_stamped=self._is_stamped,
            charset=UTF8 if self._charset is None else self._charset.charset(),
            inner_sha256="" if self._inner is None else self._inner.sha256(),
        )


def _read(cache: Path | None) -> Iterator[list[Any]]:
    """Yields the remembered entries: none of a cache of another version, and of a damaged one those before the damage."""
    if cache is None:
        return
    try:
        with cache.open("rb") as lines:
            if json.loads(next(lines)) != {"schema": SCHEMA}:
                return
            for line in lines:
                yield from (
                    entry for entry in json.loads(line) if len(entry) == _ENTRY_FIELDS and isinstance(entry[0], str)
                )
    except (OSError, ValueError, TypeError, StopIteration):
        return


def _remembered(digest: FileDigest) -> list[str | bool]:
    return [digest.sha256, digest.md5, digest.is_stamped, digest.charset, digest.inner_sha256]


def _write(cache: Path, files: Sequence[ScannedFile], found: Mapping[str, FileDigest]) -> None:
    """Remembers what is old enough; a cache that cannot be written costs time in the next run and nothing else."""
    newest_ns = int((utc_now().timestamp() - RACY_SECONDS) * 1e9)
    settled = [file for file in files if max(file.identity[1:3]) < newest_ns]
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(cache, _lines(settled, found))
    except OSError:
        return


def _lines(files: Sequence[ScannedFile], found: Mapping[str, FileDigest]) -> Iterator[str]:
    yield json.dumps({"schema": SCHEMA}) + "\n"
    for start in range(0, len(files), _FILES_PER_LINE):
        digests = ((file, found[file.name]) for file in files[start : start + _FILES_PER_LINE])
        entries = [[file.name, *file.identity, *_remembered(each)] for file, each in digests]
        yield json.dumps(entries, separators=(",", ":")) + "\n"
