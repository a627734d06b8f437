"""Prints how long publishing takes, for us and for the peers, in one run on one machine: `make bench-release`.

Every contestant gets the same site, the same local S3 server and two buckets; the peers run once a bucket, at the same time.
None of them switches both regions at once, verifies what it sent or keeps what was there before; they only copy. What each left
in its buckets is compared with the folder; who is wrong is no measure. Exit code 1 when a figure is above its limit.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.bench.release.contestants import OURS, PEERS, ROOT, Contestant, Finished, environment, failover_command, run
from tools.bench.release.judge import Judge
from tools.bench.release.site import change_pages, make_fresh, make_site
from tools.bench.release.wire import Wire
from tools.bench.release.world import REGIONS, World, bucket, running_world

FOLDER = Path(__file__).parents[3] / "build" / "bench-release"
CHANGED_FILES = 10
FRESH = "10 files changed, fresh CI checkout"
_FRESH_RATIO_LIMIT = 1.0
"""Not slower than the fastest peer that is right there: 0.91 on a quiet machine.
The figure below it is what no program of ours can be faster than."""
_RUNS = 3
_ROUND_TRIP_SECONDS = 0.05
_LARGE_SCALE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number with its limit; None: it is told, and nothing is asked of it."""

    name: str
    value: float
    limit: float | None
    unit: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether the number is within its limit."""
        return self.limit is None or self.value <= self.limit


class Bench:
    """One run. Times are kept by what was measured and who was measured."""

    def __init__(self, world: World, site: Path) -> None:
        self._world = world
        self._site = site
        self._changes = 0
        self._judge = Judge(site, world.s3_port)
        self.wrong: dict[str, set[str]] = {}
        self.seconds: dict[str, dict[str, float]] = {}
        self.requests: dict[str, dict[str, int]] = {}
        self.peak_bytes: dict[str, int] = {}

    def measure(
        self,
        what: str,
        contestants: Sequence[Contestant],
        before_each: Callable[[], None],
        *,
        runs: int,
        is_fresh: bool = False,
    ) -> None:
        """Times contestants in turn on the bare loopback; the median of the runs counts."""
        variables = environment(self._world, s3_port=self._world.s3_port, store_port=self._world.gateway_port)
        for contestant in contestants:
            port = self._world.s3_port
            found = [self._publish(contestant, variables, port, before_each, is_fresh=is_fresh) for _ in range(runs)]
            self._keep(what, contestant, found)

    def measure_with_round_trip(
        self, what: str, contestants: Sequence[Contestant], before_each: Callable[[], None]
    ) -> None:
        """Times contestants with a round trip in front of both servers, and counts requests to S3."""
        with (
            Wire(self._world.s3_port, round_trip_seconds=_ROUND_TRIP_SECONDS) as s3,
            Wire(self._world.gateway_port, round_trip_seconds=_ROUND_TRIP_SECONDS) as store,
        ):
            variables = environment(self._world, s3_port=s3.port, store_port=store.port)
            for contestant in contestants:
                found = []
                for _ in range(_RUNS):
                    before = s3.requests
                    found.append(self._publish(contestant, variables, s3.port, before_each))
                    self.requests.setdefault(what, {})[contestant.name] = s3.requests - before
                self._keep(what, contestant, found)

    def measure_rollback(self) -> None:
        """Times our way back to the release before, and back and forth from there, which needs to be forced."""
        variables = environment(self._world, s3_port=self._world.s3_port, store_port=self._world.gateway_port)
        outputs = ["--outputs", str(self._world.outputs)]
        listed = subprocess.run(
            [*failover_command(), "releases", "--json", *outputs],
            env=variables,
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        releases = json.loads(listed.stdout)["releases"]
        states = {state: each["release_id"] for each in releases for state in each["states"]}
        back, forth = states["previous"], states["active"]
        found = []
        for release_id in (back, forth, back)[:_RUNS]:
            command = [*failover_command(), "rollback", release_id, "--force", "--apply", "--no-probe", *outputs]
            found.append(run([command], variables))
        self._keep("rollback", OURS, found)

    def change(self) -> None:
        """Changes some pages of the site, and those of our own first, so that every run sends the same number of files."""
        self._changes += 1
        self._judge.read(change_pages(self._site, CHANGED_FILES, f"<!-- {self._changes} -->"))

    def check_out(self) -> None:
        """Changes some pages in a checkout of CI: every file is new, and nothing is remembered."""
        self.change()
        make_fresh(self._site)
        shutil.rmtree(self._world.folder / "cache", ignore_errors=True)

    def _publish(
        self,
        contestant: Contestant,
        variables: dict[str, str],
        s3_port: int,
        before_each: Callable[[], None],
        *,
        is_fresh: bool = False,
    ) -> Finished:
        before_each()
        finished = run(contestant.commands(self._world, self._site, s3_port, is_fresh=is_fresh), variables)
        self.peak_bytes[contestant.name] = max(self.peak_bytes.get(contestant.name, 0), finished.peak_bytes)
        return finished

    def _keep(self, what: str, contestant: Contestant, found: Sequence[Finished]) -> None:
        median = statistics.median(each.wall_seconds for each in found)
        self.seconds.setdefault(what, {})[contestant.name] = median
        if contestant in PEERS and not all(self._judge.is_right(bucket(region, contestant.name)) for region in REGIONS):
            self.wrong.setdefault(what, set()).add(contestant.name)
        print(f"{what}, {contestant.name}: {median:.2f} s", file=sys.stderr)


def figures(bench: Bench, floor_seconds: float) -> list[Figure]:
    """Returns our numbers with their limits."""
    unchanged = bench.requests["nothing changed, 50 ms"]["failover"]
    fastest = _fastest_peer(bench, FRESH)
    return [
        Figure(
            name="first publish / fastest peer",
            value=bench.seconds["first publish"]["failover"] / _fastest_peer(bench, "first publish"),
            limit=1.0,
        ),
        Figure(name="nothing changed: requests a region", value=unchanged / len(REGIONS), limit=4),
        Figure(
            name=f"{FRESH} / fastest peer", value=bench.seconds[FRESH]["failover"] / fastest, limit=_FRESH_RATIO_LIMIT
        ),
        Figure(name=f"{FRESH}: MD5 and AWS's client alone / fastest peer", value=floor_seconds / fastest, limit=None),
        Figure(name="rollback", value=bench.seconds["rollback"]["failover"], limit=3.0, unit="s"),
    ]


def _fastest_peer(bench: Bench, what: str) -> float:
    """Returns the seconds of the fastest peer whose buckets are right after it."""
    return min(
        seconds
        for name, seconds in bench.seconds[what].items()
        if name != OURS.name and name not in bench.wrong.get(what, ())
    )


def _floor_seconds(site: Path) -> float:
    """Returns what the least takes that a program of ours must do: AWS's clients, every file's MD5; nothing is asked or sent.

    S3 tells the MD5 of what it has. Without a time stamp or a memory to trust nobody knows what changed before this is done. The
    system's own program does it on all cores, while Python makes the clients.
    """
    digest = 'find "$0" -type f -print0 | xargs -0 -n 500 -P "$1" md5sum'
    client = "from scripts.aws import clients; clients.s3_client('us-east-1'); clients.key_value_store_client()"
    commands = [["sh", "-c", digest, str(site), str(os.cpu_count())], [sys.executable, "-c", client]]
    return statistics.median(run(commands, dict(os.environ)).wall_seconds for _ in range(_RUNS))


def _measure_large_site(world: World) -> Figure:
    """Returns the memory that publishing 100,000 files takes: first, again, a small change, and back."""
    large = FOLDER / "large-site"
    shutil.rmtree(large, ignore_errors=True)
    make_site(large, scale=_LARGE_SCALE)
    variables = environment(world, s3_port=world.s3_port, store_port=world.gateway_port)
    publish = OURS.commands(world, large, world.s3_port)
    back = [[*failover_command(), "rollback", "--apply", "--no-probe", "--outputs", str(world.outputs)]]
    peak = 0
    for what, commands in (
        ("first publish", publish),
        ("nothing changed", publish),
        ("10 files changed", publish),
        ("rollback", back),
    ):
        if what == "10 files changed":
            change_pages(large, CHANGED_FILES, "<!-- large -->")
        found = run(commands, variables)
        peak = max(peak, found.peak_bytes)
        print(
            f"100,000 files, {what}: {found.wall_seconds:.1f} s, {found.peak_bytes / 1e6:.0f} MB",
            file=sys.stderr,
        )
    shutil.rmtree(large)
    return Figure(name="memory of every command at 100,000 files, the most", value=peak / 1e6, limit=300, unit="MB")


def main() -> int:
    """Runs the bench; returns 0 when every figure is within its limit."""
    parser = argparse.ArgumentParser(prog="make bench-release", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one first publish each, without the large site")
    options = parser.parse_args()
    shutil.rmtree(FOLDER / "cache", ignore_errors=True)
    site = FOLDER / "site"
    shutil.rmtree(site, ignore_errors=True)
    total = make_site(site)
    everybody = (OURS, *PEERS)
    with running_world(FOLDER, [each.name for each in everybody]) as world:
        bench = Bench(world, site)
        bench.measure("first publish", everybody, lambda: None, runs=1)
        bench.measure("nothing changed", everybody, lambda: None, runs=_RUNS)
        bench.measure("10 files changed", everybody, bench.change, runs=_RUNS)
        bench.measure_with_round_trip("nothing changed, 50 ms", everybody, lambda: None)
        bench.measure_with_round_trip("10 files changed, 50 ms", everybody, bench.change)
        bench.measure(FRESH, everybody, bench.check_out, runs=_RUNS, is_fresh=True)
        floor_seconds = _floor_seconds(site)
        bench.measure_rollback()
        found = figures(bench, floor_seconds)
        if not options.quick:
            found.append(_measure_large_site(world))
    _print(bench, found, total)
    return 0 if all(figure.is_kept for figure in found) else 1


def _print(bench: Bench, found: Sequence[Figure], total_bytes: int) -> None:
    console = Console(width=120)
    console.print(
        f"{dt.datetime.now(dt.UTC).date()}, {os.cpu_count()} cores, Python {platform.python_version()}: 10,000 files, "
        f"{total_bytes / 1e6:.0f} MB, two regions; seconds, and requests to S3"
    )
    table = Table("", *(contestant.name for contestant in (OURS, *PEERS)))
    for what, seconds in bench.seconds.items():
        requests = bench.requests.get(what, {})
        cells = [
            f"{seconds[each.name]:.2f}"
            + (f" ({requests[each.name]})" if each.name in requests else "")
            + (" wrong" if each.name in bench.wrong.get(what, ()) else "")
            if each.name in seconds
            else ""
            for each in (OURS, *PEERS)
        ]
        table.add_row(what, *cells)
    table.add_row("memory, MB", *(f"{bench.peak_bytes[each.name] / 1e6:.0f}" for each in (OURS, *PEERS)))
    console.print(table)
    limits = Table("Figure", "Measured", "Limit", "")
    for figure in found:
        limits.add_row(
            figure.name,
            f"{figure.value:.2f} {figure.unit}",
            "" if figure.limit is None else f"{figure.limit:g} {figure.unit}",
            "" if figure.limit is None else "✓" if figure.is_kept else "✗",
        )
    console.print(limits)
    (FOLDER / "figures.json").write_text(
        json.dumps({"seconds": bench.seconds, "requests": bench.requests, "peak_bytes": bench.peak_bytes}, indent=2)
    )


if __name__ == "__main__":
    sys.exit(main())
