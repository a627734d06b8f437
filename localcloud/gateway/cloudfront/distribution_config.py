"""What CloudFront adds to a distribution configuration, and what it refuses in one.

Pure, but for what it is told about the account in `AccountFacts`.
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html and
https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from localcloud.gateway.errors import ServiceError
from localcloud.gateway.xml_tree import element, flag, quantity_list, text_element

FAILOVER_STATUS_CODES = frozenset({400, 403, 404, 416, 429, 500, 502, 503, 504})
"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html"""

ERROR_CODES = frozenset({400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504})
"""CloudFront can cache these, and answer them or 200 in their place: DeveloperGuide/creating-custom-error-pages.html"""

TEXT_LIMITS = {"Comment": 128, "DefaultRootObject": 255}
MAXIMUM_PATH_PATTERN = 255
MAXIMUM_ALIAS = 253
"""https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html and API_CacheBehavior.html"""

_ALIAS = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}", re.IGNORECASE)
"""A wildcard stands for the leftmost label: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html"""

MOST_OF = {
    "Origins/Items/Origin": (100, "TooManyOrigins"),
    "OriginGroups/Items/OriginGroup": (10, "TooManyOriginGroupsPerDistribution"),
    "CacheBehaviors/Items/CacheBehavior": (75, "TooManyCacheBehaviors"),
    "Aliases/Items/CNAME": (100, "TooManyDistributionCNAMEs"),
}
"""Default quotas of a distribution: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"""

UNIQUE = ("CacheBehaviors/Items/CacheBehavior/PathPattern", "CustomErrorResponses/Items/CustomErrorResponse/ErrorCode")
"""What no two entries of a list may share."""

GROUP_MEMBERS = 2
WRITE_METHODS = frozenset({"PUT", "POST", "PATCH", "DELETE"})
ORIGIN_LIMITS = {"ConnectionAttempts": (1, 3), "ConnectionTimeout": (1, 10)}
"""Attempts, and seconds: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Origin.html"""

