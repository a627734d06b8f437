"""Publishing: plan, upload to both regions, verify, switch (switching.py).

Nothing is switched before every region that takes part holds every file (one that does not answer is left out only on request,
and drained first), and a crash before the switch leaves the old release live. Running the command again finishes the job: what is
there already is not sent again.

A region that has the active release's manifest holds its files: the manifest is written after S3 confirmed each of them, and no
object ever changes. So a plan reads manifests and lists nothing; `failover verify` compares the objects themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from scripts.clock import rfc3339
from scripts.errors import AwsError, InterruptedPublishError, RegionUnavailableError, UnsafePlanError
from scripts.release.agreement import are_of_one_release, have_one_base, latest
from scripts.release.bucket import ContentBucket, put_manifests
from scripts.release.build_order import UNKNOWN_BUILD, Build, mark_of, newest_build, refuse_older
from scripts.release.changes import Changes, changes_between, refuse_a_broken_build
from scripts.release.checked_files import Progress
from scripts.release.drain import drained
from scripts.release.held_sample import insist_on_sample
from scripts.release.increments import on_increments, with_retained, with_what_is_back
from scripts.release.manifest import Manifest, ReleaseFile
from scripts.release.pointers import HeldPointer, held_pointer
from scripts.release.routing import (
    NO_MARKS,
    STORE_BYTES,
    Marks,
    Routing,
    RoutingStore,
    RoutingVersion,
    ServedRelease,
    served,
)
from scripts.release.standing import standing_of, time_of
from scripts.release.switching import Switcher, not_complete
from scripts.release.taken_down import refuse_taken_down
from scripts.release.transfer import not_confirmed, upload

LIST_FROM_FILES = 200
"""A publish of more files looks first which of them an interrupted one has sent already; fewer are sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPlan:
    """What a publish would do.

    Attributes:
        manifest: the release.
        changes: against the active release.
        uploads: region -> the files that the region does not hold yet; only regions that take part.
        current: the routing now, with the version that the switch will insist on.
        stale_pointers: regions whose regional endpoint serves another release.
        unlisted: regions that do not have the release's manifest yet.
        left_out: regions that do not answer and are published without; drained first.
        has_new_not_found_page: whether the page of CloudFront's error response changes.
        is_misrouted: the routing names the release and has something else of it than its manifest gives.
        pointers: region -> its pointer object; looked at before the routing.
        marks: what is noted with the switch.
        replacing: region -> ETag of the release's manifest, as far as it was read.
    """

    manifest: Manifest
    changes: Changes
    uploads: dict[str, tuple[ReleaseFile, ...]]
    current: RoutingVersion
    stale_pointers: tuple[str, ...]
    unlisted: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    has_new_not_found_page: bool = True
    is_misrouted: bool = False
    pointers: Mapping[str, HeldPointer] = field(default_factory=dict)
    marks: Marks = NO_MARKS
    replacing: Mapping[str, str | None] = field(default_factory=dict)

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
        is_served = not (self.switches or self.is_misrouted or self.drains or self.stale_pointers)
        return is_served and not (self.unlisted or any(self.uploads.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _RegionState:
    """What a region that answers says: the active release's manifest, if it holds it, its ETag, and the pointer."""

    bucket: ContentBucket
    active: Manifest | None
    etag: str | None
    pointer: HeldPointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is deployed now: the routing, the regions that answer, and the errors of those that do not."""

    current: RoutingVersion
    states: list[_RegionState]
    silent: list[RegionUnavailableError]


class Publisher:
    """Moves one website from release to release. Buckets and store are given, so tests bring their own."""

    def __init__(self, buckets: Sequence[ContentBucket], routing: RoutingStore) -> None:
        self._buckets = {bucket.region: bucket for bucket in buckets}
        self._routing = routing
        self._switcher = Switcher(buckets, routing)

    def survey(self, gone: Sequence[RegionUnavailableError] = ()) -> Survey:
        """Asks for everything that a plan needs to know; a command may read the folder meanwhile.

        Args:
            gone: of regions that were found silent a moment ago and are not asked again.
        """
        known = {error.region for error in gone}
        buckets = [bucket for region, bucket in self._buckets.items() if region not in known]
        with ThreadPoolExecutor(2 * len(buckets)) as pool:
            # The pointers need no routing, so that connections to the regions stand when the manifests do.
            pointers = [pool.submit(held_pointer, bucket.client, bucket.name) for bucket in buckets]
            current = self._routing.read()
            found = list(pool.map(partial(_look_at, routing=current.routing), buckets, pointers))
        states = [each for each in found if isinstance(each, _RegionState)]
        silent = [*gone, *(each for each in found if isinstance(each, RegionUnavailableError))]
        return Survey(current=current, states=states, silent=silent)

    def plan(
        self,
        built: Manifest,
        survey: Survey | None = None,
        *,
        allow_degraded: bool = False,
        force: bool = False,
        build: Build = UNKNOWN_BUILD,
    ) -> PublishPlan:
        """Compares a release with what each region holds.

        Args:
            built: the release as its folder gives it.
            survey: what `survey` found a moment ago. Default: it is asked for now.
            allow_degraded: publish without a region that does not answer, and drain it. Default: its error is raised.
            force: publish even if most of the active release's files are gone from it, if it was rolled back from, or if the
                build is older than one that was published; and compare every object instead of believing manifests: what was
                deleted or changed in a region is sent again.
            build: where it stands in the order of builds.

        Raises:
            RegionUnavailableError: a region does not answer and may not be left out, or none answers.
            UnsafePlanError: leaving the silent region out would leave none that serves, too much would be removed, the release
                was rolled back from or is of an older build, a prune deletes it, or a file of it was taken down.
        """
        found = survey or self.survey()
        current, states, silent = found.current, found.states, found.silent
        is_active = built.release_id == current.routing.release_id
        standing = standing_of(self._routing, built.release_id)
        standing.refuse_claimed(time_of(current))
        refuse_taken_down(built.files, standing.takedowns, release_id=built.release_id, is_built=True)
        build = build.until(time_of(current))
        newest = newest_build(self._routing, time_of(current)) if build != UNKNOWN_BUILD else UNKNOWN_BUILD
        if not (force or is_active):
            standing.refuse_withdrawn("publish it with --force")
            refuse_older(build, newest)
        if silent and (not allow_degraded or not states):
            raise silent[0]
        left_out = tuple(error.region for error in silent)
        if left_out:
            drained(current.routing, left_out, set(self._buckets))
        active = _agreed(states, built.release_id)
        replacing = {state.bucket.region: state.etag for state in states} if is_active else {}
        held = self._still_served(built, current, active, states, replacing)
        manifest = held or self._on_increments(built, active, states, current)
        if held is None and current.store_bytes + manifest.bytes_in_store > STORE_BYTES:
            manifest = built
        if held is None and not is_active:
            manifest = replace(manifest, decided_at=rfc3339(time_of(current)))
        is_torn = is_active and any(state.active not in (None, active) for state in states)
        is_compared = force or held is not None or is_torn
        if is_compared:
            manifest = _as_the_folder_has_it(manifest, built)
        changes = changes_between(manifest, active)
        refuse_a_broken_build(changes, active, force=force)
        active_now = served(manifest, manifest.index()) if is_active else None
        stale = tuple(state.bucket.region for state in states if not _follows(state.pointer, active_now))
        return PublishPlan(
            manifest=manifest,
            changes=changes,
            uploads=_compared(states, manifest) if is_compared else _uploads(states, manifest, active),
            current=current,
            stale_pointers=stale,
            unlisted=tuple(state.bucket.region for state in states if not is_active or state.active != manifest),
            left_out=left_out,
            has_new_not_found_page=active is None
            or active.not_found_page != manifest.not_found_page
            or (is_active and bool(stale)),  # the page is copied before the pointer: it may be the earlier release's
            is_misrouted=is_active and active_now != current.routing.active,
            pointers={state.bucket.region: state.pointer for state in states},
            marks=standing.forgotten + mark_of(build, newest),
            replacing=replacing,
        )

    def apply(self, plan: PublishPlan, folder: Path, progress: Progress = lambda _size: None) -> RoutingVersion:
        """Drains what is left out, uploads, verifies and switches; returns the new routing.

        Raises:
            UnsafePlanError: a file changed since it was planned, or a region is not complete; nothing was switched.
            SupersededError: the release was active, and somebody else has switched to another one meanwhile.
            AwsError: an AWS call failed; nothing was switched unless the message says so.
        """
        current = self._prepare(plan, folder, progress)
        return self._switcher.switch(
            plan.manifest,
            current,
            [self._buckets[region] for region in plan.uploads],
            pointers=plan.pointers,
            with_page=plan.has_new_not_found_page,
            marks=plan.marks,
        )

    def note_build(self, plan: PublishPlan) -> None:
        """Notes a build whose release is active already, so that an older one does not take its place.

        Another publish that writes meanwhile notes its own; nobody is refused for that.
        """
        if not plan.marks.puts:
            return
        try:
            self._routing.put_entries(plan.marks.puts, expected_etag=plan.current.etag)
        except AwsError as error:
            if error.code != "ConflictException":
                raise

    def apply_canary(
        self, plan: PublishPlan, folder: Path, percent: int, progress: Progress = lambda _size: None
    ) -> RoutingVersion:
        """Uploads and verifies like `apply`, then gives the release to a share of the viewers.

        Raises:
            UnsafePlanError: there is no active release beside which it could run, or as for `apply`.
            AwsError: as for `apply`.
        """
        if plan.current.routing.active is None or not plan.switches:
            raise UnsafePlanError(
                "a canary runs beside another active release: publish the first release without --canary"
                if plan.current.routing.active is None
                else f"release {plan.manifest.release_id} is active already: every viewer gets it"
            )
        current = self._prepare(plan, folder, progress)
        index = plan.manifest.index()
        release = served(plan.manifest, index)
        target = current.routing.with_canary(release, percent)
        return self._routing.write(target, expected_etag=current.etag, index=index, marks=plan.marks)

    def _still_served(
        self,
        built: Manifest,
        current: RoutingVersion,
        active: Manifest | None,
        states: Sequence[_RegionState],
        replacing: dict[str, str | None],
    ) -> Manifest | None:
        """Returns a release that viewers may get beside the active one on the increments that it has, if every region has it.

        On others, edges that still serve it by its old index would lose what the new manifest does not keep from a prune. Its
        manifest is not believed: it has what was taken down and may be published again too, and objects are compared.
        `replacing` gets the ETags of the manifests that are read.
        """
        if (
            built.release_id not in current.routing.increments
            or active is None
            or built.release_id == active.release_id
        ):
            return None
        read = {state.bucket.region: state.bucket.held_manifest(built.release_id) for state in states}
        replacing |= {region: etag for region, (_, etag) in read.items()}
        found = [manifest for manifest, _ in read.values() if manifest is not None]
        if not found or len(found) < len(states) or not are_of_one_release([*found, built]) or not have_one_base(found):
            return None
        held = with_what_is_back(latest(found), built, now=time_of(current))
        return with_retained(held, active, now=time_of(current))

    def _on_increments(
        self, built: Manifest, active: Manifest | None, states: Sequence[_RegionState], current: RoutingVersion
    ) -> Manifest:
        """Returns the release as every region that takes part can hold it: whole, when one lacks the active release."""
        lacking = [state.bucket.region for state in states if state.active is None]
        if active is None or not lacking:
            return on_increments(built, active, now=time_of(current))
        if built.release_id == active.release_id and active.base is not None:
            raise UnsafePlanError(
                f"{' and '.join(lacking)} does not hold the active release {active.release_id}, and a folder alone cannot "
                "bring it there: run failover verify --repair --apply"
            )
        if built.release_id != active.release_id:
            return built
        # The same files, but the folder's know how to be sent.
        return replace(with_what_is_back(active, built, now=time_of(current)), files=built.files)

    def _prepare(self, plan: PublishPlan, folder: Path, progress: Progress) -> RoutingVersion:
        """Does everything before the switch; returns the routing that the switch will insist on.

        Raises:
            InterruptedPublishError: Ctrl-C.
        """
        try:
            return self._send(plan, folder, progress)
        except KeyboardInterrupt as interrupt:
            active = plan.current.routing.release_id or "no release"
            drained_too = f" {' and '.join(plan.drains)} may be drained already." if plan.drains else ""
            raise InterruptedPublishError(
                f"interrupted, and nothing was switched: {active} is active.{drained_too} "
                "What was sent stays; run it again to finish"
            ) from interrupt

    def _send(self, plan: PublishPlan, folder: Path, progress: Progress) -> RoutingVersion:
        insist_on_sample(plan.manifest, plan.uploads, self._buckets)
        current = self._drain(plan)
        with ThreadPoolExecutor(1) as pool:
            replaced = pool.submit(self._replaced, plan, current)
            confirmed = upload(
                [(self._buckets[region], files) for region, files in plan.uploads.items()], folder, progress
            )
            replacing = replaced.result()
        lacking = [
            (region, missing, len(files))
            for region, files in plan.uploads.items()
            if (missing := not_confirmed(files, confirmed[region]))
        ]
        if lacking:
            raise not_complete(plan.manifest, lacking)
        if plan.unlisted:
            buckets = [self._buckets[region] for region in plan.unlisted]
            put_manifests(buckets, plan.manifest, replacing=replacing)
        return current

    def _replaced(self, plan: PublishPlan, current: RoutingVersion) -> dict[str, str]:
        """Returns region -> ETag of what its manifest is written over: what is there while the routing is still the plan's.

        Somebody else may publish the same release on another active one. Who wrote before this look either has the same plan, or
        rests on a routing that is gone, so that his switch fails; who writes after it makes this one's write fail.

        Raises:
            AwsError: ConflictException when somebody else wrote the store since the plan, so that the switch would fail as well.
        """
        known = {region: etag for region, etag in plan.replacing.items() if etag is not None}
        unknown = [region for region in plan.unlisted if region not in known]
        if not unknown:
            return known
        with ThreadPoolExecutor(len(unknown)) as pool:
            etags = pool.map(lambda region: self._buckets[region].manifest_etag(plan.manifest.release_id), unknown)
            found = dict(zip(unknown, etags, strict=True))
        self._routing.insist_on(current.etag)
        return known | found

    def _drain(self, plan: PublishPlan) -> RoutingVersion:
        """Drains the regions that are left out; returns the routing that the switch will insist on."""
        if not plan.drains:
            return plan.current
        target = drained(plan.current.routing, plan.drains, set(self._buckets))
        return self._routing.write(target, expected_etag=plan.current.etag)


def _look_at(
    bucket: ContentBucket, pointer: Future[HeldPointer], *, routing: Routing
) -> _RegionState | RegionUnavailableError:
    try:
        named = routing.active
        active, etag = (None, None) if named is None else bucket.held_manifest(named.id, named.base)
        return _RegionState(bucket=bucket, active=active, etag=etag, pointer=pointer.result())
    except RegionUnavailableError as error:
        return error


def _follows(held: HeldPointer, active: ServedRelease | None) -> bool:
    return held.pointer is not None and held.pointer.follows(active)


def _agreed(states: Sequence[_RegionState], published_id: str) -> Manifest | None:
    """Returns the active release's manifest, which is the same in every region that has one.

    When it or its base is published they may differ in what was taken down from that: its folder brings every region in line.

    Raises:
        UnsafePlanError: they differ.
    """
    found = {state.bucket.region: state.active for state in states if state.active is not None}
    manifests = list(found.values())
    if all(each == manifests[0] for each in manifests[1:]):
        return manifests[0] if manifests else None
    last = latest(manifests)
    if have_one_base(manifests) and are_of_one_release(manifests):
        is_of_base = all(replace(each, base=None) == replace(last, base=None) for each in manifests)
        is_of_takedowns = any(each.emptied != last.emptied for each in manifests)
        if published_id == last.base_id if is_of_base else is_of_takedowns and published_id == last.release_id:
            return last
    raise UnsafePlanError(
        f"the active release's manifest differs between {' and '.join(found)}: run failover verify --repair --apply"
    )


def _uploads(
    states: Sequence[_RegionState], manifest: Manifest, active: Manifest | None
) -> dict[str, tuple[ReleaseFile, ...]]:
    """Returns what each region lacks: what the active release does not hold, or whatever it lacks when it has not that either."""
    held = {file.key for file in active.held_files} if active is not None else set()
    unheld = tuple(file for file in manifest.files if file.key not in held)
    return {
        state.bucket.region: unheld
        if state.active is not None and len(unheld) <= LIST_FROM_FILES
        else tuple(state.bucket.missing_files(manifest.files if state.active is None else unheld))
        for state in states
    }


def _compared(states: Sequence[_RegionState], manifest: Manifest) -> dict[str, tuple[ReleaseFile, ...]]:
    """Returns what each region lacks by its own listing, whatever its manifest says."""
    with ThreadPoolExecutor(max(1, len(states))) as pool:
        found = pool.map(lambda state: tuple(state.bucket.missing_files(manifest.files)), states)
        return {state.bucket.region: files for state, files in zip(states, found, strict=True)}


def _as_the_folder_has_it(manifest: Manifest, built: Manifest) -> Manifest:
    """Returns a manifest whose files know how to be sent from the folder: what lies in a bucket does not say it."""
    known = {file.path: file for file in built.files}
    files = (
        replace(each, source=known[each.path].source, is_stamped=known[each.path].is_stamped) for each in manifest.files
    )
    return replace(manifest, files=tuple(files))
