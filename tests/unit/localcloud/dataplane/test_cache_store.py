"""The edge's cache is bounded: by bytes, by entries, and by what can still be served."""

from localcloud.dataplane.edge.cache_store import ENTRY_OVERHEAD_BYTES, SWEEP_EVERY, CacheStore
from localcloud.model.cache import CacheEntry


def entry(*, status_code: int = 200, body: bytes = b"", stored_at: float = 0.0, lives: float = 10.0) -> CacheEntry:
    return CacheEntry(
        status_code=status_code, headers={}, body=body, stored_at=stored_at, fresh_until=stored_at + lives
    )


def put(store: CacheStore, name: str, what: CacheEntry) -> None:
    store.put(("d", "GET", name), what, asked_at=store.invalidations)


def test_small_entries_fill_the_cache_too() -> None:
    store = CacheStore(capacity_bytes=10 * ENTRY_OVERHEAD_BYTES)
    for number in range(100):
        put(store, f"/{number}", entry())
    assert [number for number in range(100) if store.get(("d", "GET", f"/{number}"))] == list(range(90, 100))


def test_replaced_entry_counts_once() -> None:
    store = CacheStore(capacity_bytes=2 * (ENTRY_OVERHEAD_BYTES + 10))
    put(store, "/kept", entry(body=b"x" * 10))
    for _ in range(5):
        put(store, "/replaced", entry(body=b"x" * 10))
    assert store.get(("d", "GET", "/kept"))


def test_expired_errors_are_thrown_away_and_expired_copies_are_kept() -> None:
    store = CacheStore()
    put(store, "/gone", entry(status_code=404, lives=10))
    put(store, "/copy", entry(lives=10))
    for number in range(SWEEP_EVERY):
        put(store, f"/{number}", entry(stored_at=100))
    assert store.get(("d", "GET", "/gone")) is None
    assert store.get(("d", "GET", "/copy")) is not None


def test_what_was_asked_for_before_an_invalidation_is_not_kept() -> None:
    store = CacheStore()
    asked_at = store.invalidations
    store.invalidate("d", ["/other"])
    store.put(("d", "GET", "/a"), entry(), asked_at=asked_at)
    assert store.get(("d", "GET", "/a")) is None
