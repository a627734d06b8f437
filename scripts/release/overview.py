"""The state of the website as its operator asks for it: routing, pointers and parity, whatever still answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scripts.aws.clients import cloudwatch_client
from scripts.clock import utc_now
from scripts.errors import MissingOutputError, RegionUnavailableError
from scripts.release.bucket import ContentBucket
from scripts.release.manifest import Manifest
from scripts.release.parity import RegionParity, check_parity, find_manifest
from scripts.release.parity_metric import LastComparison, last_comparison
from scripts.release.pointers import read_pointer
from scripts.release.routing import Routing
from scripts.release.store_parity import foreign_words
from scripts.release.website import Website


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionOverview:
    """One region.

    Attributes:
        is_drained: whether CloudFront asks its bucket last.
        answers: whether its S3 answered.
        pointer: the release that its regional endpoint serves; None when unknown or none.
        comparison: what its parity check found last; None: it has none.
        parity: of the active release; None when none is active, its manifest is nowhere, or the region does not answer.
    """

    is_drained: bool
    answers: bool
    pointer: str | None
    parity: RegionParity | None
    comparison: LastComparison | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The website.

    Attributes:
        hostname: the public name.
        entry: what stands behind it, "cloudfront" or "regional".
        routing: what the router reads.
        regions: region -> its state.
        foreign: the active release -> what the routing says of it and its manifest does not give; usually empty.
        lacks_manifest: whether a release is active of which no region has a manifest, and every region answered.
        page_digests: MD5 of every content that the home page may have now, or of the 404 page where there is no home page; empty
            when no region told.
    """

    hostname: str
    entry: str
    routing: Routing
    regions: Mapping[str, RegionOverview]
    foreign: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lacks_manifest: bool = False
    page_digests: frozenset[str] = frozenset()


def take_overview(
    site: Website, cloudwatch: Callable[[str], Any] = cloudwatch_client, *, now: Callable[[], datetime] = utc_now
) -> Overview:
    """Asks the KeyValueStore and every region; a region that does not answer is part of the result.

    Args:
        site: the website.
        cloudwatch: makes a client for a region's metrics; only called for regions with a parity check.
        now: the clock.
    """

    def compared(region: str) -> LastComparison:
        return last_comparison(cloudwatch(region), hostname=site.hostname, region=region, now=now())

    routing = site.routing.read().routing
    with ThreadPoolExecutor(len(site.buckets) + len(site.parity_regions)) as pool:
        comparisons = {region: pool.submit(compared, region) for region in site.parity_regions}
        pointers = dict(zip(site.buckets, pool.map(_pointer, site.buckets.values()), strict=True))
    answering = [bucket for region, bucket in site.buckets.items() if pointers[region].answers]
    manifests = _manifests(answering, routing)
    manifest = manifests[0] if manifests else None
    parity = {} if manifest is None else check_parity(answering, manifest, routing).regions
    words = () if manifest is None or routing.active is None else foreign_words(routing.active, manifest, routing)
    regions = {
        region: RegionOverview(
            is_drained=region in routing.drained_regions,
            answers=pointer.answers,
            pointer=pointer.release_id,
            parity=parity.get(region),
            comparison=comparisons[region].result() if region in comparisons else None,
        )
        for region, pointer in pointers.items()
    }
    return Overview(
        hostname=site.hostname,
        entry=site.entry,
        routing=routing,
        regions=regions,
        foreign={str(routing.release_id): words} if words else {},
        lacks_manifest=routing.active is not None and manifest is None and len(answering) == len(site.buckets),
        page_digests=frozenset(digest for each in manifests if (digest := _page_digest(each)) is not None),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pointer:
    answers: bool
    release_id: str | None = None


def _pointer(bucket: ContentBucket) -> _Pointer:
    try:
        pointer = read_pointer(bucket.client, bucket.name)
        return _Pointer(answers=True, release_id=None if pointer is None else pointer.release_id)
    except RegionUnavailableError:
        return _Pointer(answers=False)


def _manifests(buckets: list[ContentBucket], routing: Routing) -> list[Manifest]:
    """Returns the manifests of the active release and of a canary, the active one first, as far as a region tells them."""
    found: list[Manifest] = []
    for release_id in (routing.release_id, routing.canary_release_id):
        if release_id is None or not buckets:
            continue
        try:
            found.append(find_manifest(buckets, release_id))
        except (MissingOutputError, RegionUnavailableError):
            return found
    return found


def _page_digest(manifest: Manifest) -> str | None:
    files = {file.path: file.md5 for file in manifest.files}
    return files.get("index.html", files.get("404.html"))
