"""A whole load test by Locust against a site on loopback, and whom it refuses to load."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts import cli
from scripts.errors import EnvironmentFailureError, WrongUsageError
from scripts.load.knee import Step
from scripts.load.run import run_load
from tests.unit.commands.test_slo_commands import OUTPUTS
from tests.unit.load.test_knee import PLAN
from tests.worlds.loopback_site import HOSTNAME, http_answer, make_authority, nameserver, web_server


def loaded(folder: Path, *, breaks: bool) -> list[Step]:
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
            step_seconds=2,
            output=str(folder / "steps.jsonl"),
        )
        return run_load(plan, processes=1, web_port=None, log=folder / "locust.log")
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
