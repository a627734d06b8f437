"""API Gateway's regional endpoints: one loopback address a region, HTTPS only, Host picks the custom domain."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import replace

from aiohttp import web
from multidict import CIMultiDict

from localcloud.dataplane.certificates import ServerContexts
from localcloud.dataplane.clock import AwsClock, utc_now
from localcloud.dataplane.configuration import ApiDomain, Configuration, LambdaFunction
from localcloud.dataplane.faults import UNANSWERED, FaultBoard, FaultKind, corrupted
from localcloud.dataplane.listener import Listener, TlsChoice, reset
from localcloud.dataplane.metrics import Metrics
from localcloud.dataplane.regional.events import (
    ApiRequest,
    ApiResponse,
    MalformedResult,
    error_answer,
    event_of,
    response_of,
)
from localcloud.dataplane.regional.lambda_hosts import FunctionFailed, LambdaHosts
from localcloud.dataplane.traffic import Served, Traffic
from localcloud.model.addresses import api_gateway_address
from localcloud.model.behaviours import hostname_of
from localcloud.model.bucket_policy import matches_wildcard
from localcloud.model.http_routes import HttpRoute, RouteMatch, select_route
from localcloud.model.places import place_number

logger = logging.getLogger(__name__)

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
MAXIMUM_PAYLOAD_BYTES = 10 * 1024 * 1024
MAXIMUM_HEADER_BYTES = 10_240
_UNSENT_HEADERS = frozenset({"content-length", "transfer-encoding", "connection"})


class RegionalEndpoints:
    """The endpoints of all regions that hold custom domains."""

    def __init__(
        self,
        *,
        https_port: int,
        configuration: Callable[[], Configuration],
        hosts: LambdaHosts,
        contexts: ServerContexts,
        faults: FaultBoard,
        clock: AwsClock,
        metrics: Metrics,
        traffic: Traffic,
    ) -> None:
        """Bind nothing yet; `follow` does when there are domains."""
        self._https_port = https_port
        self._configuration = configuration
        self._hosts = hosts
        self._contexts = contexts
        self._faults = faults
        self._clock = clock
        self._metrics = metrics
        self._traffic = traffic
        self._endpoints: dict[str, _Endpoint] = {}

    async def follow(self, configuration: Configuration) -> None:
        """Open and close endpoints so that each region with domains has one at its address."""
        regions = configuration.api_regions
        wanted = {region: api_gateway_address(region, regions) for region in regions}
        for region in [
            region for region, endpoint in self._endpoints.items() if wanted.get(region) != endpoint.address
        ]:
            await self._endpoints.pop(region).close()
        for region, address in wanted.items():
            if region not in self._endpoints:
                try:
                    self._endpoints[region] = self._open(region, address)
                except OSError as error:
                    logger.error("cannot open the regional endpoint of %s at %s: %s", region, address, error)

    def _open(self, region: str, address: str) -> "_Endpoint":
        endpoint = _Endpoint(region=region, address=address, owner=self)
        endpoint.start(self._https_port, self._contexts, self._faults)
        return endpoint

    async def close(self) -> None:
        """Close all endpoints."""
        endpoints, self._endpoints = list(self._endpoints.values()), {}
        await asyncio.gather(*(endpoint.close() for endpoint in endpoints))

    def domain(self, region: str, hostname: str | None) -> ApiDomain | None:
        """Return the custom domain of this name in this region."""
        return self._configuration().api_domains_by_name.get((region, hostname or ""))

    def certificate_names(self, region: str, hostname: str | None) -> tuple[str, ...]:
        """Return the names of the certificate that answers an SNI."""
        domain = self.domain(region, hostname)
        arn = domain.certificate_arn if domain else None
        names = self._configuration().certificates.get(arn, ()) if arn else ()
        return names or (f"*.execute-api.{region}.amazonaws.com",)

    async def answer(self, region: str, request: ApiRequest, transport: asyncio.BaseTransport | None) -> ApiResponse:
        """Answer one request, with the faults of the region; what is never sent is not counted."""
        response = await self._answer(region, request, transport)
        domain = self.domain(region, hostname_of(request.headers.get("host", "")))
        is_sent = transport is not None and not transport.is_closing()
        if domain is not None and domain.api_id and is_sent:
            self._metrics.api_answered(region, domain.api_id, response.status_code)
            place = place_number(request.viewer_address)
            self._traffic.note(Served(f"place:{place}", f"endpoint:{region}", str(response.status_code)))
        return response

    async def _answer(self, region: str, request: ApiRequest, transport: asyncio.BaseTransport | None) -> ApiResponse:
        fault = self._faults.hit(f"apigateway:{region}")
        if fault is None:
            return await self._invoke(region, request)
        if fault.kind is FaultKind.STATUS:
            return error_answer(fault.value, "A fault makes the endpoint answer this.")
        if fault.kind is FaultKind.HANG:
            await self._faults.wait_until_lifted(fault)
        if fault.kind in UNANSWERED:
            if isinstance(transport, asyncio.WriteTransport):
                reset(transport)
            return error_answer(503, "Never sent.")
        if fault.kind is FaultKind.DELAY:
            await self._clock.sleep(fault.value / 1000)
        response = await self._invoke(region, request)
        if fault.kind is FaultKind.SLOW:
            await self._clock.sleep(len(response.body) / fault.value)
        is_corrupt = fault.kind is FaultKind.CORRUPT
        return replace(response, body=corrupted(response.body)) if is_corrupt else response

    async def _invoke(self, region: str, request: ApiRequest) -> ApiResponse:
        """Answer from the function; API Gateway's own errors are JSON with one message.

        Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html
        """
        domain = self.domain(region, hostname_of(request.headers.get("host", "")))
        if domain is None:
            return error_answer(403, "Forbidden")
        if domain.unsupported or not domain.function_arn:
            logger.error("%s in %s leads nowhere. %s", domain.domain_name, region, domain.unsupported)
            return error_answer(502 if domain.unsupported else 404, domain.unsupported or "Not Found")
        match = select_route(domain.routes, request.method, request.path)
        if refused := _refusal(request, domain, match):
            return refused
        if len(request.body) > MAXIMUM_PAYLOAD_BYTES:
            return error_answer(413, "Request Entity Too Large")
        function = self._configuration().regional.functions.get(domain.function_arn)
        if match is None or function is None or not _may_invoke(function, domain, match.route):
            logger.error("%s may not invoke %s: add a Lambda permission", domain.domain_name, domain.function_arn)
            return error_answer(500, "Internal Server Error")
        try:
            async with self._clock.timeout(domain.integration_timeout_seconds):
                result = await self._hosts.invoke(function.arn, event_of(request, domain, match), request.request_id)
            return response_of(result)
        except TimeoutError:
            return error_answer(503, "Service Unavailable")
        except (FunctionFailed, MalformedResult) as error:
            logger.error("%s: %s", domain.domain_name, error)
            return error_answer(500, "Internal Server Error")


class _Endpoint:
    """One region's listener."""

    def __init__(self, *, region: str, address: str, owner: RegionalEndpoints) -> None:
        self.region = region
        self.address = address
        self._owner = owner
        self._server: web.Server | None = None
        self._listener: Listener | None = None

    def start(self, port: int, contexts: ServerContexts, faults: FaultBoard) -> None:
        target = f"apigateway:{self.region}"

        def choose(name: str | None) -> TlsChoice:
            names = self._owner.certificate_names(self.region, name)
            return TlsChoice(
                context=contexts.context_for(names, faults.of_certificate(target)), fault_targets=(target,)
            )

        server = web.Server(self._handle, access_log=None, max_field_size=MAXIMUM_HEADER_BYTES)
        self._server = server
        self._listener = Listener(
            address=(self.address, port),
            choose=choose,
            protocol_factory=lambda _name: server(),
            faults=faults,
            whole_targets=(target,),
            is_tls=True,
        )
        self._listener.start()

    async def close(self) -> None:
        if self._listener:
            await self._listener.close()
        if self._server:
            await self._server.shutdown(0.1)

    async def _handle(self, http_request: web.BaseRequest) -> web.Response:
        path, _, query = http_request.raw_path.partition("?")
        headers: dict[str, str] = {}
        for name, value in http_request.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]},{value}" if key in headers else value
        request = ApiRequest(
            method=http_request.method,
            path=path,
            query=query,
            headers={**headers, **_forwarded(http_request)},
            body=await http_request.read(),
            viewer_address=http_request.remote or "",
            request_id=secrets.token_urlsafe(12) + "=",
            received_at=utc_now(),
        )
        response = await self._owner.answer(self.region, request, http_request.transport)
        return _http_response(request, response)


