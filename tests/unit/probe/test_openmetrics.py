"""The OpenMetrics document, read by its grammar, and its server on loopback."""

from __future__ import annotations

import asyncio
import dataclasses
import re

import pytest

from scripts.errors import EnvironmentFailureError
from scripts.probe.http1 import Response, connect_tcp, start_http
from scripts.probe.openmetrics import CONTENT_TYPE, Totals, exposition, served
from scripts.probe.survey import Finding
from tests.unit.probe.test_history import VIEW

SAMPLE_LINE = re.compile(r'^[a-z_]+(\{[a-z_]+="([^"\\\n]|\\["\\n])*"(,[a-z_]+="([^"\\\n]|\\["\\n])*")*\})? [0-9.]+$')


def totals() -> Totals:
    made = Totals()
    made.add([VIEW, VIEW, dataclasses.replace(VIEW, error="timeout", region=None, total=None)])
    made.findings = [
        Finding(kind="propagation", subject='a "quoted" name', is_ok=False, detail="", value=12.0),
        Finding(kind="certificate", subject="www.example.test", is_ok=True, detail="", value=86400.0),
    ]
    return made


def test_every_line_is_openmetrics() -> None:
    lines = exposition(totals(), hostname="www.example.test").splitlines()
    assert lines[-1] == "# EOF"
    assert [line for line in lines if not line.startswith("# ") and not SAMPLE_LINE.match(line)] == []


def test_figures_are_those_of_the_views() -> None:
    text = exposition(totals(), hostname="h")
    assert 'failover_page_views_total{hostname="h",family="ipv4",region="eu-central-1",error=""} 2' in text
    assert 'failover_page_views_total{hostname="h",family="ipv4",region="",error="timeout"} 1' in text
    assert 'failover_resolver_lag_seconds{hostname="h",subject="a \\"quoted\\" name"} 12.000' in text
    assert 'failover_check_ok{hostname="h",check="propagation",subject="a \\"quoted\\" name"} 0' in text
    assert 'failover_certificate_expiry_seconds{hostname="h",subject="www.example.test"} 86400.000' in text


def test_server_answers_on_loopback_and_refuses_other_paths() -> None:
    async def get(port: int, path: str) -> Response:
        connection = await start_http(await connect_tcp("127.0.0.1", port))
        try:
            return await connection.request(host="localhost", path=path, close=True)
        finally:
            connection.abort()

    async def run() -> tuple[Response, Response]:
        async with served(lambda: "x\n# EOF\n", port=0) as port:
            return await get(port, "/metrics"), await get(port, "/etc/passwd")

    found, refused = asyncio.run(run())
    assert (found.status, found.headers["content-type"], found.body) == (200, CONTENT_TYPE, b"x\n# EOF\n")
    assert refused.status == 404


def test_port_that_is_taken_is_refused_by_name() -> None:
    async def run() -> None:
        async with served(lambda: "", port=0) as port, served(lambda: "", port=port):
            pass

    with pytest.raises(EnvironmentFailureError, match="choose another --metrics-port"):
        asyncio.run(run())
