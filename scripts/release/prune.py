"""Which old releases go: a pure function, and the plan that it makes of what the regions hold. deletion.py carries it out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from scripts.clock import rfc3339
from scripts.errors import UnsafePlanError
from scripts.release.bucket import ContentBucket, StoredObject
from scripts.release.inventory import RegionListing, list_regions, published_times
from scripts.release.manifest import RELEASES_PREFIX, Manifest, manifest_key
from scripts.release.pointers import read_pointer
from scripts.release.routing import Routing
from scripts.release.serving.index import INCREMENT_CHARACTERS, KEY_PREFIX
from scripts.release.serving.url_rules import REDIRECT_PREFIX
from scripts.release.standing import CLAIM_PREFIX, held_claims
from scripts.release.website import Website

DEFAULT_KEEP = 5
DEFAULT_GRACE_SECONDS = 86_400
UPLOAD_GRACE = timedelta(hours=6)
"""What has no manifest and was written to within this time is an upload under way: 5 GB, the largest, take 2 h of 6 Mbit/s."""

# No publish makes another one; somebody put it there by hand.
_IS_RELEASE = re.compile(f"[0-9a-f]{{{INCREMENT_CHARACTERS}}}")


class Reason(StrEnum):
    """Why a release is kept or goes."""

    SERVED = "active, previous, canary, or named by a region's pointer"
    BASE = "another release stands on its increment"
    RECENT = "one of the last releases"
    YOUNG = "published or replaced within the grace time"
    OLD = "older than the grace time and not one of the last"
    ORPHAN = "no manifest, and untouched for the grace time"


GOING = (Reason.OLD, Reason.ORPHAN)


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
        traces: region -> key -> when it was written, of all that lies there, its manifest included.
    """

    release_id: str
    reason: Reason
    keys: Mapping[str, tuple[str, ...]]
    traces: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunePlan:
    """What a prune would do.

    Attributes:
        removals: releases that go, oldest first.
        kept: release -> why it stays.
        index_keys: keys of the KeyValueStore, of indexes and redirects, that belong to no release that viewers may get.
        ended_keys: claims in it that ended by themselves.
        etag: version of the store that this was decided on.
    """

    removals: tuple[Removal, ...]
    kept: Mapping[str, Reason]
    index_keys: tuple[str, ...] = ()
    ended_keys: tuple[str, ...] = ()
    etag: str = ""

    @property
    def objects(self) -> int:
        """Objects to delete, all regions together."""
        return sum(len(keys) for removal in self.removals for keys in removal.keys.values())


def choose(
    releases: Iterable[StoredRelease],
    served: Collection[str],
    *,
    keep: int,
    grace: timedelta,
    now: datetime,
    upload_grace: timedelta,
) -> dict[str, Reason]:
    """Returns release -> reason; OLD and ORPHAN mean that it goes.

    Args:
        releases: all releases, in any order.
        served: ids that must stay whatever their age.
        keep: how many of the newest releases with a manifest stay, at least 1.
        grace: how long a release stays after it was published or replaced. A release is taken as replaced when the next one
            was published, so the newest one from before the grace time stays too.
        now: the present, by the clock that the times of the releases are of.
        upload_grace: how long at least what has no manifest stays after it was written to.
    """
    # S3's times are whole seconds: of two releases in one, the served one is the newer.
    ordered = sorted(
        releases, key=lambda each: (each.changed_at, each.release_id in served, each.release_id), reverse=True
    )
    whole = [each for each in ordered if each.has_manifest]
    young = [each.release_id for each in whole if now - each.changed_at < grace]
    recent = {each.release_id for each in whole[:keep]}
    in_grace = {each.release_id for each in whole[: len(young) + 1]}

    def reason(release: StoredRelease) -> Reason:
        if release.release_id in served:
            return Reason.SERVED
        if not release.has_manifest:
            stays = max(grace, upload_grace) if _IS_RELEASE.fullmatch(release.release_id) else grace
            return Reason.YOUNG if now - release.changed_at < stays else Reason.ORPHAN
        if release.release_id in recent:
            return Reason.RECENT
        return Reason.YOUNG if release.release_id in in_grace else Reason.OLD

    return {release.release_id: reason(release) for release in ordered}


def plan_prune(site: Website, *, keep: int, grace: timedelta, now: datetime | None = None) -> PrunePlan:
    """Chooses what goes and lists its objects.

    An object stays while a release that stays needs it, whatever increment it lies in.

    Args:
        site: the website.
        keep: as for `choose`.
        grace: as for `choose`.
        now: the present. Default: S3's, because the releases' times are S3's too; a machine's clock may be wrong by days.

    Raises:
        UnsafePlanError: no release is active, so nothing says what must stay, or another prune is under way.
        RegionUnavailableError: a region does not answer; half of a release must not stay.
    """
    current = site.routing.read()
    served = _served(site, current.routing)
    listings = list_regions(site.buckets)
    for listing in listings.values():
        if listing.error is not None:
            raise listing.error
    objects = objects_of(site)
    now = now or _now(site)
    reasons = choose(_stored(listings, objects), served, keep=keep, grace=grace, now=now, upload_grace=UPLOAD_GRACE)
    manifests = _manifests(site, [each for each, reason in reasons.items() if reason not in GOING])
    for manifest in manifests:
        if manifest.base is not None and reasons.get(manifest.base_id, Reason.ORPHAN) in GOING:
            reasons[manifest.base_id] = Reason.BASE
    needed = {file.key for manifest in manifests for file in manifest.held_files}
    traces = traces_of(listings, objects)
    removals = [
        Removal(
            release_id=each,
            reason=reason,
            keys=_unneeded(objects, each, needed),
            traces={region: found.get(each, {}) for region, found in traces.items()},
        )
        for each, reason in reversed(reasons.items())
        if reason in GOING
    ]
    listed = published_times(listings)
    entries = site.routing.entries(KEY_PREFIX, REDIRECT_PREFIX, CLAIM_PREFIX)
    return PrunePlan(
        removals=tuple(each for each in removals if each.release_id in listed or any(each.keys.values())),
        kept={each: reason for each, reason in reasons.items() if reason not in GOING},
        index_keys=_unused_index_keys(entries, current.routing),
        ended_keys=_ended_claims(entries, now),
        etag=current.etag,
    )


