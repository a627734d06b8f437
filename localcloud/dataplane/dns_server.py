"""The DNS server: Route 53's answers over UDP and TCP. What to answer is the model's part, the wire format is here.

Sources: RFC 1035 section 4.2 (transports), RFC 6891 (EDNS), RFC 7871 (client subnet).
"""

import asyncio
import logging
import random
import socket
from collections.abc import Callable
from typing import cast

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from localcloud.dataplane.clock import AwsClock
from localcloud.dataplane.faults import FaultBoard, FaultKind
from localcloud.model.geography import FRANKFURT, ViewerLocation
from localcloud.model.places import place_of
from localcloud.model.resolution import Answer, AnswerSet

logger = logging.getLogger(__name__)

# Without EDNS a UDP message holds 512 bytes (RFC 1035 section 4.2.1); 1232 is the DNS flag day 2020 size.
MAXIMUM_UDP_BYTES = 1232
PLAIN_UDP_BYTES = 512
TCP_IDLE_REAL_SECONDS = 5.0
HEADER_BYTES, RESPONSE_BIT = 12, 0x80
"""RFC 1035 section 4.1.1."""

Resolve = Callable[[str, str, ViewerLocation, float], Answer]


class DnsServer:
    """Serves one address over UDP and TCP; both sockets are bound when the constructor returns."""

    def __init__(self, *, address: tuple[str, int], resolve: Resolve, faults: FaultBoard, clock: AwsClock) -> None:
        """Bind.

        Args:
            address: Loopback address and port; port 0 = any that is free for both transports.
            resolve: (name, type, viewer, draw) -> answer.
            faults: Faults of the target `dns`.
            clock: For the delay fault.
        """
        self._resolve = resolve
        self._faults = faults
        self._clock = clock
        self._udp, self._tcp = _bound_sockets(address)
        self.address: tuple[str, int] = self._udp.getsockname()[:2]
        self._server: asyncio.Server | None = None
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self) -> None:
        """Begin to answer."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _UdpProtocol(self), sock=self._udp)
        self._server = await asyncio.start_server(self._serve_tcp, sock=self._tcp)

    async def close(self) -> None:
        """Stop answering."""
        if self._transport:
            self._transport.close()
        if self._server:
            self._server.close()

    def close_sockets(self) -> None:
        """Give the ports back; for a server that was never started."""
        self._udp.close()
        self._tcp.close()

    async def answer(self, wire: bytes, *, limit_bytes: int | None) -> bytes | None:
        """Answer one message; None = say nothing (a fault, or bytes that are no query).

        Args:
            wire: The query.
            limit_bytes: None for TCP; for UDP the size that the query itself allows is applied.
        """
        fault = self._faults.hit("dns")
        if fault and fault.kind in (FaultKind.REFUSE, FaultKind.UNREACHABLE, FaultKind.HANG):
            return None
        if fault and fault.kind is FaultKind.DELAY:
            await self._clock.sleep(fault.value / 1000)
        try:
            query = dns.message.from_wire(wire)
        except Exception as error:  # noqa: BLE001  dnspython raises more than its own on malformed bytes
            logger.debug("not a DNS message: %s", error)
            return _format_error(wire)
        if query.flags & dns.flags.QR:
            return None
        try:
            response = dns.message.make_response(query)
            if fault and fault.kind is FaultKind.STATUS:
                response.set_rcode(dns.rcode.SERVFAIL)
            else:
                self._fill(query, response)
            return _to_wire(query, response, limit_bytes)
        except Exception:  # a bug must look like a server failure, not like silence
            logger.exception("cannot answer %s", query.question)
            return _header(wire, dns.rcode.SERVFAIL)

    def _fill(self, query: dns.message.Message, response: dns.message.Message) -> None:
        if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
            response.set_rcode(dns.rcode.NOTIMP)
            return
        question = query.question[0]
        if question.rdclass != dns.rdataclass.IN:
            response.set_rcode(dns.rcode.REFUSED)
            return
        name, type_ = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
        try:
            answer = self._resolve(name, type_, _viewer(query), random.random())  # noqa: S311  load spreading
            _write(answer, response)
        except Exception:  # a bug or a record that is not modelled must look like a server failure, not like silence
            logger.exception("cannot answer %s %s", name, type_)
            response.answer.clear()
            response.authority.clear()
            response.set_rcode(dns.rcode.SERVFAIL)

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                async with asyncio.timeout(TCP_IDLE_REAL_SECONDS):
                    length = int.from_bytes(await reader.readexactly(2), "big")
                    wire = await reader.readexactly(length)
                response = await self.answer(wire, limit_bytes=None)
                if response is None:
                    return
                writer.write(len(response).to_bytes(2, "big") + response)
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


class _UdpProtocol(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        task = asyncio.create_task(self._answer(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, data: bytes, addr: tuple[str, int]) -> None:
        response = await self._server.answer(data, limit_bytes=PLAIN_UDP_BYTES)
        if response is not None and self._transport:
            self._transport.sendto(response, addr)


def _bound_sockets(address: tuple[str, int]) -> tuple[socket.socket, socket.socket]:
    """Bind TCP first, then UDP on the same port; an ephemeral port taken for UDP is tried again."""
    for attempt in range(20):
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tcp.bind(address)
            tcp.listen()
            udp.bind((address[0], tcp.getsockname()[1]))
        except OSError:
            tcp.close()
            udp.close()
            if address[1] or attempt == 19:
                raise
        else:
            tcp.setblocking(False)
            udp.setblocking(False)
            return udp, tcp
    raise AssertionError("unreachable")


def _viewer(query: dns.message.Message) -> ViewerLocation:
    """Return the place of the EDNS client subnet.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-edns0.html
    """
    for option in query.options:
        if isinstance(option, dns.edns.ECSOption):
            return place_of(option.address)
    return FRANKFURT


def _format_error(wire: bytes) -> bytes | None:
    """Return FORMERR for a query that cannot be read; nothing for what has no header or is no query (RFC 1035, 4.1.1)."""
    is_query = len(wire) >= HEADER_BYTES and not wire[2] & RESPONSE_BIT
    return _header(wire, dns.rcode.FORMERR) if is_query else None


def _header(wire: bytes, rcode: dns.rcode.Rcode) -> bytes:
    """Return an answer of a header alone: the query's id, opcode and recursion desired, and no section."""
    return wire[:2] + bytes([RESPONSE_BIT | wire[2] & 0x79, int(rcode)]) + bytes(HEADER_BYTES - 4)


