"""Moving the website from release to release without sending a file: the switch, rollback, promotion of a canary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace

from scripts.aws.clients import cause_of
from scripts.errors import (
    AwsError,
    MissingOutputError,
    RegionUnavailableError,
    SupersededError,
    UnknownReleaseError,
    UnreadableManifestError,
    UnsafePlanError,
)
from scripts.release.agreement import insist_on_agreement
from scripts.release.bucket import ContentBucket, put_manifests
from scripts.release.following import Seen, follow_routing
from scripts.release.increments import with_retained
from scripts.release.manifest import Manifest, ReleaseFile
from scripts.release.pointers import HeldPointer
from scripts.release.routing import NO_MARKS, Canary, Marks, Routing, RoutingStore, RoutingVersion, served
from scripts.release.standing import Standing, standing_of, time_of, withdrawal
from scripts.release.taken_down import refuse_taken_down


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackPlan:
    """An older release and the routing that the switch will insist on.

    Attributes:
        manifest: the release, which also keeps what viewers of the active one may still ask for.
        current: the routing now.
        left_out: regions that do not answer; they hold the release or nothing, and are brought in line by `failover verify`.
        cancels_canary: only the canary ends; the active release stays.
        marks: what is noted with the switch: the release that is left is withdrawn, one that comes back is not any more.
        replacing: region -> ETag of its manifest of the release; None of one that is unreadable.
        unreadable: regions whose manifest of the release says nothing; they get it from the others.
    """

    manifest: Manifest
    current: RoutingVersion
    left_out: tuple[str, ...] = ()
    cancels_canary: bool = False
    marks: Marks = NO_MARKS
    replacing: Mapping[str, str | None] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()

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
    """Switches one website. Buckets and store are given, so tests bring their own."""

    def __init__(self, buckets: Sequence[ContentBucket], routing: RoutingStore) -> None:
        self._buckets = {bucket.region: bucket for bucket in buckets}
        self._routing = routing

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
        release_id = current.routing.canary.release.id
        return self._plan_switch(current, release_id, standing_of(self._routing, release_id))

    def plan_rollback(self, release_id: str | None, *, force: bool = False) -> RollbackPlan:
        """Finds an older release and verifies that every region that answers holds it.

        Args:
            release_id: the release; the active one ends a canary. None: the canary ends, or without one the release before the
                active one, unless that is the one that a rollback came from.
            force: also to a named release that was rolled back from.

        Raises:
            MissingOutputError: there is no such release.
            UnsafePlanError: a region does not hold all of it, it was rolled back from, or a prune deletes it.
            RegionUnavailableError: no region answers.
        """
        current = self._routing.read()
        active_id = current.routing.release_id
        if release_id in (None, active_id) and current.routing.canary is not None and active_id is not None:
            plan = self._plan_switch(current, active_id)
            marks = withdrawal(current.routing.canary_release_id, active_id, time_of(current))
            return replace(plan, cancels_canary=True, marks=marks)
        target = release_id or current.routing.previous_release_id
        if target is None:
            raise MissingOutputError("there is no previous release to go back to: name one, or publish first")
        standing = standing_of(self._routing, target)
        if not (force and release_id) and target != active_id:
            standing.refuse_withdrawn(
                f"failover rollback {target} --force --apply. To go further back, name one of `failover releases`"
            )
        plan = self._plan_switch(current, target, standing)
        _insist_on_whole(plan.manifest, self._taking_part(plan))
        # Who comes back to a withdrawn release goes on from a rollback that was wrong: nothing is wrong with what he leaves.
        left = None if standing.withdrawn else active_id
        return replace(plan, marks=standing.forgotten if left is None else withdrawal(left, target, time_of(current)))

    def rollback(self, plan: RollbackPlan) -> RoutingVersion:
        """Switches to the release of a rollback or promotion without sending a file; returns the new routing."""
        if plan.cancels_canary:
            target = plan.current.routing.without_canary()
            return self._routing.write(target, expected_etag=plan.current.etag, marks=plan.marks)
        if plan.unreadable and plan.manifest.base is not None:  # it may be the base's that is unreadable
            put_manifests([self._buckets[region] for region in plan.unreadable], plan.manifest.base)
        put_manifests(self._taking_part(plan), plan.manifest, replacing=plan.replacing)
        return self.switch(plan.manifest, plan.current, self._taking_part(plan), marks=plan.marks)

    def verify(self, plan: RollbackPlan) -> None:
        """Looks again, after the switch, whether every region that took part holds all of the release.

        Raises:
            UnsafePlanError: names what is absent.
            AwsError: a region could not be asked; the message says that it was switched all the same.
        """
        try:
            _insist_on_whole(plan.manifest, self._taking_part(plan), "was switched to and is not complete")
        except AwsError as error:
            raise _after_the_switch(error, plan.manifest.release_id) from error

    def _taking_part(self, plan: RollbackPlan) -> list[ContentBucket]:
        return [bucket for region, bucket in self._buckets.items() if region not in plan.left_out]

    def restore_routing(self, earlier: Routing, written: RoutingVersion) -> RoutingVersion:
        """Goes back to an earlier routing after a switch that failed; the pointers of regions that answer follow.

        When somebody else has written meanwhile, without switching, what he wrote stays, and of the earlier routing only the
        active release comes back: the ones beside it had nobody's protection from a prune since.

        Raises:
            SupersededError: somebody else has switched meanwhile; what he switched to stays.
            AwsError: AWS failed, or others keep writing; the message says which release is active and what to do.
        """
        try:
            back = self._write_back(earlier, written)
        except AwsError as error:
            told = (
                f"{cause_of(error)}. It was not switched back, so release {written.routing.release_id} is active still: "
                f"wait a minute, then run failover rollback {earlier.release_id} --apply"
            )
            raise error.retold(told.removeprefix(". ")) from error
        try:
            follow_routing(self._routing, list(self._buckets.values()), is_patient=True)
        except AwsError as error:
            raise _after_the_switch(error, earlier.release_id) from error
        return back

    def _write_back(self, earlier: Routing, written: RoutingVersion) -> RoutingVersion:
        try:
            return self._routing.write(earlier, expected_etag=written.etag)
        except AwsError as error:
            if error.code != "ConflictException":
                raise
            now = self._routing.read()
            if now.routing.active != written.routing.active:
                raise replaced_meanwhile(written.routing.release_id, now.routing) from error
            target = replace(now.routing, active=earlier.active, previous=None)
            return self._routing.write(target, expected_etag=now.etag)

    def _plan_switch(self, current: RoutingVersion, release_id: str, standing: Standing | None = None) -> RollbackPlan:
        if standing is not None:
            standing.refuse_claimed(time_of(current))
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
        held = {region: each for region, each in found.items() if not isinstance(each, RegionUnavailableError)}
        unreadable = {region: each.error for region, each in held.items() if each.error is not None}
        if len(unreadable) == len(held):
            raise next(iter(unreadable.values()))
        without = [region for region, each in held.items() if each.manifest is None and each.error is None]
        if len(without) == len(found):
            raise UnknownReleaseError(release_id)
        if without:
            raise MissingOutputError(f"release {release_id} is not complete in {', '.join(without)}: publish it again")
        region, manifest = next((region, each.manifest) for region, each in held.items() if each.manifest is not None)
        insist_on_agreement((each.manifest for each in held.values()), standing.takedowns if standing else ())
        if standing is not None:
            refuse_taken_down(manifest.files, standing.takedowns, release_id=release_id, is_built=False)
        return RollbackPlan(
            manifest=self._keeping_what_viewers_have(manifest, current, self._buckets[region]),
            current=current,
            left_out=tuple(silent),
            replacing={region: each.etag for region, each in held.items()},
            unreadable=tuple(unreadable),
        )

    def _keeping_what_viewers_have(
        self, manifest: Manifest, current: RoutingVersion, bucket: ContentBucket
    ) -> Manifest:
        active_id = current.routing.release_id
        if active_id in (None, manifest.release_id):
            return manifest
        return with_retained(manifest, self._readable(active_id, first=bucket), now=time_of(current))

    def _readable(self, release_id: str, *, first: ContentBucket) -> Manifest | None:
        """Returns a release's manifest from the first region that has a readable one."""
        for bucket in (first, *self._buckets.values()):
            with suppress(UnreadableManifestError, RegionUnavailableError):
                if (manifest := bucket.read_manifest(release_id)) is not None:
                    return manifest
        return None

    def switch(
        self,
        manifest: Manifest,
        current: RoutingVersion,
        buckets: Sequence[ContentBucket],
        *,
        pointers: Mapping[str, HeldPointer] | None = None,
        with_page: bool = True,
        marks: Marks = NO_MARKS,
    ) -> RoutingVersion:
        """Switches every viewer to a release that the buckets hold, then their pointers; returns the new routing.

        Args:
            manifest: the release.
            current: the routing that it was decided on.
            buckets: of the regions that take part.
            pointers: region -> its pointer, looked at before. Default: they are looked at.
            with_page: whether the page of CloudFront's error response changes too.
            marks: what is noted with the switch.

        Raises:
            SupersededError: the release was active and is not any more.
            AwsError: ConflictException when somebody else wrote in between; nothing was switched then. Or a region failed after
                the switch, which the message says.
        """
        index = manifest.index()
        release = served(manifest, index)
        target = current.routing.switched_to(release)
        if target != current.routing:
            written = self._routing.write(target, expected_etag=current.etag, index=index, marks=marks)
        elif (written := self._routing.read()).routing.active != release:
            raise replaced_meanwhile(manifest.release_id, written.routing)
        seen = None if pointers is None else Seen(pointers=pointers, current=written, manifest=manifest)
        try:
            follow_routing(self._routing, buckets, seen=seen, with_page=with_page)
        except AwsError as error:
            raise _after_the_switch(error, manifest.release_id) from error
        return written


