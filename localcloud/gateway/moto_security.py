"""What Route 53 and CloudFront ask of services that moto holds: KMS, CloudWatch Logs, AWS WAF."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from localcloud.gateway.identifiers import ACCOUNT_ID
from localcloud.gateway.wire import Request

_REGION = "us-east-1"
_WRITES = {"logs:CreateLogStream", "logs:PutLogEvents"}


def signing_key(arn: str) -> EllipticCurvePublicKey | None:
    """Return the public half of a key that can sign a zone: enabled, ECC_NIST_P256, SIGN_VERIFY, in us-east-1; else None.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-configuring-dnssec-cmk-requirements.html
    """
    from moto.kms.models import kms_backends

    key = kms_backends[ACCOUNT_ID][_REGION].keys.get(arn.rpartition("/")[2])
    if key is None or key.arn != arn or key.key_state != "Enabled":
        return None
    if (key.key_spec, key.key_usage) != ("ECC_NIST_P256", "SIGN_VERIFY"):
        return None
    public_key = key.private_key.private_key.public_key()
    return public_key if isinstance(public_key, EllipticCurvePublicKey) else None


def has_log_group(arn: str) -> bool:
    """Return whether there is a log group of this ARN in us-east-1; DescribeLogGroups gives it with `:*` at its end."""
    from moto.logs.models import logs_backends

    groups = logs_backends[ACCOUNT_ID][_REGION].groups.values()
    return any(arn.removesuffix(":*") == group.arn.removesuffix(":*") for group in groups)


def route53_may_write(arn: str) -> bool:
    """Return whether a resource policy of CloudWatch Logs lets Route 53 write to the log group."""
    from moto.logs.models import logs_backends

    policies = logs_backends[ACCOUNT_ID][_REGION].describe_resource_policies()
    statements = [item for policy in policies for item in _listed(json.loads(policy.policy_document)["Statement"])]
    return any(_allows_route53(statement, arn) for statement in statements)


def has_web_acl(arn: str) -> bool:
    """Return whether there is a web ACL of this ARN with scope CLOUDFRONT."""
    from moto.wafv2.models import wafv2_backends

    return arn in wafv2_backends[ACCOUNT_ID]["global"].wacls


def web_acl_to_delete(request: Request) -> str | None:
    """Return the ARN of the web ACL for CloudFront that a request would delete, None when it is another request."""
    if not (request.header("X-Amz-Target") or "").endswith(".DeleteWebACL"):
        return None
    asked = json.loads(request.body)
    if asked.get("Scope") != "CLOUDFRONT":
        return None
    return f"arn:aws:wafv2:{_REGION}:{ACCOUNT_ID}:global/webacl/{asked['Name']}/{asked['Id']}"


def _allows_route53(statement: dict[str, Any], arn: str) -> bool:
    principal = statement.get("Principal")
    services = _listed(principal.get("Service", [])) if isinstance(principal, dict) else []
    resources = _listed(statement.get("Resource", []))
    stream = f"{arn.removesuffix(':*')}:log-stream:any"
    return (
        statement.get("Effect") == "Allow"
        and "route53.amazonaws.com" in services
        and set(_listed(statement.get("Action", []))) >= _WRITES
        and any(fnmatch.fnmatchcase(stream, str(resource)) for resource in resources)
    )


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - foreign JSON
    return value if isinstance(value, list) else [value]
