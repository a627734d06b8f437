"""The edge's HTTP: connections in, requests to the pipeline, responses out, with the headers CloudFront adds."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import replace

from aiohttp import web

from localcloud.dataplane.certificates import CLOUDFRONT_DEFAULT_NAMES, ServerContexts
from localcloud.dataplane.clock import AwsClock
from localcloud.dataplane.configuration import Configuration
from localcloud.dataplane.edge.messages import CACHE_HIT, EdgeRequest, EdgeResponse, error_response
from localcloud.dataplane.edge.pipeline import EdgePipeline
from localcloud.dataplane.faults import UNANSWERED, FaultBoard, FaultKind, corrupted
from localcloud.dataplane.listener import Listener, TlsChoice, reset
from localcloud.dataplane.metrics import Metrics
from localcloud.dataplane.places import place_number
from localcloud.dataplane.traffic import Served, Traffic
from localcloud.model.addresses import CLOUDFRONT_EDGE

EDGE_TARGET = "cloudfront"
# Edge locations have such names (an airport code, a number); this one belongs to nobody.
POINT_OF_PRESENCE = "LCL50-P1"
VIA = "1.1 localcloud.cloudfront.net (CloudFront)"
# Longer than any URL that CloudFront takes, so that the pipeline and not the parser refuses it.
MAXIMUM_LINE_BYTES = 20_480
WRITE_METHODS = frozenset({"PUT", "POST", "PATCH", "DELETE"})
_UNSENT_HEADERS = frozenset({"content-length", "transfer-encoding", "connection"})


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
            protocol_factory=lambda _name: self._protocol(),
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
        shown = self._contexts.context_for(names or CLOUDFRONT_DEFAULT_NAMES, self._faults.of_certificate(*targets))
        return TlsChoice(context=shown, fault_targets=targets)

    async def _handle(self, http_request: web.BaseRequest) -> web.Response:
        request = self._edge_request(http_request)
        if request.has_body and request.method in WRITE_METHODS:
            request = replace(request, body=await http_request.content.read())
        response = await self._answer(request, http_request)
        self._count(request, response, http_request)
        return _http_response(request, response)

    def _count(self, request: EdgeRequest, response: EdgeResponse, http_request: web.BaseRequest) -> None:
        """Count what is sent to a viewer; an aborted connection is no answer."""
        distribution = self._pipeline.distribution_for(request.hostname)
        transport = http_request.transport
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
        raw_path, _, query = http_request.raw_path.partition("?")
        headers: dict[str, str] = {}
        for name, value in http_request.headers.items():
            key = name.lower()
            separator = "; " if key == "cookie" else ", "
            headers[key] = f"{headers[key]}{separator}{value}" if key in headers else value
        transport = http_request.transport
        return EdgeRequest(
            method=http_request.method,
            path=raw_path,
            query=query,
            headers=headers,
            viewer_address=http_request.remote or "",
            request_id=base64.urlsafe_b64encode(secrets.token_bytes(40)).decode(),
            is_tls=bool(transport and transport.get_extra_info("ssl_object")),
            has_body=http_request.body_exists,
        )

    async def _answer(self, request: EdgeRequest, http_request: web.BaseRequest) -> EdgeResponse:
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
            if http_request.transport:
                reset(http_request.transport)
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


def _http_response(request: EdgeRequest, response: EdgeResponse) -> web.Response:
    """Return aiohttp's response with the headers that CloudFront adds.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html
    and https://repost.aws/knowledge-center/cloudfront-x-cache-header
    """
    headers = {name: value for name, value in response.headers.items() if name not in _UNSENT_HEADERS}
    headers |= {
        "x-cache": response.x_cache,
        "via": VIA,
        "x-amz-cf-pop": POINT_OF_PRESENCE,
        "x-amz-cf-id": request.request_id,
    }
    is_bodiless = request.method == "HEAD" or response.status_code in (204, 304)
    if request.method == "HEAD" and response.status_code not in (204, 304):
        headers["content-length"] = str(len(response.body))
    return web.Response(status=response.status_code, headers=headers, body=None if is_bodiless else response.body)
