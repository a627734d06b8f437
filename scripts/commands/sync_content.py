"""`failover sync-content`: publish a folder to both regions and switch to it, or give it to a share of the viewers first."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.shared.asking import Probe, network_probe, shown
from scripts.commands.shared.bars import byte_bar
from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    ApplyOption,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    open_website,
    publisher,
    switcher,
    use_localcloud,
)
from scripts.commands.shared.parity_words import PLAN_ONLY
from scripts.commands.shared.tables import results_console, results_table
from scripts.errors import (
    EnvironmentFailureError,
    InterruptedPublishError,
    ProbeRefusedError,
    RegionUnavailableError,
    WrongUsageError,
)
from scripts.exits.exits import Exits
from scripts.exits.store import ExitUnavailableError, Source
from scripts.exits.words import exits_of, left_behind
from scripts.local.endpoints import Endpoints
from scripts.release.build_order import Build, commit_seconds
from scripts.release.changes import Changes
from scripts.release.digests import cache_file
from scripts.release.folder import read_folder
from scripts.release.folder_notes import notes_on
from scripts.release.manifest import ReleaseFile
from scripts.release.page_policy import policy_notes, read_texts
from scripts.release.publish import Publisher, PublishPlan
from scripts.release.reviewed import insist
from scripts.release.routing import Routing, RoutingVersion
from scripts.release.samples import sample
from scripts.release.serving.content_settings import parse_content
from scripts.release.website import Website

_FOLDER = Path("site/build")


def sync_content(
    folder: Annotated[Path, typer.Argument(help="The built site.")] = _FOLDER,
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    canary: Annotated[
        int | None,
        typer.Option("--canary", min=1, max=99, metavar="PERCENT", help="Give it to this share of the viewers only."),
    ] = None,
    watch_seconds: Annotated[
        float,
        typer.Option(
            "--watch-seconds",
            min=0,
            help="Stay and look at the site for so long while the canary runs; end it, with exit code 1, when page views fail.",
        ),
    ] = 0.0,
    promote_after: Annotated[
        float | None,
        typer.Option(
            "--promote-after",
            min=1,
            metavar="SECONDS",
            help="With --canary: watch it for so long, as --watch-seconds does, then give it to everybody. Where there can be no "
            "canary everybody gets it at once.",
        ),
    ] = None,
    promote: Annotated[
        bool, typer.Option("--promote", help="Give the running canary to every viewer; no FOLDER.")
    ] = False,
    allow_degraded: Annotated[
        bool,
        typer.Option(
            "--allow-degraded",
            help="Publish without a region whose S3 does not answer, which behind CloudFront is drained first, or without a "
            "server outside AWS whose store does not.",
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Also when more than half of the active release's files go, it was rolled back from, or a newer build went out. "
            "Compares all objects.",
        ),
    ] = False,
    build_number: Annotated[
        int | None,
        typer.Option(
            "--build-number",
            envvar="FAILOVER_BUILD_NUMBER",
            help="The pipeline's number, which a build keeps when it is run again: one older than a published one is refused.",
        ),
    ] = None,
    source_seconds: Annotated[
        int | None,
        typer.Option(
            "--source-seconds",
            envvar="SOURCE_DATE_EPOCH",
            help="The same by when the source was made, seconds since 1970; default: git's last commit where FOLDER is.",
        ),
    ] = None,
    reviewed: Annotated[
        str | None,
        typer.Option(
            metavar="RELEASE_ID@SHA256",
            help="Publish only if FOLDER is what was reviewed; `failover build --json` says it as `reviewed`.",
        ),
    ] = None,
    probe: Annotated[
        bool, typer.Option("--probe/--no-probe", help="Ask the site's names after the switch; roll back if they fail.")
    ] = True,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Publish FOLDER to both regions and to servers outside AWS that have a store, verify, then switch with one write.

    Only what changed since the active release is sent, to keys that never change again, so the old release stays live until the
    switch, and a crash before it changes nothing for users. Run it again to finish an interrupted publish. After the switch the
    public name and every regional name are asked for the release; if they do not serve it, it is rolled back (exit code 1).
    """
    if promote:
        _refuse_beside_promote(folder, canary)
    if watch_seconds and canary is None:
        raise WrongUsageError("--watch-seconds watches a canary: add --canary PERCENT, or leave it out")
    if promote_after is not None and canary is None:
        raise WrongUsageError("--promote-after needs --canary PERCENT: the share of the viewers who get it first")
    endpoints = use_localcloud(localcloud)
    website, exits = open_website(outputs, is_hasty=True), exits_of(outputs)
    if canary is not None and promote_after is None:
        _refuse_without_router(website)
    asking = network_probe(website, endpoints) if probe and apply else None
    if promote:
        promoted = _promote(website, exits, asking, apply=apply)
        _print_promotion(promoted, applied=apply, as_json=as_json)
        return
    try:
        site = publisher(website)
        with ThreadPoolExecutor(1) as pool:
            survey = pool.submit(site.survey)  # the regions answer while the folder is read
            built = read_folder(folder, cache=cache_file(folder, os.environ), rules=parse_content(website.content))
        if reviewed is not None:
            insist(folder, built.release_id, reviewed)
        build = Build(
            number=build_number, source_seconds=commit_seconds(folder) if source_seconds is None else source_seconds
        )
        plan = site.plan(built, survey.result(), allow_degraded=allow_degraded, force=force, build=build)
        notes = _notes(website, plan, folder)
        routing = plan.current.routing
        source = Source(website.buckets.values(), folder)
        behind = _bring(exits, plan, source, allow_degraded=allow_degraded) if apply else []
        if promote_after is not None:
            canary, watch_seconds = canary if _can_be_tried(website, plan) else None, promote_after
        if apply and plan.is_empty:
            site.note_build(plan)
        if apply and not plan.is_empty:
            with _telling_where_it_was_interrupted(plan):
                try:
                    written = publish(site, plan, folder, canary=canary)
                except RegionUnavailableError as error:
                    if not allow_degraded or error.region in plan.left_out:
                        raise
                    print(f"failover: {error}. Going on without {error.region}", file=sys.stderr)
                    plan = site.plan(built, site.survey([error]), allow_degraded=True, force=force, build=build)
                    written = publish(site, plan, folder, canary=canary)
                routing = written.routing
                if canary is not None and watch_seconds:
                    _keep_good_canary(website, endpoints, plan, seconds=watch_seconds)
                if asking is not None and canary is None and plan.switches:
                    files = sample(plan.manifest, plan.changes)
                    switched = _Switched(
                        release_id=plan.manifest.release_id, files=files, earlier=plan.current.routing, written=written
                    )
                    _keep_what_answers(website, asking, switched)
        if apply and routing.release_id == plan.manifest.release_id:
            behind = [*behind, *exits.without(behind).follow(plan.manifest, source.write)]
    except RegionUnavailableError as error:
        raise _with_way_out(error, website, is_allowed=allow_degraded) from error
    if apply and canary is not None and promote_after is not None:
        promoted = _promote(website, exits, network_probe(website, endpoints) if probe else None, apply=True)
        behind = list(promoted.behind)
        routing, canary = website.routing.read().routing, None
    if as_json:
        told = {"exits_left_behind": [each.name for each in behind], "notes": notes}
        print(json.dumps({**_document(plan, canary, routing, applied=apply), **told}))
    else:
        _print(website, plan, canary, notes, applied=apply)
        for line in left_behind(behind):
            print(line)
    if behind and not allow_degraded:
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