def _served(site: Website, routing: Routing) -> set[str]:
    """Returns what must stay: by the routing, and by each region's pointer, which a drained region may hold back."""
    if routing.release_id is None:
        raise UnsafePlanError("no release is active, so nothing says what must stay: publish first")
    pointers = [read_pointer(bucket.client, bucket.name) for bucket in site.buckets.values()]
    return {*(release.id for release in routing.releases), *(each.release_id for each in pointers if each is not None)}


def objects_of(site: Website) -> dict[str, dict[str, StoredObject]]:
    """Returns region -> key -> object of everything that lies in an increment."""
    with ThreadPoolExecutor(len(site.buckets)) as pool:
        listings = pool.map(
            lambda bucket: {each.key: each for each in bucket.objects(RELEASES_PREFIX)}, site.buckets.values()
        )
        return dict(zip(site.buckets, listings, strict=True))


def _stored(
    listings: Mapping[str, RegionListing], objects: Mapping[str, Mapping[str, StoredObject]]
) -> list[StoredRelease]:
    """Returns every release: those with a manifest, and the increments that have none."""
    published = published_times(listings)
    newest: dict[str, datetime] = {}
    for found in objects.values():
        for stored in found.values():
            if not (increment := _increment(stored.key)):
                continue  # the folder's own key, which S3's console makes
            newest[increment] = max(stored.modified_at, newest.get(increment, stored.modified_at))
    return [
        *(StoredRelease(release_id=each, changed_at=moment, has_manifest=True) for each, moment in published.items()),
        *(
            StoredRelease(release_id=each, changed_at=moment, has_manifest=False)
            for each, moment in newest.items()
            if each not in published
        ),
    ]


def _manifests(site: Website, release_ids: Iterable[str]) -> list[Manifest]:
    """Returns the manifests of releases that stay; one that lacks its base or is gone meanwhile protects nothing by itself.

    Every region's: one that missed a rollback has an older manifest, which does not name what viewers still ask for.
    """
    held = (bucket.read_manifest(release_id) for release_id in release_ids for bucket in site.buckets.values())
    return [manifest for manifest in held if manifest is not None]


def _unneeded(
    objects: Mapping[str, Mapping[str, StoredObject]], release_id: str, needed: Collection[str]
) -> dict[str, tuple[str, ...]]:
    return {
        region: tuple(key for key in found if _increment(key) == release_id and key not in needed)
        for region, found in objects.items()
    }


def _increment(key: str) -> str:
    return key.removeprefix(RELEASES_PREFIX).partition("/")[0]


def _unused_index_keys(entries: Iterable[str], routing: Routing) -> tuple[str, ...]:
    indexes = (f"{KEY_PREFIX}{release.index}/" for release in routing.releases if release.index)
    redirects = (f"{REDIRECT_PREFIX}{release.redirects}" for release in routing.releases if release.redirects)
    used = (*indexes, *redirects)
    return tuple(
        sorted(key for key in entries if key.startswith((KEY_PREFIX, REDIRECT_PREFIX)) and not key.startswith(used))
    )


def _ended_claims(entries: Mapping[str, str], now: datetime) -> tuple[str, ...]:
    """Returns the keys of claims that mean nothing any more.

    Raises:
        UnsafePlanError: a claim has not ended: another prune is under way, or was killed a while ago.
    """
    claims = {key: value for key, value in entries.items() if key.startswith(CLAIM_PREFIX)}
    if held := held_claims(claims, now):
        raise UnsafePlanError(
            f"another failover prune has claimed {len(held)} releases ({', '.join(list(held)[:3])}): run it again when that has "
            f"ended. If it was killed, its claim ends at {rfc3339(max(held.values()))}"
        )
    return tuple(claims)


def _now(site: Website) -> datetime:
    """Returns S3's clock; of regions that differ the one that is behind, by which everything is younger."""
    with ThreadPoolExecutor(len(site.buckets)) as pool:
        return min(list(pool.map(ContentBucket.clock, site.buckets.values())))


def traces_of(
    listings: Mapping[str, RegionListing], objects: Mapping[str, Mapping[str, StoredObject]]
) -> dict[str, dict[str, dict[str, datetime]]]:
    """Returns region -> release -> key -> when it was written, of every object and manifest."""
    found: dict[str, dict[str, dict[str, datetime]]] = {}
    for region, listing in listings.items():
        of_region = found.setdefault(region, {})
        for release_id, moment in listing.manifests.items():
            of_region.setdefault(release_id, {})[manifest_key(release_id)] = moment
        for stored in objects[region].values():
            of_region.setdefault(_increment(stored.key), {})[stored.key] = stored.modified_at
    return found
