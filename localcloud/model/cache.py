"""CloudFront's cache: the key, how long an entry is fresh, errors, stale copies, revalidation.

Sources: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html (lifetimes),
.../HTTPStatusCodes.html (errors and stale copies), .../understanding-the-cache-key.html (the key).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import TypeAlias
from urllib.parse import parse_qsl

CacheKey: TypeAlias = tuple[str, ...]

ALWAYS_CACHED_ERRORS = frozenset({404, 414, 500, 501, 502, 503, 504})
ERRORS_CACHED_WITH_MAX_AGE = frozenset({400, 403, 405, 412, 415})
# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CustomErrorResponse.html (ErrorCachingMinTTL)
DEFAULT_ERROR_CACHING_MIN_TTL_SECONDS = 10.0
DEFAULT_TTL_SECONDS = 86_400.0
MAXIMUM_TTL_SECONDS = 31_536_000.0
_UNCACHED_DIRECTIVES = frozenset({"no-store", "no-cache", "private"})


class Inclusion(Enum):
    """Which query strings, headers or cookies enter the cache key (`QueryStringBehavior` and its siblings)."""

    NONE = "none"
    WHITELIST = "whitelist"
    ALL_EXCEPT = "allExcept"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPart:
    """One of query strings, headers, cookies; header names are lower case."""

    inclusion: Inclusion = Inclusion.NONE
    names: frozenset[str] = frozenset()

    @property
    def is_none(self) -> bool:
        """Whether no name can enter."""
        return self.inclusion is Inclusion.NONE

    def includes(self, name: str) -> bool:
        """Whether this name enters the cache key."""
        if self.inclusion is Inclusion.WHITELIST:
            return name in self.names
        if self.inclusion is Inclusion.ALL_EXCEPT:
            return name not in self.names
        return self.inclusion is Inclusion.ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePolicy:
    """A cache policy, or the legacy `ForwardedValues` of a behaviour.

    `accept_encodings` holds `br` and `gzip` where EnableAcceptEncodingBrotli and EnableAcceptEncodingGzip are set.
    """

    min_ttl_seconds: float = 0.0
    default_ttl_seconds: float = DEFAULT_TTL_SECONDS
    max_ttl_seconds: float = MAXIMUM_TTL_SECONDS
    query_strings: KeyPart = field(default_factory=KeyPart)
    headers: KeyPart = field(default_factory=KeyPart)
    cookies: KeyPart = field(default_factory=KeyPart)
    accept_encodings: frozenset[str] = frozenset()


def cache_key(
    policy: CachePolicy,
    *,
    distribution_domain: str,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
) -> CacheKey:
    """Return the key: distribution and path after any rewrite; query, headers, cookies only by policy.

    GET and HEAD share an entry, OPTIONS has its own. The origin is not part of the key.

    Args:
        policy: What enters the key.
        distribution_domain: `dxxx.cloudfront.net`.
        method: Of the viewer's request.
        path: After the viewer-request function.
        query: Raw query string without `?`.
        headers: Lower-case name -> value.
    """
    none = Inclusion.NONE  # the usual case, which need not look at anything
    pairs = [] if policy.query_strings.inclusion is none or not query else parse_qsl(query, keep_blank_values=True)
    pairs = [pair for pair in pairs if policy.query_strings.includes(pair[0])]
    kept_headers = [] if policy.headers.inclusion is none else sorted(headers.items())
    kept_headers = [item for item in kept_headers if policy.headers.includes(item[0])]
    cookies = [] if policy.cookies.inclusion is none else sorted(_cookies(headers))
    cookies = [item for item in cookies if policy.cookies.includes(item[0])]
    kind = "OPTIONS" if method == "OPTIONS" else "GET"
    encodings = normalized_encodings(policy, headers.get("accept-encoding", ""))
    parts = [f"{name}={value}" for name, value in (*pairs, *kept_headers, *encodings, *cookies)]
    return (distribution_domain, kind, path, *parts)


def normalized_encodings(policy: CachePolicy, accept_encoding: str) -> list[tuple[str, str]]:
    """Return the viewer's Accept-Encoding as CloudFront normalizes it for the key: the codings that the policy enables.

    Source: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ParametersInCacheKeyAndForwardedToOrigin.html
    """
    if not policy.accept_encodings or not accept_encoding:
        return []
    named = {
        element.partition(";")[0].strip().lower() for element in accept_encoding.split(",") if not _is_refused(element)
    }
    kept = ",".join(coding for coding in ("br", "gzip") if coding in named & policy.accept_encodings)
    return [("accept-encoding", kept)] if kept else []


def _is_refused(element: str) -> bool:
    """Whether a coding is named as one that is not acceptable, by weight 0: RFC 9110 section 12.5.3."""
    return re.fullmatch(r"q=0(\.0{0,3})?", element.partition(";")[2].replace(" ", "").lower()) is not None


def _cookies(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    pairs = (item.strip().partition("=") for item in headers.get("cookie", "").split(";") if item.strip())
    return [(name, value) for name, _, value in pairs]


def cache_control_directives(value: str) -> dict[str, str]:
    """Return the directives of a Cache-Control header, lower case, value unquoted or empty."""
    pairs = (item.strip().partition("=") for item in value.split(",") if item.strip())
    return {name.strip().lower(): argument.strip().strip('"') for name, _, argument in pairs}


def _seconds(directives: Mapping[str, str], name: str) -> float | None:
    argument = directives.get(name, "")
    return float(argument) if argument.isascii() and argument.isdigit() else None


def _explicit_seconds(headers: Mapping[str, str]) -> float | None:
    """Return s-maxage, else max-age, else Expires minus Date; None when the origin says nothing."""
    directives = cache_control_directives(headers.get("cache-control", ""))
    for name in ("s-maxage", "max-age"):
        seconds = _seconds(directives, name)
        if seconds is not None:
            return seconds
    return _expires_seconds(headers) if "expires" in headers else None


def _expires_seconds(headers: Mapping[str, str]) -> float:
    """An invalid Expires, or one without a Date to compare with, means expired (RFC 9111 section 5.3)."""
    try:
        expires = parsedate_to_datetime(headers["expires"])
        date = parsedate_to_datetime(headers["date"])
    except (KeyError, TypeError, ValueError):
        return 0.0
    return max(0.0, (expires - date).total_seconds())


def freshness_seconds(policy: CachePolicy, headers: Mapping[str, str]) -> float:
    """Return how long a good response stays fresh at the edge.

    With minimum TTL 0, no-store, no-cache and private keep it out of the cache; a larger minimum overrules them.

    Args:
        policy: TTLs of the behaviour's cache policy.
        headers: The origin's response headers, lower-case names.
    """
    directives = cache_control_directives(headers.get("cache-control", ""))
    if _UNCACHED_DIRECTIVES & directives.keys():
        return policy.min_ttl_seconds
    seconds = _explicit_seconds(headers)
    if seconds is None:
        seconds = policy.default_ttl_seconds
    return max(policy.min_ttl_seconds, min(seconds, policy.max_ttl_seconds))


def error_lifetime_seconds(
    status_code: int, headers: Mapping[str, str], *, error_caching_min_ttl_seconds: float
) -> float:
    """Return how long an error is cached: the greater of error caching minimum TTL and the origin's max-age.

    Zero when it is not cached: 400, 403, 405, 412, 415 without max-age or s-maxage, and unlisted codes.
    """
    directives = cache_control_directives(headers.get("cache-control", ""))
    explicit = _seconds(directives, "s-maxage")
    explicit = _seconds(directives, "max-age") if explicit is None else explicit
    if status_code in ALWAYS_CACHED_ERRORS or (status_code in ERRORS_CACHED_WITH_MAX_AGE and explicit is not None):
        return max(error_caching_min_ttl_seconds, explicit or 0.0)
    return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheEntry:
    """A stored response; times are seconds of the caller's clock.

    Attributes:
        headers: Lower-case names.
        stored_at: When the origin answered or confirmed it; `Age` counts from here.
        fresh_until: From then on the origin is asked.
        retry_at: After an origin failed and the copy covered it: when the origin is asked again.
    """

    status_code: int
    headers: Mapping[str, str]
    body: bytes
    stored_at: float
    fresh_until: float
    retry_at: float = 0.0

    @property
    def is_error(self) -> bool:
        """Whether it is an error response."""
        return self.status_code >= 400

    def is_fresh(self, now: float) -> bool:
        """Whether it is served without asking the origin."""
        return now < max(self.fresh_until, self.retry_at)

    def conditional_headers(self) -> dict[str, str]:
        """Return the headers that ask the origin whether it changed: by ETag, else by date.

        Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorS3Origin.html
        """
        if self.is_error:
            return {}
        if "etag" in self.headers:
            return {"if-none-match": self.headers["etag"]}
        return {"if-modified-since": self.headers["last-modified"]} if "last-modified" in self.headers else {}


class Verdict(Enum):
    """What becomes of an answer to a miss or a revalidation."""

    STORE = "store it and serve it"
    PASS = "serve it and keep nothing"  # noqa: S105  not a password
    REFRESH = "the copy is confirmed"
    SERVE_STALE = "serve the expired copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The verdict and for how long it holds: freshness, or the pause until the origin is asked again."""

    verdict: Verdict
    lifetime_seconds: float = 0.0


