"""Prints how fast and how large localcloud is: `make bench-localcloud`.

start     seconds until "ready", median of five
edge      cached requests in a second of the data plane's CPU, without a function and with our router
live      seconds until a changed record and a changed distribution are served, with 200 distributions and 500 records
time      how much longer than ten AWS seconds a delay of ten lasts, at the speeds 1, 10 and 60
memory    of all processes at rest with the demo's site deployed, and what that grows by in three idle minutes
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import dns.message
import dns.query

from scripts.demo import Demo
from scripts.errors import EnvironmentFailureError
from scripts.local.control import ControlApi
from tools.bench.__main__ import print_figures
from tools.bench.figures import ROOT, Figure
from tools.bench.localcloud.edge_site import CACHED_PATH, RELEASED_PATH, ZONE, EdgeSite, wait_until
from tools.bench.localcloud.running import Running, running, start_up_seconds
from tools.bench.localcloud.viewers import requests_served, seconds_of_answers, status_of

_STARTS = 5
_LOAD_SECONDS = 5.0
_DISTRIBUTIONS, _RECORDS = 200, 500
_DELAY_SECONDS = 10.0
_FAULT_SECONDS = 0.5  # until a fault is in force everywhere: localcloud promises 0.2
_REST_SECONDS = 20.0
_IDLE_SECONDS = 120.0
_MINUTE_SECONDS = 60.0
_LOOK_SECONDS = 2.0
_MEBIBYTE = 1024**2


def bench_start(folder: Path) -> list[Figure]:
    """Times the start of an empty localcloud."""
    seconds = [start_up_seconds(folder / str(index)) for index in range(_STARTS)]
    return [Figure(name="start-up, median of 5", value=statistics.median(seconds), unit="s", limit=2.0)]


def bench_edge(folder: Path) -> list[Figure]:
    """Counts cached requests a second of the data plane's CPU."""
    with running(folder) as localcloud:
        site = EdgeSite(localcloud)
        figures = []
        for name, distribution, path, limit in (
            ("without a function", site.plain, CACHED_PATH, 8000),
            ("with the router function", site.routed, RELEASED_PATH, 5000),
        ):
            hostname = distribution["DomainName"]
            wait_until(partial(_serves, localcloud, hostname, path))
            rate = _requests_per_cpu_second(localcloud, hostname, path)
            title = f"cached requests {name}, in a second of CPU"
            figures.append(Figure(name=title, value=rate, unit="", limit=limit, is_least=True))
    return figures


def _requests_per_cpu_second(localcloud: Running, hostname: str, path: str) -> float:
    requests_served(localcloud.endpoints, hostname, path, seconds=1)
    before = localcloud.data_plane_cpu_seconds()
    served = requests_served(localcloud.endpoints, hostname, path, seconds=_LOAD_SECONDS)
    return served / (localcloud.data_plane_cpu_seconds() - before)


def bench_live(folder: Path) -> list[Figure]:
    """Times changes in a large account until they are served."""
    with running(folder) as localcloud:
        site = EdgeSite(localcloud)
        for index in range(_DISTRIBUTIONS - 2):
            site.create_distribution(f"more-{index}")
        route53 = localcloud.client("route53")
        zone_id = route53.create_hosted_zone(Name=ZONE, CallerReference="bench")["HostedZone"]["Id"]

        def upsert(names: list[str], address: str) -> None:
            changes = [
                {
                    "Action": "UPSERT",
                    "ResourceRecordSet": {
                        "Name": f"{name}.{ZONE}",
                        "Type": "A",
                        "TTL": 60,
                        "ResourceRecords": [{"Value": address}],
                    },
                }
                for name in names
            ]
            route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})

        upsert([f"r{index}" for index in range(_RECORDS)], "192.0.2.1")
        wait_until(partial(_answers, localcloud, f"r{_RECORDS - 1}.{ZONE}", "192.0.2.1"))
        records, distributions = [], []
        for index in range(_STARTS):
            address = f"198.51.100.{index + 1}"
            upsert([f"r{index}"], address)
            records.append(wait_until(partial(_answers, localcloud, f"r{index}.{ZONE}", address)))
            made = site.create_distribution(f"late-{index}")
            distributions.append(wait_until(partial(_serves, localcloud, made["DomainName"], CACHED_PATH)))
    what = f"with {_DISTRIBUTIONS} distributions and {_RECORDS} records, slowest of {_STARTS}"
    return [
        Figure(name=f"a changed record is answered, {what}", value=max(records), unit="s", limit=1.0),
        Figure(name=f"a new distribution serves, {what}", value=max(distributions), unit="s", limit=1.0),
    ]


