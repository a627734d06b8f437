"""Taking a file down: out of every region, version and retained release, out of the edges' caches, and out of what comes next.

A file that was published by mistake must go at once and must not come back: not by a rollback, not by a repair, not by the parity
check, which all put back what a manifest lists. So the order is

1. a note in the KeyValueStore (taken_down.py): whoever planned a switch before is refused, whoever plans one after it sees it;
2. the manifests, each by a conditional write: from then on nothing that reads them asks for the file;
3. the routing and the pointers: the index of every release that viewers may get sends the path where nothing has ever lain, so a
   copy in an edge's cache or in the memory of a regional endpoint's function has no address any more;
4. the edges' caches, before the deletion and after it: after a crash between the two the versions still tell what to invalidate;
5. every version of every object, in each region by itself, and the delete markers;
6. all of it again until a look at every region finds nothing: somebody may have been sending the file meanwhile.

A crash leaves what the next run finds and finishes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from scripts.clock import rfc3339
from scripts.errors import AwsError, UnsafePlanError
from scripts.release.bucket import NOT_FOUND_PAGE_KEY, ContentBucket
from scripts.release.following import follow_routing
from scripts.release.manifest import NOT_FOUND_PAGE, RELEASES_PREFIX, Manifest
from scripts.release.routing import CONFLICT, Routing, RoutingStore, ServedRelease, served
from scripts.release.serving.clean_urls import canonical
from scripts.release.serving.index import Index
from scripts.release.standing import time_of
from scripts.release.takedown_plan import TakedownPlan, addresses_of
from scripts.release.takedown_search import (
    Survey,
    delete_versions,
    earlier_not_found_pages,
    survey,
)
from scripts.release.taken_down import note
from scripts.release.website import Website

Invalidate = Callable[[Sequence[str]], None]
"""Asks every distribution to drop paths."""
_A_MOMENT = timedelta(milliseconds=1)
_MOST_ROUNDS = 20
"""Each further one means that somebody else wrote in between, which takes seconds."""


def take_down(site: Website, plan: TakedownPlan, invalidate: Invalidate) -> Survey:
    """Takes the files down in every region that answers; returns what the regions hold afterwards.

    Args:
        site: the website.
        plan: the files.
        invalidate: empties the edges' caches.

    Raises:
        AwsError: an AWS call failed: run it again, it goes on where it stopped.
        UnsafePlanError: others wrote so often meanwhile that this gave up; the same.
    """
    buckets = {region: bucket for region, bucket in site.buckets.items() if region in plan.found.regions}
    now = time_of(site.routing.read())
    at = rfc3339(now)
    note(site.routing, (each for each in plan.notes(at) if each.path not in plan.noted), at)
    since = plan.since(at)
    served_now = site.routing.read().routing.increments  # who planned another one before is refused by now
    found = _seen(buckets)  # who switched before the note has written manifests that the plan has not seen
    for number in range(_MOST_ROUNDS):
        # Whoever sent what is deleted now may be about to list it: he must find other manifests than he has read. The store tells
        # whole seconds, so that others may decide in this one.
        began, decided_at = rfc3339(now + number * _A_MOMENT), rfc3339(now + (number + 1) * _A_MOMENT)
        until = began if found.holds(plan.names) else since
        forget = partial(_forget, found=found, names=plan.names, since=until, at=decided_at, served_now=served_now)
        _in_each(buckets, forget)
        _reroute(site.routing, buckets, plan.names)
        follow_routing(site.routing, list(buckets.values()), is_patient=True)
        addresses = _addresses(plan.names, found.increments)
        invalidate(addresses)
        _in_each(buckets, partial(_delete, found=found, names=plan.names))
        invalidate(addresses)
        found = _seen(buckets)
        if not found.holds(plan.names) and not found.outdated(plan.names, since, served_now):
            return found
    raise UnsafePlanError(
        "somebody else sent the file again and again while it was taken down: stop the publish or repair that is under way, then "
        "run this again"
    )


def _seen(buckets: Mapping[str, ContentBucket]) -> Survey:
    """Returns what the regions hold now.

    Raises:
        UnsafePlanError: one does not answer any more.
    """
    found = survey(buckets)
    if found.silent:
        raise UnsafePlanError(
            f"{' and '.join(found.silent)} stopped answering while the file was taken down and may still hold it: run this again "
            "when it answers"
        )
    return found


def _in_each(buckets: Mapping[str, ContentBucket], act: Callable[[ContentBucket], None]) -> None:
    with ThreadPoolExecutor(len(buckets)) as pool:
        list(pool.map(act, buckets.values()))


def _forget(
    bucket: ContentBucket, *, found: Survey, names: frozenset[str], since: str, at: str, served_now: frozenset[str]
) -> None:
    """Takes files out of the manifests of a region that list them, whoever else writes them meanwhile."""
    holding = found.regions[bucket.region]
    for release_id in holding.outdated(names, since, served_now):
        unsaid = holding.unsaid(release_id, names)
        for _ in range(_MOST_ROUNDS):
            held = bucket.manifest_document(release_id)
            changed = None if held is None else without(held[0], names, unsaid=unsaid, since=since, at=at)
            if held is None or changed is None or bucket.replace_manifest(release_id, changed, etag=held[1]):
                break
        else:
            raise UnsafePlanError(
                f"the manifest of release {release_id} in {bucket.region} was written again and again: let one command run at a "
                "time, then run this again"
            )


def without(content: bytes, names: frozenset[str], *, unsaid: frozenset[str], since: str, at: str) -> bytes | None:
    """Returns a stored manifest that does not list files, and says that they were taken down; None: it does so already.

    Args:
        content: the manifest; one that is unreadable lists nothing.
        names: the files.
        unsaid: those that it has to say of, although only its base may have listed them.
        since: a manifest that says it and was decided until then is written anew all the same (Holding.outdated).
        at: when this is decided, which is later.
    """
    try:
        document: dict[str, Any] = json.loads(content)
        listed = {row[0] for row in (*document["files"], *document["retained"])} & names
    except (ValueError, KeyError, TypeError, IndexError):
        return None
    before = {*document.get("taken_down", ())}
    gone = {*before, *listed, *unsaid}
    if not listed and gone == before and (before.isdisjoint(names) or document.get("decided_at", "") > since):
        return None
    for part in ("files", "retained"):
        document[part] = [row for row in document[part] if row[0] not in listed]
    if document.get("fallback") in listed:
        del document["fallback"]
    document["taken_down"] = sorted(gone)
    document["decided_at"] = max(at, document.get("decided_at", ""))
    return (json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n").encode()


def _reroute(store: RoutingStore, buckets: Mapping[str, ContentBucket], names: frozenset[str]) -> None:
    """Lets the routing send the paths nowhere, in every release that viewers may get."""
    for _ in range(_MOST_ROUNDS):
        current = store.read()
        manifests = {each.id: _manifest(buckets.values(), each) for each in current.routing.releases}
        indexes = {
            release_id: manifest.index()
            for release_id, manifest in manifests.items()
            if manifest is not None and manifest.emptied & names
        }
        target = _routed(current.routing, {each: (manifests[each], index) for each, index in indexes.items()})
        if target == current.routing:
            return
        entries = {key: value for index in indexes.values() for key, value in _entries(index)}
        try:
            etag = store.put_entries(entries, expected_etag=current.etag)
            store.write(target, expected_etag=etag)
        except AwsError as error:
            if error.code != CONFLICT:
                raise
        else:
            return
    raise UnsafePlanError("others switched again and again while the file was taken down: run it again")


def _manifest(buckets: Iterable[ContentBucket], release: ServedRelease) -> Manifest | None:
    """Returns a release's manifest from the first region that has one, and can read it."""
    for bucket in buckets:
        try:
            if (manifest := bucket.read_manifest(release.id, release.base)) is not None:
                return manifest
        except UnsafePlanError:
            continue
    return None


