"""Runs Locust as a program of its own and reads its steps: gevent changes Python's sockets, and only there may it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.errors import EnvironmentFailureError
from scripts.load.knee import Step
from scripts.load.plan import ENVIRONMENT, LoadPlan
from scripts.processes import own_programs

_LOCUSTFILE = Path(__file__).with_name("locustfile.py")


def run_load(plan: LoadPlan, *, processes: int, web_port: int | None, log: Path) -> list[Step]:
    """Run a load test to its end; Ctrl-C ends it after the step under way.

    Args:
        plan: what to do.
        processes: Locust's worker processes on this machine; 1 without workers.
        web_port: where Locust's page is, on loopback only; None for none. The test begins by itself either way.
        log: file that gets what Locust says.

    Raises:
        EnvironmentFailureError: Locust is not installed, or it ended without a step.
    """
    if importlib.util.find_spec("locust") is None:
        raise EnvironmentFailureError(f"Locust is not installed: {own_programs.how_to_install('load')}")
    Path(plan.output).parent.mkdir(parents=True, exist_ok=True)
    Path(plan.output).unlink(missing_ok=True)
    page = (
        ["--headless"]
        if web_port is None
        else ["--autostart", "--autoquit", "1", "--web-host", "127.0.0.1", "--web-port", str(web_port)]
    )
    workers = ["--processes", str(processes)] if processes > 1 else []
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(_LOCUSTFILE),
        *page,
        *workers,
        "--skip-log-setup",
        "--only-summary",
    ]
    environment = own_programs.environment({**os.environ, ENVIRONMENT: plan.to_json()})
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        environment.pop(name, None)  # a proxy would be what is measured
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(command, env=environment, stdout=file, stderr=subprocess.STDOUT, check=False)
    steps = read_steps(Path(plan.output))
    if not steps:
        raise EnvironmentFailureError(f"Locust ended with {done.returncode} before its first step was over: see {log}")
    return steps


def read_steps(path: Path) -> list[Step]:
    """Return the steps that are in a file, none when it is not there."""
    lines: Sequence[str] = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [Step(**json.loads(line)) for line in lines]
