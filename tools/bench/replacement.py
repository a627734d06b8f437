"""How long `failover replace-region` takes with the largest site that we promise it for, while the old region answers nothing."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from scripts.commands.publishing.publishing import publish
from scripts.commands.shared.options import open_website, publisher
from scripts.local.endpoints import read_endpoints
from scripts.release.folder import read_folder
from scripts.release.serving.content_settings import parse_content
from scripts.terraform.synthesis import synthesize
from tools.bench.figures import ROOT, Figure
from tools.examples.deployed_example import deployed

_FILES = 10_000
_IN_A_FOLDER = 100
_NEW_REGION = "eu-west-1"
# Page views of a faster clock take the machine from Terraform (docs/FAILOVER_TESTING.md).
_SPEED = 2.0
_RATE_PER_SECOND = 1.0
_PAGE = '<!doctype html><html lang="en"><head><meta name="release" content=""><title>{0}</title></head><body>{0}</body></html>'


def bench_replacement() -> Iterator[Figure]:
    """Runs the drill region-lost on the demo site with 10,000 files more, and reads its clock."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site_file = folder / "site.toml"
        shutil.copy(ROOT / "config" / "demo.toml", site_file)
        synthesize(site_file, folder / "cdktf.out")
        with deployed(folder, speed=_SPEED):
            _publish(folder)
            began = _processor_seconds(folder)
            report = _drill(folder, site_file)
            processor_seconds = _processor_seconds(folder) - began
    replacement = report["replacement"]
    for step in replacement["steps"]:
        print(f"{step['seconds']:7.1f} s  {step['name']}", file=sys.stderr)
    objects = replacement["objects"]
    yield Figure(
        name=f"replace-region of the demo site, {objects:,} objects", value=replacement["seconds"], unit="s", limit=300
    )
    # What else the machine does lengthens the time, and not this.
    yield Figure(
        name="processor time of the whole drill, localcloud's and Terraform's too",
        value=processor_seconds,
        unit="s",
        limit=300,
    )
    fill = next(step["seconds"] for step in replacement["steps"] if step["name"].startswith("fill"))
    yield Figure(name="of it: filling the new bucket, every object compared", value=fill, unit="s", limit=100)
    yield Figure(name="page views that failed after the first failover", value=report["failed_after"], unit="", limit=0)
    yield Figure(
        name="objects compared in the new region", value=replacement["verified"], unit="", limit=objects, is_least=True
    )


def _processor_seconds(folder: Path) -> float:
    """Returns what localcloud's processes and all that this one has ended have taken of the processors so far."""
    endpoints = read_endpoints(folder / "localcloud" / "endpoints.json")
    server = psutil.Process(endpoints.pid)
    times = [each.cpu_times() for each in (server, *server.children(recursive=True))]
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(each.user + each.system for each in times) + ended.ru_utime + ended.ru_stime


def _publish(folder: Path) -> None:
    content = folder / "site"
    for number in range(_FILES):
        path = content / f"{number // _IN_A_FOLDER:03}" / f"{number % _IN_A_FOLDER:03}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_PAGE.format(f"Page {number}"), encoding="utf-8")
    for name in ("index.html", "404.html"):
        (content / name).write_text(_PAGE.format(name), encoding="utf-8")
    website = open_website(folder / "outputs.json")
    site = publisher(website)
    publish(site, site.plan(read_folder(content, rules=parse_content(website.content))), content)


def _drill(folder: Path, site_file: Path) -> dict[str, Any]:
    command = [str(Path(sys.executable).with_name("failover")), "drill", "region-lost"]
    command += ["--site-file", str(site_file), "--new-region", _NEW_REGION, "--rate", str(_RATE_PER_SECOND)]
    command += ["--stacks", str(folder / "cdktf.out" / "stacks"), "--outputs", str(folder / "outputs.json")]
    command += ["--localcloud", str(folder / "localcloud"), "--report", str(folder / "drill")]
    subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=True)
    document: dict[str, Any] = json.loads((folder / "drill" / "region-lost.json").read_bytes())
    return document
