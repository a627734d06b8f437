"""What an experiment acts on: the localcloud and the deployment that the environment names."""

from __future__ import annotations

import os
from pathlib import Path

from scripts.clock import AwsClock
from scripts.errors import MissingOutputError
from scripts.local.control import ControlApi
from scripts.local.endpoints import Endpoints, read_endpoints
from scripts.terraform.outputs import Deployment, load_deployment

DEFAULT_OUTPUTS = "build/outputs.json"


def state_folder() -> Path:
    """Return the state folder of the localcloud.

    Raises:
        MissingOutputError: none is named.
    """
    folder = os.environ.get("FAILOVER_LOCALCLOUD")
    if not folder:
        raise MissingOutputError("experiments inject faults into localcloud: name it with --localcloud DIR")
    return Path(folder)


def endpoints() -> Endpoints:
    """Return where the localcloud listens."""
    return read_endpoints(state_folder() / "endpoints.json")


def control() -> ControlApi:
    """Return its control API."""
    return ControlApi(endpoints().control_url)


def clock() -> AwsClock:
    """Return a clock of its speed."""
    return AwsClock(speed=endpoints().speed)


def deployment() -> Deployment:
    """Return what was deployed there."""
    return load_deployment(Path(os.environ.get("FAILOVER_OUTPUTS", DEFAULT_OUTPUTS)))
