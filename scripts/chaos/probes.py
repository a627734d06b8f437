"""Chaos Toolkit probes: what visitors get, and what Route 53 makes of it. All seconds are AWS seconds."""

from __future__ import annotations

import asyncio

from scripts.chaos import target as here
from scripts.drill.levers.injector import Route53Health
from scripts.drill.streaks import STREAK_LENGTH, has_failed
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


def do_stale_caches_lose_the_site(
    seconds: float, keep_answers_seconds: float, rate: float = 2.0, min_failed_ratio: float = 0.2
) -> bool:
    """Return whether visitors whose caches ignore the TTL lost at least this share of their page views, and got the site again.

    Run it with `"background": true` before the fault, so that the answers are in the caches when it comes.

    Args:
        seconds: how long to look; the site must be good again in the last ten page views.
        keep_answers_seconds: how long these caches keep an answer, whatever its TTL.
        rate: page views a second.
        min_failed_ratio: 0 to 1.
    """
    samples = asyncio.run(_look(seconds, rate, keep_answers_seconds=keep_answers_seconds))
    failed = sum(has_failed(each) for each in samples)
    is_back = not any(has_failed(each) for each in sorted(samples, key=lambda each: each.sequence)[-STREAK_LENGTH:])
    return bool(samples) and failed / len(samples) >= min_failed_ratio and is_back


def is_health_check(name: str = "path", healthy: bool = True) -> bool:
    """Return whether a health check is in that state.

    Args:
        name: "path", or a region's.
        healthy: the state that is wanted.
    """
    health_check_id = here.deployment().health_check_ids[name]
    return asyncio.run(Route53Health().is_healthy(health_check_id)) is healthy


async def _look(seconds: float, rate: float, *, keep_answers_seconds: float = 0.0) -> list[Sample]:
    network, samples = network_of(here.endpoints()), list[Sample]()
    clock = network.clock()
    page = Page(hostname=here.deployment().hostname, https_port=network.https_port)
    resolver = CachingResolver(
        nameservers=network.resolvers, clock=clock, shortest_keeping_seconds=keep_answers_seconds
    )
    views = BrowserProbe(page=page, resolvers=[resolver], clock=clock, tls=network.tls())
    prober = OpenLoopProber(probe=views, clock=clock, rate_per_second=rate)
    task = asyncio.create_task(prober.run(samples.append))
    await clock.sleep(seconds)
    prober.stop()
    await task
    return samples
