"""A release as a list of files, and how it is written down. folder.py makes one of a built folder."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Any

from scripts.release.serving.index import Index, build_index, largest_bytes
from scripts.release.serving.url_rules import NO_PAGE, REDIRECTED, RedirectTable, UrlRules, from_document
from scripts.release.serving.variants import Variants, complete_variants

SCHEMA = 2
RELEASES_PREFIX = "releases/"
MANIFESTS_PREFIX = "control/manifests/"

NOT_FOUND_PAGE = "404.html"
_USUAL_URLS = UrlRules()
_PARSING = Lock()
_PARSED: dict[bytes, StoredManifest] = {}
_MOST_PARSED = 2  # a release's and its base's
# A quote within a JSON string has a backslash before it, so nothing but the key looks like this.
_FILES_KEY = '"files":['
_FILES_PER_PART = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFile:
    """One file of a release.

    Attributes:
        path: relative path with `/`, as routers look for it.
        increment: the release in whose increment the object lies; the file has not changed since.
        size_bytes: length of what is stored.
        md5: hex digest of what is stored; S3's ETag of a single PUT with SSE-S3, and metadata in any case
            (stored_digest.py).
        content_type: value of the header.
        cache_control: value of the header.
        content_encoding: value of the header; None: there is none.
        is_stamped: the release id is written into it, so that the file of the folder is not what is stored; only known of a
            file that a folder gave.
        source: its name in the folder where that is not the path; only known of a file that a folder gave.
    """

    path: str
    increment: str
    size_bytes: int
    md5: str
    content_type: str
    cache_control: str
    content_encoding: str | None = None
    is_stamped: bool = field(default=False, compare=False)
    source: str = field(default="", compare=False)

    @property
    def key(self) -> str:
        """The object's key in every region."""
        return f"{RELEASES_PREFIX}{self.increment}/{self.path}"

    @property
    def source_path(self) -> str:
        """Its name in the folder that gave it."""
        return self.source or self.path

    def stores_the_same_as(self, other: ReleaseFile) -> bool:
        """Whether both are the same object but for the increment."""
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
        base: the release whose increment holds most of its files; None when it was published whole, on an increment of its own.
        files: sorted by path.
        removed: paths of the base release that this one does not have.
        retained: files of earlier releases that still answer.
        taken_down: paths that `failover takedown` took out of it, or out of its base; nobody is sent to where they lay.
        urls: clean URLs and redirects.
        decided_at: when it was decided which files it lists, by a publish or by a takedown since; RFC 3339. Empty: of a
            release that was published before this was written down. Of two regions' the later one holds.
    """

    release_id: str
    base: Manifest | None
    files: tuple[ReleaseFile, ...]
    removed: tuple[str, ...] = ()
    retained: tuple[RetainedFile, ...] = ()
    taken_down: tuple[str, ...] = ()
    urls: UrlRules = _USUAL_URLS
    decided_at: str = field(default="", compare=False)

    @property
    def base_id(self) -> str:
        """The increment that holds most of its files."""
        return self.release_id if self.base is None else self.base.release_id

    @property
    def prefix(self) -> str:
        """Key prefix of the release's own increment."""
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
    def emptied(self) -> frozenset[str]:
        """Paths of which its increments hold nothing any more, because they were taken down."""
        gone = frozenset((*self.taken_down, *(self.base.taken_down if self.base else ())))
        return gone.difference(file.path for file in self.stored_files) if gone else gone

    @property
    def increments(self) -> dict[str, str]:
        """Path -> increment of everything that does not lie in the base increment; with a fallback of every page besides.

        A removed path is sent to the release's own increment, where nothing lies, or to its fallback. One that was taken down is
        sent where nothing has ever lain, so that no copy of it in a cache or in a function's memory answers.
        """
        lying = {file.path: file.increment for file in self.stored_files}
        return {
            **{path: lying[path] for path in self.urls.pages(lying)},
            **dict.fromkeys(self.removed, self.release_id),
            **dict.fromkeys((*self.urls.pages(self.removed), *sorted(self.emptied)), NO_PAGE),
            **{path: increment for path, increment in lying.items() if increment != self.base_id},
        }

    @property
    def variants(self) -> Variants:
        """The extensions of which every file that answers has a precompressed variant."""
        return complete_variants(self.stored_files)

    @property
    def redirect_table(self) -> RedirectTable:
        """The redirects as the routers look them up."""
        return self.urls.table(self.variants) if self.urls.redirects else RedirectTable()

    @property
    def index_entries(self) -> int:
        """How many paths the index names, at most."""
        return len(self.increments) + len(self.redirect_table.pairs)

    @property
    def bytes_in_store(self) -> int:
        """An upper bound of what the release takes in the KeyValueStore."""
        table = self.redirect_table
        return largest_bytes(len(self.increments) + len(table.pairs)) + table.size_bytes

    def index(self) -> Index:
        """Returns the index that the router needs, with the redirects that it marks.

        Raises:
            IndexTooLargeError: too many paths differ from the base increment.
        """
        table = self.redirect_table
        marked = self.increments | dict.fromkeys(table.pairs, REDIRECTED)
        index = build_index(marked, (file.path for file in self.stored_files if file.path not in marked))
        return replace(index, redirects_id=table.id, redirects=table.entries)

    def to_json(self) -> bytes:
        """Returns the document that lies in `control/manifests/<id>.json` of both buckets.

        A release on another's base increment lists only what differs, so that a small release has a small manifest.
        """
        document = {
            "schema": SCHEMA,
            "release_id": self.release_id,
            "base_id": self.base_id,
            "files": [],
            "removed": list(self.removed),
            "retained": [[*_row(each.file), each.dropped_at] for each in self.retained],
            **({"taken_down": list(self.taken_down)} if self.taken_down else {}),
            **({"decided_at": self.decided_at} if self.decided_at else {}),
            **self.urls.to_document(),
        }
        before, key, after = _json(document).partition(_FILES_KEY)
        own = [file for file in self.files if self.base is None or file.increment != self.base_id]
        starts = range(0, len(own), _FILES_PER_PART)
        parts = (_json([_row(file) for file in own[start : start + _FILES_PER_PART]])[1:-1] for start in starts)
        return b"".join(
            [before.encode(), key.encode(), b",".join(part.encode() for part in parts), after.encode(), b"\n"]
        )


