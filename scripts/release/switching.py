"""Moving the website from release to release without sending a file: the switch, rollback, promotion of a canary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from scripts.clock import utc_now
from scripts.errors import MissingOutputError, RegionUnavailableError, UnknownReleaseError, UnsafePlanError
from scripts.release.bucket import ContentBucket, put_manifests
from scripts.release.increments import with_retained
from scripts.release.manifest import Manifest, ReleaseFile
from scripts.release.pointers import write_pointer
from scripts.release.routing import Canary, Routing, RoutingStore, RoutingVersion, served


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackPlan:
    """An older release and the routing that the switch will insist on.

    Attributes:
        manifest: the release, which also keeps what viewers of the active one may still ask for.
        current: the routing now.
        left_out: regions that do not answer; they hold the release or nothing, and are brought in line by `failover verify`.
        cancels_canary: only the canary ends; the active release stays.
    """

    manifest: Manifest
    current: RoutingVersion
    left_out: tuple[str, ...] = ()
    cancels_canary: bool = False

    @property
    def ends_canary(self) -> Canary | None:
        """The canary that does not go on, when that is not all that the rollback is for; not the release that it leads to."""
        canary = self.current.routing.canary
        return (
            None if canary is None or self.cancels_canary or canary.release.id == self.manifest.release_id else canary
        )

    @property
    def leaves(self) -> str | None:
        """The release that viewers have now and do not have afterwards."""
        routing = self.current.routing
        return routing.canary_release_id if self.cancels_canary else routing.release_id


class Switcher:
    """Switches one website. Buckets, store and clock are given, so tests bring their own."""

    def __init__(
        self, buckets: Sequence[ContentBucket], routing: RoutingStore, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._buckets = {bucket.region: bucket for bucket in buckets}
        self._routing = routing
        self._now = now

    def plan_promotion(self) -> RollbackPlan:
        """Finds the canary's release, to switch every viewer to it.

        Raises:
            MissingOutputError: no canary runs, or a region lacks it.
        """
        current = self._routing.read()
        if current.routing.canary is None:
            raise MissingOutputError(
                "no canary runs: start one with `failover sync-content FOLDER --canary 10 --apply`"
            )
        return self._plan_switch(current, current.routing.canary.release.id)

    def plan_rollback(self, release_id: str | None) -> RollbackPlan:
        """Finds an older release and verifies that every region that answers holds it.

        Args:
            release_id: the release; the active one ends a canary. None: the canary ends, or without one the release before the
                active one.

        Raises:
            MissingOutputError: there is no such release.
            UnsafePlanError: a region does not hold all of it.
            RegionUnavailableError: no region answers.
        """
        current = self._routing.read()
        active_id = current.routing.release_id
        if release_id in (None, active_id) and current.routing.canary is not None and active_id is not None:
            plan = self._plan_switch(current, active_id)
            return RollbackPlan(manifest=plan.manifest, current=current, left_out=plan.left_out, cancels_canary=True)
        target = release_id or current.routing.previous_release_id
        if target is None:
            raise MissingOutputError("there is no previous release to go back to: name one, or publish first")
        plan = self._plan_switch(current, target)
        buckets = [bucket for region, bucket in self._buckets.items() if region not in plan.left_out]
        _insist_on_whole(plan.manifest, buckets)
        return plan

    def rollback(self, plan: RollbackPlan) -> RoutingVersion:
        """Switches to the release of a rollback or promotion without sending a file; returns the new routing."""
        if plan.cancels_canary:
            return self._routing.write(plan.current.routing.without_canary(), expected_etag=plan.current.etag)
        buckets = [bucket for region, bucket in self._buckets.items() if region not in plan.left_out]
        put_manifests(buckets, plan.manifest)
        return self.switch(plan.manifest, plan.current, buckets, with_page=True)

    def restore_routing(self, earlier: Routing, written: RoutingVersion) -> RoutingVersion:
        """Writes an earlier routing back, if nobody has written since; the pointers of regions that answer follow it.

        Raises:
            AwsError: ConflictException when somebody else wrote in between.
        """
        back = self._routing.write(earlier, expected_etag=written.etag)
        if earlier.active is not None:
            for bucket in self._buckets.values():
                manifest = _manifest_of(bucket, earlier.active.id)
                if isinstance(manifest, Manifest):
                    write_pointer(bucket.client, bucket.name, earlier.active, manifest, region=bucket.region)
                    bucket.copy_not_found_page(manifest)
        return back

    def _plan_switch(self, current: RoutingVersion, release_id: str) -> RollbackPlan:
        with ThreadPoolExecutor(len(self._buckets)) as pool:
            found = dict(
                zip(
                    self._buckets,
                    pool.map(lambda bucket: _manifest_of(bucket, release_id), self._buckets.values()),
                    strict=True,
                )
            )
        silent = {region: each for region, each in found.items() if isinstance(each, RegionUnavailableError)}
        if len(silent) == len(found):
            raise next(iter(silent.values()))
        without = [region for region, each in found.items() if each is None]
        if len(without) == len(found):
            raise UnknownReleaseError(release_id)
        if without:
            raise MissingOutputError(f"release {release_id} is not complete in {', '.join(without)}: publish it again")
        region, manifest = next((region, each) for region, each in found.items() if isinstance(each, Manifest))
        return RollbackPlan(
            manifest=self._keeping_what_viewers_have(manifest, current, self._buckets[region]),
            current=current,
            left_out=tuple(silent),
        )

    def _keeping_what_viewers_have(
        self, manifest: Manifest, current: RoutingVersion, bucket: ContentBucket
    ) -> Manifest:
        active_id = current.routing.release_id
        if active_id is None or active_id == manifest.release_id:
            return manifest
        return with_retained(manifest, bucket.read_manifest(active_id), now=self._now())

    def switch(
        self, manifest: Manifest, current: RoutingVersion, buckets: Sequence[ContentBucket], *, with_page: bool
    ) -> RoutingVersion:
        """Switches every viewer to a release that the buckets hold, then their pointers; returns the new routing.

        Args:
            manifest: the release.
            current: the routing that it was decided on.
            buckets: of the regions that take part.
            with_page: whether the page of CloudFront's error response changes too.

        Raises:
            AwsError: ConflictException when somebody else wrote in between; nothing was switched then.
        """
        index = manifest.index()
        release = served(manifest, index)
        routing = current.routing.switched_to(release)
        if routing != current.routing:
            current = self._routing.write(routing, expected_etag=current.etag, index=index)

        def follow(bucket: ContentBucket) -> None:
            if with_page:
                bucket.copy_not_found_page(manifest)
            # Last: a pointer that is old says to the next publish that this one did not end.
            write_pointer(bucket.client, bucket.name, release, manifest, region=bucket.region)

        with ThreadPoolExecutor(len(self._buckets)) as pool:
            for _ in pool.map(follow, buckets):
                pass
        return current


def _manifest_of(bucket: ContentBucket, release_id: str) -> Manifest | RegionUnavailableError | None:
    try:
        return bucket.read_manifest(release_id)
    except RegionUnavailableError as error:
        return error


def _insist_on_whole(manifest: Manifest, buckets: Sequence[ContentBucket]) -> None:
    """Compares regions with the manifest.

    Raises:
        UnsafePlanError: names the first few files that are absent or differ, per region.
    """
    with ThreadPoolExecutor(len(buckets)) as pool:
        found = list(pool.map(lambda bucket: bucket.missing_files(manifest.files), buckets))
    lacking = [
        (bucket.region, missing, len(manifest.files)) for bucket, missing in zip(buckets, found, strict=True) if missing
    ]
    if lacking:
        raise not_complete(manifest, lacking)


def not_complete(manifest: Manifest, lacking: Sequence[tuple[str, Sequence[ReleaseFile], int]]) -> UnsafePlanError:
    """Returns the refusal of a release of which regions lack files; `lacking` is (region, those, of how many)."""
    problems = [
        f"{region} lacks {len(missing)} of {count} files ({', '.join(file.path for file in missing[:3])})"
        for region, missing, count in lacking
    ]
    return UnsafePlanError(
        f"release {manifest.release_id} is not complete, so nothing was switched: {'; '.join(problems)}. "
        "Run sync-content again"
    )
