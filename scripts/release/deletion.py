"""Deleting what a plan of prune.py names, so that nobody loses what he is about to switch to.

What goes is claimed in the KeyValueStore first, by a write under the version that the plan rests on. It moves the version, so
whoever decided on a switch before is refused, and whoever decides after it sees the claim. Deleted is after a pause, in which a
publish or repair that still writes there is noticed. Manifests go first, in every region; what is left of a half-pruned release
is then an orphan that the next run finishes. A claim is given up at the end, however that comes, and ends by itself after a kill.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

from scripts.aws.clients import cause_of
from scripts.clock import Clock
from scripts.errors import AwsError, UnsafePlanError
from scripts.release.bucket import DELETES_PER_CALL
from scripts.release.inventory import list_regions
from scripts.release.manifest import manifest_key
from scripts.release.prune import PrunePlan, Removal, objects_of, traces_of
from scripts.release.routing import RoutingStore
from scripts.release.standing import CLAIM_PREFIX, claims_on, time_of
from scripts.release.website import Website

DEFAULT_PAUSE_SECONDS = 150
"""Longer than one request of a publish may take, four tries of 35 s (scripts/aws/clients.py): whoever still publishes into a
claimed release has left a trace there by then."""
_DELETING_SECONDS = 3600
_MARGIN_SECONDS = 600
"""The claim outlasts the last request to delete by this much."""


def prune(
    site: Website,
    plan: PrunePlan,
    progress: Callable[[int], None] = lambda _count: None,
    *,
    clock: Clock,
    pause_seconds: float = DEFAULT_PAUSE_SECONDS,
) -> None:
    """Claims what the plan names, waits, and deletes it.

    Args:
        site: the website.
        plan: what goes.
        progress: called with the number of objects that were deleted since it was called last.
        clock: waits and limits the deletion to the time of the claim.
        pause_seconds: between claim and deletion, AWS seconds.

    Raises:
        AwsError: ConflictException when anybody wrote the store since the plan; nothing was deleted then. Or an AWS call failed:
            run it again.
        UnsafePlanError: somebody wrote to a release of the plan since; nothing was deleted. Or the time did not do.
    """
    deadline_seconds = clock.now_seconds() + pause_seconds + _DELETING_SECONDS
    until = timedelta(seconds=pause_seconds + _DELETING_SECONDS + _MARGIN_SECONDS)
    release_ids = [each.release_id for each in plan.removals]
    try:
        _claim(site, plan, release_ids, until)
        if plan.removals:
            asyncio.run(clock.sleep(pause_seconds))
            _insist_on_untouched(site, plan.removals)
            _delete(site, plan.removals, progress, lambda: clock.now_seconds() < deadline_seconds)
    except BaseException:
        with suppress(AwsError):  # the claims end by themselves; what went wrong first is what is told
            _give_up(site.routing, release_ids)
        raise
    try:
        _give_up(site.routing, release_ids)
    except AwsError as error:
        told = (
            f"{cause_of(error)}. Everything of the plan was deleted, and the "
            "claim on it was not taken back: it ends by itself in about an hour, and until then another prune is refused"
        )
        raise error.retold(told) from error


def _claim(site: Website, plan: PrunePlan, release_ids: Iterable[str], until: timedelta) -> None:
    """Claims the releases and takes out what the store has too much, in writes that each rest on the one before."""
    claims = claims_on(release_ids, time_of(site.routing.read()) + until)
    etag = site.routing.put_entries(claims, expected_etag=plan.etag)
    gone = [key for key in (*plan.index_keys, *plan.ended_keys) if key not in claims]
    site.routing.delete_keys(gone, expected_etag=etag)


def _give_up(store: RoutingStore, release_ids: Iterable[str]) -> None:
    """Takes the claims back, whoever else writes meanwhile."""
    claimed = {f"{CLAIM_PREFIX}{each}" for each in release_ids}
    while claimed:
        etag = store.etag()
        held = [key for key in store.entries(CLAIM_PREFIX) if key in claimed]
        try:
            store.delete_keys(held, expected_etag=etag)
        except AwsError as error:
            if error.code != "ConflictException":
                raise
        else:
            return


def _insist_on_untouched(site: Website, removals: Iterable[Removal]) -> None:
    listings = list_regions(site.buckets)
    for listing in listings.values():
        if listing.error is not None:
            raise listing.error
    now = traces_of(listings, objects_of(site))
    for removal in removals:
        for region, found in now.items():
            if found.get(removal.release_id, {}) != removal.traces.get(region, {}):
                raise UnsafePlanError(
                    f"somebody wrote to release {removal.release_id} in {region} while it was about to be deleted: nothing was "
                    "deleted; run prune again when no publish or repair is under way"
                )


def _delete(
    site: Website, removals: Iterable[Removal], progress: Callable[[int], None], is_in_time: Callable[[], bool]
) -> None:
    for batch in _batches(removals):
        if not is_in_time():
            raise UnsafePlanError("the time that was claimed for the deletion is over: run prune again for the rest")
        with ThreadPoolExecutor(len(site.buckets)) as pool:
            manifests = [manifest_key(removal.release_id) for removal in batch]
            list(pool.map(lambda bucket, keys=manifests: bucket.delete_objects(keys), site.buckets.values()))
            going = {region: [key for each in batch for key in each.keys.get(region, ())] for region in site.buckets}
            list(pool.map(lambda region, keys: site.buckets[region].delete_objects(keys), going, going.values()))
        progress(sum(len(keys) for keys in going.values()))


def _batches(removals: Iterable[Removal]) -> Iterator[list[Removal]]:
    """Yields removals that a request per region deletes; a release of more objects takes several and is alone."""
    batch: list[Removal] = []
    size = 0
    for removal in removals:
        objects = max(1, *(len(keys) for keys in removal.keys.values()))
        if batch and size + objects > DELETES_PER_CALL:
            yield batch
            batch, size = [], 0
        batch.append(removal)
        size += objects
    if batch:
        yield batch
