"""Rights and public access that a plan widens, by comparing policy documents and not their text. Pure functions.

A right is (principal, action, resource, condition) of an Allow. It is new when no Allow of before had it, whatever the order, the
spelling of lists and the statement that it stands in:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scripts.review.plans import Change, Kind

_POLICY_ATTRIBUTES = ("policy", "assume_role_policy")
_OPEN = {
    "aws_s3_bucket_public_access_block": (
        "block_public_acls",
        "block_public_policy",
        "ignore_public_acls",
        "restrict_public_buckets",
    )
}
Right = tuple[str, str, str, str]


def widened(change: Change) -> Iterator[str]:
    """Yields what the change allows that was not allowed before, a sentence each."""
    for name in _POLICY_ATTRIBUTES:
        if isinstance(change.unknown, Mapping) and change.unknown.get(name) is True and change.kind is not Kind.CREATE:
            yield f"`{name}` is known only after the apply, so its rights **cannot be compared here**"
        before, after = rights(change.before.get(name)), rights(change.after.get(name))
        for right in sorted(after):
            if not any(_covers(old, right) for old in before) and (change.kind is not Kind.CREATE or _is_wide(right)):
                yield _in_words(right, is_new=change.kind is Kind.CREATE)
    denials = rights(change.before.get("policy"), effect="Deny") - rights(change.after.get("policy"), effect="Deny")
    if change.after:
        yield from (f"no longer denies {action} on {where}" for _, action, where, _ in sorted(denials))
    for name in _OPEN.get(change.type, ()):
        if change.after.get(name) is False and change.before.get(name) is not False:
            yield f"**public access**: `{name}` is off"
    if change.type == "aws_s3_bucket_public_access_block" and change.kind is Kind.DELETE:
        yield "**public access**: the block of public access goes away"


def rights(policy: Any, *, effect: str = "Allow") -> set[Right]:  # noqa: ANN401 - Terraform's JSON text
    """Returns the rights of a policy document; empty for what is no document or not known yet."""
    try:
        document = json.loads(policy) if isinstance(policy, str) else None
    except ValueError:
        return set()
    statements = _listed(document.get("Statement")) if isinstance(document, Mapping) else []
    return {
        (principal, action, where, json.dumps(statement.get("Condition") or {}, sort_keys=True))
        for statement in statements
        if isinstance(statement, Mapping) and statement.get("Effect") == effect
        for principal in _principals(statement)
        for action in (
            _listed(statement.get("Action")) or [f"all but {shown}" for shown in _listed(statement.get("NotAction"))]
        )
        for where in (
            _listed(statement.get("Resource"))
            or [f"all but {shown}" for shown in _listed(statement.get("NotResource"))]
            or ["-"]
        )
    }


def _principals(statement: Mapping[str, Any]) -> list[str]:
    principal = statement.get("Principal")
    if isinstance(principal, Mapping):
        return [f"{kind} {each}" for kind, value in principal.items() for each in _listed(value)]
    return _listed(principal) or ["-"]


def _covers(old: Right, new: Right) -> bool:
    """Whether a right of before allows the new one too: its patterns match, and its condition is the same or none."""
    same_condition = old[3] in (new[3], "{}")
    return (
        same_condition
        and old[0] in (new[0], "*")
        and all(
            fnmatch.fnmatchcase(new[at].lower() if at == 1 else new[at], old[at].lower() if at == 1 else old[at])
            for at in (1, 2)
        )
    )


def _is_wide(right: Right) -> bool:
    """Whether a right of something new needs a look: public, or not narrowed to actions or to resources."""
    principal, action, where, _ = right
    return principal in ("*", "AWS *") or "*" in action or "all but" in action or where in ("*", "arn:aws:s3:::*")


def _in_words(right: Right, *, is_new: bool) -> str:
    principal, action, where, condition = right
    who = "" if principal == "-" else f" to `{principal}`"
    on = "" if where == "-" else f" on `{where}`"
    limit = "" if condition == "{}" else f", if `{condition}`"
    public = "**public access**: " if principal in ("*", "AWS *") and condition == "{}" else ""
    return f"{public}{'allows' if is_new else 'newly allows'} `{action}`{on}{who}{limit}"


def _listed(value: Any) -> list[Any]:  # noqa: ANN401
    if value is None:
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
