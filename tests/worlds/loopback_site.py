"""A site on loopback for the tests of resolver and prober: a nameserver and an HTTPS server, each with fail-at-step knobs."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import trustme

HOSTNAME = "www.example.test"
RELEASE = "r1"


@dataclasses.dataclass
class NameServer:
    """Answers every question from `records`: (name, type) -> (TTL, values)."""

    port: int = 0
    records: dict[tuple[str, str], tuple[int, list[str]]] = dataclasses.field(default_factory=dict)
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    soa: tuple[int, int] | None = None
    """TTL and minimum field of the SOA in an answer without records; None: there is none."""
    is_silent: bool = False
    truncates: bool = False
    queries: list[tuple[str, str, str]] = dataclasses.field(default_factory=list)
    """(protocol, name, type)"""

    def answer(self, wire: bytes, *, protocol: str) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, record_type = str(question.name).rstrip("."), dns.rdatatype.to_text(question.rdtype)
        self.queries.append((protocol, name, record_type))
        if self.is_silent:
            return None
        response = dns.message.make_response(query)
        response.set_rcode(self.rcode)
        if protocol == "udp" and self.truncates:
            response.flags |= dns.flags.TC
            return response.to_wire()
        for kind in (record_type, "CNAME"):
            if (name, kind) in self.records:
                ttl, values = self.records[(name, kind)]
                response.answer.append(dns.rrset.from_text(name + ".", ttl, "IN", kind, *values))
                if kind == "CNAME":
                    target = values[0].rstrip(".")
                    ttl, values = self.records[(target, record_type)]
                    response.answer.append(dns.rrset.from_text(target + ".", ttl, "IN", record_type, *values))
                break
        if self.soa and not response.answer:
            ttl, minimum = self.soa
            value = f"ns. hostmaster. 1 7200 900 1209600 {minimum}"
            response.authority.append(dns.rrset.from_text("test.", ttl, "IN", "SOA", value))
        return response.to_wire()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._server.answer(data, protocol="udp")
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def nameserver() -> AsyncIterator[NameServer]:
    """Serve DNS over UDP and TCP on one free port of 127.0.0.1."""
    server = NameServer()

    async def over_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(EOFError, OSError):
            size = int.from_bytes(await reader.readexactly(2), "big")
            answer = server.answer(await reader.readexactly(size), protocol="tcp")
            if answer is not None:
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        writer.transport.abort()

    tcp = await asyncio.start_server(over_tcp, "127.0.0.1", 0)
    server.port = tcp.sockets[0].getsockname()[1]
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Datagrams(server), local_addr=("127.0.0.1", server.port)
    )
    try:
        yield server
    finally:
        transport.close()
        tcp.close()
        await asyncio.sleep(0)


@dataclasses.dataclass
class WebServer:
    """Serves a page and a region marker; `answers` replaces the raw answer of a path, b"" closes, None stays silent."""

    port: int = 0
    region: str = "eu-central-1"
    release: str = RELEASE
    answers: dict[str, bytes | None] = dataclasses.field(default_factory=dict)

    def answer(self, path: str) -> bytes | None:
        if path in self.answers:
            return self.answers[path]
        if path == "/":
            page = f'<html><head><meta name="release" content="{self.release}"></head></html>'.encode()
            return http_answer(200, page, headers={"X-Cache": "Hit from cloudfront"})
        return http_answer(200, b'{"region": "%s"}' % self.region.encode())


def http_answer(status: int, body: bytes, *, headers: dict[str, str] | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclasses.dataclass(frozen=True)
class Authority:
    """A throwaway CA and a server certificate for the hostname."""

    ca_file: Path
    server_tls: ssl.SSLContext


def make_authority(folder: Path, *, hostname: str = HOSTNAME, hostnames: Sequence[str] = ()) -> Authority:
    ca = trustme.CA()
    ca_file = folder / "ca.pem"
    ca.cert_pem.write_to_path(str(ca_file))
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*(hostnames or (hostname,))).configure_cert(server_tls)
    return Authority(ca_file=ca_file, server_tls=server_tls)


@asynccontextmanager
async def web_server(authority: Authority) -> AsyncIterator[WebServer]:
    """Serve HTTPS on a free port of 127.0.0.1."""
    server = WebServer()
    silent = asyncio.Event()
    open_writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.add(writer)
        with contextlib.suppress(EOFError, OSError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ")[1].decode()
                answer = server.answer(path)
                if answer is None:
                    await silent.wait()
                if not answer:
                    break
                writer.write(answer)
                await writer.drain()
                if b"Connection: close" in answer:
                    break
        writer.transport.abort()
        open_writers.discard(writer)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=authority.server_tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        silent.set()
        listener.close()
        for writer in open_writers:
            writer.transport.abort()
        await asyncio.sleep(0)
