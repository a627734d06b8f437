"""Digests of a built folder's files, remembered between runs: what did not change is not read again.

A file is taken as unchanged when size, modification time, status change time and inode are. A file that changed within the last
seconds before the digests were written could change again without a new time stamp, so it is not remembered (git calls such
entries racy: https://git-scm.com/docs/racy-git).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from scripts.clock import utc_now
from scripts.files import write_atomically
from scripts.release.serving.charsets import UTF8, CharsetReader
from scripts.release.serving.content_types import extension, is_utf8_by_name
from scripts.release.serving.variant_contents import InnerDigest, base_by_name

SCHEMA = 3
RACY_SECONDS = 2.0
_THREADS = 4
_FILES_PER_JOB = 64
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


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDigest:
    """What a file holds.

    Attributes:
        sha256: hex digest of the file.
        md5: hex digest of the file.
        size_bytes: its length.
        is_stamped: it is a page with a place for the release id, so that what is stored differs from the file.
        charset: of a file whose name says that it is a text, see charsets.py; of any other UTF-8.
        inner_sha256: of a `.gz` or `.br` file that is named like a variant, the hex digest of what it holds; empty when that
            cannot be undone.
    """

    sha256: str
    md5: str
    size_bytes: int
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


def digest_files(folder: Path, files: Sequence[ScannedFile], cache: Path | None) -> dict[str, FileDigest]:
    """Returns name -> digest; reads only what changed since the last run that used the same cache.

    Raises:
        OSError: a file cannot be read; FileNotFoundError when it went meanwhile.
    """
    unknown = {file.name: file for file in files}
    found: dict[str, FileDigest] = dict.fromkeys(unknown, _NOT_YET)
    remembered = 0
    for name, *identity, sha256, md5, is_stamped, charset, inner in _read(cache):
        remembered += 1
        file = unknown.get(name)
        if file is not None and file.identity == tuple(identity):
            found[name] = FileDigest(
                sha256=sha256,
                md5=md5,
                size_bytes=identity[0],
                is_stamped=is_stamped,
                charset=charset,
                inner_sha256=inner,
            )
            del unknown[name]
    left = list(unknown.values())
    jobs = [left[start : start + _FILES_PER_JOB] for start in range(0, len(left), _FILES_PER_JOB)]
    with ThreadPoolExecutor(_THREADS) as pool:
        for job, digests in zip(
            jobs, pool.map(lambda job: [_digest(folder, file.name) for file in job], jobs), strict=True
        ):
            found.update(zip((file.name for file in job), digests, strict=True))
    if cache is not None and (left or remembered != len(files)):
        _write(cache, files, found)
    return found


def _digest(folder: Path, name: str) -> FileDigest:
    reader = _Reader(name)
    with open(f"{folder}/{name}", "rb") as stream:  # noqa: PTH123  (pathlib takes as long as the reading itself)
        while part := stream.read(-1 if is_page(name) else _PART_BYTES):
            reader.read(part)
    return reader.digest()


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
        self._is_stamped = self._is_page and RELEASE_META.search(part) is not None
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
    lines = [json.dumps({"schema": SCHEMA})]
    for start in range(0, len(settled), _FILES_PER_LINE):
        digests = ((file, found[file.name]) for file in settled[start : start + _FILES_PER_LINE])
        entries = [[file.name, *file.identity, *_remembered(each)] for file, each in digests]
        lines.append(json.dumps(entries, separators=(",", ":")))
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(cache, "\n".join(lines) + "\n")
    except OSError:
        return
