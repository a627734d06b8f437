"""Asks the origins of one request: S3 through the gateway, with origin access control, timeouts and faults."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import format_datetime
from urllib.parse import quote, unquote

import aiohttp
from yarl import URL

from localcloud.dataplane.clock import AwsClock, utc_now
from localcloud.dataplane.configuration import Bucket, Configuration, Distribution
from localcloud.dataplane.edge.custom_origins import FAULT_TARGET, CustomOrigins
from localcloud.dataplane.edge.origin_messages import OriginRequest, OriginResponse
from localcloud.dataplane.edge.websites import WEBSITE_DOMAIN, website_answer
from localcloud.dataplane.faults import Fault, FaultBoard, FaultKind, corrupted
from localcloud.dataplane.traffic import Served, Traffic
from localcloud.model.bucket_policy import CLOUDFRONT_SERVICE, AccessRequest, Decision, evaluate, missing_key_status
from localcloud.model.errors import UnsupportedResource
from localcloud.model.origins import (
    AttemptOutcome,
    FinalAnswer,
    Origin,
    OriginFailure,
    OriginPlan,
    next_step,
)

logger = logging.getLogger(__name__)

_S3_DOMAIN = re.compile(r"(?P<bucket>.+)\.s3[.-](?:(?P<region>[a-z]+-[a-z]+-\d)\.)?amazonaws\.com")
_ORIGIN_HEADER = {"x-localcloud-origin": "data-plane"}
_DROPPED_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "server"})
_ACTIONS = {
    "GET": "s3:GetObject",
    "HEAD": "s3:GetObject",
    "OPTIONS": "s3:GetObject",
    "PUT": "s3:PutObject",
    "DELETE": "s3:DeleteObject",
}
"""What S3 lets a caller do to one object: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html"""


class OriginRequester:
    """Sends requests to origins."""

    def __init__(
        self,
        *,
        gateway_url: str,
        secret: str,
        configuration: Callable[[], Configuration],
        faults: FaultBoard,
        clock: AwsClock,
        traffic: Traffic,
        custom_origins: CustomOrigins,
    ) -> None:
        """Open no connection yet.

        Args:
            gateway_url: Where S3 is served, path style.
            secret: Of the run, which the gateway wants to hear.
            configuration: The current configuration, for bucket policies.
            faults: Faults of the targets `s3:<region>` and `origin:<domain name>`.
            clock: For timeouts.
            traffic: Where attempts are counted.
            custom_origins: Asks web servers.
        """
        self._gateway_url = gateway_url
        self._secret = secret
        self._configuration = configuration
        self._faults = faults
        self._clock = clock
        self._traffic = traffic
        self._custom_origins = custom_origins
        self._open_session: aiohttp.ClientSession | None = None

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._open_session is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=15)
            self._open_session = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        return self._open_session

    async def close(self) -> None:
        """Close the connections to the gateway and to custom origins."""
        await self._custom_origins.close()
        if self._open_session:
            await self._open_session.close()

    async def ask(self, plan: OriginPlan, request: OriginRequest, distribution: Distribution) -> OriginResponse:
        """Ask origins as the model says until there is a final answer."""
        outcomes: list[AttemptOutcome] = []
        response: OriginResponse | None = None
        note = ""
        while True:
            step = next_step(plan, request.method, outcomes)
            if isinstance(step, FinalAnswer):
                if response is None:
                    return OriginResponse(status_code=step.status_code, is_from_origin=False, note=note)
                return response
            origin = plan.members[step.member]
            result = await self._attempt(origin, request, distribution)
            note = result if isinstance(result, str) else ""
            if isinstance(result, str):
                result = OriginFailure.DNS
            self._note(distribution, origin, result)
            if isinstance(result, OriginFailure):
                response = None
                outcomes.append(AttemptOutcome(member=step.member, failure=result))
            else:
                response = result
                outcomes.append(AttemptOutcome(member=step.member, status_code=result.status_code))

    def _note(self, distribution: Distribution, origin: Origin, result: OriginResponse | OriginFailure) -> None:
        outcome = result.value if isinstance(result, OriginFailure) else str(result.status_code)
        target = f"origin:{distribution.id}/{origin.id}"
        self._traffic.note(Served(f"distribution:{distribution.id}", target, outcome))

    async def _attempt(
        self, origin: Origin, request: OriginRequest, distribution: Distribution
    ) -> OriginResponse | OriginFailure | str:
        """Ask once; text says why there is nobody to ask."""
        website = None if origin.is_s3 else WEBSITE_DOMAIN.fullmatch(origin.domain_name)
        if website:
            return await self._ask_website(origin, request, website["bucket"])
        if not origin.is_s3:
            return await self._ask_custom(origin, request)
        target = _S3_DOMAIN.fullmatch(origin.domain_name)
        if target is None:
            text = f"origin {origin.id} has an S3 configuration, but {origin.domain_name} is no bucket's name"
            logger.error("%s", text)
            return text
        bucket = self._configuration().buckets.get(target["bucket"])
        if bucket is None:
            return _s3_error(404, "NoSuchBucket", "The specified bucket does not exist")
        fault = self._faults.hit(f"s3:{bucket.region}")
        failure = await self._connection_fault(origin, fault) if fault else None
        if failure:
            return failure
        if target["region"] not in (None, bucket.region):
            return _s3_error(301, "PermanentRedirect", f"The bucket is in this region: {bucket.region}")
        response = await self._read_object(origin, request, bucket, distribution)
        if fault and fault.kind is FaultKind.SLOW and isinstance(response, OriginResponse):
            # A byte at a time: no gap is ever as long as the read timeout, so nothing ends it.
            await self._clock.sleep(len(response.body) / fault.value)
        return response

    async def _ask_website(
        self, origin: Origin, request: OriginRequest, name: str
    ) -> OriginResponse | OriginFailure | str:
        """Ask a bucket's website endpoint, under the faults of its region's S3."""
        bucket = self._configuration().buckets.get(name)
        if bucket is None:
            return _s3_error(404, "NoSuchBucket", "The specified bucket does not exist")
        if origin.is_asked_over_tls(viewer_is_secure=request.is_secure):
            logger.error("origin %s: a website endpoint of S3 speaks no HTTPS", origin.id)
            return OriginFailure.CONNECT_TIMEOUT
        fault = self._faults.hit(f"s3:{bucket.region}")
        failure = await self._connection_fault(origin, fault) if fault else None
        if failure:
            return failure

        async def read(path: str) -> OriginResponse | OriginFailure:
            asked = replace(request, method="GET", path=path, is_secure=False, body=b"")
            plain = replace(origin, access_control_id="", access_identity="", origin_path="")
            return await self._read_object(plain, asked, bucket, distribution)

        distribution = Distribution(id="", arn="", domain_name="")
        settings = await self._website_settings(bucket)
        response = await website_answer(settings, request.method, f"{origin.origin_path}{request.path}", read)
        if fault and fault.kind is FaultKind.SLOW and isinstance(response, OriginResponse):
            await self._clock.sleep(len(response.body) / fault.value)
        return response

    async def _website_settings(self, bucket: Bucket) -> bytes | None:
        headers = {**_ORIGIN_HEADER, **_signature(bucket.region, self._secret)}
        async with self._session.get(f"{self._gateway_url}/{bucket.name}?website", headers=headers) as response:
            return await response.read() if response.status == 200 else None

    async def _ask_custom(self, origin: Origin, request: OriginRequest) -> OriginResponse | OriginFailure | str:
        """Ask a custom origin, under the faults of its name."""
        fault = self._faults.hit(f"{FAULT_TARGET}:{origin.domain_name}")
        if fault is None:
            return await self._custom_origins.ask(origin, request)
        failure = await self._connection_fault(origin, fault)
        if failure:
            return failure
        if fault.kind is FaultKind.STATUS:
            return OriginResponse(status_code=fault.value, headers={"content-type": "text/plain"}, body=b"A fault.\n")
        if fault.kind is FaultKind.DELAY:
            if fault.value / 1000 > origin.read_timeout_seconds:
                await self._clock.sleep(origin.read_timeout_seconds)
                return OriginFailure.READ_TIMEOUT
            await self._clock.sleep(fault.value / 1000)
        result = await self._custom_origins.ask(origin, request)
        if not isinstance(result, OriginResponse):
            return result
        if fault.kind is FaultKind.SLOW:
            await self._clock.sleep(len(result.body) / fault.value)
        return replace(result, body=corrupted(result.body)) if fault.kind is FaultKind.CORRUPT else result

    async def _connection_fault(self, origin: Origin, fault: Fault) -> OriginFailure | None:
        """Apply what acts before a request is sent; the gateway applies the other faults but SLOW."""
        if fault.kind is FaultKind.REFUSE:
            return OriginFailure.REFUSED
        if fault.kind is FaultKind.UNREACHABLE:
            await self._clock.sleep(origin.connection_timeout_seconds)
            return OriginFailure.CONNECT_TIMEOUT
        if fault.kind is FaultKind.HANG:
            await self._clock.sleep(origin.read_timeout_seconds)
            return OriginFailure.READ_TIMEOUT
        return OriginFailure.RESET if fault.kind is FaultKind.RESET else None

    async def _read_object(
        self, origin: Origin, request: OriginRequest, bucket: Bucket, distribution: Distribution
    ) -> OriginResponse | OriginFailure:
        path = f"{origin.origin_path}{request.path}"
        if request.method not in _ACTIONS:
            return _s3_error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        try:
            access = _access(origin, request, bucket, unquote(path.removeprefix("/")), distribution)
            if evaluate(bucket.policy, access) is not Decision.ALLOW:
                return _s3_error(403, "AccessDenied", "Access Denied")
            missing_status = missing_key_status(bucket.policy, access, bucket.arn)
        except UnsupportedResource as error:
            logger.error("bucket %s: %s", bucket.name, error)
            return _s3_error(403, "AccessDenied", str(error))
        if path == "/":
            return _s3_error(403, "AccessDenied", "localcloud does not list buckets through the edge")
        response = await self._send(origin, request, bucket, path, distribution)
        if isinstance(response, OriginResponse) and response.status_code == 404 and missing_status == 403:
            return _s3_error(403, "AccessDenied", "Access Denied")
        return response

    async def _send(
        self, origin: Origin, request: OriginRequest, bucket: Bucket, path: str, distribution: Distribution
    ) -> OriginResponse | OriginFailure:
        headers = {
            **_conditions(request.headers),
            **origin.custom_headers,
            **_ORIGIN_HEADER,
            **_signature(bucket.region, self._secret),
            **_for_key_policy(origin, request, distribution),
        }
        timeout = aiohttp.ClientTimeout(
            total=None,
            sock_connect=self._clock.real_seconds(origin.connection_timeout_seconds),
            sock_read=self._clock.real_seconds(origin.read_timeout_seconds),
        )
        url = URL(f"{self._gateway_url}/{bucket.name}{quote(unquote(path), safe='/~')}", encoded=True)
        try:
            async with self._session.request(
                request.method, url, headers=headers, data=request.body or None, timeout=timeout, allow_redirects=False
            ) as response:
                body = await response.read()
        except aiohttp.ConnectionTimeoutError:
            return OriginFailure.CONNECT_TIMEOUT
        except TimeoutError:
            return OriginFailure.READ_TIMEOUT
        except aiohttp.ClientError as error:
            logger.warning("S3 through the gateway: %s: %s", type(error).__name__, error)
            return OriginFailure.REFUSED
        return OriginResponse(status_code=response.status, headers=_end_to_end(response.headers), body=body)


def _conditions(headers: Mapping[str, str]) -> dict[str, str]:
    """S3's ETags are strong; the weak one is of a copy that was compressed here."""
    return {name: value.removeprefix("W/") if name == "if-none-match" else value for name, value in headers.items()}


