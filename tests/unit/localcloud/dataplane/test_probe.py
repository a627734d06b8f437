"""One request of a health checker against real loopback servers, budgets in a clock that runs 20 times faster."""

import asyncio
import contextlib
import gzip
import ssl
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trustme

from localcloud.dataplane.clock import AwsClock
from localcloud.dataplane.probe import Ports, probe
from localcloud.model.health import SEARCHED_BODY_BYTES, CheckType, HealthCheck, ProbeFailure, ProbeResult

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
CLOCK = AwsClock(speed=1)  # a faster one would leave a busy machine milliseconds to answer in
PORTS = Ports(https=443, http=80)


def says(*chunks: bytes, pause_seconds: float = 0) -> Handler:
    """A server that answers in chunks, with a pause in AWS seconds before each."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for chunk in chunks:
            await CLOCK.sleep(pause_seconds)
            writer.write(chunk)
        await writer.drain()

    return serve


async def keeps_silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


def result_of(
    handler: Handler, type_: CheckType = CheckType.HTTP, *, tls: ssl.SSLContext | None = None, **fields: Any
) -> ProbeResult:
    async def once() -> ProbeResult:
        served = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await handler(reader, writer)
            writer.close()
            served.set()

        async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
            port = server.sockets[0].getsockname()[1]
            check = HealthCheck(id="c", type=type_, port=port, fully_qualified_domain_name="a.test", **fields)
            result = await probe(check, "127.0.0.1", ports=PORTS, clock=CLOCK)
            if tls is None:  # a handshake that fails reaches no handler
                await served.wait()
            return result

    return asyncio.run(once())


@pytest.mark.parametrize(
    ("status", "expected"), [(200, None), (301, None), (404, ProbeFailure.STATUS), (503, ProbeFailure.STATUS)]
)
def test_probe_judges_the_status_and_follows_no_redirect(status: int, expected: ProbeFailure | None) -> None:
    """aws-facts section 5: 3xx passes as is."""
    answer = f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:1/\r\n\r\n".encode()
    assert result_of(says(answer)).failure is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"all good", None), (b"all GOOD", ProbeFailure.STRING_NOT_FOUND), (b"", ProbeFailure.STRING_NOT_FOUND)],
)
def test_probe_searches_the_body(body: bytes, expected: ProbeFailure | None) -> None:
    answer = b"HTTP/1.1 200 OK\r\n\r\n" + body
    assert result_of(says(answer), CheckType.HTTP_STR_MATCH, search_string="good").failure is expected


@pytest.mark.parametrize(
    ("coding", "body", "expected"),
    [
        ("gzip", gzip.compress(b"all good"), None),
        ("deflate", zlib.compress(b"all good"), None),
        ("gzip", gzip.compress(b"x" * SEARCHED_BODY_BYTES + b"good"), ProbeFailure.STRING_NOT_FOUND),
        ("br", b"\x0b\x03\x80all gO\x03", ProbeFailure.STRING_NOT_FOUND),
    ],
    ids=["gzip", "deflate", "gzip, string too far", "brotli"],
)
def test_probe_searches_the_decoded_body(coding: str, body: bytes, expected: ProbeFailure | None) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html: gzip and deflate"""
    answer = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n".encode() + body
    assert result_of(says(answer), CheckType.HTTP_STR_MATCH, search_string="good").failure is expected


def test_probe_silence_after_the_connection_is_a_response_timeout() -> None:
    assert result_of(keeps_silent).failure is ProbeFailure.RESPONSE_TIMEOUT


def test_probe_body_that_stalls_is_a_body_timeout() -> None:
    handler = says(b"HTTP/1.1 200 OK\r\n\r\n", b"good", pause_seconds=0.1)
    late = says(b"HTTP/1.1 200 OK\r\n\r\n", b"x", b"x", b"good", pause_seconds=1.0)
    options: dict[str, Any] = {"search_string": "good"}
    assert result_of(handler, CheckType.HTTP_STR_MATCH, **options).failure is None
    assert result_of(late, CheckType.HTTP_STR_MATCH, **options).failure is ProbeFailure.BODY_TIMEOUT


def test_probe_plain_server_on_a_tls_check_is_a_failure() -> None:
    assert result_of(says(b"x"), CheckType.HTTPS).is_success is False


@pytest.mark.parametrize(("oldest", "is_success"), [(ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, False)])
def test_probe_needs_tls_1_2_or_older(oldest: ssl.TLSVersion, is_success: bool) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html, Type"""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("a.test").configure_cert(context)
    context.minimum_version = oldest
    result = result_of(says(b"HTTP/1.1 200 OK\r\n\r\n"), CheckType.HTTPS, tls=context)
    assert result.is_success is is_success


def test_probe_tcp_needs_a_connection_only() -> None:
    assert result_of(keeps_silent, CheckType.TCP).is_success


def test_probe_closed_port_is_refused() -> None:
    check = HealthCheck(id="c", type=CheckType.HTTP, port=1, fully_qualified_domain_name="a.test")
    result = asyncio.run(probe(check, "127.0.0.1", ports=PORTS, clock=CLOCK))
    assert result.failure is ProbeFailure.CONNECTION_REFUSED


def test_probe_never_leaves_loopback() -> None:
    check = HealthCheck(id="c", type=CheckType.HTTP, port=80, fully_qualified_domain_name="a.test")
    result = asyncio.run(probe(check, "192.0.2.1", ports=PORTS, clock=CLOCK))
    assert result.failure is ProbeFailure.CONNECT_TIMEOUT


def test_probe_sends_the_host_header_and_the_user_agent_of_aws() -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html"""
    seen: list[bytes] = []

    async def record(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")

    result_of(record, resource_path="/health")
    assert seen[0].startswith(b"GET /health HTTP/1.1\r\nHost: a.test:")
    assert b"Amazon-Route53-Health-Check-Service (ref c; report" in seen[0]
