"""CloudFront's response headers policies, applied to a response.

Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyHeader:
    """One header of a policy; `overrides` replaces the origin's own."""

    name: str
    value: str
    overrides: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsPolicy:
    """The CORS part; origins may hold one leading wildcard label."""

    origins: tuple[str, ...]
    headers: tuple[PolicyHeader, ...]
    overrides: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHeadersPolicy:
    """A response headers policy; header names are lower case."""

    headers: tuple[PolicyHeader, ...] = ()
    removed: tuple[str, ...] = ()
    cors: CorsPolicy | None = None


def apply_policy(
    policy: ResponseHeadersPolicy, headers: Mapping[str, str], *, viewer_origin: str | None
) -> dict[str, str]:
    """Return the response's headers after removal, CORS, security and custom headers.

    Args:
        policy: The behaviour's policy.
        headers: Lower-case names.
        viewer_origin: The viewer's Origin header.
    """
    result = {name: value for name, value in headers.items() if name not in policy.removed}
    if policy.cors and viewer_origin:
        _apply_cors(policy.cors, result, viewer_origin)
    for header in policy.headers:
        if header.overrides or header.name not in headers:
            result[header.name] = header.value
    return result


def _apply_cors(cors: CorsPolicy, result: dict[str, str], viewer_origin: str) -> None:
    if not cors.overrides and "access-control-allow-origin" in result:
        return
    if "*" in cors.origins:
        result["access-control-allow-origin"] = "*"
    elif any(_origin_matches(pattern, viewer_origin) for pattern in cors.origins):
        result["access-control-allow-origin"] = viewer_origin
        result["vary"] = "Origin"
    else:
        return
    result.update({header.name: header.value for header in cors.headers})


def _origin_matches(pattern: str, origin: str) -> bool:
    host = origin.split("://", 1)[-1]
    pattern_host = pattern.split("://", 1)[-1]
    return host.endswith(pattern_host[1:]) if pattern_host.startswith("*.") else host == pattern_host


def policy_from_api(config: Mapping[str, Any]) -> ResponseHeadersPolicy:
    """Build a policy from the `ResponseHeadersPolicyConfig` that boto3 gives."""
    headers = [*_security_headers(config.get("SecurityHeadersConfig") or {}), *_custom_headers(config)]
    removed = (config.get("RemoveHeadersConfig") or {}).get("Items") or ()
    return ResponseHeadersPolicy(
        headers=tuple(headers),
        removed=tuple(item["Header"].lower() for item in removed),
        cors=_cors(config.get("CorsConfig")),
    )


def _custom_headers(config: Mapping[str, Any]) -> list[PolicyHeader]:
    items = (config.get("CustomHeadersConfig") or {}).get("Items") or ()
    return [
        PolicyHeader(name=item["Header"].lower(), value=item["Value"], overrides=item["Override"]) for item in items
    ]


def _security_headers(config: Mapping[str, Any]) -> list[PolicyHeader]:
    """Return the headers of `SecurityHeadersConfig`, by the names its API documentation gives."""
    values = {
        "ContentSecurityPolicy": ("content-security-policy", _content_security_policy),
        "ContentTypeOptions": ("x-content-type-options", lambda _: "nosniff"),
        "FrameOptions": ("x-frame-options", lambda part: str(part["FrameOption"])),
        "ReferrerPolicy": ("referrer-policy", lambda part: str(part["ReferrerPolicy"])),
        "StrictTransportSecurity": ("strict-transport-security", _strict_transport_security),
        "XSSProtection": ("x-xss-protection", _xss_protection),
    }
    return [
        PolicyHeader(name=name, value=value(config[key]), overrides=config[key]["Override"])
        for key, (name, value) in values.items()
        if config.get(key)
    ]


def _content_security_policy(part: Mapping[str, Any]) -> str:
    return str(part["ContentSecurityPolicy"])


def _strict_transport_security(part: Mapping[str, Any]) -> str:
    value = f"max-age={part['AccessControlMaxAgeSec']}"
    value += "; includeSubDomains" if part.get("IncludeSubdomains") else ""
    return value + ("; preload" if part.get("Preload") else "")


def _xss_protection(part: Mapping[str, Any]) -> str:
    if not part["Protection"]:
        return "0"
    report = f"; report={part['ReportUri']}" if part.get("ReportUri") else ""
    return "1" + ("; mode=block" if part.get("ModeBlock") else "") + report


def _cors(config: Mapping[str, Any] | None) -> CorsPolicy | None:
    if not config:
        return None
    lists = {
        "access-control-allow-methods": "AccessControlAllowMethods",
        "access-control-allow-headers": "AccessControlAllowHeaders",
        "access-control-expose-headers": "AccessControlExposeHeaders",
    }
    pairs = {name: ", ".join((config.get(key) or {}).get("Items") or ()) for name, key in lists.items()}
    if config.get("AccessControlAllowCredentials"):
        pairs["access-control-allow-credentials"] = "true"
    if config.get("AccessControlMaxAgeSec"):
        pairs["access-control-max-age"] = str(config["AccessControlMaxAgeSec"])
    return CorsPolicy(
        origins=tuple(config["AccessControlAllowOrigins"]["Items"]),
        headers=tuple(PolicyHeader(name=name, value=value, overrides=True) for name, value in pairs.items() if value),
        overrides=bool(config.get("OriginOverride")),
    )
