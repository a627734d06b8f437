"""Whether a function's policy lets a service invoke it. Asked of moto, which keeps the policies."""

from __future__ import annotations

from typing import Any

from localcloud.gateway.identifiers import ACCOUNT_ID
from localcloud.model.bucket_policy import matches_wildcard


def may_invoke(function_arn: str, *, service: str, source_arn: str) -> bool:
    """Return whether a statement of the function's policy covers this source.

    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    from moto.awslambda.models import lambda_backends

    region, name = function_arn.split(":")[3], function_arn.split(":")[6]
    try:
        function = lambda_backends[ACCOUNT_ID][region].get_function(name)
    except Exception:  # noqa: BLE001  moto's own exception tree has no common root
        return False
    return any(_covers(statement, service, source_arn) for statement in function.policy.statements)


def _covers(statement: dict[str, Any], service: str, source_arn: str) -> bool:
    if (statement.get("Principal") or {}).get("Service") != service:
        return False
    patterns = [
        str(pattern)
        for keys in (statement.get("Condition") or {}).values()
        for key, pattern in keys.items()
        if key.lower() == "aws:sourcearn"
    ]
    return all(matches_wildcard(pattern, source_arn) for pattern in patterns)
