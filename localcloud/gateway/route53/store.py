"""The hosted zones, health checks and tags of the account."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from xml.etree.ElementTree import Element

from localcloud.gateway.clock import AwsClock, utc_now
from localcloud.gateway.identifiers import prefixed_id
from localcloud.gateway.revision import Changes
from localcloud.gateway.route53.record_sets import RecordKey, normalize_name, values_of
from localcloud.gateway.wire import JsonObject

MAXIMUM_CHANGES = 10_000


@dataclass(slots=True, kw_only=True)
class StoredRecord:
    """A record set and since when, in AWS seconds of the gateway's clock, it has been there."""

    record: Element
    created_seconds: float


@dataclass(slots=True, kw_only=True)
class HostedZone:
    """A public hosted zone."""

    id: str
    name: str
    caller_reference: str
    comment: str
    name_servers: tuple[str, ...]
    records: dict[RecordKey, StoredRecord] = field(default_factory=dict)
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of records or zones; `INSYNC` when the data plane answers with its revision."""

    id: str
    revision: int
    comment: str | None
    submitted_at: datetime = field(default_factory=utc_now)


@dataclass(slots=True, kw_only=True)
class HealthCheck:
    """A health check; its configuration is the XML that the client sent, defaults added."""

    id: str
    caller_reference: str
    config: Element
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """What the data plane last pushed about a health check.

    Attributes:
        is_healthy: the state that decides which record is selected.
        changed_at: when `is_healthy` last changed.
        observations: one per checker: region, ip_address, status, checked_time.
        percentage_healthy: share of the checkers that call the endpoint healthy; None when the reporter did not say.
        healthy_children: of a calculated check; None for others.
    """

    is_healthy: bool
    changed_at: datetime
    observations: tuple[JsonObject, ...]
    percentage_healthy: float | None = None
    healthy_children: int | None = None


class Route53Store:
    """All Route 53 state. Callers hold `lock` while they read or write more than one thing."""

    STATE: ClassVar[tuple[str, ...]] = (
        "_change_infos",
        "zones",
        "health_checks",
        "deleted_health_check_references",
        "health_reports",
        "tags",
    )

    def __init__(self, clock: AwsClock, lock: threading.RLock, changes: Changes) -> None:
        self.lock = lock
        self.changes = changes
        self._change_infos: OrderedDict[str, Change] = OrderedDict()
        self.clock = clock
        self.zones: dict[str, HostedZone] = {}
        self.health_checks: dict[str, HealthCheck] = {}
        self.deleted_health_check_references: set[str] = set()
        self.health_reports: dict[str, HealthReport] = {}
        self.tags: dict[tuple[str, str], dict[str, str]] = {}

    def change(self, comment: str | None = None) -> Change:
        """Note a change of records or zones, when it can be read; the last 10,000 can be asked for by id."""
        change = Change(id=prefixed_id("C", 21), revision=self.changes.note(), comment=comment)
        with self.lock:
            self._change_infos[change.id] = change
            if len(self._change_infos) > MAXIMUM_CHANGES:
                self._change_infos.popitem(last=False)
        return change

    def find_change(self, change_id: str) -> Change | None:
        """Return a change by id, or None."""
        with self.lock:
            return self._change_infos.get(change_id)

    def put_record(self, zone: HostedZone, key: RecordKey, record: Element) -> None:
        """Store a record set, replacing one with the same key."""
        zone.records[key] = StoredRecord(record=record, created_seconds=self.clock.now_seconds())

    def cname_age_seconds(self, name: str, value: str) -> float | None:
        """Return for how many AWS seconds a CNAME has had this value in any zone, or None if none has."""
        with self.lock:
            ages = [
                self.clock.now_seconds() - stored.created_seconds
                for stored in self._records(normalize_name(name), "CNAME")
                if normalize_name(value) in map(normalize_name, values_of(stored.record))
            ]
        return max(ages, default=None)

    def txt_values(self, name: str) -> frozenset[str]:
        """Return the values of a name's TXT records in any zone, without their quotes."""
        with self.lock:
            stored = list(self._records(normalize_name(name), "TXT"))
            return frozenset(value.strip('"') for record in stored for value in values_of(record.record))

    def caa_values(self, name: str) -> list[str]:
        """Return the CAA records that hold for a name: its own, else those of the closest name above it (RFC 8659, section 3)."""
        labels = name.rstrip(".").split(".")
        with self.lock:
            for index in range(len(labels)):
                stored = list(self._records(normalize_name(".".join(labels[index:])), "CAA"))
                if stored:
                    return [value for record in stored for value in values_of(record.record)]
        return []

    def _records(self, name: str, type_: str) -> Iterator[StoredRecord]:
        for zone in self.zones.values():
            for key, stored in zone.records.items():
                if key.name == name and key.type == type_:
                    yield stored

    def report_health(
        self,
        health_check_id: str,
        *,
        is_healthy: bool,
        observations: tuple[JsonObject, ...],
        percentage_healthy: float | None = None,
        healthy_children: int | None = None,
    ) -> None:
        """Keep what the data plane pushed; the time of change moves only when the state does."""
        with self.lock:
            known = self.health_reports.get(health_check_id)
            unchanged = known is not None and known.is_healthy == is_healthy
            self.health_reports[health_check_id] = HealthReport(
                is_healthy=is_healthy,
                changed_at=known.changed_at if known is not None and unchanged else utc_now(),
                observations=observations,
                percentage_healthy=percentage_healthy,
                healthy_children=healthy_children,
            )
