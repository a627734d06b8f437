"""HTTP/2 connections of viewers (RFC 9113): frames and flow control are the h2 library's, the answers the edge's."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from localcloud.dataplane.edge.messages import EdgeRequest, EdgeResponse
from localcloud.dataplane.edge.wire import edge_request, sent_headers

ALPN_HTTP2 = "h2"
MAXIMUM_STREAMS = 128
"""Requests at a time over one connection; AWS publishes no figure, RFC 9113 section 6.5.2 recommends at least 100."""

Answer = Callable[[EdgeRequest, asyncio.Transport], Awaitable[EdgeResponse]]


@dataclass(slots=True)
class _Stream:
    """A request on its way in, then its answer on its way out.

    Attributes:
        has_window: Set when the viewer may be sent more.
    """

    headers: list[tuple[str, str]]
    body: bytearray = field(default_factory=bytearray)
    has_window: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Http2Protocol(asyncio.Protocol):
    """One connection of a viewer."""

    def __init__(self, answer: Answer) -> None:
        """Answer requests by this function."""
        self._answer = answer
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self._connection = h2.connection.H2Connection(config=config)
        self._streams: dict[int, _Stream] = {}
        self._transport: asyncio.Transport | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send our settings."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  of a stream
        self._transport = transport
        self._connection.local_settings = h2.settings.Settings(
            client=False, initial_values={h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: MAXIMUM_STREAMS}
        )
        self._connection.initiate_connection()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop what is being answered."""
        del exc
        self._may_write.set()
        for stream in self._streams.values():
            if stream.task:
                stream.task.cancel()
        self._streams.clear()

    def pause_writing(self) -> None:
        """Wait with further bodies."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """Go on."""
        self._may_write.set()

    def data_received(self, data: bytes) -> None:
        """Take frames."""
        try:
            events = self._connection.receive_data(data)
        except h2.exceptions.ProtocolError:
            self._flush()  # the library has a GOAWAY ready
            if self._transport:
                self._transport.close()
            return
        for event in events:
            self._take(event)
        self._flush()

    def _take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            self._streams[_id(event)] = _Stream(
                headers=[(str(name), str(value)) for name, value in event.headers or ()]
            )
        elif isinstance(event, h2.events.DataReceived):
            if stream := self._streams.get(_id(event)):
                stream.body += event.data or b""
            if event.flow_controlled_length:
                self._connection.acknowledge_received_data(event.flow_controlled_length, _id(event))
        elif isinstance(event, h2.events.StreamEnded):
            if stream := self._streams.get(_id(event)):
                stream.task = asyncio.create_task(self._serve(_id(event), stream))
        elif isinstance(event, h2.events.StreamReset):
            if (ended := self._streams.pop(_id(event), None)) and ended.task:
                ended.task.cancel()
        elif isinstance(event, h2.events.WindowUpdated | h2.events.RemoteSettingsChanged):
            for stream in self._streams.values():
                stream.has_window.set()
        elif isinstance(event, h2.events.ConnectionTerminated) and self._transport:
            self._transport.close()

    async def _serve(self, stream_id: int, stream: _Stream) -> None:
        transport = self._transport
        assert transport is not None  # noqa: S101  connected
        try:
            request = _request(stream, transport)
            response = await self._answer(request, transport)
            if not transport.is_closing():
                await self._send(stream_id, stream, request, response)
        except (h2.exceptions.StreamClosedError, h2.exceptions.ProtocolError):
            return  # the viewer has gone
        except Exception:
            with contextlib.suppress(h2.exceptions.ProtocolError):
                self._connection.reset_stream(stream_id, h2.errors.ErrorCodes.INTERNAL_ERROR)
            self._flush()
            raise
        finally:
            self._streams.pop(stream_id, None)

    async def _send(self, stream_id: int, stream: _Stream, request: EdgeRequest, response: EdgeResponse) -> None:
        is_bodiless = request.method == "HEAD" or response.status_code in (204, 304) or not response.body
        headers = [(":status", str(response.status_code)), *sent_headers(request, response)]
        if not is_bodiless or not any(name == "content-length" for name, _ in headers):
            length = 0 if is_bodiless else len(response.body)
            headers += [("content-length", str(length))] if response.status_code not in (204, 304) else []
        self._connection.send_headers(stream_id, headers, end_stream=is_bodiless)
        self._flush()
        if is_bodiless:
            return
        left = memoryview(response.body)
        while left:
            await self._may_write.wait()
            allowed = min(
                self._connection.local_flow_control_window(stream_id),
                self._connection.max_outbound_frame_size,
                len(left),
            )
            if allowed <= 0:
                stream.has_window.clear()
                await stream.has_window.wait()
                continue
            self._connection.send_data(stream_id, bytes(left[:allowed]), end_stream=allowed == len(left))
            left = left[allowed:]
            self._flush()

    def _flush(self) -> None:
        data = self._connection.data_to_send()
        if data and self._transport and not self._transport.is_closing():
            self._transport.write(data)


def _id(event: h2.events.Event) -> int:
    return int(getattr(event, "stream_id", 0) or 0)


def _request(stream: _Stream, transport: asyncio.Transport) -> EdgeRequest:
    """Return the request; its authority is the Host header (RFC 9113 section 8.3.1)."""
    pseudo = {name: value for name, value in stream.headers if name.startswith(":")}
    plain = [(name, value) for name, value in stream.headers if not name.startswith(":")]
    if not any(name == "host" for name, _ in plain):
        plain.append(("host", pseudo.get(":authority", "")))
    peer = transport.get_extra_info("peername") or ("",)
    request = edge_request(
        method=pseudo.get(":method", ""),
        target=pseudo.get(":path", ""),
        headers=plain,
        viewer_address=str(peer[0]),
        is_tls=True,
    )
    return replace(request, has_body=bool(stream.body), body=bytes(stream.body))
