"""A release as a list of files: what a built folder becomes, before anything is sent, and how it is written down.

The release id is a digest of the files and their headers, so the same folder always gives the same release, and an object under
`releases/<id>/` is always the same object.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.errors import WrongUsageError
from scripts.release.digests import RELEASE_META, FileDigest, ScannedFile, digest_files, is_page
from scripts.release.file_rules import ContentRules, StoredFile, describe
from scripts.release.index import LAYER_CHARACTERS, Index, build_index

SCHEMA = 2
RELEASES_PREFIX = "releases/"
MANIFESTS_PREFIX = "control/manifests/"

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_LONGEST_KEY_BYTES = 1024
# One PUT: https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html
_LARGEST_FILE_BYTES = 5 * 1024**3
NOT_FOUND_PAGE = "404.html"
_WELL_KNOWN = ".well-known"
"""The one hidden name that viewers ask for: https://www.rfc-editor.org/rfc/rfc8615"""
_UNREACHABLE = ("health", "errors")
"""Both routers read /health/ and /errors/ from the bucket itself (functions/router.js, regional_endpoint/handler.py)."""
_USUAL_RULES = ContentRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFile:
    """One file of a release.

    Attributes:
        path: relative path with `/`, as the viewer asks for it.
        layer: the release in whose layer the object lies; the file has not changed since.
        size_bytes: length of what is stored.
        md5: hex digest of what is stored; S3's ETag of a single PUT with SSE-S3, and metadata in any case
            (stored_digest.py).
        content_type: value of the header.
        cache_control: value of the header.
        content_encoding: value of the header; None: there is none.
        is_stamped: the release id is written into it, so that the file of the folder is not what is stored; only known of a
            file that a folder gave.
    """

    path: str
    layer: str
    size_bytes: int
    md5: str
    content_type: str
    cache_control: str
    content_encoding: str | None = None
    is_stamped: bool = field(default=False, compare=False)

    @property
    def key(self) -> str:
        """The object's key in every region."""
        return f"{RELEASES_PREFIX}{self.layer}/{self.path}"

    def stores_the_same_as(self, other: ReleaseFile) -> bool:
        """Whether both are the same object but for the layer."""
        return self._stored() == other._stored()

    def _stored(self) -> tuple[object, ...]:
        return (self.path, self.md5, self.size_bytes, self.content_type, self.cache_control, self.content_encoding)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetainedFile:
    """A file that the release no longer has and viewers of an earlier one may still ask for.

    Attributes:
        file: the file; its name changes with its content, so it can stand beside the release's own.
        dropped_at: when the first release without it was published, RFC 3339.
    """

    file: ReleaseFile
    dropped_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A release.

    Attributes:
        release_id: its id.
        base: the release whose layer holds most of its files; None when it was published whole, on a layer of its own.
        files: sorted by path.
        removed: paths of the base release that this one does not have.
        retained: files of earlier releases that still answer.
    """

    release_id: str
    base: Manifest | None
    files: tuple[ReleaseFile, ...]
    removed: tuple[str, ...] = ()
    retained: tuple[RetainedFile, ...] = ()

    @property
    def base_id(self) -> str:
        """The layer that holds most of its files."""
        return self.release_id if self.base is None else self.base.release_id

    @property
    def prefix(self) -> str:
        """Key prefix of the release's own layer."""
        return f"{RELEASES_PREFIX}{self.release_id}/"

    @property
    def size_bytes(self) -> int:
        """Sum of all files."""
        return sum(file.size_bytes for file in self.files)

    @property
    def not_found_page(self) -> ReleaseFile | None:
        """The page that CloudFront's custom error response shows."""
        return next((file for file in self.files if file.path == NOT_FOUND_PAGE), None)

    @property
    def stored_files(self) -> Iterator[ReleaseFile]:
        """Yields every file that a region must hold: the release's own and the retained ones."""
        yield from self.files
        yield from (retained.file for retained in self.retained)

    @property
    def held_files(self) -> Iterator[ReleaseFile]:
        """Yields the stored files and those of the base release: what a region holds that has the manifests of both."""
        yield from self.stored_files
        if self.base is not None:
            keys = {file.key for file in self.stored_files}
            yield from (file for file in self.base.held_files if file.key not in keys)

    @property
    def layers(self) -> dict[str, str]:
        """Path -> layer of everything that does not lie in the base layer.

        A removed path is sent to the release's own layer, where nothing lies.
        """
        return {
            **dict.fromkeys(self.removed, self.release_id),
            **{file.path: file.layer for file in self.stored_files if file.layer != self.base_id},
        }

    def index(self) -> Index:
        """Returns the index that the router needs.

        Raises:
            IndexTooLargeError: too many paths differ from the base layer.
        """
        return build_index(self.layers, (file.path for file in self.stored_files if file.layer == self.base_id))

    def to_json(self) -> str:
        """Returns the document that lies in `control/manifests/<id>.json` of both buckets.

        A release on another's base layer lists only what differs, so that a small release has a small manifest.
        """
        document = {
            "schema": SCHEMA,
            "release_id": self.release_id,
            "base_id": self.base_id,
            "files": [_row(file) for file in self.files if self.base is None or file.layer != self.base_id],
            "removed": list(self.removed),
            "retained": [[*_row(each.file), each.dropped_at] for each in self.retained],
        }
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n"


