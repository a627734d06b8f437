"""The edge's listener under strain: no file descriptors, handshakes that never begin."""

import asyncio
import errno
import socket
from typing import Any

import pytest

from localcloud.dataplane import listener as listener_module
from localcloud.dataplane.faults import FaultBoard
from localcloud.dataplane.listener import Listener, TlsChoice


class Greeting(asyncio.Protocol):
    """Says hello and goes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(b"hello")
        transport.close()


def listener(*, is_tls: bool) -> Listener:
    return Listener(
        address=("127.0.0.1", 0),
        choose=lambda _: TlsChoice(context=None, fault_targets=()),
        protocol_factory=lambda _: Greeting(),
        faults=FaultBoard(),
        whole_targets=(),
        is_tls=is_tls,
    )


async def read_all(address: tuple[str, int]) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    try:
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ECONNABORTED])
def test_listener_goes_on_after_a_passing_error(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(listener_module, "RETRY_ACCEPT_REAL_SECONDS", 0.01)

    async def run() -> bytes:
        loop, errors = asyncio.get_running_loop(), [OSError(number, "no more")] * 3
        accept = loop.sock_accept

        async def strained(sock: socket.socket) -> Any:
            if errors:
                raise errors.pop()
            return await accept(sock)

        loop.sock_accept = strained  # type: ignore[method-assign]
        served = listener(is_tls=False)
        served.start()
        try:
            return await read_all(served.address)
        finally:
            await served.close()

    assert asyncio.run(run()) == b"hello"


def test_handshake_that_never_begins_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "HANDSHAKE_LIMIT_REAL_SECONDS", 0.1)

    async def run() -> bytes:
        served = listener(is_tls=True)
        served.start()
        try:
            return await read_all(served.address)
        finally:
            await served.close()

    assert asyncio.run(run()) == b""


def test_half_open_handshakes_end_after_10_seconds() -> None:
    assert listener_module.HANDSHAKE_LIMIT_REAL_SECONDS == 10
