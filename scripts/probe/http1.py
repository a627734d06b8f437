"""The smallest HTTP/1.1 client that a prober and a control API need, over a connection made in visible steps.

Why not aiohttp: a probe times connecting, TLS and the first byte apart, wants a fresh connection each time and must
cost little; a session with its pool and timers gives none of that. RFC 9112 is the reference for framing.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_HEADER_LINES = 100


class MalformedResponseError(Exception):
    """The other side spoke, but not HTTP/1.1 as RFC 9112 has it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A whole answer. Header names are lower case; the last of repeated headers wins.

    `certificate_period` is what `Connection.certificate_period` says, where whoever asked wrote it down.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    certificate_period: tuple[float, float] | None = None


class Connection:
    """One connection; requests follow each other on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def request(
        self,
        *,
        host: str,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        close: bool = False,
        accept_encoding: str = "identity",
        on_first_byte: Callable[[], None] = lambda: None,
    ) -> Response:
        """Send one request and read its whole answer.

        Args:
            host: the Host header.
            path: the request target, starting with a slash.
            method: default GET.
            body: sent as JSON; default none.
            close: ask the server to close afterwards.
            accept_encoding: the header of that name; the body is returned as it came. Default: "identity".
            on_first_byte: called when the status line has arrived.

        Raises:
            MalformedResponseError: the answer is not HTTP/1.1.
            EOFError: the connection ended within the answer (asyncio's IncompleteReadError is one).
            OSError: the connection broke.
        """
        self._writer.write(_head(method, path, host, body, accept_encoding, close=close) + (body or b""))
        status = _status(await self._line())
        on_first_byte()
        headers = await self._headers()
        has_body = method != "HEAD" and status not in (204, 304)
        return Response(status=status, headers=headers, body=await self._body(headers) if has_body else b"")

    def certificate_period(self) -> tuple[float, float] | None:
        """Return from when to when the server's verified certificate holds, in Unix seconds; None without TLS."""
        tls: ssl.SSLObject | None = self._writer.get_extra_info("ssl_object")
        certificate = tls.getpeercert() if tls is not None else None
        if not certificate:
            return None
        begins, ends = (ssl.cert_time_to_seconds(str(certificate[name])) for name in ("notBefore", "notAfter"))
        return begins, ends

    def abort(self) -> None:
        """Close at once, without waiting for the other side's close_notify."""
        self._writer.transport.abort()

    async def _line(self) -> bytes:
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            raise MalformedResponseError("a header line of more than 64 KiB") from error
        return line.rstrip(b"\r\n")

    async def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for _ in range(MAX_HEADER_LINES):
            line = await self._line()
            if not line:
                return headers
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon:
                raise MalformedResponseError(f"a header without a colon: {line[:80]!r}")
            headers[name.lower()] = value.strip()
        raise MalformedResponseError(f"more than {MAX_HEADER_LINES} headers")

    async def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return await self._chunks()
        if "content-length" in headers:
            return await self._reader.readexactly(_size(headers["content-length"], base=10))
        return await self._rest()

    async def _rest(self) -> bytes:
        body = b""
        while part := await self._reader.read(65536):
            body += part
            _check_size(len(body))
        return body

    async def _chunks(self) -> bytes:
        body = b""
        while size := _size((await self._line()).partition(b";")[0].decode("latin-1"), base=16):
            body += await self._reader.readexactly(size)
            await self._line()
            _check_size(len(body))
        await self._headers()
        return body


async def connect_tcp(address: str, port: int) -> socket.socket:
    """Open a TCP connection to a numeric address.

    Raises:
        OSError: refused, unreachable, or no such address family on this machine.
    """
    family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(connection, (address, port))
    except BaseException:
        connection.close()
        raise
    return connection


async def start_http(
    connection: socket.socket, *, tls: ssl.SSLContext | None = None, server_name: str | None = None
) -> Connection:
    """Take over a connected socket, do the TLS handshake with SNI if asked to, and speak HTTP on it.

    Raises:
        ssl.SSLError: the handshake or the certificate was refused; an OSError too.
        OSError: the connection broke.
    """
    try:
        reader, writer = await asyncio.open_connection(
            sock=connection, ssl=tls, server_hostname=server_name if tls else None
        )
    except BaseException:
        # asyncio's transport has the socket by now and closes it. Closed here, its number would go to another connection while
        # the loop still watches this one, when a timeout meets the end of the handshake.
        # After a shutdown the transport sees its end.
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        raise
    return Connection(reader, writer)


SILENCE = "no answer in time"


def in_words(error: BaseException, *, silence: str = SILENCE) -> str:
    """Returns what went wrong with a connection.

    Args:
        error: what connecting, TLS or reading raised.
        silence: what a timeout is called. Default: "no answer in time".
    """
    if isinstance(error, TimeoutError):
        return silence
    if isinstance(error, ConnectionRefusedError):
        return "refuses connections"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, ConnectionResetError | EOFError):
        return "ends the connection without an answer"
    return str(error) or type(error).__name__


def _head(method: str, path: str, host: str, body: bytes | None, accept_encoding: str, *, close: bool) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "User-Agent: failover-prober"]
    lines.append(f"Accept-Encoding: {accept_encoding}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    if close:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _status(line: bytes) -> int:
    version, _, rest = line.partition(b" ")
    code = rest[:3]
    if version not in (b"HTTP/1.1", b"HTTP/1.0") or len(code) != 3 or not code.isdigit():
        raise MalformedResponseError(f"not a status line: {line[:80]!r}")
    return int(code)


def _size(text: str, *, base: int) -> int:
    try:
        size = int(text.strip(), base)
    except ValueError as error:
        raise MalformedResponseError(f"not a length: {text[:80]!r}") from error
    _check_size(size)
    return size


def _check_size(size_bytes: int) -> None:
    if not 0 <= size_bytes <= MAX_BODY_BYTES:
        raise MalformedResponseError(f"a body of {size_bytes} bytes, at most {MAX_BODY_BYTES} are read")
