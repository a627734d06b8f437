"""The contestants: how each one publishes a folder to both regions, with the flags its own documentation recommends for that."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from tools.bench.release.world import REGIONS, World, bucket

ROOT = Path(__file__).parents[3]
_SAMPLE_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A tool.

    Attributes:
        name: its name, also the start of its buckets' names.
        has_own_parallelism: one process publishes to both regions; the others run once a region, at the same time.
    """

    name: str
    has_own_parallelism: bool = False

    def commands(self, world: World, site: Path, s3_port: int, *, is_fresh: bool = False) -> list[list[str]]:
        """Returns the processes that publish `site`, one a region or one for all.

        Args:
            world: the servers.
            site: the folder.
            s3_port: where S3 is asked.
            is_fresh: the folder was made a moment ago, so that the time stamps of its files say nothing.
        """
        url = f"http://127.0.0.1:{s3_port}"
        if self.has_own_parallelism:
            return [
                [
                    *failover_command(),
                    "sync-content",
                    str(site),
                    "--apply",
                    "--no-probe",
                    "--outputs",
                    str(world.outputs),
                ]
            ]
        return [self._command(world, site, url, bucket(region, self.name), is_fresh=is_fresh) for region in REGIONS]

    def _command(self, world: World, site: Path, url: str, target: str, *, is_fresh: bool) -> list[str]:
        program = str(world.peers / self.name)
        match self.name:
            case "aws":
                return [program, "s3", "sync", str(site), f"s3://{target}", "--endpoint-url", url, "--only-show-errors"]
            case "s5cmd":
                return [program, "--endpoint-url", url, "--log", "error", "sync", f"{site}/*", f"s3://{target}/"]
            case "rclone":
                # https://rclone.org/s3/#avoiding-head-requests-to-read-the-modification-time
                by = ["--checksum"] if is_fresh else ["--update", "--use-server-modtime"]
                remote = f":s3,provider=Other,env_auth=true,no_check_bucket=true,endpoint='{url}':{target}"
                return [program, "sync", str(site), remote, *by, "--fast-list",
                        "--transfers", "32", "--checkers", "16", "--config", "/dev/null", "--log-level", "ERROR"]  # fmt: skip
        raise ValueError(f"no contestant {self.name}")


OURS = Contestant(name="failover", has_own_parallelism=True)
PEERS = tuple(Contestant(name=name) for name in ("s5cmd", "rclone", "aws"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A finished publish: how long it took and the largest memory of its processes together."""

    wall_seconds: float
    peak_bytes: int


def failover_command() -> list[str]:
    """Returns the start of our own command line."""
    return [str(Path(sys.executable).with_name("failover"))]


def environment(world: World, *, s3_port: int, store_port: int) -> dict[str, str]:
    """Returns the variables with which everybody finds the servers."""
    return {
        **os.environ,
        **world.endpoints.environment,
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{s3_port}",
        "AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE": f"http://127.0.0.1:{store_port}",
        "HTTP_PROXY": f"http://127.0.0.1:{store_port}",
        "http_proxy": f"http://127.0.0.1:{store_port}",
        "NO_PROXY": f"127.0.0.1:{s3_port}",
        "no_proxy": f"127.0.0.1:{s3_port}",
        "AWS_REGION": "us-east-1",
        "XDG_CACHE_HOME": str(world.folder / "cache"),
    }


def run(commands: list[list[str]], variables: dict[str, str]) -> Finished:
    """Runs commands at the same time to their end.

    Raises:
        RuntimeError: one failed, so its figures say nothing.
    """
    import time

    began = time.monotonic()
    processes = [
        subprocess.Popen(command, env=variables, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for command in commands
    ]
    peak = 0
    while any(process.poll() is None for process in processes):
        peak = max(peak, sum(_resident_bytes(process.pid) for process in processes))
        time.sleep(_SAMPLE_SECONDS)
    wall_seconds = time.monotonic() - began
    for process, command in zip(processes, commands, strict=True):
        assert process.stderr is not None  # noqa: S101  (a pipe was asked for)
        error = process.stderr.read().decode(errors="replace")
        process.stderr.close()
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {error[-2000:]}")
    return Finished(wall_seconds=wall_seconds, peak_bytes=peak)


def _resident_bytes(pid: int) -> int:
    """Returns the memory of a process, and what its copies have that they do not share."""
    try:
        process = psutil.Process(pid)
        resident: int = process.memory_info().rss
        return resident + sum(child.memory_full_info().uss for child in process.children(recursive=True))
    except psutil.Error:
        return 0
