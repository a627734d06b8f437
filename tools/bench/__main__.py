"""Prints the numbers that the README quotes: `make bench`. Ratios come from one run on one machine.

synth   `python main.py` against merely importing one resource from the plain bindings package (and exiting), and the largest
        example against the demo
apply   terraform apply of every stack of config/prod.example.toml on localcloud
demo    wall time and memory of `make demo`, what a cache miss costs in a layer 1 fault, recovery in a layer 3 fault
lint    CPU of `failover lint` on 5,000 resources and on a small stack
prober  how late the prober begins page views at 100 a second on one core
outages recovery in the outages that happened (docs/DISASTER_RECOVERY.md): half an hour
replace-region  how long the place of a region that is gone takes to fill, with 10,000 files
test    wall time of the test suite
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
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from constructs_lib import bindings
from scripts.terraform.deploy import deploy
from tools.bench.figures import ROOT, Figure, aws_figure
from tools.bench.lint import bench_lint
from tools.bench.outages import bench_outages
from tools.bench.prober import bench_prober
from tools.bench.replacement import bench_replacement
from tools.examples.deployed_example import ready

_PLAIN_IMPORT = "from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket"
_PLAIN_SYNTH = """
import sys
from pathlib import Path
import cdktf_cdktf_provider_aws
from constructs_lib.site_file.loader import load_site_file
from constructs_lib.website import synthesize
synthesize(load_site_file(Path("config/demo.toml")), outdir=Path(sys.argv[1]))
"""
_SYNTH_RUNS = 5
_APPLIED = "config/prod.example.toml"
_SAMPLE_SECONDS = 0.5
_GIGABYTE = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished command: how long it took and the largest memory of its process tree."""

    wall_seconds: float
    peak_bytes: int


def run(command: list[str], environment: dict[str, str] | None = None) -> Run:
    """Runs a command to its end, with its output on stderr, and samples the memory of all its processes.

    Raises:
        CalledProcessError: it failed, so its figures say nothing.
    """
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=sys.stderr, env={**os.environ, **(environment or {})})
    peak = 0
    while True:
        peak = max(peak, _tree_bytes(process.pid))
        try:
            process.wait(_SAMPLE_SECONDS if peak else 0.01)
        except subprocess.TimeoutExpired:
            continue
        if process.returncode != 0:
            raise subprocess.CalledProcessError(process.returncode, command)
        return Run(wall_seconds=time.monotonic() - began, peak_bytes=peak)


def _tree_bytes(pid: int) -> int:
    """Sum of the resident sets: shared pages count once per process, so this is an upper bound."""
    total = 0
    try:
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            total += process.memory_info().rss
    except psutil.Error:
        pass  # ended between two looks
    return total


def bench_synth() -> list[Figure]:
    """Times the synthesis (median of five, caches warm) and the plain import, and compares what both synthesize.

    Raises:
        AssertionError: the fast path's JSON differs from the plain bindings'.
    """
    with tempfile.TemporaryDirectory() as folder:
        fast, plain = Path(folder, "fast"), Path(folder, "plain")
        command = [sys.executable, "main.py", "config/demo.toml", "--output", str(fast)]
        _timed(command)  # warms the jsii package cache
        synth = statistics.median(_timed(command) for _ in range(_SYNTH_RUNS))
        node = {"JSII_NODE": bindings.node_binary(os.environ)}
        plain_import = _timed([sys.executable, "-c", _PLAIN_IMPORT], node)
        _timed([sys.executable, "-W", "ignore", "-c", _PLAIN_SYNTH, str(plain)], node)
        differing = [
            name for name in _stacks(fast) | _stacks(plain) if _stacks(fast).get(name) != _stacks(plain).get(name)
        ]
    if differing:
        raise AssertionError(f"the fast bindings synthesize something else in {', '.join(differing)}")
    return [
        Figure(name="python main.py, median of 5", value=synth, unit="s", limit=3.0),
        Figure(name="python main.py / plain import of one resource", value=synth / plain_import, unit="", limit=0.25),
        _largest_against_demo(),
    ]


def _largest_against_demo() -> Figure:
    """Times both in turn, so that what else the machine does falls on both."""
    with tempfile.TemporaryDirectory() as folder:
        sizes = {}
        for path in sorted((ROOT / "config").glob("*.toml")):
            _timed(_synth(path, Path(folder, path.stem)))
            sizes[path] = sum(map(len, _stacks(Path(folder, path.stem)).values()))
        largest, demo = max(sizes, key=lambda path: sizes[path]), ROOT / "config" / "demo.toml"
        outdir = Path(folder, "timed")
        rounds = [(_timed(_synth(largest, outdir)), _timed(_synth(demo, outdir))) for _ in range(_SYNTH_RUNS)]
    ratio = statistics.median(of_largest for of_largest, _ in rounds) / statistics.median(
        of_demo for _, of_demo in rounds
    )
    return Figure(name=f"python main.py, {largest.name} / demo.toml, medians of 5", value=ratio, unit="", limit=1.3)


