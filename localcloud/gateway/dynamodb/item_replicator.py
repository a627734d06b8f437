"""Copies items between the replicas of a global table some time after they were written; of two writes the later stays.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from localcloud.gateway.clock import AwsClock
from localcloud.gateway.delayed_work import DelayedWork
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

    STATE: ClassVar[tuple[str, ...]] = ("_latest", "_last_order")

    clock: AwsClock
    delay_seconds: float
    store: Store
    _latest: dict[ItemId, int] = field(default_factory=dict)
    _last_order: int = 0
    _copies: DelayedWork[tuple[Written, str]] = field(init=False)

    def __post_init__(self) -> None:
        self._copies = DelayedWork(
            name="dynamodb-replication", clock=self.clock, delay_seconds=self.delay_seconds, work=self._try
        )

    def written(
        self, table: str, key: JsonObject, item: JsonObject | None, *, region: str, targets: Iterable[str]
    ) -> None:
        """Note a write in a region and queue its copies."""
        with self._copies.changed:
            self._last_order += 1
            write = Written(table=table, key=key, item=item, order=self._last_order)
            self._latest[write.id_in(region)] = write.order
            self._copies.add(*((write, target) for target in targets))

    def forget(self, table: str, region: str) -> None:
        """Forget a replica that is deleted, with the copies on their way to it."""
        with self._copies.changed:
            self._copies.drop(lambda copy: (copy[0].table, copy[1]) == (table, region))
            for item_id in [item_id for item_id in self._latest if item_id[:2] == (table, region)]:
                del self._latest[item_id]

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        """Wait in real time until everything is copied; return whether it is."""
        return self._copies.wait_until_idle(timeout_seconds)

    def close(self) -> None:
        """Stop the thread; what is queued stays undone."""
        self._copies.close()

    def _try(self, copy: tuple[Written, str]) -> bool:
        """Copy, or say why not; a copy that fails is not tried again."""
        try:
            self._copy(*copy)
        except Exception:
            LOG.exception("the copy of an item of %s to %s failed", copy[0].table, copy[1])
        return True

    def _copy(self, write: Written, region: str) -> None:
        """Store the item, unless the region has a later write of its own or of a third region."""
        with self._copies.changed:
            if self._latest.get(write.id_in(region), 0) < write.order:
                self.store(write.table, region, write.key, write.item)
                self._latest[write.id_in(region)] = write.order
