"""Whether S3 lets a caller read an object: the part of bucket policies that origin access control rests on.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html and
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from localcloud.model.errors import UnsupportedResource

CLOUDFRONT_SERVICE = "cloudfront.amazonaws.com"


def arn_of_identity(id_: str) -> str:
    """Return the ARN by which a bucket policy names an origin access identity.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
    """
    return f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {id_}"


def canonical_user_of(id_: str) -> str:
    """Return the canonical user id of an origin access identity: 96 hexadecimal digits, which only AWS's own could predict."""
    return hashlib.sha512(id_.encode()).hexdigest()[:96]


class Decision(Enum):
    """The outcome of a policy evaluation; only ALLOW permits."""

    ALLOW = "Allow"
    EXPLICIT_DENY = "explicit Deny"
    IMPLICIT_DENY = "no statement allows it"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """One access to judge.

    Attributes:
        service: The calling service, e.g. `cloudfront.amazonaws.com`; None for an anonymous caller.
        action: E.g. `s3:GetObject`.
        resource: ARN of the object or bucket.
        source_arn: ARN of the distribution that signs; None without origin access control.
        source_account: Its account.
        access_identity: Id of the origin access identity that signs; empty for none.
        is_secure: Whether the request came over TLS; CloudFront asks S3 by the protocol that the viewer used
            (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPandHTTPSRequests.html).
    """

    service: str | None
    action: str
    resource: str
    source_arn: str | None = None
    source_account: str | None = None
    access_identity: str = ""
    is_secure: bool = True

    def context(self) -> dict[str, str]:
        """Return the condition keys (lower case) and their values."""
        keys = {
            "aws:securetransport": "true" if self.is_secure else "false",
            "aws:sourcearn": self.source_arn,
            "aws:sourceaccount": self.source_account,
        }
        return {key: value for key, value in keys.items() if value is not None}


def evaluate(policy: Mapping[str, Any] | None, request: AccessRequest) -> Decision:
    """Evaluate a bucket policy document: an explicit Deny wins, then an Allow, else implicit deny.

    Args:
        policy: The parsed document; None when the bucket has none.
        request: The access to judge.

    Raises:
        UnsupportedResource: for a condition operator or policy element that is not modelled.
    """
    effects = {statement["Effect"] for statement in _statements(policy) if _applies(statement, request)}
    if "Deny" in effects:
        return Decision.EXPLICIT_DENY
    return Decision.ALLOW if "Allow" in effects else Decision.IMPLICIT_DENY


def missing_key_status(policy: Mapping[str, Any] | None, request: AccessRequest, bucket_arn: str) -> int:
    """Return what S3 answers for an absent key: 404 with s3:ListBucket on the bucket, else 403.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    listing = AccessRequest(
        service=request.service,
        action="s3:ListBucket",
        resource=bucket_arn,
        source_arn=request.source_arn,
        source_account=request.source_account,
        access_identity=request.access_identity,
        is_secure=request.is_secure,
    )
    return 404 if evaluate(policy, listing) is Decision.ALLOW else 403


def _statements(policy: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    return _as_list((policy or {}).get("Statement"))


def _as_list(value: Any) -> list[Any]:  # noqa: ANN401  policy JSON: one value or a list of them
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _matches_resource(statement: Mapping[str, Any], resource: str) -> bool:
    """Judge Resource or NotResource: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notresource.html."""
    if "NotResource" in statement:
        return not _any_matches(statement["NotResource"], resource)
    return _any_matches(statement.get("Resource"), resource)


def _applies(statement: Mapping[str, Any], request: AccessRequest) -> bool:
    for element in ("NotPrincipal", "NotAction"):
        if element in statement:
            raise UnsupportedResource(
                f"bucket policy statement {statement.get('Sid', '')!r}", reason=f"{element} is not modelled"
            )
    return (
        _matches_principal(statement.get("Principal"), request)
        and _any_matches(statement.get("Action"), request.action.lower(), lower=True)
        and _matches_resource(statement, request.resource)
        and _matches_conditions(statement.get("Condition") or {}, request)
    )


def _matches_principal(principal: Any, request: AccessRequest) -> bool:  # noqa: ANN401  policy JSON
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    users = _as_list(principal.get("AWS"))
    if "*" in users:
        return True
    if request.access_identity:
        named = _as_list(principal.get("CanonicalUser"))
        if arn_of_identity(request.access_identity) in users or canonical_user_of(request.access_identity) in named:
            return True
    return request.service is not None and request.service in _as_list(principal.get("Service"))


def _any_matches(patterns: Any, value: str, *, lower: bool = False) -> bool:  # noqa: ANN401  policy JSON
    return any(
        matches_wildcard(str(pattern).lower() if lower else str(pattern), value) for pattern in _as_list(patterns)
    )


def matches_wildcard(pattern: str, value: str) -> bool:
    """Whether a policy wildcard matches: `*` any characters, `?` one."""
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _equals(expected: str, value: str) -> bool:
    return expected == value


def _equals_ignoring_case(expected: str, value: str) -> bool:
    return expected.lower() == value.lower()


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": _equals,
    "StringEqualsIgnoreCase": _equals_ignoring_case,
    "StringLike": matches_wildcard,
    "ArnEquals": matches_wildcard,
    "ArnLike": matches_wildcard,
    "Bool": _equals_ignoring_case,
}
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
_NEGATED_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringNotEquals": _equals,
    "StringNotEqualsIgnoreCase": _equals_ignoring_case,
    "StringNotLike": matches_wildcard,
    "ArnNotEquals": matches_wildcard,
    "ArnNotLike": matches_wildcard,
}


def _matches_conditions(conditions: Mapping[str, Any], request: AccessRequest) -> bool:
    context = request.context()
    return all(
        _matches_condition(operator, _as_list(expected), context.get(key.lower()))
        for operator, keys in conditions.items()
        for key, expected in keys.items()
    )


def _matches_condition(operator: str, expected: list[Any], value: str | None) -> bool:
    """A missing key fails a plain operator, passes a negated one and one that ends in IfExists."""
    name = operator.removesuffix("IfExists")
    if name in _NEGATED_OPERATORS:
        matches = _NEGATED_OPERATORS[name]
        return value is None or not any(matches(str(item), value) for item in expected)
    if name not in _OPERATORS:
        raise UnsupportedResource(
            f"bucket policy condition {operator}",
            reason="the operator is not modelled",
            remedy=f"use one of {', '.join((*_OPERATORS, *_NEGATED_OPERATORS))}",
        )
    if value is None:
        return name != operator
    return any(_OPERATORS[name](str(item), value) for item in expected)
