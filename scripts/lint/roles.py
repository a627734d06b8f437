"""IAM roles as they act: the policies that are attached to them, wherever those are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scripts.lint.model import Configuration, Resource
from scripts.lint.policies import Statement, statements
from scripts.lint.values import Expression, Value

ROLE = "aws_iam_role"
_ATTACHMENTS = (
    "aws_iam_role_policy_attachment",
    "aws_iam_policy_attachment",
    "aws_iam_role_policy_attachments_exclusive",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a role may do: `statements` that are known, the ARNs of AWS's own policies, and whether that `is_everything`."""

    statements: tuple[Statement, ...]
    managed: tuple[str, ...]
    is_everything: bool

    def may(self, action: str) -> bool:
        """Whether some statement allows an action."""
        return any(statement.allows(action) for statement in self.statements)


def rights(configuration: Configuration, role: Resource) -> Rights:
    """Returns what a role may do, from inline policies, policies of its own and attached ones."""
    found: list[Statement] = []
    managed: list[str] = []
    is_everything = not role.is_data
    for value, near in _policies(configuration, role):
        if isinstance(value, str) and value.startswith("arn:"):
            managed.append(value)
            continue
        known = statements(configuration, value, near)
        is_everything = is_everything and known is not None
        found += known or []
    return Rights(statements=tuple(found), managed=tuple(managed), is_everything=is_everything)


def _policies(configuration: Configuration, role: Resource) -> Iterator[tuple[Value, Resource]]:
    """Yields (policy document or ARN of a policy that is not among what was given, resource that holds it)."""
    for item in role.body.items("inline_policy"):
        value = item.get("policy") if isinstance(item, dict) else item
        if value not in (None, ""):
            yield value, role
    for value in role.body.items("managed_policy_arns"):
        yield _document_of(configuration, value, role)
    for inline in configuration.of_type("aws_iam_role_policy"):
        if _is_of(configuration, inline, "role", role):
            yield inline.body.value("policy"), inline
    for attachment in configuration.of_type(*_ATTACHMENTS):
        keys = [key for key in ("role", "roles", "role_name") if not attachment.body.is_unset(key)]
        if any(_is_of(configuration, attachment, key, role) for key in keys):
            for value in (attachment.body.value("policy_arn"), *attachment.body.items("policy_arns")):
                if value is not None:
                    yield _document_of(configuration, value, attachment)


def _is_of(configuration: Configuration, resource: Resource, key: str, role: Resource) -> bool:
    """Whether a resource names a role, or may: one that leads to no role that is known."""
    values = resource.body.items(key)
    led_to = configuration.listed(values, resource, ROLE)
    is_unknown = any(isinstance(value, Expression) for value in values) and not led_to
    return role in led_to or is_unknown


def _document_of(configuration: Configuration, value: Value, near: Resource) -> tuple[Value, Resource]:
    """Returns a policy's document; its ARN, or an expression, when the policy is not among what was given."""
    policy = configuration.resource(value, near, "aws_iam_policy")
    if policy is None:
        return value, near
    return policy.body.value("policy") if not policy.is_data else Expression(), policy
