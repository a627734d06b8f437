"""A proxy in front of a server that counts HTTP requests and can put a round trip between the two ends.

Bytes are passed on as they are, half of the round trip later in each direction; a new connection costs one round trip.
"""

from __future__ import annotations

import asyncio
import re
import threading
from types import TracebackType

_REQUEST_LINE = re.compile(rb"(?:GET|HEAD|PUT|POST|DELETE) [^ \r\n]+ HTTP/1\.1\r\n")
_CHUNK_BYTES = 256 * 1024


class Wire:
    """Listens on a free port of loopback while it is open.

    Args:
        server_port: where the server listens on loopback.
        round_trip_seconds: 0: only counts.

    Attributes:
        port: where the proxy listens.
        requests: how many HTTP requests have passed.
    """

    def __init__(self, server_port: int, *, round_trip_seconds: float = 0.0) -> None:
        self._server_port = server_port
        self._half_seconds = round_trip_seconds / 2
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)
        self._done = asyncio.Event()
        self.port = 0
        self.requests = 0

    def __enter__(self) -> Wire:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=2 * _CHUNK_BYTES)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._done.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * self._half_seconds)  # the handshake
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            self._pass(reader, server_writer, counts=True),
            self._pass(server_reader, writer, counts=False),
            return_exceptions=True,
        )

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counts: bool) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(256)
        sender = asyncio.create_task(self._send_later(queue, writer))
        try:
            while data := await reader.read(_CHUNK_BYTES):
                if counts:
                    self.requests += len(_REQUEST_LINE.findall(data))
                await queue.put((self._loop.time() + self._half_seconds, data))
        finally:
            await queue.put((0.0, b""))
            await sender

    async def _send_later(self, queue: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        while True:
            due, data = await queue.get()
            if not data:
                writer.close()
                return
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            writer.write(data)
            await writer.drain()
