"""Whether each region holds a whole release, and the repair of one region from the other.

Parity means: every file of the manifest with its MD5, the manifest itself and, for the active release, the objects outside
releases that follow it (the regional endpoint's pointer and CloudFront's 404 page).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from scripts.errors import RegionUnavailableError, UnknownReleaseError, UnreadableManifestError, UnsafePlanError
from scripts.release.agreement import are_of_one_release, decision, latest
from scripts.release.bucket import NOT_FOUND_PAGE_KEY, NOT_FOUND_TEXT, ContentBucket
from scripts.release.following import follow_routing
from scripts.release.manifest import Manifest, ReleaseFile, manifest_key
from scripts.release.pointers import POINTER_KEY, read_pointer
from scripts.release.routing import Routing, RoutingStore

PARALLEL_COPIES = 8
BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionParity:
    """What one region lacks of a release.

    Attributes:
        region: the region.
        missing: files that are absent or differ, in the manifest's order.
        has_manifest: whether the region says that it holds the release.
        outdated_keys: keys outside releases that do not follow the active release.
        error: why the region could not be asked; the other attributes say nothing then.
    """

    region: str
    missing: tuple[ReleaseFile, ...] = ()
    has_manifest: bool = True
    outdated_keys: tuple[str, ...] = ()
    error: RegionUnavailableError | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the region can serve all of the release."""
        return self.error is None and self.has_manifest and not self.missing and not self.outdated_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """A release compared with every region."""

    manifest: Manifest
    regions: Mapping[str, RegionParity]

    @property
    def is_reached(self) -> bool:
        """Whether every region holds all of it."""
        return all(region.is_whole for region in self.regions.values())

    def raise_unavailable(self) -> None:
        """Raises the RegionUnavailableError of the first region that could not be asked, if any."""
        for region in self.regions.values():
            if region.error is not None:
                raise region.error


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One file that a region gets from another."""

    source: str
    destination: str
    file: ReleaseFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """One file that no region holds any more, and the version that a region still has of it."""

    region: str
    version_id: str
    file: ReleaseFile


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairPlan:
    """How to bring the regions to parity.

    Attributes:
        parity: what was found.
        routing: the routing at that time; the control objects follow it.
        restores: files that no region holds, to be made of a version that one has: they were deleted, not pruned.
        copies: files to copy.
        lost: files that no region holds, and no version of them.
        regions: regions that get files, the manifest or control objects.
    """

    parity: Parity
    routing: Routing
    restores: tuple[Restore, ...]
    copies: tuple[Copy, ...]
    lost: tuple[ReleaseFile, ...]
    regions: tuple[str, ...]

    @property
    def copy_bytes(self) -> int:
        """Bytes to send."""
        return sum(copy.file.size_bytes for copy in self.copies)


def find_manifest(buckets: Iterable[ContentBucket], release_id: str) -> Manifest:
    """Returns a release's manifest from any region that answers and has it.

    Where they differ in increments or retained files, as after a rollback while a region was down, it is the one written last;
    after a takedown or a publish that has not reached every region, of those that were decided last. One that is unreadable is
    none.

    Raises:
        UnknownReleaseError: no region has it.
        RegionUnavailableError: no region that answers has it, and one did not answer.
        UnsafePlanError: two regions disagree on what the release is, or no region has a readable one.
    """
    found: dict[ContentBucket, Manifest] = {}
    silent: RegionUnavailableError | UnreadableManifestError | None = None
    for bucket in buckets:
        try:
            manifest = bucket.read_manifest(release_id)
        except (RegionUnavailableError, UnreadableManifestError) as error:
            silent = error
        else:
            found |= {} if manifest is None else {bucket: manifest}
    if not found:
        raise silent or UnknownReleaseError(release_id)
    manifests = list(found.values())
    if all(manifest == manifests[0] for manifest in manifests):
        return manifests[0]
    if not are_of_one_release(manifests):
        raise UnsafePlanError(
            f"{manifest_key(release_id)} differs between {' and '.join(bucket.region for bucket in found)}: "
            "publish the release again"
        )
    last = decision(latest(manifests))
    newest = [bucket for bucket, manifest in found.items() if decision(manifest) == last]
    return found[max(newest, key=lambda bucket: _written_at(bucket, found[bucket]))]


def _written_at(bucket: ContentBucket, manifest: Manifest) -> datetime:
    """Returns when the region got a manifest, or that of the base increment, which is a part of it."""
    times = bucket.manifest_times()
    return max(times.get(each, BEFORE_ALL) for each in (manifest.release_id, manifest.base_id))


def check_parity(buckets: Iterable[ContentBucket], manifest: Manifest, routing: Routing) -> Parity:
    """Compares every region with the manifest, in parallel; one listing per 1,000 files and region."""
    return check_parities(buckets, [manifest], routing)[manifest.release_id]


def check_parities(
    buckets: Iterable[ContentBucket], manifests: Sequence[Manifest], routing: Routing
) -> dict[str, Parity]:
    """Compares every region with several releases; an increment that they share is listed once. Returns release -> parity."""
    asked = list(buckets)
    with ThreadPoolExecutor(len(asked)) as pool:
        found = list(pool.map(lambda bucket: _region_parities(bucket, manifests, routing), asked))
    return {
        manifest.release_id: Parity(manifest=manifest, regions={each.region: each for each in of_release})
        for manifest, *of_release in zip(manifests, *found, strict=True)
    }


def region_parity(bucket: ContentBucket, manifest: Manifest, routing: Routing) -> RegionParity:
    """Compares one region with the manifest; a region that does not answer is a result, not an error."""
    return _region_parities(bucket, [manifest], routing)[0]


def _region_parities(bucket: ContentBucket, manifests: Sequence[Manifest], routing: Routing) -> list[RegionParity]:
    try:
        return [
            RegionParity(
                region=bucket.region,
                missing=missing,
                has_manifest=_has_manifest(bucket, manifest),
                outdated_keys=_outdated_keys(bucket, manifest, routing)
                if manifest.release_id == routing.release_id
                else (),
            )
            for manifest, missing in zip(manifests, _missing_of_each(bucket, manifests), strict=True)
        ]
    except RegionUnavailableError as error:
        return [RegionParity(region=bucket.region, error=error)] * len(manifests)


def _has_manifest(bucket: ContentBucket, manifest: Manifest) -> bool:
    try:
        return bucket.read_manifest(manifest.release_id) == manifest
    except UnreadableManifestError:
        return False


def _missing_of_each(bucket: ContentBucket, manifests: Sequence[Manifest]) -> list[tuple[ReleaseFile, ...]]:
    """Returns what the region lacks of each release."""
    if len(manifests) == 1:
        return [tuple(bucket.missing_files(manifests[0].held_files))]
    asked: dict[str, ReleaseFile] = {}
    for manifest in manifests:
        for file in manifest.held_files:
            asked.setdefault(file.key, file)
    missing = {file.key for file in bucket.missing_files(asked.values())}
    # An object never changes, so manifests agree on it; where they do not, one of them is wrong, and neither is whole.
    return [
        tuple(file for file in manifest.held_files if file.key in missing or asked[file.key].md5 != file.md5)
        for manifest in manifests
    ]


def plan_repair(
    parity: Parity, routing: Routing, buckets: Mapping[str, ContentBucket] = MappingProxyType({})
) -> RepairPlan:
    """Decides what each region gets from the other, and what from its own earlier versions.

    Args:
        parity: what was found.
        routing: the routing now.
        buckets: region -> where versions are looked for. Default: nowhere.

    Raises:
        RegionUnavailableError: a region does not answer.
    """
    parity.raise_unavailable()
    missing = {region: {file.key for file in found.missing} for region, found in parity.regions.items()}
    nowhere = [file for file in parity.manifest.held_files if all(file.key in keys for keys in missing.values())]
    restores = _restores(nowhere, buckets)
    restored = {each.file.key: each.region for each in restores}
    copies, lost = [], []
    for file in parity.manifest.held_files:
        destinations = [region for region, keys in missing.items() if file.key in keys]
        sources = [region for region in missing if region not in destinations]
        if not sources and file.key in restored:
            sources = [restored[file.key]]
            destinations.remove(sources[0])
        if not sources:
            lost.append(file)
        else:
            copies += [Copy(source=sources[0], destination=each, file=file) for each in destinations]
    return RepairPlan(
        parity=parity,
        routing=routing,
        restores=tuple(restores),
        copies=tuple(copies),
        lost=tuple(lost),
        regions=tuple(region for region, found in parity.regions.items() if not found.is_whole),
    )


def repair(
    plan: RepairPlan,
    buckets: Mapping[str, ContentBucket],
    progress: Callable[[int], None] = lambda _size: None,
    *,
    store: RoutingStore,
) -> Parity:
    """Copies the files, then writes the manifest and the control objects; returns the parity afterwards.

    The control objects follow what the routing in `store` says by then: a publish may have switched meanwhile.

    Raises:
        UnsafePlanError: no region holds a file, or a region's copy is damaged; no manifest was written.
        AwsError: an AWS call failed; run it again.
    """
    manifest = plan.parity.manifest
    if plan.lost:
        names = ", ".join(file.path for file in plan.lost[:3])
        raise UnsafePlanError(
            f"no region holds {len(plan.lost)} of {len(manifest.files)} files of release {manifest.release_id} ({names}): "
            "nothing was copied; send it from its folder, failover sync-content FOLDER --force --apply"
        )
    _restore_all(plan, buckets)
    _copy_all(plan, buckets, progress)
    for region in plan.regions:
        if not buckets[region].missing_files(manifest.held_files):
            _finish(buckets[region], plan.parity.regions[region], manifest)
    outdated = [each for each in plan.regions if plan.parity.regions[each].outdated_keys]
    if outdated:
        follow_routing(store, [buckets[region] for region in outdated])
    return check_parity(buckets.values(), manifest, store.read().routing)


def _restores(files: Sequence[ReleaseFile], buckets: Mapping[str, ContentBucket]) -> list[Restore]:
    """Returns the first region's version of each file that has one."""

    def restore_of(file: ReleaseFile) -> Restore | None:
        for region, bucket in buckets.items():
            if (version_id := bucket.restorable_version(file)) is not None:
                return Restore(region=region, version_id=version_id, file=file)
        return None

    with ThreadPoolExecutor(PARALLEL_COPIES) as pool:
        return [each for each in pool.map(restore_of, files) if each is not None]


