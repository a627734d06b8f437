"""The regions follow the routing: the pointer that the regional endpoint reads, and the page of CloudFront's error response.

Whoever switches, restores or repairs lets the regions follow what the routing says *then*, not what he wrote or read earlier:
somebody else may have switched meanwhile. Looked at first is the pointer, then the routing; written is only over the pointer that
was looked at; and who wrote looks at the routing once more. So of several who write the last one has seen the last routing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from scripts.errors import RegionUnavailableError, UnsafePlanError
from scripts.release.bucket import ContentBucket
from scripts.release.manifest import Manifest
from scripts.release.pointers import HeldPointer, held_pointer, write_pointer
from scripts.release.routing import RoutingStore, RoutingVersion, ServedRelease, served

_MOST_ROUNDS = 20
"""Each further one means that somebody else switched in between, which takes seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the next writes rest on.

    Attributes:
        pointers: region -> its pointer object, looked at before the routing was.
        current: the routing.
        manifest: of the active release, if it is at hand.
    """

    pointers: Mapping[str, HeldPointer]
    current: RoutingVersion
    manifest: Manifest | None = None


def follow_routing(
    store: RoutingStore,
    buckets: Sequence[ContentBucket],
    *,
    seen: Seen | None = None,
    with_page: bool = True,
    is_patient: bool = False,
) -> RoutingVersion:
    """Lets regions follow the routing until they agree with it; returns it. A region that lacks the release stays as it is.

    Args:
        store: the routing.
        buckets: of the regions.
        seen: what was found out already. Default: it is asked for.
        with_page: whether the page of CloudFront's error response may be another one.
        is_patient: go on without a region that does not answer; `failover verify --repair` brings it in line. Default: an error.

    Raises:
        UnsafePlanError: others switched so often meanwhile that this gave up.
        AwsError: a region failed.
    """
    for _ in range(_MOST_ROUNDS):
        found = seen or _look(store, buckets, is_patient=is_patient)
        with ThreadPoolExecutor(max(1, len(found.pointers))) as pool:
            asked = [bucket for bucket in buckets if bucket.region in found.pointers]
            write = partial(_follow, seen=found, with_page=with_page, is_patient=is_patient)
            follows = list(pool.map(write, asked))
        if all(follows) and _is_still(store, found.current):
            return found.current
        seen, with_page = None, True  # the page may be of the release that was active then
    raise UnsafePlanError(
        "the active release changed again and again while the regions' pointers were written: let one publish at a time, then "
        "run failover verify --repair --apply"
    )


def _look(store: RoutingStore, buckets: Sequence[ContentBucket], *, is_patient: bool) -> Seen:
    def pointer(bucket: ContentBucket) -> HeldPointer | None:
        try:
            return held_pointer(bucket.client, bucket.name)
        except RegionUnavailableError:
            if not is_patient:
                raise
            return None

    with ThreadPoolExecutor(max(1, len(buckets))) as pool:
        found = dict(zip((bucket.region for bucket in buckets), pool.map(pointer, buckets), strict=True))
    pointers = {region: each for region, each in found.items() if each is not None}
    return Seen(pointers=pointers, current=store.read())


def _is_still(store: RoutingStore, current: RoutingVersion) -> bool:
    return store.etag() == current.etag or store.read().routing.active == current.routing.active


def _follow(bucket: ContentBucket, *, seen: Seen, with_page: bool, is_patient: bool) -> bool:
    """Writes what a region lacks; returns whether it follows now, or cannot."""
    active = seen.current.routing.active
    if active is None:
        return True
    try:
        manifest = seen.manifest or _manifest_of(bucket, active)
        if manifest is None:
            return True
        if with_page:
            bucket.copy_not_found_page(manifest)
        held = seen.pointers[bucket.region]
        if held.pointer is not None and held.pointer.follows(active):
            return True
        # Last: a pointer that is old says to the next publish that this one did not end.
        return write_pointer(bucket.client, bucket.name, active, manifest, region=bucket.region, replacing=held)
    except RegionUnavailableError:
        if not is_patient:
            raise
        return True


def _manifest_of(bucket: ContentBucket, active: ServedRelease) -> Manifest | None:
    """Returns a region's manifest of the active release; None: it has none, or another state of it, which `verify` names."""
    manifest = bucket.read_manifest(active.id, active.base)
    return manifest if manifest is not None and served(manifest, manifest.index()) == active else None
