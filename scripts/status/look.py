"""Asks everything at once: no answer waits for another, so that the worst outage costs as long as its slowest part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from scripts.errors import AwsError
from scripts.release.overview import Overview, take_overview
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
    site: Website, watched: Watched, *, probe: Probe, route53: Callable[[], Any], cloudwatch: Callable[[str], Any]
) -> View:
    """Returns what every part of a deployment says now.

    Args:
        site: its buckets and its routing.
        watched: its entries, checks and alarms.
        probe: asks the entries.
        route53: makes a client for Route 53.
        cloudwatch: makes a client for a region's CloudWatch.
    """
    checks, regions = watched.health_check_ids, watched.alarm_regions if watched.alarm_names else ()
    with ThreadPoolExecutor(3 + len(regions)) as pool:
        asked = pool.submit(probe.ask, (watched.public, *watched.entries))
        content = pool.submit(_overview, site, cloudwatch)
        reports = pool.submit(check_reports, route53, checks)
        alarms = [pool.submit(alarm_report, cloudwatch, region, watched.alarm_names) for region in regions]
    overview, unasked = content.result()
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
        unasked=(*unasked, *_not_saved(watched)),
    )


def _overview(site: Website, cloudwatch: Callable[[str], Any]) -> tuple[Overview | None, tuple[str, ...]]:
    try:
        return take_overview(site, cloudwatch), ()
    except AwsError as error:
        return None, (str(error),)


def _not_saved(watched: Watched) -> tuple[str, ...]:
    if watched.alarm_names:
        return ()
    return ("which alarms are on: the saved outputs hold no stack monitoring; run `failover outputs` again",)
