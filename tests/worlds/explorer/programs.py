"""The operators' programs: what the commands do, without the command line, on a small site.

Each is `Website -> what it tells`: the same calls in the same order as scripts/commands make them.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from scripts.release.deletion import prune
from scripts.release.drain import change_drains, plan_evacuation, plan_restoration
from scripts.release.folder import read_folder
from scripts.release.manifest import Manifest
from scripts.release.parity import check_parity, find_manifest, plan_repair, repair
from scripts.release.prune import plan_prune
from scripts.release.publish import Publisher
from scripts.release.store_parity import check_store, repair_store
from scripts.release.switching import Switcher
from scripts.release.takedown import take_down
from scripts.release.takedown_plan import plan_takedown
from scripts.release.taken_down import lift
from scripts.release.website import Website
from tests.worlds.explorer.cloud import Cloud
from tests.worlds.explorer.operators import REGIONS, InTurn, Program, run_alone
from tests.worlds.manual_clock import ManualClock

A_DAY_SECONDS = 86_400
TAKEN_DOWN = "a.txt"
BARE = " bare"
_POOLED = [
    "bucket",
    "deletion",
    "following",
    "held_sample",
    "inventory",
    "parity",
    "prune",
    "publish",
    "standing",
    "switching",
    "takedown",
    "takedown_search",
    "transfer",
]
_PAGE = '<!doctype html><html lang="en"><head><meta name="release" content=""></head><body>{}</body></html>'


def without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the commands do one thing after the other: orders within one operator are his own."""
    for name in _POOLED:
        monkeypatch.setattr(importlib.import_module(f"scripts.release.{name}"), "ThreadPoolExecutor", InTurn)


@dataclass(frozen=True, slots=True)
class Sites:
    """Built sites of a page, a 404 page and a file; those whose names begin alike share all but the page.

    A site whose name ends with BARE has not the file, which may be taken down.

    Attributes:
        folder: where they are.
    """

    folder: Path

    def built(self, name: str) -> Manifest:
        """Returns a site as a release; it is built when it is asked for first."""
        folder = self.folder / name
        if not folder.is_dir():
            folder.mkdir()
            (folder / "index.html").write_text(_PAGE.format(name), encoding="utf-8")
            (folder / "404.html").write_text(name[:3], encoding="utf-8")
            if not name.endswith(BARE):
                (folder / TAKEN_DOWN).write_text(name[:3], encoding="utf-8")
        return read_folder(folder)

    def id_of(self, name: str) -> str:
        """Returns a site's release id."""
        return self.built(name).release_id

    def publish(self, name: str, *, force: bool = False) -> Program:
        """`failover sync-content FOLDER --apply`; tells the release."""
        built, folder = self.built(name), self.folder / name

        def program(site: Website) -> str:
            publisher = _publisher(site)
            publisher.apply(publisher.plan(built, force=force), folder)
            return f"active {built.release_id}"

        return program

    def publish_in_vain(self, name: str) -> Program:
        """The same, and the names do not answer: it goes back."""
        built, folder = self.built(name), self.folder / name

        def program(site: Website) -> str:
            publisher = _publisher(site)
            plan = publisher.plan(built)
            written = publisher.apply(plan, folder)
            _switcher(site).restore_routing(plan.current.routing, written)
            return f"refused {built.release_id}"

        return program

    def canary(self, name: str) -> Program:
        """`failover sync-content FOLDER --canary 10 --apply`."""
        built, folder = self.built(name), self.folder / name

        def program(site: Website) -> str:
            publisher = _publisher(site)
            publisher.apply_canary(publisher.plan(built), folder, 10)
            return f"canary {built.release_id}"

        return program

    def roll_back(self, name: str | None = None) -> Program:
        """`failover rollback [RELEASE_ID] --apply`."""
        release_id = None if name is None else self.id_of(name)

        def program(site: Website) -> str:
            switcher = _switcher(site)
            plan = switcher.plan_rollback(release_id)
            switcher.rollback(plan)
            return f"{'ended' if plan.cancels_canary else 'active'} {plan.manifest.release_id}"

        return program

    def deployed(self, *names: str) -> Cloud:
        """Returns a cloud to which sites were published one after the other, three days apart."""
        cloud = Cloud()
        for name in names:
            cloud, _ = run_alone(cloud, self.publish(name))
            cloud = cloud.later(3 * A_DAY_SECONDS)
        return cloud


def promote(site: Website) -> str:
    """`failover sync-content --promote --apply`."""
    switcher = _switcher(site)
    plan = switcher.plan_promotion()
    switcher.rollback(plan)
    return f"active {plan.manifest.release_id}"


def evacuate(site: Website) -> str:
    """`failover evacuate REGION --apply`."""
    change_drains(site, plan_evacuation(site, REGIONS[0]))
    return "evacuated"


def restore(site: Website) -> str:
    """`failover restore REGION --apply`."""
    change_drains(site, plan_restoration(site, REGIONS[0]))
    return "restored"


def prune_all(site: Website) -> str:
    """`failover prune --keep 1 --grace-seconds 0 --apply`; the pause is however long the others take."""
    prune(site, plan_prune(site, keep=1, grace=timedelta(0)), clock=ManualClock())
    return "pruned"


def repair_active(site: Website) -> str:
    """`failover verify --repair --apply`."""
    current = site.routing.read()
    assert current.routing.release_id is not None
    manifest = find_manifest(site.buckets.values(), current.routing.release_id)
    plan = plan_repair(check_parity(site.buckets.values(), manifest, current.routing), current.routing)
    store = check_store(site.routing, current, site.buckets.values(), None)
    if plan.regions:
        repair(plan, site.buckets, store=site.routing)
    if store.lacking:
        repair_store(site.routing, store)
    return "repaired"


def take_down_file(site: Website) -> str:
    """`failover takedown a.txt --apply`."""
    take_down(site, plan_takedown(site, [TAKEN_DOWN]), lambda _paths: None)
    return "taken down"


def lift_file(site: Website) -> str:
    """`failover takedown a.txt --lift --apply`."""
    lift(site.routing, [TAKEN_DOWN])
    return "lifted"


def _publisher(site: Website) -> Publisher:
    return Publisher(list(site.buckets.values()), site.routing)


def _switcher(site: Website) -> Switcher:
    return Switcher(list(site.buckets.values()), site.routing)