def _row(file: ReleaseFile) -> list[str | int | None]:
    headers = [file.content_type, file.cache_control, file.content_encoding]
    return [file.path, file.layer, file.size_bytes, file.md5, *headers]


def _file(row: Sequence[Any]) -> ReleaseFile:
    path, layer, size_bytes, md5, content_type, cache_control, content_encoding = row
    return ReleaseFile(
        path=path,
        layer=layer,
        size_bytes=size_bytes,
        md5=md5,
        content_type=sys.intern(content_type),
        cache_control=sys.intern(cache_control),
        content_encoding=content_encoding,
    )


def manifest_key(release_id: str) -> str:
    """Returns the key of a release's manifest."""
    return f"{MANIFESTS_PREFIX}{release_id}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredManifest:
    """A manifest as it lies in a bucket: without the files that its base release lists already."""

    release_id: str
    base_id: str
    files: tuple[ReleaseFile, ...]
    removed: tuple[str, ...]
    retained: tuple[RetainedFile, ...]

    def on(self, base: Manifest | None) -> Manifest:
        """Returns the whole manifest.

        Args:
            base: the base release's; None when the release is its own.
        """
        own = {file.path: file for file in self.files}
        if base is not None:
            gone = set(self.removed)
            own = {file.path: file for file in base.files if file.path not in gone} | own
        return Manifest(
            release_id=self.release_id,
            base=base,
            files=tuple(file for _, file in sorted(own.items())),
            removed=self.removed,
            retained=self.retained,
        )


def parse_manifest(text: str) -> StoredManifest:
    """Reads what `Manifest.to_json` wrote.

    Raises:
        ValueError: another schema, or not a manifest.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError(f"not a manifest of schema {SCHEMA}")
    return StoredManifest(
        release_id=document["release_id"],
        base_id=document["base_id"],
        files=tuple(_file(row) for row in document["files"]),
        removed=tuple(document["removed"]),
        retained=tuple(
            RetainedFile(file=_file(row), dropped_at=dropped_at) for *row, dropped_at in document["retained"]
        ),
    )


def read_folder(folder: Path, *, cache: Path | None = None, rules: ContentRules = _USUAL_RULES) -> Manifest:
    """Reads a built folder as a release of its own, with every file in its own layer.

    Args:
        folder: the built site.
        cache: where the digests of this folder are remembered (digests.cache_file); None: every file is read.
        rules: the site file's `[content]`, which decides the headers. Default: what a site file without it means.

    Raises:
        WrongUsageError: no such folder, nothing in it, no index.html, or a file that cannot be published; all named.
    """
    if not folder.is_dir():
        raise WrongUsageError(_printable(f"{folder} is not a folder: give the folder of the built site"))
    try:
        entries = dict(sorted(_entries(str(folder), "")))
        _refuse_problems(folder, entries)
        scanned = [ScannedFile(name=name, path=entry.path, status=entry.stat()) for name, entry in entries.items()]
        digests = digest_files(scanned, cache)
    except FileNotFoundError as error:
        raise WrongUsageError(
            _printable(f"{error.filename} went while {folder} was read: let the build finish, then run it again")
        ) from error
    described = {name: describe(name, rules, entries) for name in entries}
    release_id = _release_id(digests, described)
    files = (_described(name, entries[name].path, digests[name], described[name], release_id) for name in entries)
    return Manifest(release_id=release_id, base=None, files=tuple(files))


def _release_id(digests: Mapping[str, FileDigest], described: Mapping[str, StoredFile]) -> str:
    """Returns the digest of everything that decides what is stored."""
    sources = {name: [digest.sha256, *_headers(described[name])] for name, digest in digests.items()}
    return hashlib.sha256(json.dumps(sources, sort_keys=True).encode()).hexdigest()[:LAYER_CHARACTERS]


def _entries(folder: str, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yields relative name and entry of everything that is no folder; links to folders are entries."""
    with os.scandir(folder) as found:
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(entry.path, f"{prefix}{entry.name}/")
            else:
                yield f"{prefix}{entry.name}", entry


