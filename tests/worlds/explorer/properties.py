"""What must hold of a website in any state, and at the end of any order of its operators' requests."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache

from scripts.release.manifest import MANIFESTS_PREFIX, Manifest, manifest_key, parse_manifest
from scripts.release.pointers import POINTER_KEY, Pointer
from scripts.release.routing import Routing, ServedRelease, parse_routing
from scripts.release.serving.index import Index, chunk_key
from scripts.release.serving.url_rules import NO_PAGE
from tests.worlds.explorer.cloud import Cloud
from tests.worlds.explorer.operators import REGIONS


def routing_at(text: str) -> Routing:
    """Returns the routing that a value of the store is."""
    return _routing(text)


def routing_of(cloud: Cloud) -> Routing:
    """Returns the routing."""
    return _routing(cloud.values.get("routing", "{}"))


@lru_cache(maxsize=10_000)
def _routing(text: str) -> Routing:
    return parse_routing(text)


def manifest_in(cloud: Cloud, region: str, release_id: str) -> Manifest | None:
    """Returns a region's manifest of a release, None when it or that of its base is not there."""
    held = cloud.objects.get((region, manifest_key(release_id)))
    if held is None:
        return None
    base_id = parse_manifest(held.body).base_id
    base = cloud.objects.get((region, manifest_key(base_id)))
    return None if base is None else _manifest(held.body, base.body)


@lru_cache(maxsize=10_000)
def _manifest(body: bytes, base: bytes) -> Manifest:
    stored = parse_manifest(body)
    return stored.on(None if body == base else parse_manifest(base).on(None))


def insist_on_whole_releases(cloud: Cloud) -> None:
    """Every release that a viewer may get is whole in each region that says so, and some region says so.

    Raises:
        AssertionError: names what is lost.
    """
    for release in routing_of(cloud).releases:
        manifests = {region: manifest_in(cloud, region, release.id) for region in REGIONS}
        assert any(manifests.values()), f"LOST: no region has a manifest of {release.id}"
        _insist_on_index(cloud, release)
        for region, manifest in manifests.items():
            if manifest is not None:
                _insist_on_objects(cloud, region, release, manifest)


def _insist_on_index(cloud: Cloud, release: ServedRelease) -> None:
    lost = [number for number in range(release.chunks) if chunk_key(release.index, number) not in cloud.values]
    assert not lost, f"LOST: the KeyValueStore lacks {len(lost)} chunks of the index of {release.id}"


def _insist_on_objects(cloud: Cloud, region: str, release: ServedRelease, manifest: Manifest) -> None:
    """By the router's way, base and index, which is not the manifest's when the release was published anew.

    What was taken down and lifted lies where the manifest says before the index leads anybody there.
    """
    index = _index_of(cloud, release)
    for file in manifest.files:
        led = index.increment_of(file.path) or release.base
        key = file.key if led == NO_PAGE else f"releases/{led}/{file.path}"
        held = cloud.objects.get((region, key))
        assert held is not None, f"LOST: {region} lacks {key} of {release.id}"
        assert held.etag == file.md5, f"TORN: {region} has something else as {key} of {release.id}"


def _index_of(cloud: Cloud, release: ServedRelease) -> Index:
    chunks = tuple(cloud.values[chunk_key(release.index, number)] for number in range(release.chunks))
    return Index(id=release.index, salt=release.salt, chunks=chunks)


def insist_on_agreement(cloud: Cloud) -> None:
    """Each region that holds the active release follows it: pointer and 404 page.

    Raises:
        AssertionError: names the region and what it serves.
    """
    active = routing_of(cloud).active
    if active is None:
        return
    for region in REGIONS:
        manifest = manifest_in(cloud, region, active.id)
        if manifest is None:
            continue
        pointer = cloud.objects.get((region, POINTER_KEY))
        document = {} if pointer is None else json.loads(pointer.body)
        names = document.keys() & Pointer.__dataclass_fields__.keys()
        follows = pointer is not None and Pointer(**{name: document[name] for name in names}).follows(active)
        assert follows, f"DISAGREE: {region} points at {document.get('release_id')}, the routing says {active.id}"
        page = manifest.not_found_page
        held = cloud.objects.get((region, "errors/404.html"))
        assert page is None or (held is not None and held.etag == page.md5), f"DISAGREE: 404 page of {region}"


def insist_on_folder(cloud: Cloud, built: Manifest) -> None:
    """Viewers get every file of the folder of the active release, or of the canary, from every region.

    Raises:
        AssertionError: names one that they do not.
    """
    routing = routing_of(cloud)
    served = (routing.active, routing.canary.release if routing.canary else None)
    release = next(each for each in served if each is not None and each.id == built.release_id)
    for file in built.files:
        key = f"releases/{_index_of(cloud, release).increment_of(file.path) or release.base}/{file.path}"
        for region in REGIONS:
            held = cloud.objects.get((region, key))
            assert held is not None, f"LEFT OUT: {region} has no {key} of {built.release_id}"
            assert held.etag == file.md5, f"LEFT OUT: {region} has something else as {key} of {built.release_id}"


def insist_on_gone(cloud: Cloud, path: str) -> None:
    """No region has an object or a manifest of a file that was taken down.

    Raises:
        AssertionError: names one.
    """
    for (region, key), stored in cloud.objects.items():
        assert not key.endswith(f"/{path}"), f"STAYED: {region} holds {key}"
        if key.startswith(MANIFESTS_PREFIX):
            listed = {file.path for file in parse_manifest(stored.body).files}
            assert path not in listed, f"STAYED: {region} lists it in {key}"


def insist_on_unserved(cloud: Cloud, path: str) -> None:
    """No viewer gets a file that was taken down, whatever lies in the buckets still.

    Raises:
        AssertionError: names the object that he gets.
    """
    for release in routing_of(cloud).releases:
        key = f"releases/{_index_of(cloud, release).increment_of(path) or release.base}/{path}"
        assert all((region, key) not in cloud.objects for region in REGIONS), f"SERVED: {key} of {release.id}"


def digest_of(*texts: str) -> str:
    """Returns a name for what texts say."""
    return hashlib.sha256("|".join(texts).encode()).hexdigest()[:16]


def has_manifest(cloud: Cloud, release_id: str) -> bool:
    """Whether any region has it."""
    return any((region, f"{MANIFESTS_PREFIX}{release_id}.json") in cloud.objects for region in REGIONS)