def replaced_meanwhile(release_id: str | None, now: Routing) -> SupersededError:
    """Returns what is told to somebody whose release was replaced by somebody else's."""
    return SupersededError(
        f"release {release_id} was switched to, and somebody else has switched to {now.release_id} since: that is what viewers "
        "get, and it stays. Running this again would replace it: first see failover status whose release is the newer one"
    )


def _after_the_switch(error: AwsError, release_id: str | None) -> AwsError:
    """Returns the error of a region that did not follow; without the error's own advice, which is for before a switch."""
    told = (
        f"{cause_of(error)}. Release {release_id} was switched to all the same; the regional endpoint of that region "
        "may serve another one until failover verify --repair --apply"
    )
    return error.retold(told.removeprefix(". "))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A region's manifest and its ETag, or why it says nothing."""

    manifest: Manifest | None = None
    etag: str | None = None
    error: UnreadableManifestError | None = None


def _manifest_of(bucket: ContentBucket, release_id: str) -> _Held | RegionUnavailableError:
    try:
        manifest, etag = bucket.held_manifest(release_id)
        return _Held(manifest=manifest, etag=etag)
    except UnreadableManifestError as error:
        return _Held(error=error)
    except RegionUnavailableError as error:
        return error


def _insist_on_whole(
    manifest: Manifest, buckets: Sequence[ContentBucket], what: str = "is not complete, so nothing was switched"
) -> None:
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
        raise not_complete(manifest, lacking, what)


def not_complete(
    manifest: Manifest,
    lacking: Sequence[tuple[str, Sequence[ReleaseFile], int]],
    what: str = "is not complete, so nothing was switched",
) -> UnsafePlanError:
    """Returns the refusal of a release of which regions lack files; `lacking` is (region, those, of how many)."""
    problems = [
        f"{region} lacks {len(missing)} of {count} files ({', '.join(file.path for file in missing[:3])})"
        for region, missing, count in lacking
    ]
    return UnsafePlanError(f"release {manifest.release_id} {what}: {'; '.join(problems)}. Run sync-content again")