def _refuse_beside_promote(folder: Path, canary: int | None) -> None:
    if canary is not None:
        raise WrongUsageError("--promote and --canary exclude each other: promote the canary that runs, or start one")
    if folder != _FOLDER:
        raise WrongUsageError(
            f"--promote publishes no folder: leave {folder} out, or leave --promote out to publish it"
        )


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


def _keep_what_answers(website: Website, probe: Probe, switched: _Switched) -> None:
    """Asks the site's names for the release and rolls back when they do not serve it.

    Raises:
        ProbeRefusedError: they do not; the routing is as it was before.
    """
    bad = probe(switched.files)
    if not bad:
        return
    if all(each.is_of_this_machine for each in bad):
        raise EnvironmentFailureError(
            f"release {switched.release_id} is switched to, and this machine could not ask for it:\n  {bad[0]}\n"
            "That says nothing about the site, so nothing was rolled back. Look with `failover status` from where DNS works"
        )
    if switched.earlier.active is None:
        raise ProbeRefusedError(
            f"release {switched.release_id} is the first one, and the site does not serve it:\n{shown(bad)}\n"
            "There is nothing to go back to. Is the hosted zone delegated? Then `failover status`; --no-probe skips this"
        )
    switcher(website).restore_routing(switched.earlier, switched.written)
    raise ProbeRefusedError(
        f"the site does not serve release {switched.release_id} after the switch:\n{shown(bad)}\n"
        f"Rolled back to {switched.earlier.release_id}. What was sent stays and is not sent again.\n"
        f"{_what_the_checks_say(website)}"
    )


