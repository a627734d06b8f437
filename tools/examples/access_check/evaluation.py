"""IAM's evaluation of identity policies, as far as this project's policies use the language. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

Policy = Mapping[str, Any]


def listed(value: Any) -> list[str]:  # noqa: ANN401  (a policy's text, or a list of them)
    """Returns what IAM lets stand alone as a list."""
    return value if isinstance(value, list) else [value]


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.split(r"([*?])", pattern))
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def fits(pattern: str, text: str) -> bool:
    """Whether IAM's wildcards admit a text; actions are compared without case, which changes nothing for these ARNs."""
    return _compiled(pattern).fullmatch(text) is not None


def holds(condition: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    """Whether a statement's condition holds; of IAM's operators those that this project uses.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    for operator, keys in condition.items():
        for key, wanted in keys.items():
            if operator == "Null":
                if (key not in context) is not (wanted == "true"):
                    return False
                continue
            is_equal = context.get(key) in listed(wanted) or (operator.endswith("IfExists") and key not in context)
            if is_equal is not (operator in ("StringEquals", "StringEqualsIfExists", "BoolIfExists")):
                return False
    return True


def effects(policy: Policy, action: str, resource: str, context: Mapping[str, str]) -> set[str]:
    """Returns the effects of the statements that apply: none, Allow, Deny or both."""
    return {
        statement["Effect"]
        for statement in policy["Statement"]
        if any(fits(pattern, action) for pattern in listed(statement["Action"]))
        and _is_about(statement, resource)
        and holds(statement.get("Condition", {}), context)
    }


def _is_about(statement: Mapping[str, Any], resource: str) -> bool:
    if "NotResource" in statement:
        return not any(fits(pattern, resource) for pattern in listed(statement["NotResource"]))
    return any(fits(pattern, resource) for pattern in listed(statement["Resource"]))


def allows(policy: Policy, action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Evaluates one identity policy as IAM does: a Deny wins, else an Allow is needed.

    An action that names no resource asks about `*`, which only a statement for `*` admits.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    return effects(policy, action, resource, context) == {"Allow"}


def together(*documents: Policy) -> dict[str, Any]:
    """Returns several policies of one role as one: a Deny in any of them wins."""
    return {"Statement": [statement for document in documents for statement in document["Statement"]]}
