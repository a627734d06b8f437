"""Giving a canary to every viewer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.commands.publishing.after_switch import Asked, Switched, asked_document, keep_what_answers
from scripts.commands.shared.asking import Probe, network_probe
from scripts.commands.shared.options import open_website, switcher
from scripts.commands.shared.parity_words import PLAN_ONLY, taken_down_line
from scripts.exits.exits import Exits
from scripts.exits.store import ExitUnavailableError, Source
from scripts.exits.words import exits_of, left_behind
from scripts.local.endpoints import Endpoints
from scripts.release.changes import Changes
from scripts.release.routing import Routing
from scripts.release.samples import sample
from scripts.release.website import Website


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """The routing from before, the release that every viewer gets, or would get, and what is not as its folder had it.

    Attributes:
        earlier: the routing from before.
        release_id: the release.
        taken_down: paths that were taken down from it.
        asked: what was looked at afterwards; None: nothing.
        behind: servers outside AWS that do not have it.
    """

    earlier: Routing
    release_id: str
    taken_down: frozenset[str] = frozenset()
    asked: Asked | None = None
    behind: Sequence[ExitUnavailableError] = ()


def promote_canary(outputs: Path, endpoints: Endpoints | None, *, probe: bool, apply: bool, as_json: bool) -> None:
    """Does `failover sync-content --promote`, or says what it would do."""
    website = open_website(outputs, is_hasty=True)
    asking = network_probe(website, endpoints) if probe and apply else None
    promoted = promote(website, exits_of(outputs), asking, apply=apply)
    _print_promotion(promoted, applied=apply, as_json=as_json)


def promote(website: Website, exits: Exits, probe: Probe | None, *, apply: bool) -> Promotion:
    """Gives the running canary to every viewer and keeps it if the site serves it; without `apply` only the plan is made.

    Raises:
        ProbeRefusedError: the site does not serve it; it is taken back.
    """
    site = switcher(website)
    plan = site.plan_promotion()
    earlier, release_id = plan.current.routing, plan.manifest.release_id
    behind: Sequence[ExitUnavailableError] = ()
    asked: Asked | None = None
    if apply:
        written = site.rollback(plan)
        if probe is not None:
            files = sample(plan.manifest, Changes(new=(), changed=(), removed=()))
            regions = [region for region in website.buckets if region not in plan.left_out]
            switched = Switched(release_id=release_id, files=files, regions=regions, earlier=earlier, written=written)
            asked = keep_what_answers(website, probe, switched)
        behind = exits.follow(plan.manifest, Source(website.buckets.values()).write)
    return Promotion(
        earlier=earlier, release_id=release_id, taken_down=plan.manifest.emptied, asked=asked, behind=behind
    )


def _print_promotion(promoted: Promotion, *, applied: bool, as_json: bool) -> None:
    if as_json:
        document = {"from_release_id": promoted.earlier.release_id, "to_release_id": promoted.release_id}
        behind = [each.name for each in promoted.behind]
        told = {
            "applied": applied,
            "taken_down": sorted(promoted.taken_down),
            "asked": asked_document(promoted.asked),
            "exits_left_behind": behind,
        }
        print(json.dumps({**document, **told}))
        return
    verb = "Promoted" if applied else "Would promote"
    print(f"{verb} the canary {promoted.release_id}: every viewer gets it instead of {promoted.earlier.release_id}.")
    if promoted.asked is not None:
        print(promoted.asked)
    if promoted.taken_down:
        print(taken_down_line(promoted.taken_down))
    for line in left_behind(promoted.behind):
        print(line)
    if not applied:
        print(PLAN_ONLY)