def _restore_all(plan: RepairPlan, buckets: Mapping[str, ContentBucket]) -> None:
    with ThreadPoolExecutor(PARALLEL_COPIES) as pool:
        list(pool.map(lambda each: buckets[each.region].restore_version(each.file, each.version_id), plan.restores))


def _copy_all(plan: RepairPlan, buckets: Mapping[str, ContentBucket], progress: Callable[[int], None]) -> None:
    def copy_one(copy: Copy) -> int:
        buckets[copy.destination].copy_file_from(buckets[copy.source], copy.file)
        return copy.file.size_bytes

    with ThreadPoolExecutor(PARALLEL_COPIES) as pool:
        try:
            jobs = [pool.submit(copy_one, copy) for copy in plan.copies]
            for job in as_completed(jobs):
                progress(job.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _finish(bucket: ContentBucket, found: RegionParity, manifest: Manifest) -> None:
    """Writes what says that the region holds the release, after its files are there."""
    if not found.has_manifest:
        for each in (manifest.base, manifest):
            if each is not None:
                _put_manifest(bucket, each)


def _put_manifest(bucket: ContentBucket, manifest: Manifest) -> None:
    """Writes a manifest, if nothing else was decided meanwhile of the one that it replaces.

    Raises:
        UnsafePlanError: a file was taken out of it, or came back.
    """
    try:
        held, etag = bucket.held_stored_manifest(manifest.release_id)
    except UnreadableManifestError:
        held, etag = None, None
    if held is not None and (
        held.decided_at > manifest.decided_at
        or (held.decided_at == manifest.decided_at and not set(held.taken_down) <= set(manifest.taken_down))
    ):
        raise UnsafePlanError(
            f"release {manifest.release_id} was published, or a file of it taken down, in {bucket.region} meanwhile: run it again"
        )
    bucket.put_manifest(manifest.release_id, manifest.to_json(), replacing=etag)


def _outdated_keys(bucket: ContentBucket, manifest: Manifest, routing: Routing) -> tuple[str, ...]:
    keys = []
    pointer = read_pointer(bucket.client, bucket.name)
    if pointer is None or not pointer.follows(routing.active):
        keys.append(POINTER_KEY)
    page = manifest.not_found_page
    text_md5 = hashlib.md5(NOT_FOUND_TEXT, usedforsecurity=False).hexdigest()
    if bucket.not_found_page_digest() != (text_md5 if page is None else page.md5):
        keys.append(NOT_FOUND_PAGE_KEY)
    return tuple(keys)
