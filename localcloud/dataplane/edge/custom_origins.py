"""Asks custom origins over HTTP or HTTPS on loopback, as CloudFront asks a web server.

Sources: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html and
.../using-https-cloudfront-to-custom-origin.html (the certificate).
"""

import logging
import ssl
from email.utils import format_datetime
from pathlib import Path

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from localcloud.dataplane.clock import AwsClock, utc_now
from localcloud.dataplane.edge.messages import COOKIE_SEPARATOR
from localcloud.dataplane.edge.origin_messages import OriginRequest, OriginResponse
from localcloud.dataplane.edge.origin_places import OriginPlaces, Place, refusal
from localcloud.model.behaviours import hostname_of
from localcloud.model.origins import Origin, OriginFailure

logger = logging.getLogger(__name__)

FAULT_TARGET = "origin"
_REMOVED = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "via"}
)
"""Of the origin's answer; Via is CloudFront's own."""


class CustomOrigins:
    """Sends requests to custom origins."""

    def __init__(self, places: OriginPlaces, *, authorities: tuple[Path, ...], clock: AwsClock) -> None:
        """Open no connection yet.

        Args:
            places: Where names lead.
            authorities: Files of certificates that are trusted.
            clock: For timeouts.
        """
        self._places = places
        self._authorities = authorities
        self._clock = clock
        self._trust: tuple[tuple[int, ...], ssl.SSLContext] | None = None
        self._open_session: aiohttp.ClientSession | None = None
        self._told: set[str] = set()

    async def close(self) -> None:
        """Close the connections."""
        if self._open_session:
            await self._open_session.close()

    async def ask(self, origin: Origin, request: OriginRequest) -> OriginResponse | OriginFailure | str:
        """Ask once; text says why there is nobody to ask."""
        is_tls = origin.is_asked_over_tls(viewer_is_secure=request.is_secure)
        port = origin.https_port if is_tls else origin.http_port
        place = self._places.place_of(origin.domain_name, port)
        if place is None:
            return self._refused(origin, port)
        names = _certificate_names(origin, request) if is_tls else (None,)
        result: OriginResponse | OriginFailure = OriginFailure.TLS
        for name in names:
            result = await self._send(origin, request, place, name)
            if result is not OriginFailure.TLS:
                break
        return result

    def _refused(self, origin: Origin, port: int) -> str:
        text = refusal(origin.domain_name, port)
        if text not in self._told:
            self._told.add(text)
            logger.error("origin %s: %s", origin.id, text)
        return text

    async def _send(
        self, origin: Origin, request: OriginRequest, place: Place, certificate_name: str | None
    ) -> OriginResponse | OriginFailure:
        forwarded = request.forwarded
        assert forwarded is not None  # noqa: S101  whoever may ask a custom origin says what it gets
        scheme = "https" if certificate_name else "http"
        url = f"{scheme}://{place.address}:{place.port}{origin.origin_path}{request.path}"
        headers = {
            **forwarded.headers,
            **request.headers,
            **{name.lower(): value for name, value in origin.custom_headers.items()},
            "host": _host(origin, request),
        }
        timeout = aiohttp.ClientTimeout(
            total=None,
            sock_connect=self._clock.real_seconds(origin.connection_timeout_seconds),
            sock_read=self._clock.real_seconds(origin.read_timeout_seconds),
        )
        try:
            async with self._session.request(
                request.method,
                URL(f"{url}?{forwarded.query}" if forwarded.query else url, encoded=True),
                headers=headers,
                skip_auto_headers=("accept", "accept-encoding", "content-type", "user-agent"),
                data=request.body or None,
                timeout=timeout,
                allow_redirects=False,
                ssl=self._context() if certificate_name else False,
                server_hostname=certificate_name,
            ) as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure = _failure(error)
            logger.warning("origin %s (%s): %s: %s", origin.id, origin.domain_name, failure.value, error)
            return failure
        return OriginResponse(
            status_code=response.status,
            headers=_answered(response.headers, has_cookies=forwarded.has_cookies),
            body=body,
            has_length="content-length" in response.headers,
        )

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._open_session is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=5)
            self._open_session = aiohttp.ClientSession(
                connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._open_session

    def _context(self) -> ssl.SSLContext:
        """Return what trusts the authorities of the run; their file is written anew when names join."""
        files = [file for file in self._authorities if file.exists()]
        version = tuple(file.stat().st_mtime_ns for file in files)
        if self._trust is None or self._trust[0] != version:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            for file in files:
                context.load_verify_locations(cafile=file)
            self._trust = version, context
        return self._trust[1]


def _host(origin: Origin, request: OriginRequest) -> str:
    """Return the Host header: what a function set, the viewer's where it is forwarded, else the origin's domain name."""
    forwarded = request.forwarded.host if request.forwarded else None
    return origin.host_header or forwarded or origin.domain_name


def _certificate_names(origin: Origin, request: OriginRequest) -> tuple[str, ...]:
    """Return the names of which the certificate must hold one: the Host header's where it is forwarded, and the origin's.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-https-cloudfront-to-custom-origin.html
    """
    return tuple(dict.fromkeys((hostname_of(_host(origin, request)), origin.domain_name)))


def _failure(error: Exception) -> OriginFailure:
    if isinstance(error, aiohttp.ClientSSLError | aiohttp.ClientConnectorCertificateError | ssl.SSLError):
        return OriginFailure.TLS
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return OriginFailure.CONNECT_TIMEOUT
    if isinstance(error, TimeoutError):
        return OriginFailure.READ_TIMEOUT
    return OriginFailure.REFUSED if isinstance(error, aiohttp.ClientConnectorError) else OriginFailure.RESET


def _answered(headers: "CIMultiDictProxy[str]", *, has_cookies: bool) -> dict[str, str]:
    """Return the origin's headers as they go on: without Set-Cookie where no cookies are forwarded."""
    kept: dict[str, str] = {}
    for name, value in ((name.lower(), value) for name, value in headers.items()):
        if name in _REMOVED or (name == "set-cookie" and not has_cookies):
            continue
        separator = COOKIE_SEPARATOR if name == "set-cookie" else ", "
        kept[name] = f"{kept[name]}{separator}{value}" if name in kept else value
    kept.setdefault("date", format_datetime(utc_now(), usegmt=True))
    return kept
