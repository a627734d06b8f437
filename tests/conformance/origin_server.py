"""A web server on loopback that plays a custom origin: it answers as told and keeps what it was asked."""

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that the origin got; header names lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the origin answers. `has_length`: with Content-Length, else in chunks."""

    body: bytes = b"origin"
    status: int = 200
    headers: Mapping[str, str] | list[tuple[str, str]] = field(default_factory=dict)
    has_length: bool = True


Answer = Callable[[Asked], Reply]


@dataclass(kw_only=True)
class OriginServer:
    """A running origin. `reply` may be changed at any time; `asked` holds the requests in their order."""

    port: int
    reply: Answer
    asked: list[Asked] = field(default_factory=list)

    @property
    def last(self) -> Asked:
        """The newest request."""
        return self.asked[-1]

    def config(self, id_: str = "c", name: str = "localhost", **more: Any) -> dict[str, Any]:
        """Returns the origin as a distribution configures it: http-only on this port."""
        custom = {
            "HTTPPort": self.port,
            "HTTPSPort": self.port,
            "OriginProtocolPolicy": "http-only",
            "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
            "OriginReadTimeout": 30,
            "OriginKeepaliveTimeout": 5,
        }
        custom |= {key: more.pop(key) for key in list(more) if key in custom}
        return {"Id": id_, "DomainName": name, "CustomOriginConfig": custom, **more}


def _answering(server: OriginServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(method=self.command, target=self.path, headers=headers, body=body)
            server.asked.append(asked)
            reply = server.reply(asked)
            self.send_response(reply.status)
            pairs = reply.headers if isinstance(reply.headers, list) else list(reply.headers.items())
            for name, value in pairs:
                self.send_header(name, value)
            framing = ("Content-Length", str(len(reply.body))) if reply.has_length else ("Transfer-Encoding", "chunked")
            self.send_header(*framing)
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(reply.body), reply.body)
                self.wfile.write(reply.body if reply.has_length else chunked)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815  its protocol

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


class Certificate(Protocol):
    """What a server shows."""

    def configure_cert(self, ctx: ssl.SSLContext, /) -> None:
        """Puts key and certificate into a context."""


@contextlib.contextmanager
def origin_server(
    answer: Answer = lambda _: Reply(), *, certificate: Certificate | None = None, port: int = 0
) -> Iterator[OriginServer]:
    """Serves while the context lasts."""
    server = OriginServer(port=0, reply=answer)
    listening = ThreadingHTTPServer(("127.0.0.1", port), _answering(server))
    listening.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        listening.socket = context.wrap_socket(listening.socket, server_side=True, do_handshake_on_connect=False)
    server.port = listening.server_address[1]
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
