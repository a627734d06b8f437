"""Drills by AWS's own levers, each by `--drill NAME` only: they break a part of a running site."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.drill.levers.plan import confirmation_of
from tests.live.conftest import ROOT, LiveSite

pytestmark = pytest.mark.live


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("name", metafunc.config.option.drill or ["none"])


def test_drill_is_within_its_objective(live: LiveSite, name: str, tmp_path: Path) -> None:
    if name == "none":
        pytest.skip("no --drill NAME was given; `failover chaos levers` lists them")
    command = [str(Path(sys.executable).with_name("failover")), "drill", name, "--apply"]
    command += ["--confirm", confirmation_of(live.deployment), "--report", str(tmp_path / "report"), *live.options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
