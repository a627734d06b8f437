"""Chaos Toolkit probes: what visitors get, and what Route 53 makes of it. All seconds are AWS seconds."""

from __future__ import annotations

import asyncio

from scripts.chaos import target as here
from scripts.drill.levers.injector import Route53Health
from scripts.drill.streaks import has_failed
from scripts.local.network import network_of
from scripts.probe.page_view import BrowserProbe, Page
from scripts.probe.resolver import CachingResolver
from scripts.probe.samples import Sample
from scripts.probe.schedule import OpenLoopProber


def are_page_views_good(
    seconds: float = 10.0, rate: float = 2.0, max_failed_ratio: float = 0.0, served_by: str | None = None
) -> bool:
    """Return whether, for so long, at most this share of page views failed and the named region served all good ones.

    Args:
        seconds: how long to look.
        rate: page views a second.
        max_failed_ratio: 0 to 1.
        served_by: a region; default any.
    """
    samples = asyncio.run(_look(seconds, rate))
    failed = sum(has_failed(each) for each in samples)
    others = [each for each in samples if each.is_good and served_by not in (None, each.region)]
    return bool(samples) and failed / len(samples) <= max_failed_ratio and not others


def is_health_check(name: str = "path", healthy: bool = True) -> bool:
    """Return whether a health check is in that state.

    Args:
        name: "path", or a region's.
        healthy: the state that is wanted.
    """
    health_check_id = here.deployment().health_check_ids[name]
    return asyncio.run(Route53Health().is_healthy(health_check_id)) is healthy


async def _look(seconds: float, rate: float) -> list[Sample]:
    network, samples = network_of(here.endpoints()), list[Sample]()
    clock = network.clock()
    page = Page(hostname=here.deployment().hostname, https_port=network.https_port)
    resolver = CachingResolver(nameservers=network.resolvers, clock=clock)
    views = BrowserProbe(page=page, resolvers=[resolver], clock=clock, tls=network.tls())
    prober = OpenLoopProber(probe=views, clock=clock, rate_per_second=rate)
    task = asyncio.create_task(prober.run(samples.append))
    await clock.sleep(seconds)
    prober.stop()
    await task
    return samples