def _forwarded(http_request: web.BaseRequest) -> dict[str, str]:
    return {
        "x-forwarded-for": http_request.remote or "",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
        "x-amzn-trace-id": f"Root=1-{int(utc_now().timestamp()):08x}-{secrets.token_hex(12)}",
    }


def _refusal(request: ApiRequest, domain: ApiDomain, match: RouteMatch | None) -> ApiResponse | None:
    """Return what API Gateway answers itself: no route, no credentials. Signatures are believed, tokens cannot be checked.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html ,
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
    """
    if request.method == "OPTIONS" and domain.has_cors:
        return error_answer(501, "localcloud does not model CORS preflight requests")
    if match is None:
        return error_answer(404, "Not Found")
    credentials = request.headers.get("authorization", "")
    match match.route.authorization_type:
        case "AWS_IAM" if not credentials.startswith("AWS4-"):
            return error_answer(403, "Forbidden")
        case "JWT" if not credentials:
            return error_answer(401, "Unauthorized")
        case "JWT":
            return error_answer(501, "localcloud does not model JWT authorizers")
    return None


def _may_invoke(function: LambdaFunction, domain: ApiDomain, route: HttpRoute) -> bool:
    """Whether a statement of the function's policy covers this route of the API.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html
    """
    source_arn = (
        f"arn:aws:execute-api:{domain.region}:{domain.account_id}:{domain.api_id}/{domain.stage}/{route.arn_path}"
    )
    return any(matches_wildcard(pattern, source_arn) for pattern in function.api_source_arns)


def _http_response(request: ApiRequest, response: ApiResponse) -> web.Response:
    headers = CIMultiDict((name, value) for name, value in response.headers.items() if name not in _UNSENT_HEADERS)
    for cookie in response.cookies:
        headers.add("set-cookie", cookie)
    headers["apigw-requestid"] = request.request_id
    # API Gateway names no server; aiohttp would name itself.
    headers["server"] = "localcloud"
    is_bodiless = request.method == "HEAD" or response.status_code in (204, 304)
    if request.method == "HEAD" and "content-length" in response.headers:
        headers["content-length"] = response.headers["content-length"]  # of the body that a GET would get
    return web.Response(status=response.status_code, headers=headers, body=None if is_bodiless else response.body)
