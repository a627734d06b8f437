"""A localcloud of the bench's own: how long it takes to start, what its processes use, clients for it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import psutil
from botocore.config import Config

from scripts.local.endpoints import Endpoints
from scripts.local.process import ANY_PORT, running_localcloud
from tools.bench.figures import ROOT


def start_up_seconds(folder: Path) -> float:
    """Starts localcloud, and returns the seconds until its line "ready"."""
    command = [sys.executable, "-m", "localcloud", "serve", *ANY_PORT, "--state-dir", str(folder)]
    began = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None  # noqa: S101  asked for above
        try:
            for line in process.stderr:
                if line.startswith("ready"):
                    return time.monotonic() - began
            raise RuntimeError(f"localcloud ended with {process.wait()} before it was ready")
        finally:
            process.terminate()


class Running:
    """A running localcloud and its processes."""

    def __init__(self, endpoints: Endpoints) -> None:
        self.endpoints = endpoints
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str = "us-east-1") -> Any:  # noqa: ANN401  boto3 makes clients at run time
        """Returns a client, made once."""
        key = (service, region)
        if key not in self._clients:
            url, environment = self.endpoints.gateway_url, self.endpoints.environment
            session: Any = boto3.Session(
                aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
                aws_session_token=environment["AWS_SESSION_TOKEN"],
            )
            config = Config(proxies={"http": url}, s3={"addressing_style": "path"}, read_timeout=120)
            self._clients[key] = session.client(service, region_name=region, endpoint_url=url, config=config)
        return self._clients[key]

    @cached_property
    def data_plane(self) -> psutil.Process:
        """The process that serves."""
        children = psutil.Process(self.endpoints.pid).children()
        return next(child for child in children if "localcloud.dataplane" in child.cmdline())

    def data_plane_cpu_seconds(self) -> float:
        """What the data plane has used so far."""
        used = self.data_plane.cpu_times()
        return float(used.user + used.system)

    def memory_bytes(self) -> int:
        """The memory of all processes; what several share counts once (PSS, https://docs.kernel.org/filesystems/proc.html)."""
        root = psutil.Process(self.endpoints.pid)
        total = 0
        for each in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):  # a function's has ended meanwhile
                total += each.memory_full_info().pss
        return total


@contextmanager
def running(folder: Path, *, speed: float = 1.0) -> Iterator[Running]:
    """Yields a localcloud that holds nothing yet."""
    with running_localcloud(folder, speed=speed, arguments=ANY_PORT) as endpoints:
        yield Running(endpoints)
