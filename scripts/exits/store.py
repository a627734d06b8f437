"""What a server outside AWS serves from, as the commands see it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Sequence, Set
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from scripts.errors import AwsError, OpsError, UnsafePlanError
from scripts.release.bucket import ContentBucket
from scripts.release.checked_files import LARGE_BYTES, Progress, checked_bytes
from scripts.release.manifest import Manifest, ReleaseFile

MARKER_PATH = "health/region.json"
"""Says who answered, as every region's does: `{"region": "<endpoint's name>"}`."""

Write = Callable[[ReleaseFile, IO[bytes]], None]
"""Writes the bytes of a file of a release to a stream."""


class ExitUnavailableError(OpsError):
    """The folder or bucket of an endpoint cannot be reached or written.

    Args:
        name: the endpoint.
        place: the folder, or endpoint URL and bucket.
        why: what went wrong.
    """

    def __init__(self, *, name: str, place: str, why: str) -> None:
        super().__init__(f"{place}, where {name} serves from, cannot be used: {why}")
        self.name = name
        self.place = place
        self.why = why


class ExitStore(Protocol):
    """One endpoint's store. Every method may raise ExitUnavailableError."""

    @property
    def name(self) -> str:
        """The endpoint's name in the site file."""

    @property
    def place(self) -> str:
        """Where it is, for a reader."""

    def active(self) -> str | None:
        """Return the release that its visitors get."""

    def lacking(self, manifest: Manifest) -> list[ReleaseFile]:
        """Return the files of a release that are absent or differ."""

    def bring(self, manifest: Manifest, files: Sequence[ReleaseFile], write: Write, progress: Progress) -> None:
        """Store these files of a release; visitors notice nothing."""

    def switch(self, manifest: Manifest) -> None:
        """Let visitors get a release that it holds."""

    def wrong(self, manifest: Manifest) -> list[str]:
        """Return the paths that visitors do not get as the release has them."""

    def keep_only(self, release_ids: Set[str]) -> list[str]:
        """Delete every other release, but never the one that visitors get; return which."""


class Source:
    """Where the bytes of a release come from: the built folder where it has them, else any region that answers."""

    def __init__(self, buckets: Iterable[ContentBucket], folder: Path | None = None) -> None:
        self._buckets = tuple(buckets)
        self._folder = folder

    def write(self, file: ReleaseFile, target: IO[bytes]) -> None:
        """Write a file's bytes, compared with its MD5.

        Raises:
            UnsafePlanError: neither the folder nor any region has these bytes.
            AwsError: a region failed, and no other has them.
        """
        if self._folder is not None and _write_from_folder(self._folder, file, target):
            return
        failure: AwsError | None = None
        for bucket in self._buckets:
            target.seek(0)
            target.truncate()
            try:
                _, md5 = bucket.download(file.key, target)
            except AwsError as error:
                failure = error
                continue
            if md5 == file.md5:
                return
        raise failure or UnsafePlanError(
            f"{file.path}: no region holds the bytes that the manifest names; run failover verify --repair --apply"
        )


def _write_from_folder(folder: Path, file: ReleaseFile, target: IO[bytes]) -> bool:
    try:
        if file.size_bytes < LARGE_BYTES or file.is_stamped:
            target.write(checked_bytes(folder, file))
            return True
        with (folder / file.source_path).open("rb") as stream:
            if hashlib.file_digest(stream, _md5).hexdigest() != file.md5:
                return False
            stream.seek(0)
            shutil.copyfileobj(stream, target)
    except (UnsafePlanError, OSError):  # retained from an earlier release, or changed since: a region has it
        return False
    return True


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)


def marker(name: str) -> bytes:
    """Return the content of the marker."""
    return json.dumps({"region": name}).encode() + b"\n"


def insist_on_paths_within(files: Iterable[ReleaseFile]) -> None:
    """Refuse a manifest whose paths lead out of the folder that they are written to.

    Raises:
        UnsafePlanError: names the path.
    """
    for file in files:
        parts = PurePosixPath(file.path).parts
        if not parts or ".." in parts or file.path.startswith("/") or "\0" in file.path:
            raise UnsafePlanError(
                f"the manifest names {file.path!r}, which is no path within a site; nothing was written"
            )