def settle(
    policy: CachePolicy,
    entry: CacheEntry | None,
    *,
    status_code: int,
    headers: Mapping[str, str],
    error_caching_min_ttl_seconds: float,
    now: float,
) -> Settlement:
    """Decide what becomes of the final answer of the origins.

    An expired good copy covers a 5xx or silence (504) and is used until the error TTL has passed; a 4xx goes to
    the viewer instead of the copy.

    Args:
        policy: TTLs of the behaviour.
        entry: The copy the cache holds, expired or not, or None.
        status_code: The origins' answer, CloudFront's own 502 or 504 included.
        headers: Of that answer, lower-case names.
        error_caching_min_ttl_seconds: For this status code.
        now: Seconds of the clock that `entry` was stored by.
    """
    if status_code == 304 and entry:
        merged = {**entry.headers, **headers}
        return Settlement(verdict=Verdict.REFRESH, lifetime_seconds=freshness_seconds(policy, merged))
    if status_code >= 400:
        lifetime = error_lifetime_seconds(
            status_code, headers, error_caching_min_ttl_seconds=error_caching_min_ttl_seconds
        )
        if status_code >= 500 and entry and may_serve_stale(entry, now):
            return Settlement(verdict=Verdict.SERVE_STALE, lifetime_seconds=lifetime)
    else:
        lifetime = freshness_seconds(policy, headers)
    verdict = Verdict.STORE if lifetime > 0 else Verdict.PASS
    return Settlement(verdict=verdict, lifetime_seconds=lifetime)


def may_revalidate_later(policy: CachePolicy, entry: CacheEntry, now: float) -> bool:
    """Whether an expired copy is served at once while the origin is asked: `stale-while-revalidate`, at most the maximum TTL.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
    """
    directives = cache_control_directives(entry.headers.get("cache-control", ""))
    allowed = _seconds(directives, "stale-while-revalidate")
    if allowed is None or entry.is_error:
        return False
    return entry.fresh_until <= now < entry.fresh_until + min(allowed, policy.max_ttl_seconds)


def may_serve_stale(entry: CacheEntry, now: float) -> bool:
    """Whether an expired copy may cover an origin's failure; `stale-if-error` bounds it.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
    """
    if entry.is_error:
        return False
    directives = cache_control_directives(entry.headers.get("cache-control", ""))
    limit = _seconds(directives, "stale-if-error")
    return limit is None or now < entry.fresh_until + limit
