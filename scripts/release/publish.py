"""Publishing and rolling back: plan, upload to both regions, verify both, switch.

Nothing is switched before every region holds the whole release, and a crash before the switch leaves the old release live.
Running the command again finishes the job: what is there already is not sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import MissingOutputError, UnsafePlanError
from scripts.release.bucket import ContentBucket
from scripts.release.manifest import Manifest, ReleaseFile, stored_bytes
from scripts.release.routing import Routing, RoutingStore, RoutingVersion, read_pointer, write_pointers

PARALLEL_UPLOADS = 16

Progress = Callable[[int], None]
"""Called with the number of bytes that one more stored file had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPlan:
    """What a publish would do.

    Attributes:
        manifest: the release.
        uploads: region -> the files that the region does not hold yet.
        current: the routing now, with the version that the switch will insist on.
        stale_pointers: regions whose regional endpoint serves another release.
    """

    manifest: Manifest
    uploads: dict[str, tuple[ReleaseFile, ...]]
    current: RoutingVersion
    stale_pointers: tuple[str, ...]

    @property
    def upload_bytes(self) -> int:
        """Bytes to send, all regions together."""
        return sum(file.size_bytes for files in self.uploads.values() for file in files)

    @property
    def switches(self) -> bool:
        """Whether the active release changes."""
        return self.current.routing.release_id != self.manifest.release_id

    @property
    def is_empty(self) -> bool:
        """Whether everything is as it should be already."""
        return not (self.switches or self.stale_pointers or any(self.uploads.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackPlan:
    """A verified older release and the routing that the switch will insist on."""

    manifest: Manifest
    current: RoutingVersion


class Publisher:
    """Moves one website from release to release. Buckets and store are given, so tests bring their own."""

    def __init__(self, buckets: Sequence[ContentBucket], routing: RoutingStore) -> None:
        self._buckets = {bucket.region: bucket for bucket in buckets}
        self._routing = routing

    def plan(self, manifest: Manifest) -> PublishPlan:
        """Compares the release with what each region holds."""
        with ThreadPoolExecutor(len(self._buckets)) as pool:
            missing = dict(
                zip(
                    self._buckets,
                    pool.map(lambda bucket: tuple(bucket.missing_files(manifest)), self._buckets.values()),
                    strict=True,
                )
            )
        return PublishPlan(
            manifest=manifest,
            uploads=missing,
            current=self._routing.read(),
            stale_pointers=self._stale_pointers(manifest.release_id),
        )

    def apply(self, plan: PublishPlan, folder: Path, progress: Progress = lambda _size: None) -> Routing:
        """Uploads, verifies and switches; returns the new routing.

        Raises:
            UnsafePlanError: a file changed since it was planned, or a region is not complete; nothing was switched.
            AwsError: an AWS call failed; nothing was switched unless the failing call came after UpdateKeys.
        """
        self._upload(plan, folder, progress)
        self.verify(plan.manifest)
        for bucket in self._buckets.values():
            bucket.put_manifest(plan.manifest)
        return self._switch(plan.manifest, plan.current)

    def plan_rollback(self, release_id: str | None) -> RollbackPlan:
        """Finds an older release and verifies that both regions hold it.

        Args:
            release_id: the release; None for the one before the active one.

        Raises:
            MissingOutputError: there is no such release.
            UnsafePlanError: a region does not hold all of it.
        """
        current = self._routing.read()
        target = release_id or current.routing.previous_release_id
        if target is None:
            raise MissingOutputError("there is no previous release to go back to: name one, or publish first")
        manifests = {region: bucket.read_manifest(target) for region, bucket in self._buckets.items()}
        without = [region for region, manifest in manifests.items() if manifest is None]
        if without:
            raise MissingOutputError(f"release {target} is not complete in {', '.join(without)}: publish it again")
        manifest = next(found for found in manifests.values() if found is not None)
        self.verify(manifest)
        return RollbackPlan(manifest=manifest, current=current)

    def rollback(self, plan: RollbackPlan) -> Routing:
        """Switches to the older release without sending anything; returns the new routing."""
        return self._switch(plan.manifest, plan.current)

    def verify(self, manifest: Manifest) -> None:
        """Compares every region with the manifest.

        Raises:
            UnsafePlanError: names the first few files that are absent or differ, per region.
        """
        problems = []
        for region, bucket in self._buckets.items():
            missing = bucket.missing_files(manifest)
            if missing:
                names = ", ".join(file.path for file in missing[:3])
                problems.append(f"{region} lacks {len(missing)} of {len(manifest.files)} files ({names})")
        if problems:
            raise UnsafePlanError(
                f"release {manifest.release_id} is not complete, so nothing was switched: {'; '.join(problems)}. "
                "Run sync-content again"
            )

    def _stale_pointers(self, release_id: str) -> tuple[str, ...]:
        return tuple(
            region for region, bucket in self._buckets.items() if read_pointer(bucket.client, bucket.name) != release_id
        )

    def _upload(self, plan: PublishPlan, folder: Path, progress: Progress) -> None:
        with ThreadPoolExecutor(PARALLEL_UPLOADS) as pool:
            jobs = [
                pool.submit(self._upload_file, self._buckets[region], plan.manifest, file, folder)
                for region, files in plan.uploads.items()
                for file in files
            ]
            try:
                for job in as_completed(jobs):
                    progress(job.result())
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _upload_file(self, bucket: ContentBucket, manifest: Manifest, file: ReleaseFile, folder: Path) -> int:
        body = stored_bytes(folder / file.path, manifest.release_id)
        if len(body) != file.size_bytes or _md5(body) != file.md5:
            raise UnsafePlanError(f"{file.path} changed while it was published, so nothing was switched: run it again")
        bucket.put_file(manifest, file, body)
        return file.size_bytes

    def _switch(self, manifest: Manifest, current: RoutingVersion) -> Routing:
        routing = current.routing.switched_to(manifest.release_id)
        if routing != current.routing:
            self._routing.write(routing, expected_etag=current.etag)
        clients = {region: bucket.client for region, bucket in self._buckets.items()}
        write_pointers(clients, {region: bucket.name for region, bucket in self._buckets.items()}, routing)
        for bucket in self._buckets.values():
            bucket.copy_not_found_page(manifest)
        return routing


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
