"""TLS contexts: leaf certificates of the throwaway CA for the names that ACM certificates hold."""

import ssl
from pathlib import Path

import trustme

from localcloud.state_directory import CA_CERTIFICATE_FILE, CA_KEY_FILE

# What CloudFront shows when no distribution holds the name asked for.
CLOUDFRONT_DEFAULT_NAMES = ("*.cloudfront.net", "cloudfront.net")


def load_authority(state_dir: Path) -> trustme.CA:
    """Load the CA that the supervisor made in the state folder."""
    return trustme.CA.from_pem((state_dir / CA_CERTIFICATE_FILE).read_bytes(), (state_dir / CA_KEY_FILE).read_bytes())


class ServerContexts:
    """One server-side TLS context a set of names, issued when first asked for (ECDSA P-256, TLS 1.2 and 1.3)."""

    def __init__(self, authority: trustme.CA) -> None:
        self._authority = authority
        self._contexts: dict[tuple[str, ...], ssl.SSLContext] = {}

    def context_for(self, names: tuple[str, ...]) -> ssl.SSLContext:
        """Return the context whose certificate holds exactly these names."""
        if names not in self._contexts:
            self._contexts[names] = self._issue(names)
        return self._contexts[names]

    def _issue(self, names: tuple[str, ...]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        self._authority.issue_cert(*names).configure_cert(context)
        return context
