"""Watching a canary: page views go on while a share of the viewers has the new release, and a bad one ends it by itself."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Awaitable, Callable, Set

from scripts.clock import Clock
from scripts.errors import AwsError, MissingOutputError
from scripts.probe.network import Network
from scripts.probe.page_view import BrowserProbe, Page
from scripts.probe.resolver import CachingResolver
from scripts.probe.samples import Family
from scripts.probe.schedule import Ticket
from scripts.release.switching import RollbackPlan, Switcher

VIEWS = 10
FAILURES = 3
"""Of the last VIEWS; one alone may be the network's."""
INTERVAL_SECONDS = 1.0
_ATTEMPTS = 5

View = Callable[[], Awaitable[str]]
"""Makes one page view; returns what was wrong with it, "" for nothing."""


async def watch_canary(view: View, clock: Clock, *, seconds: float) -> str:
    """Make a page view a second; return why the canary must end, "" when it was good for all that time.

    Args:
        view: as a visitor who is in the canary's share, or who is not: then nothing is ever wrong.
        clock: of the site.
        seconds: how long, on that clock.
    """
    recent: deque[str] = deque(maxlen=VIEWS)
    deadline_seconds = clock.now_seconds() + seconds
    while clock.now_seconds() < deadline_seconds:
        recent.append(await view())
        wrong = [each for each in recent if each]
        if len(wrong) >= FAILURES:
            return f"{len(wrong)} of the last {len(recent)} page views failed: {wrong[-1]}"
        await clock.sleep(INTERVAL_SECONDS)
    return ""


def release_view(network: Network, clock: Clock, *, hostname: str, release_ids: Set[str]) -> View:
    """Return a page view of the public name that is wrong unless the page is there, whole, and of one of the releases."""
    page = Page(hostname=hostname, https_port=network.https_port)
    resolver = CachingResolver(nameservers=network.resolvers, clock=clock)
    probe = BrowserProbe(page=page, resolvers=[resolver], clock=clock, tls=network.tls())
    counted = itertools.count()

    async def view() -> str:
        family = Family.IPV4
        ticket = Ticket(sequence=next(counted), client=0, family=family, scheduled_at_seconds=clock.now_seconds())
        sample = await probe.view(ticket)
        if sample.error is not None:
            return f"{sample.error}: {sample.error_detail}"
        return "" if sample.release in release_ids else f"the page is of release {sample.release}"

    return view


def end_canary(switcher: Switcher, release_id: str) -> RollbackPlan | None:
    """End a canary, so that every viewer gets the active release; return what was done, None when it had ended already.

    Args:
        switcher: of the site.
        release_id: the canary's; another one stays.

    Raises:
        AwsError: AWS refused, or others keep writing.
    """
    for attempt in range(_ATTEMPTS):
        try:
            plan = switcher.plan_rollback(None)
        except MissingOutputError:
            return None
        if not plan.cancels_canary or plan.leaves != release_id:
            return None
        try:
            switcher.rollback(plan)
        except AwsError as error:
            if error.code != "ConflictException" or attempt == _ATTEMPTS - 1:
                raise
        else:
            return plan
    return None
