"""Asks everything at once: no answer waits for another, so that the worst outage costs as long as its slowest part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from scripts.errors import AwsError, OpsError
from scripts.exits.exits import Exits, ExitState
from scripts.release.overview import Overview, take_overview
from scripts.release.parity import find_manifest
from scripts.release.website import Website
from scripts.status.entries import Answer, Entry, compared
from scripts.status.reports import alarm_report, check_reports
from scripts.status.view import View
from scripts.status.watched import Watched


class Probe(Protocol):
    """Asks entries; `EntryProbe` is one."""

    def ask(self, entries: Sequence[Entry]) -> list[Answer]:
        """Return an answer for each entry, in order; whatever goes wrong is in it."""


def look(
    site: Website,
    watched: Watched,
    *,
    probe: Probe,
    route53: Callable[[], Any],
    cloudwatch: Callable[[str], Any],
    exits: Exits = Exits(),  # noqa: B008  frozen
) -> View:
    """Returns what every part of a deployment says now.

    Args:
        site: its buckets and its routing.
        watched: its entries, checks and alarms.
        probe: asks the entries.
        route53: makes a client for Route 53.
        cloudwatch: makes a client for a region's CloudWatch.
        exits: where servers outside AWS serve from. Default: there are none.
    """
    checks, regions = watched.health_check_ids, watched.alarm_regions if watched.alarm_names else ()
    with ThreadPoolExecutor(4 + len(regions)) as pool:
        asked = pool.submit(probe.ask, (watched.public, *watched.entries))
        content = pool.submit(_overview, site, cloudwatch)
        reports = pool.submit(check_reports, route53, checks)
        standbys = pool.submit(check_reports, route53, watched.standby_check_ids)
        alarms = [pool.submit(alarm_report, cloudwatch, region, watched.alarm_names) for region in regions]
    overview, unasked = content.result()
    states, unasked_exits = _exit_states(site, exits, overview)
    digests = frozenset() if overview is None else overview.page_digests
    public, *entries = (compared(answer, digests) for answer in asked.result())
    return View(
        entry=watched.entry,
        first_region=watched.first_region,
        public=public,
        entries=tuple(entries),
        checks=tuple(reports.result()),
        alarms=tuple(alarm.result() for alarm in alarms),
        overview=overview,
        unasked=(*unasked, *unasked_exits, *_not_saved(watched)),
        standby_checks=tuple(standbys.result()),
        exit_names=watched.exit_names,
        exits=states,
        takes_name=watched.takes_name,
    )


def _overview(site: Website, cloudwatch: Callable[[str], Any]) -> tuple[Overview | None, tuple[str, ...]]:
    try:
        return take_overview(site, cloudwatch), ()
    except AwsError as error:
        return None, (str(error),)


def _exit_states(
    site: Website, exits: Exits, overview: Overview | None
) -> tuple[tuple[ExitState, ...], tuple[str, ...]]:
    """Returns how the servers outside AWS stand to the active release, and why that could not be asked."""
    release_id = None if overview is None else overview.routing.release_id
    if not exits.stores or release_id is None:
        return (), ()
    try:
        states = exits.compare(find_manifest(site.buckets.values(), release_id))
    except OpsError as error:
        return (), (f"what the servers outside AWS hold: {error}",)
    return tuple(states), tuple(f"what {each.name} holds: {each.error}" for each in states if each.error is not None)


def _not_saved(watched: Watched) -> tuple[str, ...]:
    if watched.alarm_names:
        return ()
    return ("which alarms are on: the saved outputs hold no stack monitoring; run `failover outputs` again",)
