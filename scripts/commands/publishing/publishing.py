"""What `failover sync-content` does with a folder: plan, upload, switch, ask the site, and the words about it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from scripts.commands.publishing.after_switch import (
    Asked,
    Switched,
    asked_document,
    keep_good_canary,
    keep_what_answers,
)
from scripts.commands.publishing.promotion import promote
from scripts.commands.publishing.words import print_publish, publish_document, publish_notes
from scripts.commands.shared.asking import Probe, network_probe
from scripts.commands.shared.bars import byte_bar
from scripts.commands.shared.options import open_website, publisher
from scripts.errors import InterruptedPublishError, RegionUnavailableError, WrongUsageError
from scripts.exits.exits import Exits
from scripts.exits.store import ExitUnavailableError, Source
from scripts.exits.words import exits_of, left_behind
from scripts.local.endpoints import Endpoints
from scripts.processes.heaps import keep_few_heaps
from scripts.release.build_order import Build, commit_seconds
from scripts.release.folder import FolderReading
from scripts.release.manifest import Manifest
from scripts.release.publish import Publisher, PublishPlan
from scripts.release.reviewed import insist
from scripts.release.routing import Routing, RoutingVersion
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Publishing:
    """What every step needs: the website, servers outside AWS, localcloud's addresses, the options, and who asks afterwards."""

    website: Website
    exits: Exits
    endpoints: Endpoints | None
    options: PublishOptions
    probe: Probe | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    """A publish before anything is changed.

    Attributes:
        site: plans and carries out.
        built: the release as its folder gives it.
        folder: where its files are.
        build: where it stands in the order of builds.
        plan: what would be done.
        canary: percent of the viewers that get it first; None: all get it.
        watch_seconds: how long a canary is looked at.
    """

    site: Publisher
    built: Manifest
    folder: Path
    build: Build
    plan: PublishPlan
    canary: int | None
    watch_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What became of it: the plan that held, the routing, a canary that runs, who was left behind, what was looked at."""

    plan: PublishPlan
    routing: Routing
    canary: int | None
    behind: Sequence[ExitUnavailableError] = ()
    asked: Asked | None = None


def publish_reading(
    reading: FolderReading, outputs: Path, endpoints: Endpoints | None, options: PublishOptions
) -> None:
    """Publishes a folder that is being read, or prints the plan, and prints what became of it.

    Raises:
        typer.Exit: 1: a server outside AWS was left behind.
    """
    keep_few_heaps()
    website = open_website(outputs, is_hasty=True)
    if options.canary is not None and options.promote_after is None:
        _refuse_without_router(website)
    probe = network_probe(website, endpoints) if options.probe and options.apply else None
    of = _Publishing(website=website, exits=exits_of(outputs), endpoints=endpoints, options=options, probe=probe)
    try:
        planned = _planned(of, reading)
        notes = publish_notes(website, planned.plan, planned.folder)
        outcome = _carried_out(of, planned) if options.apply else _not_applied(planned)
    except RegionUnavailableError as error:
        raise _with_way_out(error, website, is_allowed=options.allow_degraded) from error
    if options.apply and outcome.canary is not None and options.promote_after is not None:
        outcome = _promoted(of, outcome)
    _tell(of, outcome, notes)
    if outcome.behind and not options.allow_degraded:
        raise typer.Exit(1)


def _planned(of: _Publishing, reading: FolderReading) -> _Planned:
    """Reads the folder while the regions answer, and compares it with what they hold."""
    site, folder, options = publisher(of.website), reading.folder, of.options
    with ThreadPoolExecutor(1) as pool:
        survey = pool.submit(site.survey)
        built = reading.manifest()
    if options.reviewed is not None:
        insist(folder, built.release_id, options.reviewed)
    build = Build(
        number=options.build_number,
        source_seconds=commit_seconds(folder) if options.source_seconds is None else options.source_seconds,
    )
    plan = site.plan(built, survey.result(), allow_degraded=options.allow_degraded, force=options.force, build=build)
    canary, watch_seconds = options.canary, options.watch_seconds
    if options.promote_after is not None:
        canary, watch_seconds = canary if _can_be_tried(of.website, plan) else None, options.promote_after
    return _Planned(
        site=site, built=built, folder=folder, build=build, plan=plan, canary=canary, watch_seconds=watch_seconds
    )


def _not_applied(planned: _Planned) -> _Outcome:
    return _Outcome(plan=planned.plan, routing=planned.plan.current.routing, canary=planned.canary)


def _carried_out(of: _Publishing, planned: _Planned) -> _Outcome:
    """Brings the release to every server outside AWS, publishes it, and lets those servers follow."""
    source = Source(of.website.buckets.values(), planned.folder)
    behind = _bring(of.exits, planned.plan, source, allow_degraded=of.options.allow_degraded)
    if planned.plan.is_empty:
        planned.site.note_build(planned.plan)
        outcome = _not_applied(planned)
    else:
        with _telling_where_it_was_interrupted(planned.plan):
            outcome = _published(of, planned)
    if outcome.routing.release_id == outcome.plan.manifest.release_id:
        behind = [*behind, *of.exits.without(behind).follow(outcome.plan.manifest, source.write)]
    return replace(outcome, behind=behind)


def _published(of: _Publishing, planned: _Planned) -> _Outcome:
    """Publishes, and keeps the release if the site serves it, or the canary if page views stay good."""
    plan, written = _without_a_region_if_need_be(of, planned)
    asked: Asked | None = None
    if planned.canary is not None and planned.watch_seconds:
        keep_good_canary(of.website, of.endpoints, plan, seconds=planned.watch_seconds)
    if of.probe is not None and planned.canary is None and plan.switches:
        switched = Switched(
            release_id=plan.manifest.release_id,
            files=sample(plan.manifest, plan.changes),
            regions=plan.uploads.keys(),
            earlier=plan.current.routing,
            written=written,
        )
        asked = keep_what_answers(of.website, of.probe, switched)
    return _Outcome(plan=plan, routing=written.routing, canary=planned.canary, asked=asked)


def _without_a_region_if_need_be(of: _Publishing, planned: _Planned) -> tuple[PublishPlan, RoutingVersion]:
    """Carries the plan out, and another one without a region that goes silent meanwhile, if that is allowed."""
    site, plan, options = planned.site, planned.plan, of.options
    try:
        return plan, publish(site, plan, planned.folder, canary=planned.canary)
    except RegionUnavailableError as error:
        if not options.allow_degraded or error.region in plan.left_out:
            raise
        print(f"failover: {error}. Going on without {error.region}", file=sys.stderr)
        survey = site.survey([error])
        plan = site.plan(planned.built, survey, allow_degraded=True, force=options.force, build=planned.build)
        return plan, publish(site, plan, planned.folder, canary=planned.canary)


def _promoted(of: _Publishing, outcome: _Outcome) -> _Outcome:
    """Gives a canary that stayed good to every viewer."""
    probe = network_probe(of.website, of.endpoints) if of.options.probe else None
    promoted = promote(of.website, of.exits, probe, apply=True)
    routing = of.website.routing.read().routing
    return replace(outcome, routing=routing, canary=None, behind=promoted.behind, asked=promoted.asked)


def _tell(of: _Publishing, outcome: _Outcome, notes: list[str]) -> None:
    """Prints what became of it."""
    plan, canary, is_applied = outcome.plan, outcome.canary, of.options.apply
    if of.options.as_json:
        document = publish_document(plan, canary, outcome.routing, applied=is_applied)
        behind = [each.name for each in outcome.behind]
        told = {"asked": asked_document(outcome.asked), "exits_left_behind": behind, "notes": notes}
        print(json.dumps({**document, **told}))
        return
    print_publish(of.website, plan, canary, notes, applied=is_applied)
    if outcome.asked is not None:
        print(outcome.asked)
    for line in left_behind(outcome.behind):
        print(line)


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
