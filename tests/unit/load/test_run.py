"""A whole load test by Locust against a site on loopback, and whom it refuses to load."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import socket
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from scripts import cli
from scripts.clock import AwsClock
from scripts.errors import EnvironmentFailureError, WrongUsageError
from scripts.load.knee import Step
from scripts.load.run import run_load
from tests.unit.commands.test_slo_commands import OUTPUTS
from tests.unit.load.test_knee import PLAN
from tests.worlds.loopback_site import HOSTNAME, http_answer, make_authority, nameserver, web_server


def loaded(
    folder: Path,
    *,
    breaks: bool,
    processes: int = 1,
    step_seconds: float = 2,
    web_port: int | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> list[Step]:
    """Load a site with 2 and then 4 viewers for 2 s each; one that `breaks` has no region marker."""
    authority, ready, loop = make_authority(folder), threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()
    ports: dict[str, int] = {}

    async def serve() -> None:
        async with nameserver() as names, web_server(authority) as web:
            names.records[(HOSTNAME, "A")] = (60, ["127.0.0.1"])
            if breaks:
                web.answers["/health/region.json"] = http_answer(503, b"")
            ports.update(dns=names.port, https=web.port)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(60)
        plan = dataclasses.replace(
            PLAN,
            https_port=ports["https"],
            nameserver=("127.0.0.1", ports["dns"]),
            ca_certificate=str(authority.ca_file),
            first_viewers=2,
            most_viewers=4,
            step_seconds=step_seconds,
            output=str(folder / "steps.jsonl"),
        )
        beside = threading.Thread(target=meanwhile)
        beside.start()
        steps = run_load(plan, processes=processes, web_port=web_port, log=folder / "locust.log")
        beside.join(30)
        return steps
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)
        loop.close()


def test_every_step_counts_page_views_by_region(tmp_path: Path) -> None:
    steps = loaded(tmp_path, breaks=False)
    assert [step.viewers for step in steps] == [2, 4], (tmp_path / "locust.log").read_text()
    for step in steps:
        assert step.failed == 0
        assert step.served_by == {"eu-central-1": step.views}
        assert 0 < step.p50_seconds <= step.p95_seconds


def test_site_that_breaks_ends_the_test_with_its_step(tmp_path: Path) -> None:
    steps = loaded(tmp_path, breaks=True)
    assert [(step.viewers, step.failed_ratio) for step in steps] == [(2, 1.0)]


@pytest.mark.slow
def test_worker_processes_share_the_viewers_and_their_steps_are_summed(tmp_path: Path) -> None:
    steps = loaded(tmp_path, breaks=False, processes=2, step_seconds=6)
    log = (tmp_path / "locust.log").read_text()
    assert [step.viewers for step in steps] == [2, 4], log
    assert all(step.views > 0 and step.failed == 0 for step in steps)


def test_page_of_locust_is_there_while_it_runs_and_on_loopback_only(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found: list[str] = []
    listening: set[str] = set()

    def read() -> None:
        clock = AwsClock()
        while not found and clock.now_seconds() < 30:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as answer:
                    found.append(answer.read().decode())
            except OSError:
                asyncio.run(clock.sleep(0.1))
        for each in psutil.net_connections("tcp"):
            if each.status == psutil.CONN_LISTEN and each.laddr and each.laddr.port == port:
                listening.add(each.laddr.ip)

    steps = loaded(tmp_path, breaks=False, web_port=port, meanwhile=read)
    assert [step.viewers for step in steps] == [2, 4], (tmp_path / "locust.log").read_text()
    assert "Locust" in found[0]
    assert listening == {"127.0.0.1"}


def test_missing_locust_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(EnvironmentFailureError, match="Locust is not installed"):
        run_load(PLAN, processes=1, web_port=None, log=tmp_path / "log")


@pytest.mark.parametrize("arguments", [(), ("--i-own-this-target", "www.other.test")])
def test_foreign_or_unnamed_target_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.delenv("FAILOVER_LOCALCLOUD", raising=False)
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps(OUTPUTS), encoding="utf-8")
    done = CliRunner().invoke(cli.application(("load",)), ["load", "--outputs", str(outputs), *arguments])
    assert isinstance(done.exception, WrongUsageError)
    assert "--i-own-this-target www.example.test" in str(done.exception)
