"""A control API of localcloud that notes what it is asked."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest


class ControlServer:
    """localcloud's control API: remembers faults; `failing` answers 500 to a method."""

    def __init__(self) -> None:
        self.port = 0
        self.faults: dict[str, dict[str, object]] = {}
        self.health: dict[str, object] = {"hc": {"is_healthy": False, "changed_at": "2026-11-23T06:13:00.000Z"}}
        self.failing: str | None = None
        self.on_change: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/_localcloud"

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, object]:
        if method == self.failing:
            return 500, {"message": "told to fail"}
        if path == "/_localcloud/health-checks":
            return 200, self.health
        if method == "POST":
            fault_id = f"f{len(self.faults) + 1}"
            self.faults[fault_id] = json.loads(body)
            self.on_change()
            return 200, {"id": fault_id}
        if method == "DELETE":
            found = self.faults.pop(path.rsplit("/", 1)[1], None)
            self.on_change()
            return (200 if found else 404), {}
        return 200, {"revision": 1, "faults": [{"id": key, **fault} for key, fault in self.faults.items()]}


@asynccontextmanager
async def control_server() -> AsyncIterator[ControlServer]:
    server = ControlServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(EOFError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            sizes = [line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length")]
            body = await reader.readexactly(int(sizes[0])) if sizes else b""
            method, path, _ = head.split(" ", 2)
            status, answer = server.answer(method, path, body)
            payload = json.dumps(answer).encode()
            writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(payload)) + payload)
            await writer.drain()
        writer.transport.abort()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await asyncio.sleep(0)


@pytest.fixture
def gone_url() -> Iterator[str]:
    """A control URL at which nothing listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}/_localcloud"
