"""What of a viewer's request CloudFront sends to a custom origin: headers, cookies, query string. Pure.

Sources: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html (headers
that are always removed, replaced or added) and .../controlling-origin-requests.html (what policies add).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from localcloud.model.cache import CachePolicy, KeyPart, normalized_encodings

USER_AGENT = "Amazon CloudFront"
VIA = "1.1 localcloud.cloudfront.net (CloudFront)"

_NEVER = """
connection expect keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade
content-length x-forwarded-proto x-real-ip accept-encoding cookie x-amz-cf-id via x-forwarded-for
"""
_NEVER_FORWARDED = frozenset(_NEVER.split())
"""Removed, or set by CloudFront itself."""

_REMOVED_UNLESS_LISTED = frozenset(
    {"accept", "accept-charset", "accept-language", "authorization", "referer", "x-http-method-override"}
)
"""What legacy settings remove; "other-defined headers" they forward."""

_ALWAYS_FORWARDED = frozenset(
    {"content-type", "content-encoding", "content-language", "content-disposition", "content-md5"}
)
"""They describe the body, which is always forwarded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """What is forwarded beside what the cache key holds: an origin request policy, or legacy settings.

    Attributes:
        headers: lower-case names.
        is_legacy: Whether a behaviour without policies says it (`ForwardedValues`).
    """

    headers: KeyPart = field(default_factory=KeyPart)
    cookies: KeyPart = field(default_factory=KeyPart)
    query_strings: KeyPart = field(default_factory=KeyPart)
    is_legacy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardedRequest:
    """What goes to a custom origin.

    Attributes:
        headers: without Host.
        host: the viewer's Host header where it is forwarded, else None: the origin's own name.
        query: raw, without `?`.
        has_cookies: whether cookies are forwarded at all; if not, the origin's Set-Cookie is removed.
    """

    headers: Mapping[str, str]
    host: str | None
    query: str
    has_cookies: bool


def forwarded_request(
    policy: CachePolicy,
    forwarding: Forwarding,
    *,
    method: str,
    headers: Mapping[str, str],
    query: str,
    viewer_address: str,
    request_id: str,
) -> ForwardedRequest:
    """Return what a custom origin gets of a viewer's request.

    Args:
        policy: What enters the cache key is forwarded.
        forwarding: What is forwarded beside it.
        method: The viewer's.
        headers: The viewer's, lower-case names, with those that CloudFront adds.
        query: Raw.
        viewer_address: From the TCP connection.
        request_id: Of CloudFront.
    """
    sent = {
        name: value
        for name, value in headers.items()
        if name != "host" and _is_forwarded(name, policy, forwarding, method)
    }
    sent.setdefault("user-agent", USER_AGENT)
    for_chain = headers.get("x-forwarded-for")
    sent["x-forwarded-for"] = f"{for_chain}, {viewer_address}" if for_chain else viewer_address
    sent |= {"via": VIA, "x-amz-cf-id": request_id}
    sent |= normalized_encodings(policy, headers.get("accept-encoding", ""))
    cookies = _cookies(policy, forwarding, headers.get("cookie", ""))
    takes_host = policy.headers.includes("host") or forwarding.headers.includes("host")
    return ForwardedRequest(
        headers={**sent, **({"cookie": cookies} if cookies else {})},
        host=headers.get("host") if takes_host else None,
        query=_query(policy, forwarding, query),
        has_cookies=not (policy.cookies.is_none and forwarding.cookies.is_none),
    )


def _is_forwarded(name: str, policy: CachePolicy, forwarding: Forwarding, method: str) -> bool:
    if name in _NEVER_FORWARDED or name.startswith("x-edge-"):
        return False
    if policy.headers.includes(name) or forwarding.headers.includes(name) or name in _ALWAYS_FORWARDED:
        return True
    if not forwarding.is_legacy or name == "user-agent":
        return False
    if name == "authorization":
        return method not in ("GET", "HEAD", "OPTIONS")
    return name not in _REMOVED_UNLESS_LISTED


def _query(policy: CachePolicy, forwarding: Forwarding, query: str) -> str:
    def is_forwarded(pair: str) -> bool:
        name = unquote_plus(pair.partition("=")[0])
        return policy.query_strings.includes(name) or forwarding.query_strings.includes(name)

    return "&".join(filter(is_forwarded, query.split("&"))) if query else ""


def _cookies(policy: CachePolicy, forwarding: Forwarding, header: str) -> str:
    pairs = [pair.strip() for pair in header.split(";") if pair.strip()]
    names = [pair.partition("=")[0] for pair in pairs]
    kept = [
        pair
        for pair, name in zip(pairs, names, strict=True)
        if policy.cookies.includes(name) or forwarding.cookies.includes(name)
    ]
    return "; ".join(kept)