def _refuse_problems(folder: Path, entries: Mapping[str, os.DirEntry[str]]) -> None:
    by_name = {name: _problem_of_name(name) for name in entries}
    problems = [
        problem for name, entry in entries.items() if not by_name[name] for problem in _problems(folder, name, entry)
    ]
    # One line for a folder, not one a file.
    problems += dict.fromkeys(problem for problem in by_name.values() if problem)
    if "index.html" not in entries:
        problems.append("index.html is missing: the site would answer 404 at /")
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise WrongUsageError(_printable(f"{folder} cannot be published:\n{listed}"))


def stored_bytes(path: Path, release_id: str) -> bytes:
    """Returns what is stored for a file: a page gets the release id in `<meta name="release" content="...">`."""
    content = path.read_bytes()
    return RELEASE_META.sub(rb"\g<1>" + release_id.encode() + rb"\g<2>", content) if is_page(path.name) else content


def _described(name: str, path: str, digest: FileDigest, stored: StoredFile, release_id: str) -> ReleaseFile:
    size_bytes, md5 = digest.size_bytes, digest.md5
    if digest.is_stamped:
        content = stored_bytes(Path(path), release_id)
        size_bytes, md5 = len(content), hashlib.md5(content, usedforsecurity=False).hexdigest()
    return ReleaseFile(
        path=name,
        layer=release_id,
        size_bytes=size_bytes,
        md5=md5,
        content_type=stored.content_type,
        cache_control=stored.cache_control,
        content_encoding=stored.content_encoding,
        is_stamped=digest.is_stamped,
    )


def _headers(stored: StoredFile) -> tuple[str | None, ...]:
    return (stored.content_type, stored.cache_control, stored.content_encoding)


def _problem_of_name(name: str) -> str | None:
    """Returns why nothing of this name is published; the same text for all files of a refused folder."""
    parts = name.split("/")
    hidden = [index for index, part in enumerate(parts) if part.startswith(".") and part != _WELL_KNOWN]
    if hidden:
        top = "/".join(parts[: hidden[0] + 1])
        return f"{top}: a hidden file or folder, often with secrets in it; only {_WELL_KNOWN} is published: take it out"
    if parts[0] in _UNREACHABLE and len(parts) > 1:
        return f"{parts[0]}/: /{parts[0]}/ answers from outside the release, so that nobody could see it: rename the folder"
    if _printable(name) != name:
        return f"{name}: its name is not UTF-8, and S3's keys are: rename it"
    return None


def _printable(text: str) -> str:
    """Returns `text` with an escape for each byte of a file name that is not UTF-8: no terminal takes them as they are."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _problems(folder: Path, name: str, entry: os.DirEntry[str]) -> list[str]:
    problem = _problem_of_link(folder, name, entry) if entry.is_symlink() else None
    if problem:
        return [problem]
    status = entry.stat()
    if not stat.S_ISREG(status.st_mode):
        return [f"{name}: neither a file nor a folder: remove it"]
    longest = len(f"{RELEASES_PREFIX}{'0' * LAYER_CHARACTERS}/{name}".encode())
    problems = []
    if longest > _LONGEST_KEY_BYTES:
        problems.append(f"{name}: its key has {longest} bytes, S3 allows {_LONGEST_KEY_BYTES}: shorten the path")
    if status.st_size > _LARGEST_FILE_BYTES:
        problems.append(f"{name}: {status.st_size} bytes, one PUT holds 5 GiB: split it")
    return problems


def _problem_of_link(folder: Path, name: str, entry: os.DirEntry[str]) -> str | None:
    try:
        target = Path(entry.path).resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: Python up to 3.12 says so when a link leads to itself
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return f"{name}: {reason}: remove the link or restore what it points at"
    if not target.is_relative_to(folder.resolve()):
        return f"{name}: a link to {target}, outside the folder: copy the file in"
    if target.is_dir():
        return f"{name}: a link to the folder {target}, and S3 has no links: copy the folder there, or remove the link"
    return None
