"""Copies objects between buckets some time after they were written, as their replication rules say.

What is replicated: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from localcloud.gateway.clock import AwsClock
from localcloud.gateway.delayed_work import DelayedWork
from localcloud.gateway.errors import ServiceError
from localcloud.gateway.s3.kms_objects import SSE_KMS, usable_key
from localcloud.gateway.s3.moto_objects import MotoObjects
from localcloud.gateway.s3.replication_rules import ReplicationRule, rules_for

LOG = logging.getLogger(__name__)

VersionKey = tuple[str, str, str]
"""Bucket, key and version id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicationTask:
    """One version, or one delete marker when there is no version id, on its way to one bucket."""

    source: str
    key: str
    version_id: str | None
    rule: ReplicationRule


def _replica_key(task: ReplicationTask, encryption: str | None) -> str | None:
    return task.rule.replica_kms_key if encryption == SSE_KMS else None


@dataclass(slots=True, kw_only=True)
class Replicator:
    """A queue of copies and the thread that makes them, in the order in which the sources were written.

    Attributes:
        objects: moto's buckets.
        clock: AWS time.
        delay_seconds: AWS seconds between a write and its copy; also between tries while a region is down.
        rules_of: the rules of a bucket.
        is_down: whether a region's S3 serves nobody.
    """

    STATE: ClassVar[tuple[str, ...]] = ("_status",)

    objects: MotoObjects
    clock: AwsClock
    delay_seconds: float
    rules_of: Callable[[str], list[ReplicationRule]]
    is_down: Callable[[str], bool]
    _pending: Counter[VersionKey] = field(default_factory=Counter)
    _status: dict[VersionKey, str] = field(default_factory=dict)
    _copies: DelayedWork[ReplicationTask] = field(init=False)

    def __post_init__(self) -> None:
        self._copies = DelayedWork(
            name="s3-replication", clock=self.clock, delay_seconds=self.delay_seconds, work=self._finish
        )

    def object_written(self, bucket: str, key: str, version_id: str | None) -> None:
        """Queue the copies of a version that a client wrote; unversioned writes and replicas are not copied."""
        rules = self.rules_of(bucket)
        if not rules or not version_id or self._status.get((bucket, key, version_id)) == "REPLICA":
            return
        version = self.objects.version(self.objects.bucket(bucket), key, version_id)
        if version is None or self.objects.is_delete_marker(version):
            return
        for rule in rules_for(rules, key, self.objects.tags(version)):
            if version.encryption == SSE_KMS and rule.replica_kms_key is None:
                continue
            self._add(ReplicationTask(source=bucket, key=key, version_id=version_id, rule=rule))

    def object_marked_deleted(self, bucket: str, key: str) -> None:
        """Queue a delete marker. Deletions of a version are never replicated."""
        for rule in rules_for(self.rules_of(bucket), key, {}):
            if rule.replicates_delete_markers:
                self._add(ReplicationTask(source=bucket, key=key, version_id=None, rule=rule))

    def status(self, bucket: str, key: str, version_id: str) -> str | None:
        """Return the x-amz-replication-status of a version, or None."""
        return self._status.get((bucket, key, version_id))

    def forget_bucket(self, bucket: str) -> None:
        """Forget the statuses of a deleted bucket."""
        with self._copies.changed:
            for version in [version for version in self._status if version[0] == bucket]:
                del self._status[version]

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        """Wait in real time until everything is copied; return whether it is."""
        return self._copies.wait_until_idle(timeout_seconds)

    def close(self) -> None:
        """Stop the thread; what is queued stays undone."""
        self._copies.close()

    def _add(self, task: ReplicationTask) -> None:
        with self._copies.changed:
            if task.version_id is not None:
                version = (task.source, task.key, task.version_id)
                self._pending[version] += 1
                self._status[version] = "PENDING"
            self._copies.add(task)

    def _finish(self, task: ReplicationTask) -> bool:
        """Copy and note it; return whether the task is finished."""
        is_done = self._try(task)
        if is_done:
            with self._copies.changed:
                self._note_done(task)
        return is_done

    def _try(self, task: ReplicationTask) -> bool:
        """Copy, unless a region is down; return whether the task is finished, one way or the other."""
        try:
            source = self.objects.bucket(task.source)
            destination = self.objects.bucket(task.rule.destination)
            if self.is_down(source.region_name) or self.is_down(destination.region_name):
                return False
            self._copy(task)
        except ServiceError as error:
            LOG.warning("replication of %s/%s failed: %s", task.source, task.key, error)
            self._set_failed(task)
        return True

    def _copy(self, task: ReplicationTask) -> None:
        if not self.objects.bucket(task.rule.destination).is_versioned:
            raise ServiceError(400, "InvalidRequest", f"{task.rule.destination} is not versioned")
        if task.version_id is None:
            self.objects.add_delete_marker(task.rule.destination, task.key)
            return
        version = self.objects.version(self.objects.bucket(task.source), task.key, task.version_id)
        if version is not None:
            self._insist_on_keys(task, version.encryption, version.kms_key_id)
            self.objects.add_replica(
                task.rule.destination, version, task.rule.storage_class, kms_key=_replica_key(task, version.encryption)
            )
            self._status[(task.rule.destination, task.key, task.version_id)] = "REPLICA"

    def _insist_on_keys(self, task: ReplicationTask, encryption: str | None, source_key: str | None) -> None:
        """Decrypt in the source's region, encrypt in the destination's, or fail.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
        """
        if encryption == SSE_KMS and task.rule.replica_kms_key is not None:
            usable_key(str(source_key), self.objects.bucket(task.source).region_name)
            usable_key(task.rule.replica_kms_key, self.objects.bucket(task.rule.destination).region_name)

    def _set_failed(self, task: ReplicationTask) -> None:
        if task.version_id is not None:
            self._status[(task.source, task.key, task.version_id)] = "FAILED"

    def _note_done(self, task: ReplicationTask) -> None:
        """Mark the source completed once every destination has it."""
        if task.version_id is None:
            return
        version = (task.source, task.key, task.version_id)
        self._pending[version] -= 1
        if self._pending[version] <= 0:
            del self._pending[version]
            if self._status.get(version) == "PENDING":
                self._status[version] = "COMPLETED"
