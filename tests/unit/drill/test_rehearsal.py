"""A whole drill over real sockets on loopback, and what signals do to it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from scripts.drill.journal import drill_lock
from scripts.drill.progress import DrillState, progress_on
from scripts.drill.rehearsal import interruptible, run_drill
from scripts.drill.request import DrillRequest, DrillSettings
from scripts.drill.scenarios import ORIGIN_OUTAGE
from scripts.drill.verdict import Verdict
from scripts.errors import EnvironmentFailureError, InterruptedDrillError, MissingOutputError
from scripts.local.endpoints import DnsEndpoint, Endpoints, read_endpoints
from tests.worlds.control_server import ControlServer, control_server
from tests.worlds.loopback_site import (
    HOSTNAME,
    RELEASE,
    Authority,
    WebServer,
    http_answer,
    make_authority,
    nameserver,
    web_server,
)

SPEED = 5.0
BRISK = DrillSettings(steady_seconds=2.0, hold_seconds=2.0, tail_seconds=1.0, steady_timeout_seconds=30.0)


@contextmanager
def running_site(authority: Authority) -> Iterator[tuple[Endpoints, ControlServer]]:
    """A site whose marker and cache follow the faults of a control server, served by another thread."""
    ready, endpoints, loop = threading.Event(), [], asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with nameserver() as names, web_server(authority) as web, control_server() as control:
            names.records[(HOSTNAME, "A")] = (60, ["127.0.0.1"])
            names.records[(HOSTNAME, "AAAA")] = (60, ["::ffff:127.0.0.1"])
            control.on_change = lambda: follow_faults(web, control)
            found = Endpoints(
                schema=1,
                pid=1,
                speed=SPEED,
                gateway_url="",
                control_url=control.url,
                dns=DnsEndpoint(address="127.0.0.1", port=names.port),
                https_port=web.port,
                ca_certificate=authority.ca_file,
            )
            endpoints.append((found, control))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    with ExitStack() as stack:
        thread.start()
        stack.callback(loop.close)
        stack.callback(thread.join)
        stack.callback(loop.call_soon_threadsafe, stop.set)
        assert ready.wait(60)
        yield endpoints[0]


def follow_faults(web: WebServer, control: ControlServer) -> None:
    web.region = "us-east-1" if control.faults else "eu-central-1"
    page = f'<html><head><meta name="release" content="{RELEASE}"></head></html>'.encode()
    word = "Miss" if control.faults else "Hit"
    web.answers["/"] = http_answer(200, page, headers={"X-Cache": f"{word} from cloudfront"})


def a_brisk_request(folder: Path) -> DrillRequest:
    return DrillRequest(
        scenario=ORIGIN_OUTAGE,
        variant_names=("status-503",),
        hostname=HOSTNAME,
        primary_region="eu-central-1",
        secondary_region="us-east-1",
        release_id=RELEASE,
        rto_seconds=120.0,
        state_folder=folder,
        settings=BRISK,
    )


def test_drill_over_real_sockets_is_within(tmp_path: Path) -> None:
    console = Console(file=(tmp_path / "log").open("w"), width=200)
    with running_site(make_authority(tmp_path)) as (endpoints, control), console.file:
        with progress_on(console) as progress:
            result = run_drill(a_brisk_request(tmp_path), endpoints, progress=progress)
        assert control.faults == {}
    assert result.worst.measurement.verdict is Verdict.WITHIN, result.worst.measurement.reasons
    assert "origin-outage/status-503  fault in force, waiting for us-east-1" in (tmp_path / "log").read_text()


def test_progress_without_a_terminal_is_one_line_a_phase(tmp_path: Path) -> None:
    state = DrillState(
        drill="origin-outage/status-503",
        phase="fault in force, waiting for eu-central-1",
        elapsed_seconds=100.0,
        good=1000,
        bad=1000,
        region="eu-central-1",
    )
    with (tmp_path / "log").open("w") as file, progress_on(Console(file=file, width=80)) as progress:
        progress.show(state)
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert line.endswith("served by eu-central-1")


def test_run_drill_rejects_a_second_one_at_the_same_time(tmp_path: Path) -> None:
    with (
        running_site(make_authority(tmp_path)) as (endpoints, _),
        drill_lock(tmp_path),
        pytest.raises(EnvironmentFailureError, match="another drill is running"),
    ):
        run_drill(a_brisk_request(tmp_path), endpoints)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_lets_the_work_clean_up_and_a_second_one_does_not_stop_that(number: signal.Signals) -> None:
    events: list[str] = []

    async def work() -> None:
        try:
            signal.raise_signal(number)
            await asyncio.Event().wait()
        finally:
            signal.raise_signal(number)
            for _ in range(5):  # the loop needs a few rounds to hear of it
                await asyncio.sleep(0)
            events.append("cleaned up")

    found = signal.signal(number, signal.default_int_handler)  # under nohup SIGHUP is ignored, and stays so
    try:
        with pytest.raises(InterruptedDrillError, match=f"interrupted by {number.name}") as caught:
            asyncio.run(interruptible(work(), name="origin-outage"))
        assert caught.value.exit_code == 130
        assert events == ["cleaned up"]
        assert signal.getsignal(number) == signal.default_int_handler
    finally:
        signal.signal(number, found)


def test_ignored_hangup_stays_ignored() -> None:
    async def work() -> str:
        signal.raise_signal(signal.SIGHUP)
        for _ in range(5):
            await asyncio.sleep(0)
        return "went on"

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert asyncio.run(interruptible(work(), name="origin-outage")) == "went on"
    finally:
        signal.signal(signal.SIGHUP, before)


def test_endpoints_are_read_and_unknown_keys_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "endpoints.json"
    path.write_text(
        '{"schema": 1, "pid": 7, "speed": 10.0, "gateway_url": "http://127.0.0.1:4566", "http_port": 8080,'
        ' "dns": {"address": "127.0.0.1", "port": 10053}, "https_port": 8443, "ca_certificate": "/x/ca.pem",'
        ' "control_url": "http://127.0.0.1:4566/_localcloud", "environment": {"HTTP_PROXY": "http://127.0.0.1:4566"}}'
    )
    endpoints = read_endpoints(path)
    assert (endpoints.speed, endpoints.dns.port, endpoints.https_port) == (10.0, 10053, 8443)


@pytest.mark.parametrize(
    ("content", "match"),
    [(None, "not running"), ("{}", "not what localcloud writes"), ("{x", r"line 1 column 2\): stop")],
)
def test_endpoints_rejects_what_localcloud_did_not_write(tmp_path: Path, content: str | None, match: str) -> None:
    path = tmp_path / "endpoints.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(MissingOutputError, match=match):
        read_endpoints(path)
