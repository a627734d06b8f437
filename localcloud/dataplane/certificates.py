"""TLS contexts: leaf certificates of the throwaway CA for the names that ACM certificates hold."""

import ssl
from datetime import datetime, timedelta
from pathlib import Path

import trustme

from localcloud.dataplane.clock import utc_now
from localcloud.dataplane.faults import FaultKind
from localcloud.state_directory import CA_CERTIFICATE_FILE, CA_KEY_FILE

# What CloudFront shows when no distribution holds the name asked for.
WRONG_NAMES = ("another-site.example",)
CLOUDFRONT_DEFAULT_NAMES = ("*.cloudfront.net", "cloudfront.net")


VALIDITY = timedelta(days=1)
"""A certificate is issued anew when half of it is over."""


def load_authority(state_dir: Path) -> trustme.CA:
    """Load the CA that the supervisor made in the state folder."""
    return trustme.CA.from_pem((state_dir / CA_CERTIFICATE_FILE).read_bytes(), (state_dir / CA_KEY_FILE).read_bytes())


class ServerContexts:
    """One server-side TLS context a set of names, issued when first asked for (ECDSA P-256, TLS 1.2 and 1.3)."""

    def __init__(self, authority: trustme.CA) -> None:
        self._authority = authority
        self._contexts: dict[tuple[tuple[str, ...], bool], tuple[datetime, ssl.SSLContext]] = {}

    def context_for(self, names: tuple[str, ...], fault: FaultKind | None = None) -> ssl.SSLContext:
        """Return the context whose certificate holds exactly these names.

        Args:
            names: DNS names.
            fault: EXPIRED_CERTIFICATE or WRONG_CERTIFICATE, which is one of another name. Default: none.
        """
        is_expired = fault is FaultKind.EXPIRED_CERTIFICATE
        shown = WRONG_NAMES if fault is FaultKind.WRONG_CERTIFICATE else names
        now = utc_now()
        known = self._contexts.get((shown, is_expired))
        if known is None or known[0] < now - VALIDITY / 2:
            known = self._contexts[shown, is_expired] = (now, self._issue(shown, now, is_expired=is_expired))
        return known[1]

    def _issue(self, names: tuple[str, ...], now: datetime, *, is_expired: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        # ACM's certificates live 198 days: https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html
        begin, end = (timedelta(days=-199), timedelta(days=-1)) if is_expired else (timedelta(minutes=-5), VALIDITY)
        self._authority.issue_cert(*names, not_before=now + begin, not_after=now + end).configure_cert(context)
        return context
