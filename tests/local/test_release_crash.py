"""SIGKILL at 70 random points of a publish, while viewers read: no page mixes releases, nothing is missing, nothing is left."""

import hashlib
import json
import os
import random
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.local.test_deployment import EDGE, HOSTNAME
from tests.worlds.deployment_world import DeploymentWorld

pytestmark = [pytest.mark.local, pytest.mark.slow]

KILLS = 70
_PUBLISHES = 4 * KILLS  # more than that many without as many kills is a fault of this test
_BETWEEN_WHOLE_PUBLISHES = 15
_BETWEEN_VIEWS_SECONDS = 0.08  # three viewers without a pause would leave the publisher nothing of two cores
NAMES = (HOSTNAME, f"eu-central-1.{HOSTNAME}", f"us-east-1.{HOSTNAME}")
_VERSION = re.compile(rb"version (\d+)")
_STYLES = re.compile(rb'href="(/styles\.[0-9a-f]+\.css)"')
ROOT = Path(__file__).parents[2]


def write_site(folder: Path, version: int) -> Path:
    """A page that names its styles by their content, and pages that never change."""
    folder.mkdir()
    styles = f"/* version {version} */".encode()
    name = f"styles.{hashlib.sha256(styles).hexdigest()[:12]}.css"
    (folder / name).write_bytes(styles)
    head = f'<head><title>{version}</title><link rel="stylesheet" href="/{name}"></head>'
    page = f'<!doctype html><html lang="en">{head}<body>version {version}</body></html>'
    (folder / "index.html").write_text(page, encoding="utf-8")
    for number in range(10):
        (folder / f"page-{number}.html").write_text(f"page {number}", encoding="utf-8")
    return folder


class Viewer(threading.Thread):
    """Loads the page and its styles over and over, from one name of the site.

    Attributes:
        views: complete page views.
        versions: versions seen.
        wrong: what a viewer must never see.
    """

    def __init__(self, deployment: DeploymentWorld, hostname: str) -> None:
        super().__init__(name=hostname, daemon=True)
        self._port = deployment.endpoints.https_port
        self._tls = ssl.create_default_context(cafile=deployment.endpoints.ca_certificate)
        self._hostname = hostname
        self._is_over = threading.Event()
        self.views = 0
        self.versions: set[bytes] = set()
        self.wrong: list[str] = []

    def stop(self) -> None:
        self._is_over.set()
        self.join(20)

    def run(self) -> None:
        while not self._is_over.is_set():
            connection = HTTPConnection(self._hostname)
            with socket.create_connection((EDGE, self._port), timeout=60) as raw:
                connection.sock = self._tls.wrap_socket(raw, server_hostname=self._hostname)
                for _ in range(20):
                    self._view(connection)
                    self._is_over.wait(_BETWEEN_VIEWS_SECONDS)
                connection.close()

    def _view(self, connection: HTTPConnection) -> None:
        page = self._get(connection, "/")
        styles = _STYLES.search(page)
        version = _VERSION.search(page)
        if styles is None or version is None:
            self.wrong.append(f"{self._hostname}: no page: {page[:80]!r}")
            return
        looks = _VERSION.search(self._get(connection, styles.group(1).decode()))
        if looks is None or looks.group(1) != version.group(1):
            self.wrong.append(
                f"{self._hostname}: page {version.group(1)!r} with the styles of {looks and looks.group(1)!r}"
            )
        self._get(connection, f"/page-{self.views % 10}.html")
        if self.views % 5 == 0:
            self._get(connection, "/moved", status=301)
        self.versions.add(version.group(1))
        self.views += 1

    def _get(self, connection: HTTPConnection, path: str, *, status: int = 200) -> bytes:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != status:
            self.wrong.append(f"{self._hostname}{path}: status {answer.status}")
        return body


