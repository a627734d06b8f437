"""What all operators share: the regions' objects and the KeyValueStore, as values that a step replaces and never changes.

Each method is one request: it returns the cloud afterwards and what the caller is told. What S3 and the KeyValueStore promise
about one request holds: it happens at once, conditions included
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html,
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_kvs_UpdateKeys.html).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

CONFLICT = "conflict"
"""What is told instead of an ETag when a condition does not hold."""
READS = frozenset({"describe", "get_key", "list_keys", "get_object", "list_objects"})


class Stored(NamedTuple):
    """An object."""

    body: bytes
    etag: str
    modified_at: int


Key = tuple[str, str]
"""Region and key."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """Everything that is stored.

    Attributes:
        objects: region and key -> object.
        values: key -> value of the KeyValueStore.
        version: number of writes of the KeyValueStore, its ETag.
        now: AWS's clock, in seconds; nothing but `later` moves it.
        routings: every value of the routing so far, for what must never have been.
        digest: tells clouds apart.
    """

    objects: Mapping[Key, Stored] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    version: int = 0
    now: int = 1_800_000_000
    routings: tuple[str, ...] = ()
    digest: int = 0

    def later(self, seconds: int) -> Cloud:
        """Returns the same at a later time."""
        return replace(self, now=self.now + seconds, digest=hash((self.digest, seconds)))

    def describe(self) -> tuple[Cloud, tuple[str, int]]:
        """Tells the store's ETag, and the time."""
        return self, (f"E{self.version}", self.now)

    def get_key(self, key: str) -> tuple[Cloud, str | None]:
        """Tells a value."""
        return self, self.values.get(key)

    def list_keys(self) -> tuple[Cloud, tuple[tuple[str, str], ...]]:
        """Tells every key and value."""
        return self, tuple(sorted(self.values.items()))

    def update_keys(self, etag: str, puts: tuple[tuple[str, str], ...], deletes: tuple[str, ...]) -> tuple[Cloud, str]:
        """Writes, if the store has that ETag; tells the new one."""
        if etag != f"E{self.version}":
            return self, CONFLICT
        values = {**self.values, **dict(puts)}
        for key in deletes:
            values.pop(key, None)
        routing = values.get("routing", "")
        is_new = routing and (not self.routings or routing != self.routings[-1])
        routings = (*self.routings, routing) if is_new else self.routings
        changed = replace(self, values=values, version=self.version + 1, routings=routings)
        digest = hash((self.digest, "kv", frozenset(values.items()), changed.version, routings))
        return replace(changed, digest=self.digest ^ digest), f"E{changed.version}"

    def get_object(self, region: str, key: str) -> tuple[Cloud, Stored | None]:
        """Tells an object."""
        return self, self.objects.get((region, key))

    def list_objects(self, region: str, prefix: str) -> tuple[Cloud, tuple[tuple[tuple[str, int, str, int], ...], int]]:
        """Tells key, size, ETag and time of what lies under a prefix, and the time now."""
        found = (
            (key, len(stored.body), stored.etag, stored.modified_at)
            for (where, key), stored in self.objects.items()
            if where == region and key.startswith(prefix)
        )
        return self, (tuple(sorted(found)), self.now)

    def put_object(
        self, region: str, key: str, body: bytes, if_match: str | None, if_none_match: str | None
    ) -> tuple[Cloud, str]:
        """Stores an object, if the conditions hold; tells its ETag."""
        held = self.objects.get((region, key))
        if (if_match and (held is None or held.etag != if_match)) or (if_none_match and held is not None):
            return self, CONFLICT
        stored = Stored(body, hashlib.md5(body, usedforsecurity=False).hexdigest(), self.now)
        return self._changed({**self.objects, (region, key): stored}, ((region, key),)), stored.etag

    def copy_object(self, region: str, source: str, key: str) -> tuple[Cloud, bool]:
        """Copies an object; tells whether the source was there."""
        held = self.objects.get((region, source))
        if held is None:
            return self, False
        stored = held._replace(modified_at=self.now)
        return self._changed({**self.objects, (region, key): stored}, ((region, key),)), True

    def delete_objects(self, region: str, keys: tuple[str, ...]) -> tuple[Cloud, None]:
        """Deletes objects, absent ones too."""
        gone = {(region, key) for key in keys} & self.objects.keys()
        return self._changed({key: each for key, each in self.objects.items() if key not in gone}, tuple(gone)), None

    def _changed(self, objects: Mapping[Key, Stored], keys: tuple[Key, ...]) -> Cloud:
        """Returns the cloud with other objects; the digest is the exclusive or over all, so the order does not matter."""
        digest = self.digest
        for key in keys:
            for each in (self.objects.get(key), objects.get(key)):
                digest ^= 0 if each is None else hash((key, each.etag, each.modified_at))
        return replace(self, objects=objects, digest=digest)
