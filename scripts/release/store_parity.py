"""Whether the KeyValueStore holds what the router needs of the releases that viewers may get: indexes and redirects.

A region's objects are compared in parity.py. A lost or changed chunk sends viewers to the base increment, which has an older file
or none, and no publish of the same release would write it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace

from scripts.errors import MissingOutputError, UnsafePlanError
from scripts.release.bucket import ContentBucket
from scripts.release.manifest import Manifest
from scripts.release.parity import find_manifest
from scripts.release.routing import Routing, RoutingStore, RoutingVersion, ServedRelease
from scripts.release.routing import served as routed
from scripts.release.serving.index import chunk_key, index_id
from scripts.release.serving.url_rules import REDIRECT_PREFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreParity:
    """The store compared with manifests.

    Attributes:
        compared: releases that were, of those that the routing names.
        lacking: key -> value that a manifest gives and the store has not.
        lost: keys that the store lacks and no manifest gives.
        etag: version of the store before it was compared.
        foreign: release -> what the routing says of it and its manifest does not give, as words of the routing.
    """

    compared: tuple[str, ...]
    lacking: Mapping[str, str]
    lost: tuple[str, ...]
    etag: str
    foreign: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_reached(self) -> bool:
        """Whether the router finds all of these releases, as their manifests have them."""
        return not self.lacking and not self.lost and not self.foreign


def check_store(
    store: RoutingStore, current: RoutingVersion, buckets: Iterable[ContentBucket], release_id: str | None
) -> StoreParity:
    """Compares the store with the manifests of the active, previous and canary release.

    Args:
        store: the store.
        current: its routing.
        buckets: where manifests lie.
        release_id: the one release that is compared, if the routing names it. None: all of them.

    Raises:
        RegionUnavailableError: no region that answers has a manifest, and one did not answer.
        UnsafePlanError: two regions disagree on what the active release is, or its manifest is unreadable.
    """
    served = [each for each in current.routing.releases if release_id in (None, each.id)]
    held = store.index_entries() if any(each.chunks or each.redirects for each in served) else {}
    wanted: dict[str, str] = {}
    lost: list[str] = []
    foreign: dict[str, tuple[str, ...]] = {}
    for release in served:
        manifest = _manifest(buckets, release, current)
        if manifest is not None and (words := foreign_words(release, manifest, current.routing)):
            foreign[release.id] = words
        if release.chunks or release.redirects:
            given = _given(release, manifest)
            wanted |= given
            lost += _lost(release, given, held)
    return StoreParity(
        compared=tuple(dict.fromkeys(each.id for each in served)),
        lacking={key: value for key, value in wanted.items() if held.get(key) != value},
        lost=tuple(lost),
        etag=current.etag,
        foreign=foreign,
    )


def foreign_words(release: ServedRelease, manifest: Manifest, routing: Routing) -> tuple[str, ...]:
    """Returns the words of the routing that a release's manifest does not give: somebody wrote them by hand.

    Of a release beside the active one only what its folder decides is compared: a publish or rollback to it that did not end has
    written its manifest anew, with other increments or retained files.
    """
    given = asdict(routed(manifest, manifest.index()))
    words = asdict(release)
    compared = words if release.id == routing.release_id else ("style", "redirects")
    return tuple(name for name in compared if words[name] != given[name])


def repair_store(store: RoutingStore, found: StoreParity) -> StoreParity:
    """Writes what the store lacks and a manifest gives; returns what is still lost.

    Raises:
        AwsError: ConflictException when somebody else wrote since it was compared.
    """
    etag = store.put_entries(found.lacking, expected_etag=found.etag)
    return replace(found, lacking={}, etag=etag)


def _manifest(buckets: Iterable[ContentBucket], release: ServedRelease, current: RoutingVersion) -> Manifest | None:
    """Returns a release's manifest; an unreadable one of another release than the active one gives nothing, as an absent one."""
    try:
        return find_manifest(buckets, release.id)
    except MissingOutputError:
        return None
    except UnsafePlanError:
        if release.id == current.routing.release_id:
            raise
        return None


def _given(release: ServedRelease, manifest: Manifest | None) -> dict[str, str]:
    """Returns the keys of a release that its manifest gives.

    A manifest gives another index than the routing names when the release was published anew, as a canary, on other increments.
    """
    if manifest is None:
        return {}
    index = manifest.index()
    return {
        **(index.entries if (index.id, index.salt) == (release.index, release.salt) else {}),
        **(index.redirects if index.redirects_id == release.redirects else {}),
    }


def _lost(release: ServedRelease, given: Mapping[str, str], held: Mapping[str, str]) -> list[str]:
    """Returns the keys that no manifest gives and the store has not. An index names itself by its digest, so its chunks tell."""
    keys = [chunk_key(release.index, number) for number in range(release.chunks)]
    is_whole = index_id(release.salt, [held.get(key, "") for key in keys]) == release.index
    lost = [key for key in keys if key not in given and not is_whole]
    redirects = f"{REDIRECT_PREFIX}{release.redirects}"
    if release.redirects and not any(key.startswith(redirects) for key in (*given, *held)):
        lost.append(redirects)
    return lost
