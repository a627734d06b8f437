"""Which releases there are, in which regions, and how old they are. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from scripts.errors import MissingOutputError, RegionUnavailableError, UnreadableManifestError
from scripts.release.bucket import ContentBucket
from scripts.release.manifest import Manifest
from scripts.release.parity import BEFORE_ALL, Parity, RegionParity, check_parities, find_manifest
from scripts.release.routing import Routing
from scripts.release.standing import WITHDRAWN_PREFIX
from scripts.release.website import Website


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionListing:
    """The releases of one region.

    Attributes:
        manifests: release -> when its manifest was written.
        with_objects: releases that have any object.
        strays: keys beside the manifests that are none.
        error: why the region could not be asked; the others are empty then.
    """

    manifests: Mapping[str, datetime]
    with_objects: frozenset[str]
    strays: tuple[str, ...] = ()
    error: RegionUnavailableError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSummary:
    """One release.

    Attributes:
        release_id: its id.
        is_active: whether the routing names it.
        is_previous: whether `failover rollback` goes there.
        canary_percent: share of the viewers that get it beside the active one; None: none do.
        published_at: when its manifest was last written anywhere; None without a manifest.
        files: number of files by the manifest; None without one.
        size_bytes: bytes by the manifest; None without one.
        regions: region -> parity; empty without a manifest, or without that of its base increment.
        is_withdrawn: whether it was rolled back from, so that it comes back with --force only.
        is_increment: it has no manifest any more, as after a prune, and releases that have one use files of its increment.
    """

    release_id: str
    is_active: bool
    is_previous: bool
    canary_percent: int | None
    published_at: datetime | None
    files: int | None
    size_bytes: int | None
    regions: Mapping[str, RegionParity]
    is_withdrawn: bool = False
    is_increment: bool = False

    @property
    def is_incomplete(self) -> bool:
        """Whether a region that answers lacks something of it."""
        if self.is_increment:
            return False
        answering = [region for region in self.regions.values() if region.error is None]
        return not self.regions or not all(region.is_whole for region in answering)


def list_regions(buckets: Mapping[str, ContentBucket]) -> dict[str, RegionListing]:
    """Lists the releases of every region, in parallel; a region that does not answer is a result, not an error."""
    with ThreadPoolExecutor(len(buckets)) as pool:
        return dict(zip(buckets, pool.map(_listing, buckets.values()), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What the regions hold.

    Attributes:
        releases: newest first, those without a manifest last.
        strays: region -> keys beside the manifests that are none; only regions that have any.
    """

    releases: tuple[ReleaseSummary, ...]
    strays: Mapping[str, tuple[str, ...]]


def take_inventory(site: Website) -> Inventory:
    """Returns every release.

    Raises:
        RegionUnavailableError: no region answers.
    """
    routing = site.routing.read().routing
    listings = list_regions(site.buckets)
    silent = [listing.error for listing in listings.values() if listing.error is not None]
    if len(silent) == len(listings):
        raise silent[0]
    times = published_times(listings)
    named = {release.id for release in routing.releases}
    found = set(times).union(named, *(listing.with_objects for listing in listings.values()))
    ordered = sorted(found, key=lambda each: (times.get(each, BEFORE_ALL), each), reverse=True)
    parities = _parities(site, [each for each in ordered if each in times], routing, listings)
    used = {file.increment for parity in parities.values() for file in parity.manifest.held_files} - named
    withdrawn = {key.removeprefix(WITHDRAWN_PREFIX) for key in site.routing.entries(WITHDRAWN_PREFIX)}
    summaries = (_summary(each, routing, times.get(each), parities.get(each)) for each in ordered)
    return Inventory(
        releases=tuple(
            replace(
                each,
                is_withdrawn=each.release_id in withdrawn,
                is_increment=each.published_at is None and each.release_id in used,
            )
            for each in summaries
        ),
        strays={region: listing.strays for region, listing in listings.items() if listing.strays},
    )


def published_times(listings: Mapping[str, RegionListing]) -> dict[str, datetime]:
    """Returns release -> when its manifest was last written, whatever the region."""
    times: dict[str, datetime] = {}
    for listing in listings.values():
        for release_id, moment in listing.manifests.items():
            times[release_id] = max(moment, times.get(release_id, moment))
    return times


def _listing(bucket: ContentBucket) -> RegionListing:
    try:
        manifests, strays = bucket.list_manifests()
        return RegionListing(manifests=manifests, with_objects=frozenset(bucket.release_ids()), strays=strays)
    except RegionUnavailableError as error:
        return RegionListing(manifests={}, with_objects=frozenset(), error=error)


def _summary(release_id: str, routing: Routing, published_at: datetime | None, parity: Parity | None) -> ReleaseSummary:
    return ReleaseSummary(
        release_id=release_id,
        is_active=release_id == routing.release_id,
        is_previous=release_id == routing.previous_release_id,
        canary_percent=routing.canary.percent if routing.canary and release_id == routing.canary_release_id else None,
        published_at=published_at,
        files=None if parity is None else len(parity.manifest.files),
        size_bytes=None if parity is None else parity.manifest.size_bytes,
        regions={} if parity is None else parity.regions,
    )


def _parities(
    site: Website, release_ids: Iterable[str], routing: Routing, listings: Mapping[str, RegionListing]
) -> dict[str, Parity]:
    """Compares the regions that answered the listing; the others are not asked again, each try takes up to 20 s.

    Without releases whose manifest, or that of the base increment, is gone, as after an interrupted prune.
    """
    answering = [bucket for region, bucket in site.buckets.items() if listings[region].error is None]
    silent = {
        region: RegionParity(region=region, error=listing.error)
        for region, listing in listings.items()
        if listing.error is not None
    }
    manifests = [manifest for each in release_ids if (manifest := _manifest(answering, each)) is not None]
    checked = check_parities(answering, manifests, routing)
    return {each: replace(parity, regions={**parity.regions, **silent}) for each, parity in checked.items()}


def _manifest(buckets: Iterable[ContentBucket], release_id: str) -> Manifest | None:
    try:
        return find_manifest(buckets, release_id)
    except (MissingOutputError, UnreadableManifestError):
        return None