def _synth(site_file: Path, outdir: Path) -> list[str]:
    return [sys.executable, "main.py", str(site_file), "--output", str(outdir)]


def bench_apply() -> list[Figure]:
    """Times init and apply of every stack with the real provider: what `make demo` does before it publishes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _timed(_synth(ROOT / _APPLIED, folder / "cdktf.out"))
        with ready(folder) as terraform:
            began = time.monotonic()
            deploy(terraform, folder / "cdktf.out" / "stacks", folder / "outputs.json", Console(stderr=True))
            seconds = time.monotonic() - began
    return [Figure(name=f"apply of {Path(_APPLIED).name} on localcloud", value=seconds, unit="s", limit=240)]


def _stacks(outdir: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in outdir.glob("stacks/*/cdk.tf.json")}


def _timed(command: list[str], environment: dict[str, str] | None = None) -> float:
    began = time.monotonic()
    environ = {**os.environ, **(environment or {})}
    subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True)
    return time.monotonic() - began


def bench_demo() -> list[Figure]:
    """Runs the demo twice, from nothing and from the snapshot that the first run leaves, and reads the first one's report."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("failover")), "demo", "--output"]
        done = run([*command, folder, "--fresh"])
        again = run([*command, f"{folder}-again"])
        shutil.rmtree(f"{folder}-again")
        figures = [
            Figure(name="make demo, set-up done", value=done.wall_seconds, unit="s", limit=150),
            Figure(name="make demo again, from its snapshot", value=again.wall_seconds, unit="s", limit=90),
            Figure(name="make demo, memory of all processes", value=done.peak_bytes / _GIGABYTE, unit="GiB", limit=6),
        ]
        report = json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))
    return figures + _drill_figures(report)


def _drill_figures(report: dict[str, Any]) -> list[Figure]:
    variants = {
        (scenario["name"], variant["name"]): variant
        for scenario in report["scenarios"]
        for variant in scenario["variants"]
    }
    unreachable = variants["origin-outage", "unreachable"]
    failing = variants["origin-outage", "status-503"]
    edge = variants["edge-outage", "refuse"]
    wrong = sum(scenario["wrong_content_requests"] for scenario in report["scenarios"])
    return [
        aws_figure("layer 1: slowest miss, primary unreachable", unreachable["miss_cost_seconds"]["max"], 2.5),
        aws_figure("layer 1: slowest miss, primary answers 503", failing["miss_cost_seconds"]["max"], 0.3),
        aws_figure("layer 3: recovery at 10 s x 3", edge["recovery_time_seconds"] or float("inf"), 120),
        Figure(name="requests with wrong content", value=wrong, unit="", limit=0),
    ]


def bench_test() -> list[Figure]:
    """Runs the test suite."""
    done = run(["make", "test"])
    return [Figure(name="make test, set-up done", value=done.wall_seconds, unit="s", limit=300)]


BENCHES: dict[str, Callable[[], Iterable[Figure]]] = {
    "synth": bench_synth,
    "apply": bench_apply,
    "demo": bench_demo,
    "lint": bench_lint,
    "prober": bench_prober,
    "outages": bench_outages,
    "replace-region": bench_replacement,
    "test": bench_test,
}


def main(arguments: list[str]) -> int:
    """Prints a table; exit code 1 when a number is above its limit."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHES], help="which to run; default: all")
    names = parser.parse_args(arguments).names or list(BENCHES)
    figures: list[Figure] = []
    try:
        for name in names:
            figures += BENCHES[name]()
    finally:  # what was measured is worth its minutes, even when the next one fails
        print_figures(figures)
    return 0 if all(figure.is_kept for figure in figures) else 1


def print_figures(figures: Sequence[Figure]) -> None:
    """Prints what was measured, on what machine, and whether the limits are kept."""
    table = Table("Figure", "Measured", "Limit", "", title=_machine())
    for figure in figures:
        mark = "kept" if figure.is_kept else "[red]MISSED[/red]"
        table.add_row(figure.name, f"{figure.value:.2f} {figure.unit}", f"{figure.limit:g} {figure.unit}", mark)
    Console().print(table)


def _machine() -> str:
    memory = psutil.virtual_memory().total / _GIGABYTE
    today = dt.datetime.now(tz=dt.UTC).date()
    return f"{today}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {platform.system()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
