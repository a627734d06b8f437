"""One request of a Route 53 health checker: phases with their budgets, outcome as data.

Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

import asyncio
import ssl
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import TypeVar

from aws_facts.health_checks import (
    HTTP_BODY_BUDGET_SECONDS,
    HTTP_CONNECT_BUDGET_SECONDS,
    HTTP_RESPONSE_BUDGET_SECONDS,
    TCP_CONNECT_BUDGET_SECONDS,
)
from localcloud.dataplane.clock import AwsClock
from localcloud.model.health import (
    SEARCHED_BODY_BYTES,
    CheckType,
    HealthCheck,
    ProbeFailure,
    ProbeResult,
    judge_body,
    judge_status,
)

# The user agent of AWS's checkers,
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
USER_AGENT = "Amazon-Route53-Health-Check-Service (ref {id}; report http://amzn.to/1vsZADi)"
MAXIMUM_HEADER_BYTES = 65_536

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where localcloud's own addresses serve 443 and 80."""

    https: int
    http: int

    def real_port(self, port: int) -> int:
        """Return the loopback port that stands for an AWS port."""
        return {443: self.https, 80: self.http}.get(port, port)


class _Failed(Exception):  # noqa: N818  control flow of this module
    def __init__(self, failure: ProbeFailure) -> None:
        super().__init__(failure.value)
        self.failure = failure


def _tls_context() -> ssl.SSLContext:
    """Route 53 does not validate certificates, and the endpoint must offer TLS 1.0, 1.1 or 1.2: API_HealthCheckConfig, `Type`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


_TLS = _tls_context()


async def probe(check: HealthCheck, address: str, *, ports: Ports, clock: AwsClock) -> ProbeResult:
    """Ask the endpoint once.

    Args:
        check: Of a probing type.
        address: Its IPv4 address; anything but loopback counts as unreachable at once.
        ports: The real ports of localcloud's own addresses.
        clock: For the budgets.
    """
    if not ip_address(address).is_loopback:
        return ProbeResult(failure=ProbeFailure.CONNECT_TIMEOUT)
    try:
        if check.type is CheckType.TCP:
            return await _probe_tcp(check, address, ports, clock)
        return await _probe_http(check, address, ports, clock)
    except _Failed as error:
        return ProbeResult(failure=error.failure)


async def _probe_tcp(check: HealthCheck, address: str, ports: Ports, clock: AwsClock) -> ProbeResult:
    connect = asyncio.open_connection(address, ports.real_port(check.endpoint_port))
    _, writer = await _within(clock, TCP_CONNECT_BUDGET_SECONDS, connect, ProbeFailure.CONNECT_TIMEOUT)
    writer.close()
    return ProbeResult()


async def _probe_http(check: HealthCheck, address: str, ports: Ports, clock: AwsClock) -> ProbeResult:
    name = check.fully_qualified_domain_name
    connect = asyncio.open_connection(
        address,
        ports.real_port(check.endpoint_port),
        ssl=_TLS if check.uses_tls else None,
        server_hostname=(name if check.enable_sni and name else "") if check.uses_tls else None,
    )
    reader, writer = await _within(clock, HTTP_CONNECT_BUDGET_SECONDS, connect, ProbeFailure.CONNECT_TIMEOUT)
    try:
        writer.write(_request(check))
        head = await _within(clock, HTTP_RESPONSE_BUDGET_SECONDS, _read_head(reader), ProbeFailure.RESPONSE_TIMEOUT)
        status_code = int(head.split(b" ", 2)[1])
        result = judge_status(status_code, _reason(status_code))
        if not check.search_string or not result.is_success:
            return result
        decode = _decoder(head)
        body = await _within(clock, HTTP_BODY_BUDGET_SECONDS, _read_body(reader, decode), ProbeFailure.BODY_TIMEOUT)
        return judge_body(result, body, check.search_string)
    finally:
        writer.transport.abort()


def _request(check: HealthCheck) -> bytes:
    path = check.resource_path if check.resource_path.startswith("/") else f"/{check.resource_path}"
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {check.host_header}",
        f"User-Agent: {USER_AGENT.format(id=check.id)}",
        "Connection: close",
        "Accept: */*",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _within(clock: AwsClock, seconds: float, step: Awaitable[Result], silence: ProbeFailure) -> Result:
    """Wait for a phase within its budget; silence and errors become the failure they mean."""
    try:
        async with clock.timeout(seconds):
            return await step
    except TimeoutError:
        raise _Failed(silence) from None
    except ConnectionRefusedError:
        raise _Failed(ProbeFailure.CONNECTION_REFUSED) from None
    except ssl.SSLError:
        raise _Failed(ProbeFailure.TLS) from None
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, IndexError):
        is_connecting = silence is ProbeFailure.CONNECT_TIMEOUT
        raise _Failed(ProbeFailure.CONNECTION_REFUSED if is_connecting else ProbeFailure.RESPONSE_TIMEOUT) from None


async def _read_head(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.") or not head.split(b" ", 2)[1][:3].isdigit():
        raise ValueError("no HTTP response")
    return head


async def _read_body(reader: asyncio.StreamReader, decode: Callable[[bytes], bytes]) -> bytes:
    """Read until 5,120 bytes are decoded, or less when the response ends before."""
    body = b""
    while len(body) < SEARCHED_BODY_BYTES:
        chunk = await reader.read(SEARCHED_BODY_BYTES)
        if not chunk:
            break
        body += decode(chunk)
    return body


def _decoder(head: bytes) -> Callable[[bytes], bytes]:
    """Return what decodes a body piece by piece: gzip and deflate, and no other coding.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html, String matching
    """
    fields = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    coding = next((value.strip() for name, _, value in fields if name == b"content-encoding"), b"")
    # 32 reads the header of either format: https://docs.python.org/3/library/zlib.html#zlib.decompress
    return _inflated(zlib.decompressobj(zlib.MAX_WBITS | 32)) if coding in (b"gzip", b"deflate") else bytes


def _inflated(stream: "zlib._Decompress") -> Callable[[bytes], bytes]:
    def decode(chunk: bytes) -> bytes:
        try:
            return stream.decompress(chunk, SEARCHED_BODY_BYTES)
        except zlib.error as error:
            raise ValueError("the body is not what Content-Encoding says") from error

    return decode


def _reason(status_code: int) -> str:
    try:
        return HTTPStatus(status_code).phrase
    except ValueError:
        return ""