@contextmanager
def publishers(deployment: DeploymentWorld) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.local.crash_publisher", str(deployment.folder / "outputs.json")]
    environment = {**os.environ, **deployment.endpoints.environment}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def viewers_of(deployment: DeploymentWorld) -> Iterator[list[Viewer]]:
    viewers = [Viewer(deployment, name) for name in NAMES]
    for viewer in viewers:
        viewer.start()
    try:
        yield viewers
    finally:
        for viewer in viewers:
            viewer.stop()


def start(process: subprocess.Popen[str], folder: Path) -> int:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(f"{folder}\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def end_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline().split()[1])


def publish(process: subprocess.Popen[str], folder: Path) -> float:
    """Publishes without a kill; returns how long it took, in seconds."""
    began = time.monotonic()
    start(process, folder)
    assert end_of(process) == 0
    return time.monotonic() - began


def kill_publishers(process: subprocess.Popen[str], folder: Path, chance: random.Random, usual_seconds: float) -> Path:
    """Kills `KILLS` publishers, each at a random point of its work; returns the folder of the last one.

    Now and then one is let through, as is one that was faster than its kill: they say how long a publish takes now, so the kills
    fall within the work on a machine whose load changes.
    """
    kills = 0
    for number in range(2, _PUBLISHES):
        suffix = "-back" if number % 4 == 0 else ""
        site = write_site(folder / f"{number}{suffix}", number)
        if number % _BETWEEN_WHOLE_PUBLISHES == 0:
            usual_seconds = publish(process, site)
            continue
        began = time.monotonic()
        pid = start(process, site)
        time.sleep(chance.uniform(0, 1.1 * usual_seconds))
        with suppress(ProcessLookupError):  # it was faster
            os.kill(pid, signal.SIGKILL)
        code = end_of(process)
        assert code in (0, -signal.SIGKILL)
        if code == 0:
            usual_seconds = time.monotonic() - began
            continue
        kills += 1
        if kills == KILLS:
            return site
    raise AssertionError(f"{kills} kills in {_PUBLISHES} publishes")


@pytest.fixture
def site_that_is_published(deployment: DeploymentWorld, tmp_path: Path) -> Path:
    outputs = json.loads((deployment.folder / "outputs.json").read_text(encoding="utf-8"))
    outputs["edge"]["content"] |= {"redirect": [{"from": "/moved", "to": "/"}]}  # a rollback may lead back to here
    (tmp_path / "outputs.json").write_text(json.dumps(outputs), encoding="utf-8")
    arguments = ("--outputs", str(tmp_path / "outputs.json"), "--apply", "--force", "--no-probe")
    deployment.failover("sync-content", str(write_site(tmp_path / "0", 0)), *arguments)
    time.sleep(2 / deployment.endpoints.speed + 0.5)  # the KeyValueStore's way to the edges, which no answer shows
    return tmp_path


def test_publisher_killed_anywhere_leaves_a_whole_site_and_the_next_run_finishes(
    deployment: DeploymentWorld, site_that_is_published: Path
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # pytest shows it when the test fails
    folder = site_that_is_published
    with publishers(deployment) as process:
        usual_seconds = publish(process, write_site(folder / "1", 1))
        with viewers_of(deployment) as viewers:
            last = kill_publishers(process, folder, random.Random(seed), usual_seconds)
            publish(process, last)
    assert [viewer.wrong[:3] for viewer in viewers] == [[]] * len(viewers)
    assert min(viewer.views for viewer in viewers) > KILLS
    assert min(len(viewer.versions) for viewer in viewers) > KILLS / 20
    insist_on_nothing_left(deployment)


def insist_on_nothing_left(deployment: DeploymentWorld) -> None:
    """A prune without grace leaves whole releases, their indexes, and what for six hours may be an upload under way."""
    deployment.failover("verify")
    deployment.failover("prune", "--keep", "1", "--grace-seconds", "0", "--pause-seconds", "0", "--apply")
    pruned = deployment.failover("prune", "--keep", "1", "--grace-seconds", "0", "--json")
    assert '"removals": []' in pruned.stdout
    assert '"index_keys": 0' in pruned.stdout
    deployment.failover("verify")
