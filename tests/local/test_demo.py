"""The demo as a command: a second one at the same time, taken ports, missing tools, and Ctrl-C at any point."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from scripts.clock import AwsClock
from scripts.errors import EnvironmentFailureError
from scripts.local.process import running_localcloud, sole_user

pytestmark = pytest.mark.local

ROOT = Path(__file__).parents[2]
FAILOVER = str(Path(sys.executable).with_name("failover"))
_END_SECONDS = 60
_KILLED_SECONDS = 15
_INTERRUPTS = 3
_BETWEEN_INTERRUPTS_SECONDS = 0.3


def run_demo(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [FAILOVER, "demo", "--any-port", "--output", str(folder), *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False
    )


@contextmanager
def started_demo(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [FAILOVER, "demo", "--any-port", "--fresh", "--output", str(folder)],  # a demo of before left a snapshot
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def read_until(process: subprocess.Popen[str], text: str) -> None:
    assert process.stderr is not None
    seen = ""
    for line in process.stderr:
        seen += line
        if text in line:
            return
    raise AssertionError(f"the demo ended before it said {text!r}:\n{seen}")


def users_of(folder: Path) -> list[str]:
    """Processes that have the folder on their command line or as their working directory."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "cwd"]):
        line = " ".join(process.info["cmdline"] or [])
        if str(folder) in line or (process.info["cwd"] or "").startswith(str(folder)):
            found.append(line)
    return found


def wait_until(condition: Callable[[], bool], *, seconds: float) -> None:
    clock = AwsClock(speed=1)
    deadline = clock.now_seconds() + seconds
    while not condition():
        assert clock.now_seconds() < deadline, f"not within {seconds:g} s"
        threading.Event().wait(0.1)


def is_applying(folder: Path) -> bool:
    users = users_of(folder)
    return any(" apply " in line for line in users) and any("terraform-provider-aws" in line for line in users)


# Each text is printed when that step begins; Terraform's bars come only with a terminal, so its log shows that it runs.
@pytest.mark.parametrize(
    "step",
    [*(pytest.param(step, marks=pytest.mark.slow) for step in ("Synthesize", "Start localcloud")), "Apply all stacks"],
)
@pytest.mark.parametrize("signal_number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_interrupted_demo_leaves_nothing_running(tmp_path: Path, step: str, signal_number: signal.Signals) -> None:
    with started_demo(tmp_path) as process:
        read_until(process, step)
        process.send_signal(signal_number)
        assert process.wait(_END_SECONDS) == 130
    assert users_of(tmp_path) == []
    assert not (tmp_path / "report.json").exists()
    assert not (tmp_path / "localcloud" / "endpoints.json").exists()


@pytest.mark.slow
def test_impatiently_interrupted_demo_leaves_nothing_running(tmp_path: Path) -> None:
    with started_demo(tmp_path) as process:
        read_until(process, "Apply all stacks")
        wait_until(lambda: is_applying(tmp_path), seconds=_END_SECONDS)
        for _ in range(_INTERRUPTS):
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_BETWEEN_INTERRUPTS_SECONDS)
        assert process.wait(_END_SECONDS) == 130
        assert users_of(tmp_path) == []
        assert process.stderr is not None
        assert process.stderr.read().endswith("failover: interrupted; nothing was left running\n")


@pytest.mark.slow
def test_killed_demo_leaves_nothing_running_for_long(tmp_path: Path) -> None:
    with started_demo(tmp_path) as process:
        read_until(process, "Apply all stacks")
        wait_until(lambda: is_applying(tmp_path), seconds=_END_SECONDS)
        process.kill()
        process.wait()
        wait_until(lambda: users_of(tmp_path) == [], seconds=_KILLED_SECONDS)


def test_demo_rejects_a_second_one_at_the_same_time(tmp_path: Path) -> None:
    with sole_user(tmp_path, "demo"):
        done = run_demo(tmp_path)
    assert done.returncode == 3
    assert f"another demo is using {tmp_path}" in done.stderr


def test_demo_keeps_what_a_running_one_has_made(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("{}", encoding="utf-8")
    with sole_user(tmp_path, "demo"):
        run_demo(tmp_path)
    assert (tmp_path / "report.json").read_text(encoding="utf-8") == "{}"


def test_demo_names_the_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "localcloud", "serve", "--state-dir", str(tmp_path), "--gateway-port", str(port)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 3
    assert str(port) in done.stderr
    assert "--gateway-port" in done.stderr


def test_demo_rejects_a_wrong_site_file_before_it_starts_anything(tmp_path: Path) -> None:
    site_file = tmp_path / "site.toml"
    site_file.write_text("[site]\n", encoding="utf-8")
    done = run_demo(tmp_path / "out", "--site-file", str(site_file))
    assert done.returncode == 2
    assert "site.domain_name is missing" in done.stderr
    assert not (tmp_path / "out" / "localcloud").exists()


def test_demo_rejects_a_site_file_that_is_not_there(tmp_path: Path) -> None:
    done = run_demo(tmp_path / "out", "--site-file", str(tmp_path / "no.toml"))
    assert done.returncode == 2
    assert "No such file" in done.stderr


def test_demo_names_terraform_when_it_is_missing(tmp_path: Path) -> None:
    done = run_demo(tmp_path, PATH="/nonexistent")
    assert done.returncode == 3
    assert "erraform" in done.stderr


def test_demo_names_a_provider_mirror_that_is_wrong(tmp_path: Path) -> None:
    done = run_demo(tmp_path / "out", FAILOVER_PROVIDER_MIRROR=str(tmp_path))
    assert done.returncode == 3
    assert "FAILOVER_PROVIDER_MIRROR" in done.stderr


def test_demo_names_node_when_it_is_wrong(tmp_path: Path) -> None:
    done = run_demo(tmp_path, JSII_NODE="/no/node")
    assert done.returncode == 3
    assert "JSII_NODE" in done.stderr


def test_demo_offers_free_ports_when_one_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        arguments = ("--gateway-port", str(taken.getsockname()[1]))
        with (
            pytest.raises(EnvironmentFailureError, match=r"(?s)in use.*--any-port"),
            running_localcloud(tmp_path, speed=1, arguments=arguments),
        ):
            pass