def _json(document: object) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _row(file: ReleaseFile) -> list[str | int | None]:
    headers = [file.content_type, file.cache_control, file.content_encoding]
    return [file.path, file.increment, file.size_bytes, file.md5, *headers]


def _file(row: Sequence[Any]) -> ReleaseFile:
    path, increment, size_bytes, md5, content_type, cache_control, content_encoding = row
    return ReleaseFile(
        path=path,
        increment=sys.intern(increment),
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
    taken_down: tuple[str, ...] = ()
    urls: UrlRules = _USUAL_URLS
    decided_at: str = ""

    def on(self, base: Manifest | None) -> Manifest:
        """Returns the whole manifest.

        What was taken down does not come back with the base, which may be published again after a lift.

        Args:
            base: the base release's; None when the release is its own.
        """
        own = {file.path: file for file in self.files}
        if base is not None:
            gone = {*self.removed, *self.taken_down}
            own = {file.path: file for file in base.files if file.path not in gone} | own
        return Manifest(
            release_id=self.release_id,
            base=base,
            files=tuple(file for _, file in sorted(own.items())),
            removed=self.removed,
            retained=self.retained,
            taken_down=self.taken_down,
            urls=self.urls,
            decided_at=self.decided_at,
        )


def parse_manifest(content: bytes) -> StoredManifest:
    """Reads what `Manifest.to_json` wrote; what another region had too only once.

    Raises:
        ValueError: another schema, or not a manifest.
    """
    digest = hashlib.sha256(content).digest()
    with _PARSING:  # the regions' manifests arrive at the same time
        found = _PARSED.pop(digest) if digest in _PARSED else _parsed(content.decode("utf-8"))
        _PARSED[digest] = found  # last again: a base is asked for with each release that stands on it
        while len(_PARSED) > _MOST_PARSED:
            del _PARSED[next(iter(_PARSED))]
        return found


def _parsed(text: str) -> StoredManifest:
    before, key, rest = text.partition(_FILES_KEY)
    if not key:
        raise ValueError("not a manifest")
    files, end = _files_in(rest)
    document = json.loads(f"{before}{key}{rest[end:]}")
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError(f"not a manifest of schema {SCHEMA}")
    decided_at = document.get("decided_at", "")
    for moment in (*(row[-1] for row in document["retained"]), *([decided_at] if decided_at else [])):
        if datetime.fromisoformat(moment).tzinfo is None:
            raise ValueError(f"{moment} has no time zone")
    return StoredManifest(
        release_id=document["release_id"],
        base_id=document["base_id"],
        files=files,
        removed=tuple(document["removed"]),
        retained=tuple(
            RetainedFile(file=_file(row), dropped_at=dropped_at) for *row, dropped_at in document["retained"]
        ),
        taken_down=tuple(document.get("taken_down", ())),
        decided_at=decided_at,
        urls=from_document(document),
    )


def _files_in(rows: str) -> tuple[tuple[ReleaseFile, ...], int]:
    """Returns the files of the list that `rows` begins in, and where the list ends.

    Row by row: the lists and texts of all of them at once are twice what is kept of them.
    """
    decode = json.JSONDecoder().raw_decode
    found: list[ReleaseFile] = []
    at = 0
    while rows[at : at + 1] != "]":
        row, at = decode(rows, at)
        found.append(_file(row))
        at += rows[at : at + 1] == ","
    return tuple(found), at