def _serves(localcloud: Running, hostname: str, path: str) -> bool:
    return status_of(localcloud.endpoints, hostname, path) == 200


def _answers(localcloud: Running, name: str, address: str) -> bool:
    server = localcloud.endpoints.dns
    answer = dns.query.udp(dns.message.make_query(name, "A"), server.address, port=server.port, timeout=5)
    return address in [item.to_text() for found in answer.answer for item in found]


def bench_time(folder: Path) -> list[Figure]:
    """Measures a delay of ten AWS seconds at three speeds, as a viewer of the edge sees it; or what the clock says instead."""
    figures = []
    for speed, limit, count in ((1.0, 2.0, 2), (10.0, 2.0, 10), (60.0, 5.0, 30)):
        try:
            with running(folder / f"speed-{speed:g}", speed=speed) as localcloud:
                lasts = _delay_aws_seconds(localcloud, speed, count)
        except EnvironmentFailureError as error:
            if "ten AWS seconds would last" not in str(error):
                raise
            print(f"speed {speed:g} is refused: {error}", file=sys.stderr)
            continue
        percent = 100 * abs(lasts / _DELAY_SECONDS - 1)
        figures.append(Figure(name=f"10 AWS s at speed {speed:g} are off by", value=percent, unit="%", limit=limit))
    return figures


def _delay_aws_seconds(localcloud: Running, speed: float, count: int) -> float:
    """Returns the median of what a delay of ten AWS seconds lasts to a viewer with an open connection."""
    site = EdgeSite(localcloud)
    endpoints, hostname = localcloud.endpoints, site.plain["DomainName"]
    wait_until(partial(_serves, localcloud, hostname, CACHED_PATH))
    fault: dict[str, object] = {"target": "cloudfront", "kind": "delay", "value": int(_DELAY_SECONDS * 1000)}
    asyncio.run(ControlApi(endpoints.control_url).post("/faults", fault))
    time.sleep(_FAULT_SECONDS)
    slow = statistics.median(seconds_of_answers(endpoints, hostname, CACHED_PATH, count=count))
    return slow * speed


def bench_memory(folder: Path) -> list[Figure]:
    """Deploys the demo's site and looks at what it takes while nobody asks for anything.

    Its functions run every few minutes, each in processes of its own that end soon: at rest is the median of a
    minute, and growth is of the least of one minute against the least of a later one.
    """
    demo = Demo(site_file=ROOT / "config" / "demo.toml", folder=folder, speed=5.0, any_port=True)
    with demo.site() as (endpoints, _):
        localcloud = Running(endpoints)
        time.sleep(_REST_SECONDS)
        at_first = _memory_of_a_minute(localcloud)
        time.sleep(_IDLE_SECONDS)
        later = _memory_of_a_minute(localcloud)
    print(f"the most of a minute: {max(at_first) / _MEBIBYTE:.0f} MiB", file=sys.stderr)
    minutes = (_IDLE_SECONDS + _MINUTE_SECONDS) / 60
    growth = min(later) - min(at_first)
    return [
        Figure(
            name="memory at rest with the demo's site",
            value=statistics.median(at_first) / _MEBIBYTE,
            unit="MiB",
            limit=400,
        ),
        Figure(name=f"growth in {minutes:g} idle minutes", value=growth / _MEBIBYTE, unit="MiB", limit=1),
    ]


def _memory_of_a_minute(localcloud: Running) -> list[int]:
    looks = []
    for _ in range(int(_MINUTE_SECONDS / _LOOK_SECONDS)):
        time.sleep(_LOOK_SECONDS)
        looks.append(localcloud.memory_bytes())
    return looks


BENCHES: dict[str, Callable[[Path], list[Figure]]] = {
    "start": bench_start,
    "edge": bench_edge,
    "live": bench_live,
    "time": bench_time,
    "memory": bench_memory,
}


def main(arguments: list[str]) -> int:
    """Prints a table; exit code 1 when a number is outside its limit."""
    parser = argparse.ArgumentParser(
        prog="bench-localcloud", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[[], *BENCHES], help="which to run; default: all")
    names = parser.parse_args(arguments).names or list(BENCHES)
    figures: list[Figure] = []
    try:
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                figures += BENCHES[name](Path(folder) / "run")
    finally:  # what was measured is worth its minutes, even when the next one fails
        print_figures(figures)
    return 0 if all(figure.is_kept for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
