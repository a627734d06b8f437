"""The index of a release: where those of its paths lie that are not in its base increment. Pure; the router function reads it.

A release is increments of immutable objects, `releases/<increment>/<path>`: what one publish uploaded. Its base increment holds
most paths; what changed since lies in the increment of the release that changed it. The index names those paths and their
increments, so a small change stays small on a large site (docs/adr/0005-increments.md). The router reads one chunk of it
per request:

    index/<index id>/<chunk number>  ->  <increment, 16 characters><tag><tag>...;<increment><tag>...

A path's digest is SHA-256 of `<salt>:<path>`; its first 8 hex digits modulo the number of chunks are the chunk, the next 8 the
tag. The salt is chosen so that no other path of the release has the chunk and tag of one that is named.

Values hold at most 1 KB, one UpdateKeys 50 keys, one store 5 MB:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/kvs-with-functions.html
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

INCREMENT_CHARACTERS = 16
TAG_CHARACTERS = 8
LARGEST_CHUNK_BYTES = 1024
KEY_PREFIX = "index/"

MAXIMUM_ENTRIES = 40_000
"""About 400 KB: a store has room for the indexes of the active release, the previous one, a canary and some to go back to."""

_ENTRIES_PER_CHUNK = 80
"""On average; the fullest chunk of ten thousand stays below the limit."""
_SALTS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where the index would name a path."""

    chunk: int
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """The index of one release.

    Attributes:
        id: digest of the whole index; empty when every path lies in the base increment.
        salt: see the module.
        chunks: the values, by chunk number.
        redirects_id: id of the redirects that it marks; empty without.
        redirects: KeyValueStore key -> value of those (url_rules.py).
    """

    id: str = ""
    salt: int = 0
    chunks: tuple[str, ...] = field(default=())
    redirects_id: str = ""
    redirects: Mapping[str, str] = field(default_factory=dict)

    @property
    def entries(self) -> dict[str, str]:
        """KeyValueStore key -> value of the chunks."""
        return {chunk_key(self.id, number): chunk for number, chunk in enumerate(self.chunks)}

    def increment_of(self, path: str) -> str | None:
        """Returns the increment of a path that the index names; None: the base increment. The router function does the same."""
        if not self.chunks:
            return None
        slot = slot_of(path, salt=self.salt, chunks=len(self.chunks))
        for group in self.chunks[slot.chunk].split(";"):
            tags = group[INCREMENT_CHARACTERS:]
            if slot.tag in (tags[at : at + TAG_CHARACTERS] for at in range(0, len(tags), TAG_CHARACTERS)):
                return group[:INCREMENT_CHARACTERS]
        return None


class IndexTooLargeError(ValueError):
    """More paths differ from the base increment than an index holds."""


def chunk_key(index_id: str, number: int) -> str:
    """Returns the KeyValueStore key of a chunk."""
    return f"{KEY_PREFIX}{index_id}/{number}"


def slot_of(path: str, *, salt: int, chunks: int) -> Slot:
    """Returns the slot of a path without its leading slash, not percent-encoded."""
    digest = hashlib.sha256(f"{salt}:{path}".encode()).hexdigest()
    return Slot(chunk=int(digest[:8], 16) % chunks, tag=digest[8 : 8 + TAG_CHARACTERS])


def largest_bytes(entries: int) -> int:
    """Returns an upper bound of what an index of so many entries takes in the store."""
    return 2 * LARGEST_CHUNK_BYTES * -(-entries // _ENTRIES_PER_CHUNK)


def build_index(increments: Mapping[str, str], others: Iterable[str]) -> Index:
    """Builds the index.

    Args:
        increments: path -> increment, for every path that does not lie in the base increment.
        others: the release's other paths; none of them may look like one that is named.

    Raises:
        IndexTooLargeError: there are too many.
    """
    if not increments:
        return Index()
    if len(increments) > MAXIMUM_ENTRIES:
        raise IndexTooLargeError(
            f"{len(increments)} paths differ from the base increment; an index holds {MAXIMUM_ENTRIES}"
        )
    kept = tuple(others)
    count = -(-len(increments) // _ENTRIES_PER_CHUNK)
    for salt in range(_SALTS):
        slots = {path: slot_of(path, salt=salt, chunks=count) for path in increments}
        if _is_unambiguous(slots, kept, salt=salt, chunks=count):
            chunks = _chunks(slots, increments, count)
            if all(len(chunk) <= LARGEST_CHUNK_BYTES for chunk in chunks):
                return Index(id=index_id(salt, chunks), salt=salt, chunks=chunks)
            count += 1 + count // 8
    raise IndexTooLargeError(f"no salt of {_SALTS} tells {len(increments)} paths apart")


def _is_unambiguous(slots: Mapping[str, Slot], others: Iterable[str], *, salt: int, chunks: int) -> bool:
    taken = set(slots.values())
    return len(taken) == len(slots) and not any(slot_of(path, salt=salt, chunks=chunks) in taken for path in others)


def _chunks(slots: Mapping[str, Slot], increments: Mapping[str, str], count: int) -> tuple[str, ...]:
    tags: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path, slot in slots.items():
        tags[slot.chunk][increments[path]].append(slot.tag)
    return tuple(
        ";".join(increment + "".join(sorted(found)) for increment, found in sorted(tags[number].items()))
        for number in range(count)
    )


def index_id(salt: int, chunks: Sequence[str]) -> str:
    """Returns the digest that names an index."""
    return hashlib.sha256(f"{salt}|{'|'.join(chunks)}".encode()).hexdigest()[:16]
