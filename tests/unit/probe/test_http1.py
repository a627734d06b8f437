"""A connection that is given up leaves no socket behind that the loop still watches."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest

from scripts.probe.http1 import Connection, connect_tcp, in_words, start_http
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
