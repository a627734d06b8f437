"""Reads the policies that CloudFront's behaviours name, and the legacy settings that say the same."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from localcloud.model.cache import CachePolicy, Inclusion, KeyPart
from localcloud.model.forwarding import Forwarding
from localcloud.model.response_headers import ResponseHeadersPolicy, policy_from_api

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient

# CloudFront's own headers that such a policy lists are added to all of the viewer's:
# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginRequestPolicyHeadersConfig.html
_ALL_OF_VIEWER = {"allViewer": "all", "allViewerAndWhitelistCloudFront": "all"}
_ENCODINGS = {"br": "EnableAcceptEncodingBrotli", "gzip": "EnableAcceptEncodingGzip"}
CachePolicies: TypeAlias = Mapping[str, CachePolicy]
HeaderPolicies: TypeAlias = Mapping[str, ResponseHeadersPolicy]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policies that behaviours name, by id.

    Attributes:
        forwarding: the origin request policies.
    """

    cache: CachePolicies
    response_headers: HeaderPolicies
    forwarding: Mapping[str, Forwarding]


def read_policies(client: "CloudFrontClient") -> Policies:
    """Read all policies of the account, AWS's own too."""
    return Policies(
        cache=_cache_policies(client),
        response_headers=_header_policies(client),
        forwarding=_origin_request_policies(client),
    )


def _cache_policies(client: "CloudFrontClient") -> dict[str, CachePolicy]:
    items = _listed(client.list_cache_policies, "CachePolicyList")
    return {item["CachePolicy"]["Id"]: _cache_policy(item["CachePolicy"]["CachePolicyConfig"]) for item in items}


def _listed(list_: Callable[..., Any], key: str) -> Iterator[Mapping[str, Any]]:
    """Yield the items of all pages; boto3 has no paginator for the lists of policies."""
    marker: dict[str, str] = {}
    while True:
        page: Mapping[str, Any] = list_(**marker)[key]
        yield from page.get("Items", [])
        if not page.get("NextMarker"):
            return
        marker = {"Marker": page["NextMarker"]}


def _cache_policy(config: Mapping[str, Any]) -> CachePolicy:
    in_key = config.get("ParametersInCacheKeyAndForwardedToOrigin") or {}
    query = in_key.get("QueryStringsConfig") or {}
    headers = in_key.get("HeadersConfig") or {}
    cookies = in_key.get("CookiesConfig") or {}
    return CachePolicy(
        min_ttl_seconds=float(config["MinTTL"]),
        default_ttl_seconds=float(config.get("DefaultTTL", 86_400)),
        max_ttl_seconds=float(config.get("MaxTTL", 31_536_000)),
        query_strings=_key_part(query.get("QueryStringBehavior"), query.get("QueryStrings")),
        headers=_key_part(headers.get("HeaderBehavior"), headers.get("Headers"), lower=True),
        cookies=_key_part(cookies.get("CookieBehavior"), cookies.get("Cookies")),
        accept_encodings=frozenset(coding for coding, key in _ENCODINGS.items() if in_key.get(key)),
    )


def _key_part(behaviour: str | None, names: Mapping[str, Any] | None, *, lower: bool = False) -> KeyPart:
    items = (names or {}).get("Items") or ()
    return KeyPart(
        inclusion=Inclusion(behaviour or "none"),
        names=frozenset(item.lower() if lower else item for item in items),
    )


def forwarded_values(behaviour: Mapping[str, Any]) -> CachePolicy:
    """Read the legacy settings of a behaviour without a cache policy.

    Source: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ForwardedValues.html
    """
    forwarded = behaviour.get("ForwardedValues") or {}
    headers = (forwarded.get("Headers") or {}).get("Items") or ()
    cookies = forwarded.get("Cookies") or {}
    return CachePolicy(
        min_ttl_seconds=float(behaviour.get("MinTTL", 0)),
        default_ttl_seconds=float(behaviour.get("DefaultTTL", 86_400)),
        max_ttl_seconds=float(behaviour.get("MaxTTL", 31_536_000)),
        query_strings=KeyPart(inclusion=Inclusion.ALL if forwarded.get("QueryString") else Inclusion.NONE),
        headers=KeyPart(
            inclusion=Inclusion.ALL if "*" in headers else Inclusion.WHITELIST if headers else Inclusion.NONE,
            names=frozenset(name.lower() for name in headers),
        ),
        cookies=_key_part(cookies.get("Forward"), cookies.get("WhitelistedNames")),
        # Brotli needs a cache policy: DeveloperGuide/ServingCompressedFiles.html
        accept_encodings=frozenset({"gzip"} if behaviour.get("Compress") else ()),
    )


def _header_policies(client: "CloudFrontClient") -> dict[str, ResponseHeadersPolicy]:
    items = _listed(client.list_response_headers_policies, "ResponseHeadersPolicyList")
    policies = (item["ResponseHeadersPolicy"] for item in items)
    return {policy["Id"]: policy_from_api(policy["ResponseHeadersPolicyConfig"]) for policy in policies}


def _origin_request_policies(client: "CloudFrontClient") -> dict[str, Forwarding]:
    items = _listed(client.list_origin_request_policies, "OriginRequestPolicyList")
    policies = (item["OriginRequestPolicy"] for item in items)
    return {policy["Id"]: _origin_request_policy(policy["OriginRequestPolicyConfig"]) for policy in policies}


def _origin_request_policy(config: Mapping[str, Any]) -> Forwarding:
    headers = config.get("HeadersConfig") or {}
    query = config.get("QueryStringsConfig") or {}
    cookies = config.get("CookiesConfig") or {}
    behaviour = headers.get("HeaderBehavior") or "none"
    return Forwarding(
        headers=_key_part(_ALL_OF_VIEWER.get(behaviour, behaviour), headers.get("Headers"), lower=True),
        cookies=_key_part(cookies.get("CookieBehavior"), cookies.get("Cookies")),
        query_strings=_key_part(query.get("QueryStringBehavior"), query.get("QueryStrings")),
    )


def legacy_forwarding(behaviour: Mapping[str, Any], policy: CachePolicy) -> Forwarding:
    """The key may hold fewer query strings than are forwarded: API_ForwardedValues, QueryStringCacheKeys."""
    has_query = (behaviour.get("ForwardedValues") or {}).get("QueryString")
    query = KeyPart(inclusion=Inclusion.ALL if has_query else Inclusion.NONE)
    return Forwarding(headers=policy.headers, cookies=policy.cookies, query_strings=query, is_legacy=True)