def _write(answer: Answer, response: dns.message.Message) -> None:
    response.set_rcode(dns.rcode.from_text(answer.status.value))
    if answer.is_authoritative and answer.status.value != "REFUSED":
        response.flags |= dns.flags.AA
    response.answer.extend(_rrset(found) for found in answer.answers)
    response.authority.extend(_rrset(found) for found in answer.authority)


def _rrset(found: AnswerSet) -> dns.rrset.RRset:
    """Return the records; a name without a final dot is a whole one, as Route 53 reads it.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
    """
    return dns.rrset.from_text_list(
        found.name, found.ttl_seconds, "IN", found.type, found.values, origin=dns.name.root, relativize=False
    )


def _to_wire(query: dns.message.Message, response: dns.message.Message, limit_bytes: int | None) -> bytes:
    for option in query.options:
        if isinstance(option, dns.edns.ECSOption):
            scope = dns.edns.ECSOption(option.address, option.srclen, option.srclen)
            response.use_edns(edns=0, payload=MAXIMUM_UDP_BYTES, options=[scope])
    if limit_bytes is None:
        return response.to_wire(max_size=65_535)
    allowed = max(limit_bytes, min(query.payload, MAXIMUM_UDP_BYTES)) if query.edns >= 0 else limit_bytes
    try:
        return response.to_wire(max_size=allowed)
    except dns.exception.TooBig:
        truncated = dns.message.make_response(query)
        truncated.flags |= response.flags & dns.flags.AA | dns.flags.TC
        return truncated.to_wire(max_size=allowed)
