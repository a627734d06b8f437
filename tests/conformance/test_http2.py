"""Which version of HTTP the edge speaks with a viewer."""

import contextlib
import socket
import ssl
from collections.abc import Iterator

import h2.connection
import h2.events
import pytest

from tests.conformance.cloud import ALL_METHODS, DISABLED, Cloud, methods
from tests.conformance.origin_server import OriginServer, Reply
from tests.documented import documented, stated


@contextlib.contextmanager
def connected(cloud: Cloud, host: str, offered: list[str]) -> Iterator[ssl.SSLSocket]:
    context = ssl._create_unverified_context()  # the emulator's authority is of its own making
    context.set_alpn_protocols(offered)
    with (
        socket.create_connection(cloud.edge, timeout=60) as raw,
        context.wrap_socket(raw, server_hostname=host) as sock,
    ):
        yield sock


class Viewer:
    """Asks over one HTTP/2 connection."""

    def __init__(self, sock: ssl.SSLSocket, host: str) -> None:
        self._sock, self._host = sock, host
        self._connection = h2.connection.H2Connection()
        self._connection.initiate_connection()
        self._send()

    def _send(self) -> None:
        self._sock.sendall(self._connection.data_to_send())

    def ask(self, path: str, method: str = "GET", body: bytes = b"") -> int:
        """Begins a request; returns its stream."""
        stream = self._connection.get_next_available_stream_id()
        headers = [(":method", method), (":scheme", "https"), (":authority", self._host), (":path", path)]
        self._connection.send_headers(stream, headers, end_stream=not body)
        if body:
            self._connection.send_data(stream, body, end_stream=True)
        self._send()
        return stream

    def answers(self, *streams: int) -> dict[int, tuple[int, bytes]]:
        """Returns status and body of each stream."""
        statuses: dict[int, int] = {}
        bodies, open_ = dict.fromkeys(streams, b""), set(streams)
        while open_:
            for event in self._connection.receive_data(self._sock.recv(65_536)):
                if isinstance(event, h2.events.ResponseReceived):
                    statuses[event.stream_id] = int(dict(event.headers)[b":status"])
                elif isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] += event.data
                    self._connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    open_.discard(event.stream_id)
            self._send()
        return {stream: (statuses[stream], bodies[stream]) for stream in streams}


@pytest.mark.parametrize(
    ("version", "offered", "chosen"),
    [
        stated("CFAPI/API_DistributionConfig", "http2 gives HTTP/2 to those who speak it.", "http2", ["h2"], "h2"),
        stated("CFAPI/API_DistributionConfig", "http2and3 gives HTTP/2 as well.", "http2and3", ["h2"], "h2"),
        stated(
            "CFAPI/API_DistributionConfig",
            "http1.1 gives no HTTP/2.",
            "http1.1",
            ["h2", "http/1.1"],
            "http/1.1",
        ),
        stated(
            "CFAPI/API_DistributionConfig",
            "A viewer without HTTP/2 gets an earlier version.",
            "http2",
            ["http/1.1"],
            "http/1.1",
        ),
    ],
)
def test_version_of_http(cloud: Cloud, version: str, offered: list[str], chosen: str) -> None:
    domain = cloud.domain_of([cloud.origin(cloud.readable_bucket(i="x"))], HttpVersion=version)
    with connected(cloud, domain, offered) as sock:
        assert sock.selected_alpn_protocol() == chosen


@documented("RFC/9113", "Several requests share one connection, and bodies larger than the window arrive whole.")
def test_requests_share_a_connection(cloud: Cloud) -> None:
    large = bytes(range(256)) * 2000
    bucket = cloud.readable_bucket(i="small")
    cloud.aws("s3").put_object(Bucket=bucket, Key="large", Body=large)
    domain = cloud.domain_of([cloud.origin(bucket)], HttpVersion="http2")
    with connected(cloud, domain, ["h2"]) as sock:
        viewer = Viewer(sock, domain)
        first, second, third = viewer.ask("/large"), viewer.ask("/i"), viewer.ask("/absent")
        found = viewer.answers(first, second, third)
    assert found == {first: (200, large), second: (200, b"small"), third: (404, found[third][1])}


@documented("RFC/9113", "A body that a viewer sends over HTTP/2 reaches the origin.")
def test_body_over_http2(cloud: Cloud, origin: OriginServer) -> None:
    origin.reply = lambda asked: Reply(body=asked.body[::-1])
    behavior = {"CachePolicyId": DISABLED, "AllowedMethods": methods(ALL_METHODS)}
    domain = cloud.domain_of([origin.config()], behavior, HttpVersion="http2")
    with connected(cloud, domain, ["h2"]) as sock:
        viewer = Viewer(sock, domain)
        stream = viewer.ask("/i", "POST", b"12345")
        assert viewer.answers(stream) == {stream: (200, b"54321")}


@documented("RFC/9113", "HEAD over HTTP/2 has no body.")
def test_head_over_http2(cloud: Cloud) -> None:
    domain = cloud.domain_of([cloud.origin(cloud.readable_bucket(i="x"))], HttpVersion="http2")
    with connected(cloud, domain, ["h2"]) as sock:
        viewer = Viewer(sock, domain)
        stream = viewer.ask("/i", "HEAD")
        assert viewer.answers(stream) == {stream: (200, b"")}
