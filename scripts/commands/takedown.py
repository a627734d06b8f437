"""`failover takedown`: a file that was published by mistake goes from every region, version, release and edge cache."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.shared.asking import GoneProbe, gone_probe, shown
from scripts.commands.shared.options import (
    DEFAULT_OUTPUTS,
    ApplyOption,
    JsonOption,
    LocalcloudOption,
    OutputsOption,
    open_website,
    use_localcloud,
)
from scripts.commands.shared.parity_words import PLAN_ONLY
from scripts.commands.shared.tables import results_console, results_table
from scripts.commands.shared.waiting import waiting_for
from scripts.errors import ProbeRefusedError
from scripts.release.samples import BadAnswer
from scripts.release.takedown import Invalidate, take_down
from scripts.release.takedown_plan import TakedownPlan, addresses_of, noted_path, plan_takedown
from scripts.release.takedown_search import Survey
from scripts.release.taken_down import lift
from scripts.release.website import Website
from scripts.terraform.outputs import load_deployment

_MAX_AGE = re.compile(r"max-age=([0-9]+)")
_SHOWN = 5
_MOST_SECONDS = 600


def takedown(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Files as they lie in the site's folder, or addresses that show them."),
    ],
    lift_it: Annotated[
        bool, typer.Option("--lift", help="Let PATH be published again; nothing is deleted and nothing comes back.")
    ] = False,
    probe: Annotated[
        bool, typer.Option("--probe/--no-probe", help="Ask the site's names afterwards; exit 1 if one still serves it.")
    ] = True,
    outputs: OutputsOption = DEFAULT_OUTPUTS,
    localcloud: LocalcloudOption = None,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take PATH down: from every region, version and retained release, and from the edges' caches, at once and for good.

    The compressed variants (.br, .gz) go with it. Manifests, index and pointers forget it, so that no rollback, repair or parity
    check asks for it or brings it back, and sync-content refuses a folder that holds it, by name or by content, until --lift. No
    version is left to restore it from. Run it again after an interruption: it goes on where it stopped, and says when nothing is
    left. A region that does not answer is left out, and told (exit code 1).
    """
    endpoints = use_localcloud(localcloud)
    site = open_website(outputs)
    if lift_it:
        _lift(site, paths, apply=apply, as_json=as_json)
        return
    with waiting_for(f"S3 in {' and '.join(site.buckets)}", at_most_seconds=_MOST_SECONDS):
        plan = plan_takedown(site, paths)
    left: Survey | None = None
    distribution_ids: list[str] = []
    if apply:
        invalidate, distribution_ids = _invalidating(outputs)
        with waiting_for(f"S3 in {' and '.join(site.buckets)}, and CloudFront", at_most_seconds=_MOST_SECONDS):
            left = take_down(site, plan, invalidate)
    bad = _still_serving(plan, gone_probe(site, endpoints)) if apply and probe else []
    if as_json:
        print(json.dumps(_document(plan, left, bad)))
    else:
        _print(plan, left, distribution_ids)
    if bad:
        raise ProbeRefusedError(
            f"a name of the site still serves it, or does not answer:\n{shown(bad)}\n"
            "Every region has deleted it. The edges follow within minutes: run this again to ask again"
        )
    if apply and plan.found.silent:
        raise typer.Exit(1)


def _lift(site: Website, paths: Sequence[str], *, apply: bool, as_json: bool) -> None:
    found = [noted_path(site, each) for each in paths]
    if apply:
        lift(site.routing, found)
    if as_json:
        print(json.dumps({"lifted": found, "applied": apply}))
        return
    for path in found:
        print(f"{path} may {'be published again' if apply else 'then be published again'}; sync-content sends it.")
    if not apply:
        print(PLAN_ONLY)


def _invalidating(outputs: Path) -> tuple[Invalidate, list[str]]:
    """Returns what empties every distribution's caches, and their ids."""
    from scripts.aws.invalidation import cloudfront_client, invalidate_paths  # an API that a plan does not need

    ids = [each.id for each in load_deployment(outputs).distributions.values()]
    client = cloudfront_client()

    def invalidate(addresses: Sequence[str]) -> None:
        for distribution_id in ids:
            invalidate_paths(client, distribution_id, addresses)

    return invalidate, ids


def _still_serving(plan: TakedownPlan, ask: GoneProbe) -> list[BadAnswer]:
    md5s = {file.md5 for file in plan.found.files(plan.names)}
    md5s.update(md5 for path in plan.paths if path in plan.noted for md5 in plan.noted[path].md5s)
    addresses = [address for path in plan.paths for address in addresses_of(path)]
    return ask(addresses, md5s) if md5s else []