ORIGIN_READ_TIMEOUT = (1, 120)
VIEWER_REQUEST_HELPERS = (b"updateRequestOrigin", b"selectRequestOriginById", b"createRequestOriginGroup")
"""Only viewer-request functions may choose an origin: DeveloperGuide/helper-functions-origin-modification.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """What the account holds, as far as a distribution can refer to it.

    Attributes:
        has_resource: whether a resource with this id exists, by the path segment of its kind.
        live_function_code: code of a function's LIVE stage by ARN; None when it is not there.
        certificate_covers: whether an issued us-east-1 certificate covers a name; None when there is none.
        has_web_acl: whether there is an AWS WAF web ACL of this ARN for CloudFront.
    """

    has_resource: Callable[[str, str], bool]
    live_function_code: Callable[[str], bytes | None]
    certificate_covers: Callable[[str, str], bool | None]
    has_web_acl: Callable[[str], bool]


def add_defaults(config: Element) -> None:
    """Add the elements that CloudFront always returns. Clients dereference several of them unchecked."""
    _add_missing(
        config,
        quantity_list("Aliases", ()),
        text_element("DefaultRootObject", ""),
        quantity_list("OriginGroups", ()),
        quantity_list("CacheBehaviors", ()),
        quantity_list("CustomErrorResponses", ()),
        element(
            "Logging",
            text_element("Enabled", False),
            text_element("IncludeCookies", False),
            text_element("Bucket", ""),
            text_element("Prefix", ""),
        ),
        text_element("PriceClass", "PriceClass_All"),
        element(
            "ViewerCertificate",
            text_element("CloudFrontDefaultCertificate", True),
            text_element("SSLSupportMethod", "vip"),
            text_element("MinimumProtocolVersion", "TLSv1"),
            text_element("CertificateSource", "cloudfront"),
        ),
        element("Restrictions", quantity_list("GeoRestriction", (), text_element("RestrictionType", "none"))),
        text_element("WebACLId", ""),
        text_element("HttpVersion", "http2"),
        text_element("IsIPV6Enabled", True),
        text_element("ContinuousDeploymentPolicyId", ""),
        text_element("Staging", False),
    )
    for origin in config.findall("Origins/Items/Origin"):
        _add_origin_defaults(origin)
    for behavior in behaviors_of(config):
        _add_behavior_defaults(behavior)


def _add_missing(parent: Element, *defaults: Element) -> None:
    for default in defaults:
        if parent.find(default.tag) is None:
            parent.append(default)


def _add_origin_defaults(origin: Element) -> None:
    if origin.find("CustomOriginConfig") is None and origin.find("VpcOriginConfig") is None:
        _add_missing(origin, element("S3OriginConfig", text_element("OriginAccessIdentity", "")))
    _add_missing(
        origin,
        text_element("OriginPath", ""),
        quantity_list("CustomHeaders", ()),
        text_element("ConnectionAttempts", 3),
        text_element("ConnectionTimeout", 10),
        element("OriginShield", text_element("Enabled", False)),
        text_element("OriginAccessControlId", ""),
    )


def _add_behavior_defaults(behavior: Element) -> None:
    methods = [text_element("Method", method) for method in ("HEAD", "GET")]
    _add_missing(
        behavior,
        quantity_list("TrustedSigners", (), text_element("Enabled", False)),
        quantity_list("TrustedKeyGroups", (), text_element("Enabled", False)),
        quantity_list("AllowedMethods", methods),
        text_element("SmoothStreaming", False),
        text_element("Compress", False),
        quantity_list("LambdaFunctionAssociations", ()),
        quantity_list("FunctionAssociations", ()),
        text_element("FieldLevelEncryptionId", ""),
        element("GrpcConfig", text_element("Enabled", False)),
    )
    allowed = behavior.find("AllowedMethods")
    if allowed is not None and allowed.find("CachedMethods") is None:
        cached = [text_element("Method", method) for method in ("HEAD", "GET")]
        allowed.append(quantity_list("CachedMethods", cached))


def behaviors_of(config: Element) -> Iterator[Element]:
    """Return the default cache behavior and the others, in order."""
    yield from config.findall("DefaultCacheBehavior")
    yield from config.findall("CacheBehaviors/Items/CacheBehavior")


def check_config(config: Element, facts: AccountFacts) -> None:
    """Refuse a configuration that CloudFront refuses.

    Raises:
        ServiceError: with the code that CreateDistribution documents.
    """
    _check_quantities(config)
    _check_lists(config)
    _check_texts(config)
    for response in config.findall("CustomErrorResponses/Items/CustomErrorResponse"):
        _check_error_response(response)
    origin_ids = [origin.findtext("Id") or "" for origin in config.findall("Origins/Items/Origin")]
    if not origin_ids or len(set(origin_ids)) != len(origin_ids):
        raise ServiceError(400, "InvalidArgument", "A distribution needs origins, each with an Id of its own.")
    for origin in config.findall("Origins/Items/Origin"):
        _check_origin(origin, facts)
    group_ids = set()
    for group in config.findall("OriginGroups/Items/OriginGroup"):
        _check_origin_group(group, set(origin_ids))
        group_ids.add(group.findtext("Id") or "")
    for behavior in behaviors_of(config):
        _check_target(behavior, set(origin_ids), group_ids)
        _check_behavior(behavior, facts)
    _check_viewer_certificate(config, facts)
    web_acl = config.findtext("WebACLId") or ""
    if web_acl and not facts.has_web_acl(web_acl):
        message = f"Web ACL is not accessible by the requester: {web_acl} does not exist with scope CLOUDFRONT"
        raise ServiceError(400, "InvalidWebACLId", message)


def _check_quantities(config: Element) -> None:
    for node in config.iter():
        quantity = node.findtext("Quantity")
        if quantity is not None and int(quantity) != len(node.findall("Items/*")):
            message = f"The value of Quantity and the number of Items do not match: {node.tag}"
            raise ServiceError(400, "InconsistentQuantities", message)


def _check_lists(config: Element) -> None:
    for path, (most, code) in MOST_OF.items():
        if len(found := config.findall(path)) > most:
            raise ServiceError(400, code, f"The distribution has {len(found)} of {path}; at most {most} are allowed.")
    for path in UNIQUE:
        values = [node.text or "" for node in config.findall(path)]
        if twice := {value for value in values if values.count(value) > 1}:
            message = f"{path.rpartition('/')[2]} {', '.join(sorted(twice))} stands twice in the distribution."
            raise ServiceError(400, "InvalidArgument", message)


def _check_texts(config: Element) -> None:
    for tag, limit in TEXT_LIMITS.items():
        _check_length(tag, config.findtext(tag) or "", limit)
    for behavior in behaviors_of(config):
        _check_length("PathPattern", behavior.findtext("PathPattern") or "", MAXIMUM_PATH_PATTERN)
    root = config.findtext("DefaultRootObject") or ""
    if root.startswith("/"):
        message = f"The parameter DefaultRootObject is invalid: {root} must not begin with a slash."
        raise ServiceError(400, "InvalidDefaultRootObject", message)
    for alias in (node.text or "" for node in config.findall("Aliases/Items/CNAME")):
        _check_length("CNAME", alias, MAXIMUM_ALIAS)
        if not _ALIAS.fullmatch(alias):
            message = (
                f"The parameter CNAME is invalid: {alias} is no domain name with at most a wildcard as its first label."
            )
            raise ServiceError(400, "InvalidArgument", message)


def _check_length(what: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise ServiceError(400, "InvalidArgument", f"{what} has {len(text)} characters; at most {limit} are allowed.")


def _check_error_response(response: Element) -> None:
    """API_CustomErrorResponse: which codes there are; a page and the code to answer come together."""
    code = response.findtext("ErrorCode") or ""
    if not code.isdigit() or int(code) not in ERROR_CODES:
        allowed = ", ".join(map(str, sorted(ERROR_CODES)))
        raise ServiceError(400, "InvalidErrorCode", f"ErrorCode is {code}, but must be one of {allowed}.")
    page, answered = response.findtext("ResponsePagePath") or "", response.findtext("ResponseCode") or ""
    if bool(page) != bool(answered):
        message = f"Of error code {code} ResponsePagePath is '{page}' and ResponseCode '{answered}', but both or none are wanted."
        raise ServiceError(400, "InvalidArgument", message)
    if page and not page.startswith("/"):
        raise ServiceError(400, "InvalidArgument", f"ResponsePagePath is {page}, but must begin with a slash.")
    if answered and not (answered.isdigit() and int(answered) in ERROR_CODES | {200}):
        allowed = ", ".join(map(str, sorted(ERROR_CODES | {200})))
        raise ServiceError(400, "InvalidResponseCode", f"ResponseCode is {answered}, but must be one of {allowed}.")
    ttl = response.findtext("ErrorCachingMinTTL")
    if ttl is not None and not ttl.isdigit():
        raise ServiceError(400, "InvalidTTLOrder", f"ErrorCachingMinTTL is {ttl}, but must be 0 or more seconds.")


def _check_origin(origin: Element, facts: AccountFacts) -> None:
    name = origin.findtext("Id")
    for tag, (low, high) in ORIGIN_LIMITS.items():
        _check_range(f"{tag} of origin {name}", origin.findtext(tag), low, high)
    for path in ("CustomOriginConfig/OriginReadTimeout", "S3OriginConfig/OriginReadTimeout"):
        _check_range(f"OriginReadTimeout of origin {name}", origin.findtext(path), *ORIGIN_READ_TIMEOUT)
    _check_completion_timeout(origin)
    path = origin.findtext("OriginPath") or ""
    if path and (not path.startswith("/") or path.endswith("/")):
        message = f"OriginPath of origin {name} is {path}, but must begin with a slash and not end with one."
        raise ServiceError(400, "InvalidArgument", message)
    control = origin.findtext("OriginAccessControlId")
    if control and not facts.has_resource("origin-access-control", control):
        message = f"The origin access control of origin {name} does not exist: {control}"
        raise ServiceError(404, "NoSuchOriginAccessControl", message)


def _check_completion_timeout(origin: Element) -> None:
    """API_Origin, ResponseCompletionTimeout: no shorter than the read timeout; left out or 0 is no limit."""
    complete = int(origin.findtext("ResponseCompletionTimeout") or 0)
    read = int(
        origin.findtext("CustomOriginConfig/OriginReadTimeout")
        or origin.findtext("S3OriginConfig/OriginReadTimeout")
        or 30
    )
    if 0 < complete < read:
        message = (
            f"ResponseCompletionTimeout of origin {origin.findtext('Id')} is {complete}, but must be at least {read}."
        )
        raise ServiceError(400, "InvalidArgument", message)


def _check_range(what: str, text: str | None, low: int, high: int) -> None:
    if text is not None and not (text.isdigit() and low <= int(text) <= high):
        raise ServiceError(400, "InvalidArgument", f"{what} is {text}, but must be between {low} and {high}.")


def _check_origin_group(group: Element, origin_ids: set[str]) -> None:
    name = group.findtext("Id") or ""
    members = [node.text or "" for node in group.findall("Members/Items/OriginGroupMember/OriginId")]
    if len(members) != GROUP_MEMBERS or len(set(members)) != GROUP_MEMBERS:
        message = f"Origin group {name} has {len(members)} members, but must have {GROUP_MEMBERS} different ones."
        raise ServiceError(400, "InvalidArgument", message)
    for member in members:
        if member not in origin_ids:
            raise ServiceError(404, "NoSuchOrigin", f"Origin group {name} names no origin: {member}")
    codes = {int(node.text or 0) for node in group.findall("FailoverCriteria/StatusCodes/Items/StatusCode")}
    if not codes or not codes <= FAILOVER_STATUS_CODES:
        allowed = ", ".join(map(str, sorted(FAILOVER_STATUS_CODES)))
        message = f"Failover status codes of {name} are {sorted(codes)}, but must be some of {allowed}."
        raise ServiceError(400, "InvalidArgument", message)
    if name in origin_ids:
        raise ServiceError(400, "InvalidArgument", f"{name} is the Id of both an origin and an origin group.")


def _check_target(behavior: Element, origin_ids: set[str], group_ids: set[str]) -> None:
    target = behavior.findtext("TargetOriginId") or ""
    if target not in origin_ids | group_ids:
        message = "One or more of your origins or origin groups do not exist: " + target
        raise ServiceError(404, "NoSuchOrigin", message)
    methods = {node.text or "" for node in behavior.findall("AllowedMethods/Items/Method")}
    if target in group_ids and methods & WRITE_METHODS:
        message = (
            "The parameter AllowedMethods cannot include POST, PUT, PATCH, or DELETE for a cached behavior "
            f"associated with an origin group: {target}"
        )
        raise ServiceError(400, "InvalidArgument", message)


def _check_behavior(behavior: Element, facts: AccountFacts) -> None:
    for tag in ("CachePolicy", "OriginRequestPolicy", "ResponseHeadersPolicy"):
        identifier = behavior.findtext(f"{tag}Id")
        path = {
            "CachePolicy": "cache-policy",
            "OriginRequestPolicy": "origin-request-policy",
            "ResponseHeadersPolicy": "response-headers-policy",
        }[tag]
        if identifier and not facts.has_resource(path, identifier):
            raise ServiceError(404, f"NoSuch{tag}", f"The specified {path} does not exist: {identifier}")
    for association in behavior.findall("FunctionAssociations/Items/FunctionAssociation"):
        _check_function(association, facts)


def _check_function(association: Element, facts: AccountFacts) -> None:
    arn, event = association.findtext("FunctionARN") or "", association.findtext("EventType") or ""
    if event not in {"viewer-request", "viewer-response"}:
        message = f"A CloudFront function cannot be associated with {event}."
        raise ServiceError(400, "InvalidFunctionAssociation", message)
    code = facts.live_function_code(arn)
    if code is None:
        message = f"The function is not published to the LIVE stage or does not exist: {arn}"
        raise ServiceError(400, "InvalidFunctionAssociation", message)
    if event != "viewer-request" and any(helper in code for helper in VIEWER_REQUEST_HELPERS):
        message = f"A function that chooses the origin runs on viewer-request only: {arn}"
        raise ServiceError(400, "InvalidFunctionAssociation", message)


def _check_viewer_certificate(config: Element, facts: AccountFacts) -> None:
    """Require an issued us-east-1 certificate that covers every alias.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
    """
    aliases = [node.text or "" for node in config.findall("Aliases/Items/CNAME")]
    certificate = config.find("ViewerCertificate")
    arn = certificate.findtext("ACMCertificateArn") if certificate is not None else None
    if certificate is not None and not arn and not flag(certificate, "CloudFrontDefaultCertificate"):
        raise ServiceError(400, "InvalidViewerCertificate", "Only ACM certificates are modelled by localcloud.")
    if arn and facts.certificate_covers(arn, "") is None:
        message = (
            "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't "
            f"include a valid certificate chain: {arn}"
        )
        raise ServiceError(400, "InvalidViewerCertificate", message)
    for alias in aliases:
        if not arn or not facts.certificate_covers(arn, alias):
            message = (
                "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted "
                f"certificate that validates your authorization to use the domain name: {alias}"
            )
            raise ServiceError(400, "InvalidViewerCertificate", message)
