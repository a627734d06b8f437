"""The policies that AWS manages, with the ids and settings that its guide states.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html,
using-managed-origin-request-policies.html and using-managed-response-headers-policies.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from localcloud.gateway.xml_tree import element, quantity_list, text_element

DAY_SECONDS = 86_400
YEAR_SECONDS = 31_536_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _CachePolicy:
    id: str
    name: str
    min_ttl: int = 0
    default_ttl: int = 0
    max_ttl: int = 0
    compresses: bool = False
    headers: tuple[str, ...] = ()
    cookies: str = "none"
    query_strings: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class _OriginRequestPolicy:
    id: str
    name: str
    header_behavior: str
    headers: tuple[str, ...] = ()
    others: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class _ResponseHeadersPolicy:
    id: str
    name: str
    cors: str = ""
    has_security_headers: bool = False


_ORIGIN_HEADERS = ("host", "origin", "x-http-method-override", "x-http-method", "x-method-override")
_CORS_HEADERS = ("origin", "access-control-request-headers", "access-control-request-method")
_ALL_METHODS = ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS")

_CACHE_POLICIES = (
    _CachePolicy(
        id="658327ea-f89d-4fab-a63d-7e88639e58f6",
        name="Managed-CachingOptimized",
        min_ttl=1,
        default_ttl=DAY_SECONDS,
        max_ttl=YEAR_SECONDS,
        compresses=True,
    ),
    _CachePolicy(
        id="b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
        name="Managed-CachingOptimizedForUncompressedObjects",
        min_ttl=1,
        default_ttl=DAY_SECONDS,
        max_ttl=YEAR_SECONDS,
    ),
    _CachePolicy(id="4135ea2d-6df8-44a3-9df3-4b5a84be39ad", name="Managed-CachingDisabled"),
    _CachePolicy(
        id="83da9c7e-98b4-4e11-a168-04f0df8e2c65",
        name="UseOriginCacheControlHeaders",
        max_ttl=YEAR_SECONDS,
        compresses=True,
        headers=_ORIGIN_HEADERS,
        cookies="all",
    ),
    _CachePolicy(
        id="4cc15a8a-d715-48a4-82b8-cc0b614638fe",
        name="UseOriginCacheControlHeaders-QueryStrings",
        max_ttl=YEAR_SECONDS,
        compresses=True,
        headers=_ORIGIN_HEADERS,
        cookies="all",
        query_strings="all",
    ),
)
_ORIGIN_REQUEST_POLICIES = (
    _OriginRequestPolicy(
        id="216adef6-5c7f-47e4-b989-5492eafa07d3",
        name="Managed-AllViewer",
        header_behavior="allViewer",
        others="all",
    ),
    _OriginRequestPolicy(
        id="b689b0a8-53d0-40ab-baf2-68738e2966ac",
        name="Managed-AllViewerExceptHostHeader",
        header_behavior="allExcept",
        headers=("host",),
        others="all",
    ),
    _OriginRequestPolicy(
        id="88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
        name="Managed-CORS-S3Origin",
        header_behavior="whitelist",
        headers=_CORS_HEADERS,
    ),
    _OriginRequestPolicy(
        id="59781a5b-3903-41f3-afcb-af62929ccde1",
        name="Managed-CORS-CustomOrigin",
        header_behavior="whitelist",
        headers=("origin",),
    ),
    _OriginRequestPolicy(
        id="acba4595-bd28-49b8-b9fe-13317c0390fa",
        name="Managed-UserAgentRefererHeaders",
        header_behavior="whitelist",
        headers=("user-agent", "referer"),
    ),
)
_RESPONSE_HEADERS_POLICIES = (
    _ResponseHeadersPolicy(id="60669652-455b-4ae9-85a4-c4c02393f86c", name="Managed-SimpleCORS", cors="simple"),
    _ResponseHeadersPolicy(
        id="5cc3b908-e619-4b99-88e5-2cf7f45965bd", name="Managed-CORS-With-Preflight", cors="preflight"
    ),
    _ResponseHeadersPolicy(
        id="67f7725c-6f97-4210-82d7-5512b31e9d03",
        name="Managed-SecurityHeadersPolicy",
        has_security_headers=True,
    ),
    _ResponseHeadersPolicy(
        id="e61eb60c-9c35-4d20-a928-2b84e02af89c",
        name="Managed-CORS-and-SecurityHeadersPolicy",
        cors="simple",
        has_security_headers=True,
    ),
    _ResponseHeadersPolicy(
        id="eaab4381-ed33-4a86-88ca-d9558dc6cd63",
        name="Managed-CORS-with-preflight-and-SecurityHeadersPolicy",
        cors="preflight",
        has_security_headers=True,
    ),
)


def managed_policies(path: str) -> Iterator[tuple[str, Element]]:
    """Return id and configuration of each managed policy of a kind; origin access controls have none."""
    if path == "cache-policy":
        yield from ((policy.id, _cache_policy_config(policy)) for policy in _CACHE_POLICIES)
    elif path == "origin-request-policy":
        yield from ((policy.id, _origin_request_config(policy)) for policy in _ORIGIN_REQUEST_POLICIES)
    elif path == "response-headers-policy":
        yield from ((policy.id, _response_headers_config(policy)) for policy in _RESPONSE_HEADERS_POLICIES)


def _names(tag: str, item_tag: str, values: tuple[str, ...]) -> Element:
    return quantity_list(tag, [text_element(item_tag, value) for value in values])


def _headers_config(behavior: str, headers: tuple[str, ...]) -> Element:
    node = element("HeadersConfig", text_element("HeaderBehavior", behavior))
    if headers:
        node.append(_names("Headers", "Name", headers))
    return node


def _cache_policy_config(policy: _CachePolicy) -> Element:
    return element(
        "CachePolicyConfig",
        text_element("Comment", ""),
        text_element("Name", policy.name),
        text_element("DefaultTTL", policy.default_ttl),
        text_element("MaxTTL", policy.max_ttl),
        text_element("MinTTL", policy.min_ttl),
        element(
            "ParametersInCacheKeyAndForwardedToOrigin",
            text_element("EnableAcceptEncodingGzip", policy.compresses),
            text_element("EnableAcceptEncodingBrotli", policy.compresses),
            _headers_config("whitelist" if policy.headers else "none", policy.headers),
            element("CookiesConfig", text_element("CookieBehavior", policy.cookies)),
            element("QueryStringsConfig", text_element("QueryStringBehavior", policy.query_strings)),
        ),
    )


def _origin_request_config(policy: _OriginRequestPolicy) -> Element:
    return element(
        "OriginRequestPolicyConfig",
        text_element("Comment", ""),
        text_element("Name", policy.name),
        _headers_config(policy.header_behavior, policy.headers),
        element("CookiesConfig", text_element("CookieBehavior", policy.others)),
        element("QueryStringsConfig", text_element("QueryStringBehavior", policy.others)),
    )


def _response_headers_config(policy: _ResponseHeadersPolicy) -> Element:
    node = element("ResponseHeadersPolicyConfig", text_element("Comment", ""), text_element("Name", policy.name))
    if policy.cors:
        node.append(_cors_config(is_preflight=policy.cors == "preflight"))
    if policy.has_security_headers:
        node.append(_security_headers_config())
    return node


def _cors_config(*, is_preflight: bool) -> Element:
    methods = _ALL_METHODS if is_preflight else ("GET",)
    node = element(
        "CorsConfig",
        _names("AccessControlAllowOrigins", "Origin", ("*",)),
        _names("AccessControlAllowHeaders", "Header", ("*",)),
        _names("AccessControlAllowMethods", "Method", methods),
        text_element("AccessControlAllowCredentials", False),
        text_element("OriginOverride", False),
    )
    if is_preflight:
        node.append(_names("AccessControlExposeHeaders", "Header", ("*",)))
    return node


def _security_headers_config() -> Element:
    override = "Override"
    return element(
        "SecurityHeadersConfig",
        element(
            "XSSProtection",
            text_element(override, False),
            text_element("Protection", True),
            text_element("ModeBlock", True),
        ),
        element("FrameOptions", text_element(override, False), text_element("FrameOption", "SAMEORIGIN")),
        element(
            "ReferrerPolicy",
            text_element(override, False),
            text_element("ReferrerPolicy", "strict-origin-when-cross-origin"),
        ),
        element("ContentTypeOptions", text_element(override, True)),
        element(
            "StrictTransportSecurity",
            text_element(override, False),
            text_element("AccessControlMaxAgeSec", YEAR_SECONDS),
        ),
    )