def _keep_good_canary(website: Website, endpoints: Endpoints | None, plan: PublishPlan, *, seconds: float) -> None:
    """Looks at the site as a visitor while the canary runs, and ends it when page views fail.

    This machine is one viewer, who is in the canary's share or not: a canary that it does not get is not judged.

    Raises:
        ProbeRefusedError: page views failed; the canary is ended.
    """
    from scripts.local.network import network_of
    from scripts.release.canary_guard import end_canary, release_view, watch_canary

    network, release_id = network_of(endpoints), plan.manifest.release_id
    clock = network.clock()
    known = {release_id, plan.current.routing.release_id or release_id}
    view = release_view(network, clock, hostname=website.hostname, release_ids=known)
    print(f"failover: watching the canary {release_id} for {seconds:g} s", file=sys.stderr)
    reason = asyncio.run(watch_canary(view, clock, seconds=seconds))
    if not reason:
        return
    ended = end_canary(switcher(website), release_id)
    what = "it was ended" if ended is not None else "somebody has ended it meanwhile"
    raise ProbeRefusedError(
        f"page views failed while the canary {release_id} ran, so {what}: {reason}\n"
        f"Every viewer gets {plan.current.routing.release_id}. What was sent stays and is not sent again"
    )


def _what_the_checks_say(website: Website) -> str:
    """Returns whether the health checks failed as well, which then is no fault of the release, and what to do."""
    from scripts.aws.clients import route53_client
    from scripts.status.reports import check_reports  # as above

    failing = [each for each in check_reports(route53_client, website.health_check_ids) if each.is_healthy is False]
    if not failing:
        return "`failover status` shows what every entry serves; build the site anew if it is the release"
    names = " and ".join(
        "the path check" if each.name == "path" else f"the region check of {each.name}" for each in failing
    )
    return (
        f"Unhealthy: {names} ({failing[0].reason}), so it is not the release. `failover status` shows which layer covers. "
        "Publish again when the checks are healthy, or now with --no-probe: whatever entry serves then serves it"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Switched:
    """A switch that is to be probed: the release, files to ask for, the routing before, what was written."""

    release_id: str
    files: Sequence[ReleaseFile]
    earlier: Routing
    written: RoutingVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class _Promotion:
    """The routing from before, the release that every viewer gets, or would get, and the servers outside AWS that do not."""

    earlier: Routing
    release_id: str
    behind: Sequence[ExitUnavailableError] = ()


def _promote(website: Website, exits: Exits, probe: Probe | None, *, apply: bool) -> _Promotion:
    site = switcher(website)
    plan = site.plan_promotion()
    earlier, release_id = plan.current.routing, plan.manifest.release_id
    behind: Sequence[ExitUnavailableError] = ()
    if apply:
        written = site.rollback(plan)
        if probe is not None:
            files = sample(plan.manifest, Changes(new=(), changed=(), removed=()))
            _keep_what_answers(
                website, probe, _Switched(release_id=release_id, files=files, earlier=earlier, written=written)
            )
        behind = exits.follow(plan.manifest, Source(website.buckets.values()).write)
    return _Promotion(earlier=earlier, release_id=release_id, behind=behind)


def _print_promotion(promoted: _Promotion, *, applied: bool, as_json: bool) -> None:
    if as_json:
        document = {"from_release_id": promoted.earlier.release_id, "to_release_id": promoted.release_id}
        behind = [each.name for each in promoted.behind]
        print(json.dumps({**document, "applied": applied, "exits_left_behind": behind}))
        return
    verb = "Promoted" if applied else "Would promote"
    print(f"{verb} the canary {promoted.release_id}: every viewer gets it instead of {promoted.earlier.release_id}.")
    for line in left_behind(promoted.behind):
        print(line)
    if not applied:
        print(PLAN_ONLY)


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


def _document(plan: PublishPlan, canary: int | None, routing: Routing, *, applied: bool) -> dict[str, object]:
    """Returns what `--json` prints; `routing` is the one at the end of the command."""
    return {
        "release_id": plan.manifest.release_id,
        "base_release_id": plan.manifest.base_id,
        "active_release_id": routing.release_id,
        "canary_percent": canary,
        "canary": routing.canary and {"release_id": routing.canary_release_id, "percent": routing.canary.percent},
        "files": len(plan.manifest.files),
        "bytes": plan.manifest.size_bytes,
        "new": len(plan.changes.new),
        "changed": len(plan.changes.changed),
        "removed": len(plan.changes.removed),
        "retained": len(plan.manifest.retained),
        "uploads": {region: [file.path for file in files] for region, files in plan.uploads.items()},
        "left_out": list(plan.left_out),
        "drains": list(plan.drains),
        "switches": plan.switches,
        "applied": applied,
    }


def _notes(website: Website, plan: PublishPlan, folder: Path) -> list[str]:
    """Returns what to know of the release before it is published: of its files, and what the header refuses of what changed."""
    changed = {*plan.changes.new, *plan.changes.changed}
    texts = read_texts(folder, [file for file in plan.manifest.files if file.path in changed])
    return [*notes_on(plan.manifest), *policy_notes(texts, website.content_security_policy)]


def _print(website: Website, plan: PublishPlan, canary: int | None, notes: Sequence[str], *, applied: bool) -> None:
    console = results_console()
    table = results_table("Region", "Files in release", "To upload", "Bytes to upload")
    for region, files in plan.uploads.items():
        total = sum(file.size_bytes for file in files)
        table.add_row(region, f"{len(plan.manifest.files):,}", f"{len(files):,}", f"{total:,}")
    console.print(f"Release {plan.manifest.release_id} (active now: {plan.current.routing.release_id or 'none'})")
    changes = plan.changes
    console.print(
        f"{len(changes.new):,} new, {len(changes.changed):,} changed, {len(changes.removed):,} removed, "
        f"{len(plan.manifest.files) - len(changes.new) - len(changes.changed):,} as they are"
        + (f"; {len(plan.manifest.retained):,} of earlier releases still answer" if plan.manifest.retained else ""),
        highlight=False,
    )
    console.print(table)
    for note in notes:
        console.print(f"Note: {note}.", highlight=False)
    for region in plan.left_out:
        console.print(f"{region} does not answer: {_how_it_is_left_out(website, applied=applied)}")
    if plan.is_empty:
        console.print(f"Nothing to do: {_takes_part(plan)} it and it is active.")
    elif applied and canary is not None:
        console.print(
            f"Published: {' and '.join(plan.uploads)} confirmed what was sent; {canary} % of the viewers get it. "
            "Then: failover sync-content --promote --apply, or failover rollback --apply"
        )
    elif applied:
        console.print(
            f"Published: {' and '.join(plan.uploads)} confirmed what was sent, then switched. `failover verify` compares all."
        )
    else:
        console.print(PLAN_ONLY)
    for line in _canary_lines(plan, canary, applied=applied):
        console.print(line)
    for region in plan.left_out if applied else ():
        console.print(
            f"When {region} answers again: failover verify --repair --apply, then failover restore {region} --apply"
        )


def _canary_lines(plan: PublishPlan, canary: int | None, *, applied: bool) -> list[str]:
    """Returns what becomes of a canary that ran when the plan was made."""
    running = plan.current.routing.canary
    if running is None or (plan.switches and running.release.id == plan.manifest.release_id):
        return []
    share = f"{running.percent} % of the viewers get release {running.release.id}"
    if not plan.switches:
        return [
            f"A canary runs: {share}.",
            "To give it to everybody: failover sync-content --promote --apply. To end it: failover rollback --apply",
        ]
    return [f"{'Ended' if applied else 'Ends'} the canary that ran{' before' if canary else ''}: {share}."]


def _takes_part(plan: PublishPlan) -> str:
    if not plan.left_out:
        return "every region holds"
    return f"{' and '.join(plan.uploads)} {'hold' if len(plan.uploads) > 1 else 'holds'}"


def _how_it_is_left_out(website: Website, *, applied: bool) -> str:
    if website.entry == "cloudfront":
        return f"{'drained' if applied else 'to be drained'}, published without it."
    return (
        "published without it. No router drains it: Route 53 sends viewers there as soon as its health check is healthy, "
        "and they get the release that it holds."
    )
