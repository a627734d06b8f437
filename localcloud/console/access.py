"""Who may use the console: a browser that came by an address with a one-time token, and no page of another origin.

Loopback keeps other machines out. Other users of this machine and foreign pages in this browser are kept out here.
"""

import hmac
import secrets
from collections import OrderedDict

from aiohttp import web

TOKEN_PARAMETER = "token"  # noqa: S105  the name of a parameter
SECRET_HEADER = "X-Localcloud-Secret"  # noqa: S105  the name of a header
_KEPT_TOKENS = 16
_KEPT_SESSIONS = 64


class ConsoleAccess:
    """Tokens that work once, and the sessions that they open."""

    def __init__(self, secret: str) -> None:
        """Know nobody yet.

        Args:
            secret: Of the run; whoever knows it gets tokens.
        """
        self._secret = secret
        self._tokens: OrderedDict[str, None] = OrderedDict()
        self._sessions: OrderedDict[str, None] = OrderedDict()

    def mint(self) -> str:
        """Return a token that opens one session."""
        token = secrets.token_urlsafe(24)
        self._tokens[token] = None
        while len(self._tokens) > _KEPT_TOKENS:
            self._tokens.popitem(last=False)
        return token

    def admit(self, token: str) -> str | None:
        """Return the id of a new session for a token, which is then spent; None when there is no such token."""
        if token not in self._tokens:
            return None
        del self._tokens[token]
        session = secrets.token_urlsafe(24)
        self._sessions[session] = None
        while len(self._sessions) > _KEPT_SESSIONS:
            self._sessions.popitem(last=False)
        return session

    def is_session(self, session: str) -> bool:
        """Return whether a session was opened here."""
        return session in self._sessions

    def is_secret(self, text: str) -> bool:
        """Return whether a text is the secret of the run; how long that takes tells nothing of it."""
        return hmac.compare_digest(text.encode(), self._secret.encode())


def foreign(request: web.BaseRequest, host: str) -> str | None:
    """Return why a request is not one of the console's own page or of this machine's tools; None when it is.

    The name of a host is the browser's word for whom it asks, so a rebound name of the internet is another host.

    Args:
        request: What came.
        host: Address and port that the console listens on.
    """
    if request.headers.get("Host") != host:
        return f"the host is not {host}"
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return f"pages of {origin} may not ask the console"
    # https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header ; a link on another page may lead here, and shows nothing.
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    is_visit = request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate" and request.path == "/"
    if site not in {"same-origin", "none"} and not is_visit:
        return "a page of another origin may not ask the console"
    return None


def policy_headers(frames: tuple[str, ...]) -> dict[str, str]:
    """Return the headers of every answer: no script but ours, frames of the local site alone, nobody frames us.

    Args:
        frames: Origins that show the site.
    """
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        f"frame-src {' '.join(frames) or chr(39) + 'none' + chr(39)}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
