"""What `failover sync-content` does with a folder: plan, upload, switch, ask the site, and the words about it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from scripts.commands.publishing.after_switch import Switched, keep_good_canary, keep_what_answers
from scripts.commands.publishing.promotion import promote
from scripts.commands.publishing.words import print_publish, publish_document, publish_notes
from scripts.commands.shared.asking import network_probe
from scripts.commands.shared.bars import byte_bar
from scripts.commands.shared.options import open_website, publisher
from scripts.errors import InterruptedPublishError, RegionUnavailableError, WrongUsageError
from scripts.exits.exits import Exits
from scripts.exits.store import ExitUnavailableError, Source
from scripts.exits.words import exits_of, left_behind
from scripts.local.endpoints import Endpoints
from scripts.release.build_order import Build, commit_seconds
from scripts.release.folder import FolderReading
from scripts.release.publish import Publisher, PublishPlan
from scripts.release.reviewed import insist
from scripts.release.routing import RoutingVersion
from scripts.release.samples import sample
from scripts.release.website import Website


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishOptions:
    """The options of `failover sync-content`, as its help says them."""

    canary: int | None
    watch_seconds: float
    promote_after: float | None
    allow_degraded: bool
    force: bool
    build_number: int | None
    source_seconds: int | None
    reviewed: str | None
    probe: bool
    apply: bool
    as_json: bool


def publish_reading(
    reading: FolderReading, outputs: Path, endpoints: Endpoints | None, options: PublishOptions
) -> None:
    """Publishes a folder that is being read, or prints the plan, and prints what became of it.

    Raises:
        typer.Exit: 1: a server outside AWS was left behind.
    """
    folder, apply, canary, watch_seconds = reading.folder, options.apply, options.canary, options.watch_seconds
    website, exits = open_website(outputs, is_hasty=True), exits_of(outputs)
    if canary is not None and options.promote_after is None:
        _refuse_without_router(website)
    asking = network_probe(website, endpoints) if options.probe and apply else None
    try:
        site = publisher(website)
        with ThreadPoolExecutor(1) as pool:
            survey = pool.submit(site.survey)  # the regions answer while the folder is read
            built = reading.manifest()
        if options.reviewed is not None:
            insist(folder, built.release_id, options.reviewed)
        build = Build(
            number=options.build_number,
            source_seconds=commit_seconds(folder) if options.source_seconds is None else options.source_seconds,
        )
        plan = site.plan(
            built, survey.result(), allow_degraded=options.allow_degraded, force=options.force, build=build
        )
        notes = publish_notes(website, plan, folder)
        routing = plan.current.routing
        source = Source(website.buckets.values(), folder)
        behind = _bring(exits, plan, source, allow_degraded=options.allow_degraded) if apply else []
        if options.promote_after is not None:
            canary, watch_seconds = canary if _can_be_tried(website, plan) else None, options.promote_after
        if apply and plan.is_empty:
            site.note_build(plan)
        if apply and not plan.is_empty:
            with _telling_where_it_was_interrupted(plan):
                try:
                    written = publish(site, plan, folder, canary=canary)
                except RegionUnavailableError as error:
                    if not options.allow_degraded or error.region in plan.left_out:
                        raise
                    print(f"failover: {error}. Going on without {error.region}", file=sys.stderr)
                    plan = site.plan(built, site.survey([error]), allow_degraded=True, force=options.force, build=build)
                    written = publish(site, plan, folder, canary=canary)
                routing = written.routing
                if canary is not None and watch_seconds:
                    keep_good_canary(website, endpoints, plan, seconds=watch_seconds)
                if asking is not None and canary is None and plan.switches:
                    files = sample(plan.manifest, plan.changes)
                    switched = Switched(
                        release_id=plan.manifest.release_id, files=files, earlier=plan.current.routing, written=written
                    )
                    keep_what_answers(website, asking, switched)
        if apply and routing.release_id == plan.manifest.release_id:
            behind = [*behind, *exits.without(behind).follow(plan.manifest, source.write)]
    except RegionUnavailableError as error:
        raise _with_way_out(error, website, is_allowed=options.allow_degraded) from error
    if apply and canary is not None and options.promote_after is not None:
        promoted = promote(website, exits, network_probe(website, endpoints) if options.probe else None, apply=True)
        behind = list(promoted.behind)
        routing, canary = website.routing.read().routing, None
    if options.as_json:
        told = {"exits_left_behind": [each.name for each in behind], "notes": notes}
        print(json.dumps({**publish_document(plan, canary, routing, applied=apply), **told}))
    else:
        print_publish(website, plan, canary, notes, applied=apply)
        for line in left_behind(behind):
            print(line)
    if behind and not options.allow_degraded:
        raise typer.Exit(1)


def _bring(exits: Exits, plan: PublishPlan, source: Source, *, allow_degraded: bool) -> list[ExitUnavailableError]:
    """Stores the release outside AWS before anything is switched; returns what is left out.

    Raises:
        ExitUnavailableError: a store cannot be used, and nothing may be left out.
    """
    failures = exits.bring(plan.manifest, source.write)
    if failures and not allow_degraded:
        raise ExitUnavailableError(
            name=failures[0].name,
            place=failures[0].place,
            why=f"{failures[0].why}. Nothing was switched. To publish without it, add --allow-degraded",
        )
    return failures


def _can_be_tried(website: Website, plan: PublishPlan) -> bool:
    """Whether some viewers can get a release first: there is a router, and a release that the others keep."""
    return website.entry == "cloudfront" and plan.current.routing.active is not None and plan.switches


def _refuse_without_router(website: Website) -> None:
    if website.entry != "cloudfront":
        raise WrongUsageError(
            f'--canary needs routing.entry = "cloudfront", but {website.hostname} has "{website.entry}": the router function '
            "chooses the viewers, and the regional endpoints serve one release; publish without it"
        )


@contextmanager
def _telling_where_it_was_interrupted(plan: PublishPlan) -> Iterator[None]:
    """Tells apart an interrupt from the switch on, where another message would be a guess, and one before (publish.py).

    Raises:
        InterruptedPublishError: Ctrl-C.
    """
    try:
        yield
    except KeyboardInterrupt as interrupt:
        raise InterruptedPublishError(
            f"interrupted when release {plan.manifest.release_id} was complete everywhere: `failover status` says whether "
            "viewers get it; run it again to finish"
        ) from interrupt


def publish(site: Publisher, plan: PublishPlan, folder: Path, *, canary: int | None = None) -> RoutingVersion:
    """Carries a plan out with a progress bar on stderr; returns the routing that was written."""
    with byte_bar(f"Uploading to {' and '.join(plan.uploads)}", plan.upload_bytes) as advance:
        if canary is not None:
            return site.apply_canary(plan, folder, canary, advance)
        return site.apply(plan, folder, advance)


def _with_way_out(error: RegionUnavailableError, website: Website, *, is_allowed: bool) -> RegionUnavailableError:
    first = "drain it and " if website.entry == "cloudfront" else ""
    way_out = "Run it again" if is_allowed else f"To {first}publish without it, add --allow-degraded"
    return RegionUnavailableError(
        region=error.region,
        operation=error.operation,
        resource=error.resource,
        code=error.code,
        detail=error.detail,
        way_out=way_out,
    )