def _access(
    origin: Origin, request: OriginRequest, bucket: Bucket, key: str, distribution: Distribution
) -> AccessRequest:
    """Return who asks: the distribution when the origin has an origin access control, else nobody.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
    """
    signs = bool(origin.access_control_id)
    return AccessRequest(
        service=CLOUDFRONT_SERVICE if signs else None,
        action=_ACTIONS[request.method],
        resource=f"{bucket.arn}/{key}",
        source_arn=distribution.arn if signs else None,
        source_account=distribution.arn.split(":")[4] if signs else None,
        access_identity="" if signs else origin.access_identity,
        is_secure=request.is_secure,
    )


def _for_key_policy(origin: Origin, request: OriginRequest, distribution: Distribution) -> dict[str, str]:
    """Return what the gateway judges objects under a KMS key by: who signs, and whether over TLS."""
    plain = {} if request.is_secure else {"x-localcloud-plain": "1"}
    return {**plain, **({"x-localcloud-source-arn": distribution.arn} if origin.access_control_id else {})}


def _signature(region: str, secret: str) -> dict[str, str]:
    """Return a SigV4 header whose scope names the region; the gateway reads key id and scope, and checks no signature."""
    credential = f"{secret}/20260101/{region}/s3/aws4_request"
    return {"authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"}


def _s3_error(status_code: int, code: str, message: str) -> OriginResponse:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    headers = {"content-type": "application/xml", "date": format_datetime(utc_now(), usegmt=True)}
    return OriginResponse(status_code=status_code, headers=headers, body=body.encode())


def _end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    kept = {name.lower(): value for name, value in headers.items() if name.lower() not in _DROPPED_HEADERS}
    kept.setdefault("date", format_datetime(utc_now(), usegmt=True))
    return {**kept, "server": "AmazonS3"}
