"""Copies items between the replicas of a global table some time after they were written; of two writes the later stays.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
"""

from __future__ import annotations

import itertools
import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from localcloud.gateway.clock import AwsClock
from localcloud.gateway.wire import JsonObject

LOG = logging.getLogger(__name__)

ItemId = tuple[str, str, str]
"""Table name, region, and the key as JSON."""
Store = Callable[[str, str, JsonObject, JsonObject | None], None]
"""(table name, region, key, item) -> None; no item: it is deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one write left behind: the item, or None after a deletion; `order` counts writes of all regions."""

    table: str
    key: JsonObject
    item: JsonObject | None
    order: int

    def id_in(self, region: str) -> ItemId:
        """Return what names the item in a region."""
        return self.table, region, json.dumps(self.key, sort_keys=True)


@dataclass(slots=True, kw_only=True)
class ItemReplicator:
    """A queue of copies, and the thread that makes them in the order of the writes.

    Attributes:
        clock: AWS time.
        delay_seconds: AWS seconds between a write and its copies.
        store: puts an item into, or takes it out of, a region's replica.
    """

    clock: AwsClock
    delay_seconds: float
    store: Store
    _queue: deque[tuple[float, Written, str]] = field(default_factory=deque)
    _latest: dict[ItemId, int] = field(default_factory=dict)
    _orders: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None
    _is_closed: bool = False
    _is_working: bool = False

    def written(
        self, table: str, key: JsonObject, item: JsonObject | None, *, region: str, targets: Iterable[str]
    ) -> None:
        """Note a write in a region and queue its copies."""
        with self._changed:
            write = Written(table=table, key=key, item=item, order=next(self._orders))
            self._latest[write.id_in(region)] = write.order
            due = self.clock.now_seconds() + self.delay_seconds
            self._queue.extend((due, write, target) for target in targets)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="dynamodb-replication", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def forget(self, table: str, region: str) -> None:
        """Forget a replica that is deleted, with the copies on their way to it."""
        with self._changed:
            self._queue = deque(copy for copy in self._queue if (copy[1].table, copy[2]) != (table, region))
            for item_id in [item_id for item_id in self._latest if item_id[:2] == (table, region)]:
                del self._latest[item_id]

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        """Wait in real time until everything is copied; return whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._is_working, timeout_seconds)

    def close(self) -> None:
        """Stop the thread; what is queued stays undone."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while (copy := self._next()) is not None:
            try:
                self._copy(*copy)
            except Exception:
                LOG.exception("the copy of an item of %s to %s failed", copy[0].table, copy[1])
            with self._changed:
                self._is_working = False
                self._changed.notify_all()

    def _next(self) -> tuple[Written, str] | None:
        """Wait for the next copy that is due; None when the replicator is closed."""
        with self._changed:
            while not self._is_closed:
                if not self._queue:
                    self._changed.wait()
                    continue
                wait_seconds = self._queue[0][0] - self.clock.now_seconds()
                if wait_seconds <= 0:
                    self._is_working = True
                    return self._queue.popleft()[1:]
                self._changed.wait(self.clock.real_seconds(wait_seconds))
        return None

    def _copy(self, write: Written, region: str) -> None:
        """Store the item, unless the region has a later write of its own or of a third region."""
        with self._changed:
            if self._latest.get(write.id_in(region), 0) < write.order:
                self.store(write.table, region, write.key, write.item)
                self._latest[write.id_in(region)] = write.order
