"""Publishing and rolling back: plan, upload to both regions, verify both, switch.

Nothing is switched before every region that takes part holds the whole release (a region that does not answer may be left
out, which drains it first), and a crash before the switch leaves the old release live.
Running the command again finishes the job: what is there already is not sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import MissingOutputError, RegionUnavailableError, UnsafePlanError
from scripts.release.bucket import ContentBucket
from scripts.release.drain import drained
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
        uploads: region -> the files that the region does not hold yet; only regions that take part.
        current: the routing now, with the version that the switch will insist on.
        stale_pointers: regions whose regional endpoint serves another release.
        left_out: regions that do not answer and are published without; drained first.
    """

    manifest: Manifest
    uploads: dict[str, tuple[ReleaseFile, ...]]
    current: RoutingVersion
    stale_pointers: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    @property
    def drains(self) -> tuple[str, ...]:
        """Regions that are drained before anything else happens."""
        return tuple(region for region in self.left_out if region not in self.current.routing.drained_regions)

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
        return not (self.switches or self.drains or self.stale_pointers or any(self.uploads.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _RegionState:
    """What a region that answers holds of a release, and which one its pointer names."""

    region: str
    missing: tuple[ReleaseFile, ...]
    pointer: str | None


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

    def plan(self, manifest: Manifest, *, allow_degraded: bool = False) -> PublishPlan:
        """Compares the release with what each region holds.

        Args:
            manifest: the release.
            allow_degraded: publish without a region that does not answer, and drain it. Default: its error is raised.

        Raises:
            RegionUnavailableError: a region does not answer and may not be left out, or none answers.
            UnsafePlanError: leaving the silent region out would leave none that serves.
        """
        with ThreadPoolExecutor(len(self._buckets)) as pool:
            regions = list(pool.map(lambda bucket: _look_at(bucket, manifest), self._buckets.values()))
        silent = [region for region in regions if isinstance(region, RegionUnavailableError)]
        if silent and (not allow_degraded or len(silent) == len(regions)):
            raise silent[0]
        current = self._routing.read()
        left_out = tuple(error.region for error in silent)
        if left_out:
            drained(current.routing, left_out, set(self._buckets))
        answering = [region for region in regions if isinstance(region, _RegionState)]
        return PublishPlan(
            manifest=manifest,
            uploads={state.region: state.missing for state in answering},
            current=current,
            stale_pointers=tuple(state.region for state in answering if state.pointer != manifest.release_id),
            left_out=left_out,
        )

    def apply(self, plan: PublishPlan, folder: Path, progress: Progress = lambda _size: None) -> Routing:
        """Drains what is left out, uploads, verifies and switches; returns the new routing.

        Raises:
            UnsafePlanError: a file changed since it was planned, or a region is not complete; nothing was switched.
            AwsError: an AWS call failed; nothing was switched unless the failing call came after the switch's UpdateKeys.
        """
        current = self._drain(plan)
        buckets = [self._buckets[region] for region in plan.uploads]
        self._upload(plan, folder, progress)
        self._verify(plan.manifest, buckets)
        for bucket in buckets:
            bucket.put_manifest(plan.manifest)
        return self._switch(plan.manifest, current, buckets)

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
        self._verify(manifest, self._buckets.values())
        return RollbackPlan(manifest=manifest, current=current)

    def rollback(self, plan: RollbackPlan) -> Routing:
        """Switches to the older release without sending anything; returns the new routing."""
        return self._switch(plan.manifest, plan.current, list(self._buckets.values()))

    def _verify(self, manifest: Manifest, buckets: Iterable[ContentBucket]) -> None:
        """Compares regions with the manifest.

        Raises:
            UnsafePlanError: names the first few files that are absent or differ, per region.
        """
        problems = []
        for bucket in buckets:
            missing = bucket.missing_files(manifest)
            if missing:
                names = ", ".join(file.path for file in missing[:3])
                problems.append(f"{bucket.region} lacks {len(missing)} of {len(manifest.files)} files ({names})")
        if problems:
            raise UnsafePlanError(
                f"release {manifest.release_id} is not complete, so nothing was switched: {'; '.join(problems)}. "
                "Run sync-content again"
            )

    def _drain(self, plan: PublishPlan) -> RoutingVersion:
        """Drains the regions that are left out; returns the routing that the switch will insist on."""
        if not plan.drains:
            return plan.current
        target = drained(plan.current.routing, plan.drains, set(self._buckets))
        return self._routing.write(target, expected_etag=plan.current.etag)

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

    def _switch(self, manifest: Manifest, current: RoutingVersion, buckets: Sequence[ContentBucket]) -> Routing:
        routing = current.routing.switched_to(manifest.release_id)
        if routing != current.routing:
            self._routing.write(routing, expected_etag=current.etag)
        clients = {bucket.region: bucket.client for bucket in buckets}
        write_pointers(clients, {bucket.region: bucket.name for bucket in buckets}, routing)
        for bucket in buckets:
            bucket.copy_not_found_page(manifest)
        return routing


def _look_at(bucket: ContentBucket, manifest: Manifest) -> _RegionState | RegionUnavailableError:
    try:
        missing = tuple(bucket.missing_files(manifest))
        return _RegionState(region=bucket.region, missing=missing, pointer=read_pointer(bucket.client, bucket.name))
    except RegionUnavailableError as error:
        return error


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