def _entries(index: Index) -> Iterable[tuple[str, str]]:
    yield from index.entries.items()
    yield from index.redirects.items()


def _routed(routing: Routing, given: Mapping[str, tuple[Manifest | None, Index]]) -> Routing:
    """Returns the routing with these releases as their manifests have them now."""

    def anew(release: ServedRelease) -> ServedRelease:
        manifest, index = given.get(release.id, (None, Index()))
        return release if manifest is None else served(manifest, index)

    canary = routing.canary
    return replace(
        routing,
        active=routing.active and anew(routing.active),
        previous=routing.previous and anew(routing.previous),
        canary=canary and replace(canary, release=anew(canary.release)),
    )


def _delete(bucket: ContentBucket, *, found: Survey, names: frozenset[str]) -> None:
    going = list(found.regions[bucket.region].versions_of(names))
    if NOT_FOUND_PAGE in names:
        going += earlier_not_found_pages(bucket)
    delete_versions(bucket, going)


def _addresses(names: Iterable[str], increments: Iterable[str]) -> list[str]:
    """Returns what the edges may keep the files under: the address that was asked for, and where the router function led it.

    Both, as AWS advises for functions that change the path:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
    """
    asked = [address for name in sorted(names) for address in addresses_of(name)]
    stored = [f"/{RELEASES_PREFIX}{each}/{canonical(name)}" for each in sorted(increments) for name in sorted(names)]
    page = [f"/{NOT_FOUND_PAGE_KEY}"] if NOT_FOUND_PAGE in names else []
    return list(dict.fromkeys([*asked, *stored, *page]))
