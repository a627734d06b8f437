"""Filling a new region's bucket from those that have the releases, and comparing every object with the manifests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from scripts.errors import MissingOutputError, RegionUnavailableError, UnsafePlanError
from scripts.release.bucket import ContentBucket
from scripts.release.manifest import Manifest, ReleaseFile
from scripts.release.parity import Parity, check_parity, find_manifest, plan_repair, repair
from scripts.release.routing import Routing, RoutingStore

_PARALLEL_COPIES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the regions that stay hold.

    Attributes:
        buckets: region -> bucket, those that answer; never empty.
        silent: regions that do not answer.
        manifests: the active release's first, then the previous one's, then the others, as they are named.
        unreadable: releases without a whole manifest, as an interrupted prune leaves them; they are not copied.
    """

    buckets: Mapping[str, ContentBucket]
    silent: tuple[str, ...]
    manifests: tuple[Manifest, ...]
    unreadable: tuple[str, ...]

    @property
    def files(self) -> int:
        """How many objects of releases a region holds."""
        return len({file.key for manifest in self.manifests for file in manifest.held_files})

    @property
    def size_bytes(self) -> int:
        """Their bytes."""
        sizes = {file.key: file.size_bytes for manifest in self.manifests for file in manifest.held_files}
        return sum(sizes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a fill did.

    Attributes:
        copied: objects that the new region got now.
        verified: objects that were compared there with their manifests, all of them right.
        incomplete: releases of which no region holds all files, so that nobody can roll back to them as it was before.
    """

    copied: int
    verified: int
    incomplete: tuple[str, ...]


def read_source(buckets: Mapping[str, ContentBucket], routing: Routing) -> Source:
    """Asks the regions that stay which releases they hold.

    Raises:
        UnsafePlanError: none of them answers.
    """
    times: dict[str, object] = {}
    answering: dict[str, ContentBucket] = {}
    silent = []
    for region, bucket in buckets.items():
        try:
            times |= dict(bucket.manifest_times())
        except RegionUnavailableError:
            silent.append(region)
        else:
            answering[region] = bucket
    if not answering:
        raise UnsafePlanError(
            f"S3 in {' and '.join(silent)} does not answer, so nothing could fill the new region: nothing was changed. "
            "Run it again when one does"
        )
    named = [release.id for release in routing.releases]
    ordered = list(dict.fromkeys([*(each for each in named if each in times), *sorted(times, reverse=True)]))
    manifests, unreadable = [], []
    for release_id in ordered:
        try:
            manifests.append(find_manifest(answering.values(), release_id))
        except MissingOutputError:
            unreadable.append(release_id)
    return Source(buckets=answering, silent=tuple(silent), manifests=tuple(manifests), unreadable=tuple(unreadable))


def fill(
    bucket: ContentBucket,
    source: Source,
    store: RoutingStore,
    on_copied: Callable[[int], None] = lambda _size: None,
    *,
    is_etag_md5: bool = True,
) -> Filled:
    """Copies what the new region lacks of every release, the active one first; then each object was compared.

    Args:
        bucket: of the new region.
        source: what it is filled from.
        store: the routing.
        on_copied: is called with the bytes of each object.
        is_etag_md5: S3 tells the digest of what it has stored, so it may copy by itself, in half the time. Default; not under a
            KMS key, where each object passes this machine and is compared before it is stored.

    Raises:
        UnsafePlanError: no region holds all of a release that viewers may get, or a copy is damaged.
        AwsError: a region failed; run it again.
    """
    buckets = {**source.buckets, bucket.region: bucket}
    copied, incomplete = 0, []
    held: set[str] = set()
    for manifest in source.manifests:
        routing = store.read().routing
        parity = check_parity(buckets.values(), manifest, routing)
        if is_etag_md5 and (count := _copy_within_s3(bucket, buckets, parity, on_copied)):
            copied += count
            parity = check_parity(buckets.values(), manifest, routing)
        plan = plan_repair(parity, routing)
        if plan.lost:
            _insist_unserved(manifest, routing, plan.lost)
            incomplete.append(manifest.release_id)
            continue
        found = repair(plan, buckets, on_copied, store=store).regions[bucket.region] if plan.regions else None
        if found is not None and not found.is_whole:
            raise UnsafePlanError(
                f"{bucket.region} lacks {len(found.missing)} objects of release {manifest.release_id} after the copy: "
                "run it again; what is there is not copied twice"
            )
        copied += sum(copy.destination == bucket.region for copy in plan.copies)
        held |= {file.key for file in manifest.held_files}
    return Filled(copied=copied, verified=len(held), incomplete=tuple(incomplete))


def _copy_within_s3(
    bucket: ContentBucket, buckets: Mapping[str, ContentBucket], parity: Parity, on_copied: Callable[[int], None]
) -> int:
    """Copies what another region holds as the manifest has it; what is wrong all the same is found and repaired afterwards."""
    parity.raise_unavailable()
    missing = {region: {file.key for file in found.missing} for region, found in parity.regions.items()}
    sources = {
        file.key: next((region for region, keys in missing.items() if file.key not in keys), None)
        for file in parity.regions[bucket.region].missing
    }

    def copy(file: ReleaseFile) -> int:
        region = sources[file.key]
        if region is None:
            return 0
        bucket.copy_within_s3(buckets[region], file)
        on_copied(file.size_bytes)
        return 1

    with ThreadPoolExecutor(_PARALLEL_COPIES) as pool:
        try:
            jobs = [pool.submit(copy, file) for file in parity.regions[bucket.region].missing]
            return sum(job.result() for job in jobs)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _insist_unserved(manifest: Manifest, routing: Routing, lost: Sequence[object]) -> None:
    if manifest.release_id in {release.id for release in routing.releases}:
        raise UnsafePlanError(
            f"no region holds {len(lost)} objects of release {manifest.release_id}, which viewers get or `failover rollback` "
            "goes to: publish it again with failover sync-content FOLDER --force --apply, then run this again"
        )
