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
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.clock import utc_now
from scripts.files import write_atomically

SCHEMA = 1
RACY_SECONDS = 2.0
_THREADS = 4
_FILES_PER_JOB = 64

RELEASE_META = re.compile(rb'(<meta\s+name="release"\s+content=")[^"]*(")')
"""What a page is stamped at."""
_PAGE_SUFFIXES = (".html", ".htm")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDigest:
    """What a file holds.

    Attributes:
        sha256: hex digest of the file.
        md5: hex digest of the file.
        size_bytes: its length.
        is_stamped: it is a page with a place for the release id, so that what is stored differs from the file.
    """

    sha256: str
    md5: str
    size_bytes: int
    is_stamped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedFile:
    """A file and what tells whether it changed."""

    name: str
    path: str
    status: os.stat_result

    @property
    def identity(self) -> list[int]:
        """Size, times in nanoseconds, inode."""
        return [self.status.st_size, self.status.st_mtime_ns, self.status.st_ctime_ns, self.status.st_ino]


def is_page(name: str) -> bool:
    """Returns whether a file is a page, which may have a place for the release id."""
    return name.endswith(_PAGE_SUFFIXES)


def cache_file(folder: Path, environ: Mapping[str, str]) -> Path:
    """Returns where the digests of a folder are remembered: below XDG_CACHE_HOME, one file a folder."""
    base = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".cache")
    name = hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return Path(base) / "failover-website" / "digests" / f"{name}.json"


def digest_files(files: Sequence[ScannedFile], cache: Path | None) -> dict[str, FileDigest]:
    """Returns name -> digest; reads only what changed since the last run that used the same cache.

    Raises:
        OSError: a file cannot be read; FileNotFoundError when it went meanwhile.
    """
    known = _read(cache)
    found: dict[str, FileDigest] = {}
    unknown = []
    for file in files:
        entry = known.get(file.name)
        if entry is not None and entry[:4] == file.identity:
            found[file.name] = FileDigest(sha256=entry[4], md5=entry[5], size_bytes=entry[0], is_stamped=entry[6])
        else:
            unknown.append(file)
    jobs = [unknown[start : start + _FILES_PER_JOB] for start in range(0, len(unknown), _FILES_PER_JOB)]
    with ThreadPoolExecutor(_THREADS) as pool:
        for job, digests in zip(jobs, pool.map(lambda job: [_digest(file) for file in job], jobs), strict=True):
            found.update(zip((file.name for file in job), digests, strict=True))
    if cache is not None and (unknown or len(known) != len(files)):
        _write(cache, files, found)
    return found


def _digest(file: ScannedFile) -> FileDigest:
    with open(file.path, "rb") as stream:  # noqa: PTH123  (pathlib takes as long as the reading itself)
        content = stream.read()
    return FileDigest(
        sha256=hashlib.sha256(content).hexdigest(),
        md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
        size_bytes=len(content),
        is_stamped=is_page(file.name) and RELEASE_META.search(content) is not None,
    )


def _read(cache: Path | None) -> dict[str, list[Any]]:
    """Returns the remembered entries; a cache that is absent, damaged or of another version is empty."""
    if cache is None:
        return {}
    try:
        document = json.loads(cache.read_bytes())
        return dict(document["files"]) if document["schema"] == SCHEMA else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _write(cache: Path, files: Sequence[ScannedFile], found: Mapping[str, FileDigest]) -> None:
    """Remembers what is old enough; a cache that cannot be written costs time in the next run and nothing else."""
    newest_ns = int((utc_now().timestamp() - RACY_SECONDS) * 1e9)
    entries = {
        file.name: [*file.identity, found[file.name].sha256, found[file.name].md5, found[file.name].is_stamped]
        for file in files
        if max(file.status.st_mtime_ns, file.status.st_ctime_ns) < newest_ns
    }
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(cache, json.dumps({"schema": SCHEMA, "files": entries}, separators=(",", ":")))
    except OSError:
        return
