"""How many page views a second the prober makes on one core, and how late it begins them: `make bench ARGS=prober`.

The site is a server on loopback, on another core where there is one, so that it is the prober that is measured.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.clock import AwsClock
from scripts.drill.measurement import percentile
from scripts.probe.page_view import BrowserProbe, Page, verifying_tls
from scripts.probe.resolver import CachingResolver, Nameserver
from scripts.probe.samples import Family, Sample
from scripts.probe.schedule import OpenLoopProber
from tools.bench.figures import ROOT, Figure
from tools.bench.loopback import HOSTNAME

RATE = 100.0
SECONDS = 30.0
_CLIENTS = 5


def bench_prober() -> list[Figure]:
    """Return the prober's lateness at 100 page views a second, what failed, and the share of one core that it took."""
    with tempfile.TemporaryDirectory() as folder, _site(Path(folder)) as ports, _one_core():
        began, used = time.monotonic(), time.process_time()
        samples = asyncio.run(_probed(ports, Path(folder) / "ca.pem"))
        share = (time.process_time() - used) / (time.monotonic() - began)
    late = [each.started_at_seconds - each.scheduled_at_seconds for each in samples]
    missed = RATE * SECONDS - sum(each.is_good for each in samples)
    return [
        Figure(
            name=f"prober, {RATE:g} page views/s: begun late, p99",
            value=percentile(late, 0.99) * 1000,
            unit="ms",
            limit=5,
        ),
        Figure(name="prober: page views that failed or were left out", value=max(0.0, missed), unit="", limit=0),
        Figure(name="prober: share of one core", value=share * 100, unit="%", limit=100),
    ]


async def _probed(ports: dict[str, int], ca_file: Path) -> list[Sample]:
    clock, samples = AwsClock(), list[Sample]()
    nameserver = Nameserver(address="127.0.0.1", port=ports["dns"])
    resolvers = [CachingResolver(nameservers=(nameserver,), clock=clock) for _ in range(_CLIENTS)]
    page = Page(hostname=HOSTNAME, release_id="r1", https_port=ports["https"])
    probe = BrowserProbe(page=page, resolvers=resolvers, clock=clock, tls=verifying_tls(ca_file))
    prober = OpenLoopProber(probe=probe, clock=clock, rate_per_second=RATE, families=(Family.IPV4,), clients=_CLIENTS)
    task = asyncio.create_task(prober.run(samples.append))
    await clock.sleep(SECONDS + 0.5 / RATE)
    prober.stop()
    await task
    return samples


@contextmanager
def _site(folder: Path) -> Iterator[dict[str, int]]:
    command = [sys.executable, "-m", "tools.bench.loopback", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101  (a pipe was asked for)
            cores = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(process.pid, cores[1:] or cores)
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


@contextmanager
def _one_core() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
