"""Deleting old releases: which ones (a pure function), and how, so that a crash half-way leaves nothing that looks whole.

Manifests go first, in every region; what is left of a half-pruned release is then an orphan that the next run finishes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from scripts.errors import UnsafePlanError
from scripts.release.inventory import RegionListing, list_regions, published_times, release_objects
from scripts.release.routing import Routing, read_pointer
from scripts.release.website import Website

DEFAULT_KEEP = 5
DEFAULT_GRACE_SECONDS = 86_400


class Reason(StrEnum):
    """Why a release is kept or goes."""

    SERVED = "active, previous, or named by a region's pointer"
    RECENT = "one of the last releases"
    YOUNG = "published or replaced within the grace time"
    OLD = "older than the grace time and not one of the last"
    ORPHAN = "no manifest, and untouched for the grace time"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRelease:
    """A release as pruning sees it.

    Attributes:
        release_id: its id.
        changed_at: when its manifest was written; without one, when its newest object was.
        has_manifest: whether any region has the manifest.
    """

    release_id: str
    changed_at: datetime
    has_manifest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A release that goes.

    Attributes:
        release_id: its id.
        reason: OLD or ORPHAN.
        keys: region -> keys under the release's prefix.
    """

    release_id: str
    reason: Reason
    keys: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunePlan:
    """What a prune would do.

    Attributes:
        removals: releases that go, oldest first.
        kept: release -> why it stays.
    """

    removals: tuple[Removal, ...]
    kept: Mapping[str, Reason]

    @property
    def objects(self) -> int:
        """Objects to delete, all regions together."""
        return sum(len(keys) for removal in self.removals for keys in removal.keys.values())


def choose(
    releases: Iterable[StoredRelease], served: Collection[str], *, keep: int, grace: timedelta, now: datetime
) -> dict[str, Reason]:
    """Returns release -> reason; OLD and ORPHAN mean that it goes.

    Args:
        releases: all releases, in any order.
        served: ids that must stay whatever their age.
        keep: how many of the newest releases with a manifest stay, at least 1.
        grace: how long a release stays after it was published or replaced. A release is taken as replaced when the next one
            was published, so the newest one from before the grace time stays too.
        now: the present.
    """
    ordered = sorted(releases, key=lambda each: (each.changed_at, each.release_id), reverse=True)
    whole = [each for each in ordered if each.has_manifest]
    young = [each.release_id for each in whole if now - each.changed_at < grace]
    recent = {each.release_id for each in whole[:keep]}
    in_grace = {each.release_id for each in whole[: len(young) + 1]}

    def reason(release: StoredRelease) -> Reason:
        if release.release_id in served:
            return Reason.SERVED
        if not release.has_manifest:
            return Reason.YOUNG if now - release.changed_at < grace else Reason.ORPHAN
        if release.release_id in recent:
            return Reason.RECENT
        return Reason.YOUNG if release.release_id in in_grace else Reason.OLD

    return {release.release_id: reason(release) for release in ordered}


def plan_prune(site: Website, *, keep: int, grace: timedelta, now: datetime) -> PrunePlan:
    """Chooses what goes and lists its objects.

    Raises:
        UnsafePlanError: no release is active, so nothing says what must stay.
        RegionUnavailableError: a region does not answer; half of a release must not stay.
    """
    served = _served(site)
    listings = list_regions(site.buckets)
    for listing in listings.values():
        if listing.error is not None:
            raise listing.error
    objects = _objects_of_orphans(site, listings)
    chosen = choose(_stored(listings, objects), served, keep=keep, grace=grace, now=now)
    removals = [
        Removal(release_id=each, reason=reason, keys=_keys(site, each))
        for each, reason in reversed(chosen.items())
        if reason in (Reason.OLD, Reason.ORPHAN)
    ]
    kept = {each: reason for each, reason in chosen.items() if reason not in (Reason.OLD, Reason.ORPHAN)}
    return PrunePlan(removals=tuple(removals), kept=kept)


def prune(site: Website, plan: PrunePlan, progress: Callable[[int], None] = lambda _count: None) -> None:
    """Deletes what the plan names. Calls `progress` with the number of objects of each finished release and region.

    Raises:
        UnsafePlanError: a release of the plan is served by now; those before it are gone.
        AwsError: an AWS call failed; run it again.
    """
    for removal in plan.removals:
        if removal.release_id in _served(site):
            raise UnsafePlanError(f"release {removal.release_id} was switched to meanwhile: it stays; run prune again")
        for bucket in site.buckets.values():
            bucket.delete_manifest(removal.release_id)
        for region, keys in removal.keys.items():
            site.buckets[region].delete_objects(keys)
            progress(len(keys))


def _served(site: Website) -> set[str]:
    """Returns what must stay: by the routing, and by each region's pointer, which a drained region may hold back."""
    routing: Routing = site.routing.read().routing
    if routing.release_id is None:
        raise UnsafePlanError("no release is active, so nothing says what must stay: publish first")
    pointers = [read_pointer(bucket.client, bucket.name) for bucket in site.buckets.values()]
    return {each for each in (routing.release_id, routing.previous_release_id, *pointers) if each is not None}


def _objects_of_orphans(site: Website, listings: Mapping[str, RegionListing]) -> dict[str, datetime]:
    """Returns release without manifest -> when its newest object was written, whatever the region."""
    orphans = set().union(*(listing.with_objects for listing in listings.values())) - set(published_times(listings))
    times = {}
    for release_id in orphans:
        found = [moment for bucket in site.buckets.values() for moment in release_objects(bucket, release_id).values()]
        if found:  # else they went since they were listed
            times[release_id] = max(found)
    return times


def _stored(listings: Mapping[str, RegionListing], orphans: Mapping[str, datetime]) -> list[StoredRelease]:
    published = published_times(listings)
    return [
        *(StoredRelease(release_id=each, changed_at=moment, has_manifest=True) for each, moment in published.items()),
        *(StoredRelease(release_id=each, changed_at=moment, has_manifest=False) for each, moment in orphans.items()),
    ]


def _keys(site: Website, release_id: str) -> dict[str, tuple[str, ...]]:
    return {region: tuple(release_objects(bucket, release_id)) for region, bucket in site.buckets.items()}
