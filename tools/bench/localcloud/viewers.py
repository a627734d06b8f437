"""Viewers of the edge: one request, or as many as go in some seconds over connections that stay open."""

from __future__ import annotations

import asyncio
import ssl
import time

from scripts.local.endpoints import Endpoints

_EDGE = "127.0.10.1"
_CONNECTIONS = 8


def requests_served(endpoints: Endpoints, hostname: str, path: str, *, seconds: float) -> int:
    """Asks for one path over and over and returns how often the answer was whole and good.

    Raises:
        RuntimeError: an answer was not 200.
    """
    return asyncio.run(_load(endpoints, hostname, path, seconds))


def status_of(endpoints: Endpoints, hostname: str, path: str) -> int:
    """Returns the status of one request over a connection of its own."""
    return asyncio.run(_status(endpoints, hostname, path))


def seconds_of_answers(endpoints: Endpoints, hostname: str, path: str, *, count: int) -> list[float]:
    """Returns how long each of some requests over one open connection takes; the first one, which opens it, is left out."""
    return asyncio.run(_durations(endpoints, hostname, path, count))


async def _open(endpoints: Endpoints, hostname: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    context = ssl.create_default_context(cafile=endpoints.ca_certificate)
    return await asyncio.open_connection(_EDGE, endpoints.https_port, ssl=context, server_hostname=hostname)


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hostname: str, path: str) -> int:
    request = f"GET {path} HTTP/1.1\r\nHost: {hostname}\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"
    writer.write(request.encode())
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    begin = head.index(b"content-length:") + len(b"content-length:")
    await reader.readexactly(int(head[begin : head.index(b"\r\n", begin)]))
    return int(head.split(b" ", 2)[1])


async def _load(endpoints: Endpoints, hostname: str, path: str, seconds: float) -> int:
    deadline = time.monotonic() + seconds

    async def one() -> int:
        reader, writer = await _open(endpoints, hostname)
        served = 0
        while time.monotonic() < deadline:
            status = await _exchange(reader, writer, hostname, path)
            if status != 200:
                raise RuntimeError(f"{hostname}{path} answers {status}")
            served += 1
        writer.close()
        return served

    return sum(await asyncio.gather(*(one() for _ in range(_CONNECTIONS))))


async def _status(endpoints: Endpoints, hostname: str, path: str) -> int:
    try:
        reader, writer = await _open(endpoints, hostname)
    except (OSError, ssl.SSLError):
        return 0
    try:
        return await _exchange(reader, writer, hostname, path)
    finally:
        writer.close()


async def _durations(endpoints: Endpoints, hostname: str, path: str, count: int) -> list[float]:
    reader, writer = await _open(endpoints, hostname)
    durations = []
    for _ in range(count + 1):
        began = time.monotonic()
        await _exchange(reader, writer, hostname, path)
        durations.append(time.monotonic() - began)
    writer.close()
    return durations[1:]
