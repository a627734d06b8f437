"""What was given and no rule could look into, said aloud: silence there is no all-clear.

That no Terraform JSON shows a trap at all is in not_checkable.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scripts.lint.distributions import FUNCTION, code_of
from scripts.lint.javascript import is_readable
from scripts.lint.model import Configuration, Document, Resource
from scripts.lint.policies import statements

# Resource type -> the policy that rules read.
_POLICIES = {
    "aws_iam_role": "assume_role_policy",
    "aws_kms_key": "policy",
    "aws_kms_key_policy": "policy",
    "aws_s3_bucket_policy": "policy",
}
_INSTEAD = "not checkable: lint `terraform show -json` of a plan or, for what is known only after apply, of the state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A place that holds more than could be read; `reason` says why, and what to lint instead."""

    document: str
    path: str
    address: str
    reason: str
    line: int | None = None


def unread(configuration: Configuration) -> Iterator[Unread]:
    """Yields policies and code that only Terraform computes, what a document left out, partial plans."""
    for resource in configuration.of_type(*_POLICIES):
        key = _POLICIES[resource.type]
        value = resource.body.value(key)
        if not resource.body.is_unset(key) and statements(configuration, value, resource) is None:
            yield Unread(
                document=resource.document,
                path=resource.path,
                address=resource.address,
                reason=f"its {key} is an expression, {_INSTEAD}",
            )
    for function in configuration.of_type(FUNCTION):
        if reason := _unread_code(function):
            yield Unread(
                document=function.document,
                path=function.path,
                address=function.address,
                reason=reason,
                line=function.line,
            )
    for document in configuration.documents:
        yield from _beyond(document)


def _unread_code(function: Resource) -> str | None:
    code = code_of(function)
    if code is None:
        return None if function.body.is_unset("code") else f"its code is an expression, {_INSTEAD}"
    return None if is_readable(code) else "its code is no JavaScript that a parser reads, so no rule knows what it does"


def _beyond(document: Document) -> Iterator[Unread]:
    for left in document.left_out:
        yield Unread(document=document.name, path=left.path, address=left.address, reason=left.reason, line=left.line)
    if document.is_partial:
        reason = "the plan lacks resources: it failed, had a -target, or put changes off; lint a whole one"
        yield Unread(document=document.name, path=document.path, address=document.path, reason=reason)
