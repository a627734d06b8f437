"""The edge's HTTP: connections in, requests to the pipeline, responses out, with the headers CloudFront adds."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from aiohttp import HttpVersion11, web
from multidict import CIMultiDict

from localcloud.dataplane.certificates import CLOUDFRONT_DEFAULT_NAMES, ServerContexts
from localcloud.dataplane.clock import AwsClock
from localcloud.dataplane.configuration import Configuration
from localcloud.dataplane.edge.http2 import ALPN_HTTP2, Http2Protocol
from localcloud.dataplane.edge.messages import CACHE_HIT, EdgeRequest, EdgeResponse, error_response
from localcloud.dataplane.edge.pipeline import EdgePipeline
from localcloud.dataplane.edge.wire import edge_request, sent_headers
from localcloud.dataplane.faults import UNANSWERED, FaultBoard, FaultKind, corrupted
from localcloud.dataplane.listener import Listener, TlsChoice, reset
from localcloud.dataplane.metrics import Metrics
from localcloud.dataplane.traffic import Served, Traffic
from localcloud.model.addresses import CLOUDFRONT_EDGE
from localcloud.model.places import place_number

EDGE_TARGET = "cloudfront"
# Longer than any URL that CloudFront takes, so that the pipeline and not the parser refuses it.
MAXIMUM_LINE_BYTES = 20_480
WRITE_METHODS = frozenset({"PUT", "POST", "PATCH", "DELETE"})


class EdgeServer:
    """Serves HTTPS and plain HTTP at the edge's address; both sockets are bound at construction."""

    def __init__(
        self,
        *,
        https_port: int,
        http_port: int,
        configuration: Callable[[], Configuration],
        pipeline: EdgePipeline,
        contexts: ServerContexts,
        faults: FaultBoard,
        clock: AwsClock,
        metrics: Metrics,
        traffic: Traffic,
    ) -> None:
        """Bind both ports (0 = any)."""
        self._configuration = configuration
        self._pipeline = pipeline
        self._contexts = contexts
        self._faults = faults
        self._clock = clock
        self._metrics = metrics
        self._traffic = traffic
        self._server: web.Server | None = None
        self.https = self._listener(https_port, is_tls=True)
        try:
            self.http = self._listener(http_port, is_tls=False)
        except OSError:
            self.https.close_socket()
            raise

    def _listener(self, port: int, *, is_tls: bool) -> Listener:
        return Listener(
            address=(CLOUDFRONT_EDGE, port),
            choose=self._choose if is_tls else _plain_http,
            protocol_factory=lambda _name: _Negotiated(self._protocol, self._http2),
            faults=self._faults,
            whole_targets=(EDGE_TARGET,),
            is_tls=is_tls,
        )

    def start(self) -> None:
        """Begin to serve."""
        self._server = web.Server(self._handle, max_line_size=MAXIMUM_LINE_BYTES, access_log=None)
        self.https.start()
        self.http.start()

    async def close(self) -> None:
        """Stop and drop all connections."""
        await self.https.close()
        await self.http.close()
        if self._server:
            await self._server.shutdown(0.1)

    def _http2(self) -> Http2Protocol:
        return Http2Protocol(self._serve)

    def _protocol(self) -> web.RequestHandler:
        assert self._server  # noqa: S101  started before any connection
        return self._server()

    def _choose(self, name: str | None) -> TlsChoice:
        """Choose the certificate by SNI: the distribution's, or the default one when none holds the name."""
        distribution = self._pipeline.distribution_for(name) if name else None
        targets = (EDGE_TARGET, f"{EDGE_TARGET}:{distribution.id}") if distribution else (EDGE_TARGET,)
        is_alias = distribution and name != distribution.domain_name
        arn = distribution.certificate_arn if distribution and is_alias else None
        names = self._configuration().certificates.get(arn, ()) if arn else ()
        has_http2 = distribution is not None and distribution.has_http2
        fault = self._faults.of_certificate(*targets)
        shown = self._contexts.context_for(names or CLOUDFRONT_DEFAULT_NAMES, fault, has_http2=has_http2)
        return TlsChoice(context=shown, fault_targets=targets)

    async def _handle(self, http_request: web.BaseRequest) -> web.Response:
        request = self._edge_request(http_request)
        if request.has_body and request.method in WRITE_METHODS:
            request = replace(request, body=await http_request.content.read())
        response = await self._serve(request, http_request.transport)
        is_bodiless = request.method == "HEAD" or response.status_code in (204, 304)
        headers = CIMultiDict(sent_headers(request, response))
        return web.Response(status=response.status_code, headers=headers, body=None if is_bodiless else response.body)

    async def _serve(self, request: EdgeRequest, transport: asyncio.Transport | None) -> EdgeResponse:
        """Answer a request that came by either version of HTTP."""
        response = await self._answer(request, transport)
        self._count(request, response, transport)
        return response

    def _count(self, request: EdgeRequest, response: EdgeResponse, transport: asyncio.Transport | None) -> None:
        """Count what is sent to a viewer; an aborted connection is no answer."""
        distribution = self._pipeline.distribution_for(request.hostname)
        if distribution is not None and transport is not None and not transport.is_closing():
            self._metrics.request_served(distribution.id, response.status_code)
            served = Served(
                f"place:{place_number(request.viewer_address)}",
                f"distribution:{distribution.id}",
                str(response.status_code),
                response.x_cache == CACHE_HIT,
            )
            self._traffic.note(served)

    def _edge_request(self, http_request: web.BaseRequest) -> EdgeRequest:
        transport = http_request.transport
        request = edge_request(
            method=http_request.method,
            target=http_request.raw_path,
            headers=http_request.headers.items(),
            viewer_address=http_request.remote or "",
            is_tls=bool(transport and transport.get_extra_info("ssl_object")),
        )
        if http_request.version < HttpVersion11:
            # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
            kept = {name: value for name, value in request.headers.items() if name != "accept-encoding"}
            request = replace(request, headers=kept)
        return replace(request, has_body=http_request.body_exists)

    async def _answer(self, request: EdgeRequest, transport: asyncio.Transport | None) -> EdgeResponse:
        """Apply the faults of an established connection around the pipeline's answer."""
        distribution = self._pipeline.distribution_for(request.hostname)
        own_target = f"{EDGE_TARGET}:{distribution.id}" if distribution else EDGE_TARGET
        fault = self._faults.hit(EDGE_TARGET, own_target)
        if fault is None:
            return await self._pipeline.answer(request)
        if fault.kind is FaultKind.STATUS:
            return error_response(fault.value, "A fault makes the edge answer this.", request_id=request.request_id)
        if fault.kind is FaultKind.HANG:
            await self._faults.wait_until_lifted(fault)
        if fault.kind in UNANSWERED:
            if transport:
                reset(transport)
            return error_response(503, "Never sent.", request_id=request.request_id)
        if fault.kind is FaultKind.DELAY:
            await self._clock.sleep(fault.value / 1000)
        response = await self._pipeline.answer(request)
        if fault.kind is FaultKind.SLOW:
            await self._clock.sleep(len(response.body) / fault.value)
        is_corrupt = fault.kind is FaultKind.CORRUPT
        return replace(response, body=corrupted(response.body)) if is_corrupt else response


def _plain_http(_name: str | None) -> TlsChoice:
    return TlsChoice(context=None, fault_targets=(EDGE_TARGET,))


class _Negotiated(asyncio.Protocol):
    """Hands a connection to the protocol that the handshake agreed on: HTTP/2 by ALPN (RFC 9113 section 3.2), else HTTP/1.1."""

    def __init__(self, http1: Callable[[], asyncio.Protocol], http2: Callable[[], asyncio.Protocol]) -> None:
        self._http1 = http1
        self._http2 = http2

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  of a stream
        secure = transport.get_extra_info("ssl_object")
        chosen = self._http2() if secure and secure.selected_alpn_protocol() == ALPN_HTTP2 else self._http1()
        transport.set_protocol(chosen)
        chosen.connection_made(transport)