def _document(plan: TakedownPlan, left: Survey | None, bad: Sequence[BadAnswer]) -> dict[str, object]:
    return {
        "paths": list(plan.paths),
        "versions": plan.versions,
        "releases": list(plan.releases),
        "served_by": [each.id for each in plan.routing.releases if each.id in _listing(plan)],
        "same_content": sorted(plan.found.same_content(plan.names)),
        "silent_regions": list(plan.found.silent),
        "still_serving": [f"https://{each.hostname}{each.path}" for each in bad],
        "may_still_hold_it": _may_still_hold(plan),
        "applied": left is not None,
    }


def _listing(plan: TakedownPlan) -> set[str]:
    """Returns the releases that list one of the files, through their base too."""
    own = set(plan.releases)
    holdings = plan.found.regions.values()
    return own | {
        release_id
        for holding in holdings
        for release_id, manifest in holding.manifests.items()
        if manifest.base_id in own
    }


def _print(plan: TakedownPlan, left: Survey | None, distribution_ids: Sequence[str]) -> None:
    console = results_console()
    is_applied = left is not None
    for path in plan.paths:
        note = plan.noted.get(path)
        before = f" (taken down before, {note.at})" if note is not None else ""
        console.print(f"{'Taken down' if is_applied else 'To take down'}: {path}{before}", highlight=False)
    table = results_table("Region", "Versions and delete markers", "Manifests", whole=("Region",))
    for region, holding in plan.found.regions.items():
        table.add_row(region, f"{plan.versions[region]:,}", f"{len(holding.releases_with(plan.names)):,}")
    for region in plan.found.silent:
        table.add_row(region, "does not answer", "")
    console.print(table)
    for line in _lines(plan, distribution_ids, is_applied=is_applied):
        console.print(line, highlight=False, soft_wrap=True)


def _lines(plan: TakedownPlan, distribution_ids: Sequence[str], *, is_applied: bool) -> Iterable[str]:
    """Yields what else to know, a paragraph each."""
    if served := [each.id for each in plan.routing.releases if each.id in _listing(plan)]:
        yield f"Viewers {'got' if is_applied else 'get'} it from {_few(served)}."
    if plan.is_done:
        yield "Nothing is left of it in any region that answers."
    elif is_applied:
        yield "Nothing is left of it in any region that answers: no version, no manifest, no index."
    if twins := sorted(plan.found.same_content(plan.names)):
        yield f"The same content lies under other names, which stay: {_few(twins)}. To take them down too, name them as well."
    for region in plan.found.silent:
        yield (
            f"{region} does not answer and {'still holds' if is_applied else 'would still hold'} it: run this again when it "
            f"does. Until then keep viewers away from it: failover evacuate {region} --apply"
        )
    unreadable = sorted({each for holding in plan.found.regions.values() for each in holding.unreadable})
    if unreadable:
        yield f"The manifests of {_few(unreadable)} are unreadable and stay as they are; the objects go all the same."
    if is_applied and distribution_ids:
        yield (
            f"CloudFront was asked to empty its caches of it ({_few(distribution_ids)}), which takes a minute or two; the router "
            "leads nobody there meanwhile."
        )
    yield (
        f"failover sync-content {'refuses' if is_applied else 'will refuse'} a folder that holds it, until "
        f"failover takedown {shlex.join(plan.paths)} --lift --apply"
    )
    yield "What may still hold it, which this command cannot reach:"
    yield from (f"  - {each}" for each in _may_still_hold(plan))
    if not is_applied:
        yield PLAN_ONLY


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def _may_still_hold(plan: TakedownPlan) -> list[str]:
    """Returns who has it all the same; the first thing is how long browsers may keep it."""
    headers = {file.cache_control for file in plan.found.files(plan.names)}
    return [
        _browsers(headers),
        "who has downloaded it. The access logs of CloudFront and S3 (features.access_logs) say which addresses asked for it and "
        "when: keep them, they are what a report of the incident needs",
        "pages made of it: a search index, a feed, a sitemap or a cached preview may quote it. Build the site anew without it",
        "where it came from: the site's source folder and its git history, the folder that was built, artifacts and caches of CI",
        "search engines and web archives: ask them to remove the address",
        "copies that others make of the buckets: a backup, a replication of yours, servers of your own ([[endpoint]])",
        "replication or a publish that was under way: run this again in 15 minutes, it says whether anything came back",
    ]


def _browsers(cache_controls: Iterable[str]) -> str:
    longest = max((_seconds(each) for each in cache_controls), default=None)
    if longest is None:
        return "browsers and shared proxies, for as long as its Cache-Control said, which nothing here tells any more"
    if not longest:
        return "browsers: its Cache-Control lets none keep it without asking, so a reload shows that it is gone"
    return (
        f"browsers and shared proxies of companies and providers, for {_in_words(longest)} after they got it "
        f"(Cache-Control: max-age={longest}); nothing takes it back from them"
    )


def _seconds(cache_control: str) -> int:
    if "no-store" in cache_control or "no-cache" in cache_control:
        return 0
    found = _MAX_AGE.search(cache_control)
    return int(found[1]) if found else 0


def _in_words(seconds: int) -> str:
    for name, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {name}"
    return f"{seconds} seconds"
