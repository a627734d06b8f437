"""A connection that is given up leaves no socket behind that the loop still watches."""

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from scripts.probe.http1 import Connection, Response, connect_tcp, in_words, start_http
from tests.worlds.loopback_site import HOSTNAME, make_authority, web_server

OPEN_CONNECTION = asyncio.open_connection


async def interrupted(**arguments: Any) -> None:
    """The handshake is over, and the visitor's timeout comes in the same moment: as asyncio's create_connection ends then."""
    _, writer = await OPEN_CONNECTION(**arguments)
    writer.close()
    raise asyncio.CancelledError


def test_connection_given_up_as_its_handshake_ends_gives_its_number_to_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """asyncio refuses to connect a socket whose number one of its transports still has."""
    authority = make_authority(tmp_path)
    tls = ssl.create_default_context(cafile=str(authority.ca_file))

    async def connected(port: int) -> Connection:
        return await start_http(await connect_tcp("127.0.0.1", port), tls=tls, server_name=HOSTNAME)

    async def run() -> None:
        async with web_server(authority) as web:
            with monkeypatch.context() as patched:
                patched.setattr(asyncio, "open_connection", interrupted)
                with pytest.raises(asyncio.CancelledError):
                    await connected(web.port)
            connection = await connected(web.port)
            assert (await connection.request(host=HOSTNAME, path="/", close=True)).status == 200
            connection.abort()

    asyncio.run(run())


def distrusted(why: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = why
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "no answer in time"),
        (ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 443)"), "refuses connections"),
        (ConnectionResetError(104, "Connection reset by peer"), "ends the connection without an answer"),
        (EOFError(), "ends the connection without an answer"),
        (distrusted("certificate has expired"), "its certificate is not accepted: certificate has expired"),
        (ValueError("not a status line"), "not a status line"),
        (OSError(), "OSError"),
    ],
)
def test_failure_needs_no_errno(error: Exception, words: str) -> None:
    assert in_words(error) == words


def test_silence_has_the_callers_word() -> None:
    assert in_words(TimeoutError(), silence="DNS does not answer in time") == "DNS does not answer in time"


class Written:
    """What a connection sends."""

    def __init__(self) -> None:
        self.sent = b""

    def write(self, data: bytes) -> None:
        self.sent += data


def exchange(answer: bytes, **request: Any) -> tuple[Response, str, bytes]:
    """Returns the answer as read, the request as sent, and what is left of the answer, which is not yet at its end."""

    async def run() -> tuple[Response, str, bytes]:
        reader, writer = asyncio.StreamReader(), Written()
        reader.feed_data(answer)
        connection = Connection(reader, writer)  # type: ignore[arg-type]
        async with asyncio.timeout(5):
            response = await connection.request(host="a.test", path="/", **request)
        reader.feed_eof()
        return response, writer.sent.decode(), await reader.read()

    return asyncio.run(run())


NEXT = b"HTTP/1.1 500 The next answer"


@pytest.mark.parametrize(
    ("method", "head", "body"),
    [
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", b"hello world"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 11\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_answer_ends_where_its_framing_says(method: str, head: bytes, body: bytes) -> None:
    """RFC 9112 section 6.3"""
    response, _, left = exchange(head + body + NEXT, method=method)
    assert (response.body, left) == (body, NEXT)


def test_sizes_of_chunks_are_hexadecimal() -> None:
    """RFC 9112 section 7.1"""
    first, second = b"a" * 0x11, b"b" * 0xA
    chunks = b"11\r\n" + first + b"\r\nA;name=value\r\n" + second + b"\r\n0\r\nTrailer: x\r\n\r\n"
    response, _, left = exchange(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + NEXT)
    assert (response.body, left) == (first + second, NEXT)


@pytest.mark.parametrize("close", [True, False])
def test_server_is_told_when_no_request_follows(close: bool) -> None:
    _, sent, _ = exchange(b"HTTP/1.1 204 No Content\r\n\r\n", close=close)
    assert ("\r\nConnection: close\r\n" in sent) is close


@pytest.mark.parametrize(("address", "family"), [("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6)])
def test_socket_is_of_the_addresss_family(
    monkeypatch: pytest.MonkeyPatch, address: str, family: socket.AddressFamily
) -> None:
    made: list[tuple[int, int]] = []

    def refused(*arguments: int) -> None:
        made.append(arguments)  # type: ignore[arg-type]
        raise OSError

    monkeypatch.setattr("scripts.probe.http1.socket.socket", refused)
    with pytest.raises(OSError):
        connect_tcp(address, 443).send(None)
    assert made == [(family, socket.SOCK_STREAM)]
