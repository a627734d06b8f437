"""TLS contexts: leaf certificates of the throwaway CA for the names that ACM certificates hold."""

import ssl
from collections.abc import Iterable
from datetime import datetime, timedelta

from localcloud.authority import VALIDITY, WRONG_NAME, Authority
from localcloud.dataplane.clock import utc_now
from localcloud.dataplane.faults import FaultKind

# What CloudFront shows when no distribution holds the name asked for.
WRONG_NAMES = (WRONG_NAME,)
CLOUDFRONT_DEFAULT_NAMES = ("*.cloudfront.net", "cloudfront.net")


class ServerContexts:
    """One server-side TLS context a set of names, issued when first asked for (ECDSA P-256, TLS 1.2 and 1.3).

    A certificate is issued anew when half of its day is over.
    """

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._contexts: dict[tuple[tuple[str, ...], bool, bool], tuple[datetime, ssl.SSLContext]] = {}

    def permit(self, names: Iterable[str]) -> None:
        """Let the authority sign for these names; what clients then trust says so before a server shows one."""
        self._authority.permit(names)

    def context_for(
        self, names: tuple[str, ...], fault: FaultKind | None = None, *, has_http2: bool = False
    ) -> ssl.SSLContext:
        """Return the context whose certificate holds exactly these names.

        Args:
            names: DNS names.
            fault: EXPIRED_CERTIFICATE or WRONG_CERTIFICATE, which is one of another name. Default: none.
            has_http2: Whether HTTP/2 is offered beside HTTP/1.1.
        """
        is_expired = fault is FaultKind.EXPIRED_CERTIFICATE
        shown = WRONG_NAMES if fault is FaultKind.WRONG_CERTIFICATE else names
        now = utc_now()
        known = self._contexts.get((shown, is_expired, has_http2))
        if known is None or known[0] < now - VALIDITY / 2:
            issued = self._issue(shown, now, is_expired=is_expired, has_http2=has_http2)
            known = self._contexts[shown, is_expired, has_http2] = (now, issued)
        return known[1]

    def _issue(self, names: tuple[str, ...], now: datetime, *, is_expired: bool, has_http2: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["h2", "http/1.1"] if has_http2 else ["http/1.1"])
        # ACM's certificates live 198 days: https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html
        begin, end = (timedelta(days=-199), timedelta(days=-1)) if is_expired else (timedelta(minutes=-5), VALIDITY)
        self._authority.configure(context, names, begin=now + begin, end=now + end)
        return context
