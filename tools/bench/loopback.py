"""A site on loopback for the bench of the prober, in a process of its own: DNS over UDP, and HTTPS.

    python -m tools.bench.loopback FOLDER

Writes FOLDER/ca.pem, prints the DNS and HTTPS ports as JSON, and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import sys
from pathlib import Path
from typing import cast

import dns.message
import dns.rrset
import trustme

HOSTNAME = "www.example.test"
_PAGE = b'<html><head><meta name="release" content="r1"></head><body>' + b"x" * 20_000 + b"</body></html>"
_MARKER = b'{"region": "eu-central-1"}'


class _Names(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        response = dns.message.make_response(dns.message.from_wire(data))
        response.answer.append(dns.rrset.from_text(f"{HOSTNAME}.", 1, "IN", "A", "127.0.0.1"))
        self._transport.sendto(response.to_wire(), addr)


async def _serve_page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(EOFError, OSError):
        while head := await reader.readuntil(b"\r\n\r\n"):
            body = _PAGE if head.split(b" ")[1] == b"/" else _MARKER
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
    writer.transport.abort()


async def serve(folder: Path) -> None:
    """Serve until cancelled."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOSTNAME).configure_cert(tls)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(_Names, local_addr=("127.0.0.1", 0))
    listener = await asyncio.start_server(_serve_page, "127.0.0.1", 0, ssl=tls)
    ports = {"dns": transport.get_extra_info("sockname")[1], "https": listener.sockets[0].getsockname()[1]}
    print(json.dumps(ports), flush=True)
    await listener.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
