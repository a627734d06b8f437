"""The edge's cache: entries in memory, the least recently used go first; concurrent misses share one request."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any

from localcloud.dataplane.edge.messages import EdgeResponse
from localcloud.model.behaviours import matches_path_pattern
from localcloud.model.cache import CacheEntry, CacheKey

CAPACITY_BYTES = 256 * 1024 * 1024
ENTRY_OVERHEAD_BYTES = 2048
"""What an entry takes beside its body: key, headers, the objects that hold them. So many small ones (404s) fill the cache too."""

SWEEP_EVERY = 1024
"""How many new entries until expired errors, which nobody can be given again, are thrown away."""


class CacheStore:
    """Entries by cache key."""

    def __init__(self, *, capacity_bytes: int = CAPACITY_BYTES) -> None:
        """Start empty."""
        self._capacity_bytes = capacity_bytes
        self._entries: OrderedDict[CacheKey, CacheEntry] = OrderedDict()
        self._size_bytes = 0
        self._until_sweep = SWEEP_EVERY
        self.invalidations = 0
        """How many invalidations there were: what an origin was asked for before the last one is not kept."""

    def get(self, key: CacheKey) -> CacheEntry | None:
        """Return the entry, fresh or not."""
        entry = self._entries.get(key)
        if entry:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: CacheKey, entry: CacheEntry, *, asked_at: int) -> None:
        """Keep the entry; one that is larger than the cache, or older than the last invalidation, is not kept.

        Args:
            key: Its cache key.
            entry: The answer.
            asked_at: `invalidations` when the origin was asked.
        """
        if asked_at != self.invalidations:
            return
        self._drop(key)
        if _size_bytes(entry) > self._capacity_bytes:
            return
        self._entries[key] = entry
        self._size_bytes += _size_bytes(entry)
        self._until_sweep -= 1
        if self._until_sweep <= 0:
            self._sweep(entry.stored_at)
        while self._size_bytes > self._capacity_bytes:
            self._drop(next(iter(self._entries)))

    def invalidate(self, distribution_domain: str, paths: Iterable[str]) -> None:
        """Drop what an invalidation names: whole paths, or prefixes that end in `*`.

        Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Invalidation.html
        """
        self.invalidations += 1
        for path in paths:
            doomed = [
                key for key in self._entries if key[0] == distribution_domain and matches_path_pattern(path, key[2])
            ]
            for key in doomed:
                self._drop(key)

    def contents(self) -> Iterator[tuple[CacheKey, CacheEntry]]:
        """Yield key and entry, the least recently used first; the key begins with domain name, method and path."""
        return iter(tuple(self._entries.items()))

    @property
    def size_bytes(self) -> int:
        """How much the entries take."""
        return self._size_bytes

    def _drop(self, key: CacheKey) -> None:
        entry = self._entries.pop(key, None)
        if entry:
            self._size_bytes -= _size_bytes(entry)

    def _sweep(self, now: float) -> None:
        self._until_sweep = SWEEP_EVERY
        for key in [key for key, entry in self._entries.items() if entry.is_error and not entry.is_fresh(now)]:
            self._drop(key)


def _size_bytes(entry: CacheEntry) -> int:
    return len(entry.body) + ENTRY_OVERHEAD_BYTES


class Collapser:
    """Lets concurrent misses on one key share one request to the origin.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorS3Origin.html
    ("Simultaneous requests for the same object").
    """

    def __init__(self) -> None:
        """Start with nothing under way."""
        self._under_way: dict[tuple[CacheKey, int], asyncio.Task[EdgeResponse]] = {}

    async def run(
        self, key: CacheKey, invalidations: int, ask: Callable[[], Coroutine[Any, Any, EdgeResponse]]
    ) -> EdgeResponse:
        """Return what `ask` returns, or what the same key's request under way returns.

        A viewer that goes away does not cancel the request for the others; one that comes after an invalidation (by their
        number so far) does not get what was asked for before it.
        """
        return await asyncio.shield(self.start(key, invalidations, ask))

    def start(
        self, key: CacheKey, invalidations: int, ask: Callable[[], Coroutine[Any, Any, EdgeResponse]]
    ) -> asyncio.Task[EdgeResponse]:
        """Start the request unless it is under way, and do not wait for it."""
        identity = (key, invalidations)
        task = self._under_way.get(identity)
        if task is None:
            task = asyncio.create_task(ask())
            self._under_way[identity] = task
            task.add_done_callback(lambda _: self._under_way.pop(identity, None))
        return task
