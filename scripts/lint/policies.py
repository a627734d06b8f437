"""IAM and bucket policies as statements, from JSON text or from an aws_iam_policy_document data source."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.lint.model import Configuration, Resource
from scripts.lint.values import Block, Expression, Value, to_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One comparison; `key` is in lower case, because condition keys ignore case."""

    operator: str
    key: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement; `principals` are (kind, identifier), such as ("Service", "cloudfront.amazonaws.com")."""

    is_allow: bool
    principals: tuple[tuple[str, Value], ...]
    actions: tuple[Value, ...]
    conditions: tuple[Condition, ...]

    def allows(self, action: str) -> bool:
        """Whether it certainly allows an action, by name or with a `*` at the end."""
        names = [name.lower() for name in self.actions if isinstance(name, str)]
        return self.is_allow and any(_matches(name, action.lower()) for name in names)

    def is_for(self, kind: str, identifier: str) -> bool:
        """Whether a principal is named."""
        return (kind, identifier) in self.principals

    def condition_values(self, key: str) -> list[Value]:
        """Returns what a condition key is compared with, over all operators."""
        return [value for condition in self.conditions if condition.key == key for value in condition.values]


def statements(configuration: Configuration, value: Value, near: Resource) -> list[Statement] | None:
    """Returns the statements of a policy, None when they are not known.

    Args:
        configuration: where to look for the data source.
        value: the policy attribute: JSON text, perhaps with expressions inside, or a reference to a data source.
        near: the resource that holds the value.
    """
    document = configuration.resource(value, near, "aws_iam_policy_document")
    if document is not None:
        return list(_from_data_source(document.body))
    text = value.text if isinstance(value, Expression) else value
    if not isinstance(text, str) or not text.lstrip().startswith("{"):
        return None
    try:
        parsed = to_value(json.loads(text))
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict):
        return None
    return [_from_json(block) for block in Block(parsed).blocks("Statement")]


def _from_json(block: Block) -> Statement:
    return Statement(
        is_allow=block.text("Effect") == "Allow",
        principals=tuple(_principals(block)),
        actions=tuple(block.items("Action")),
        conditions=tuple(
            Condition(operator=operator, key=key.lower(), values=tuple(comparisons.items(key)))
            for operator in block.block("Condition").values
            for comparisons in block.block("Condition").blocks(operator)
            for key in comparisons.values
        ),
    )


def _principals(block: Block) -> Iterator[tuple[str, Value]]:
    if block.text("Principal") == "*":
        yield "*", "*"
    principal = block.block("Principal")
    for kind in principal.values:
        for identifier in principal.items(kind):
            yield kind, identifier


def _from_data_source(body: Block) -> Iterator[Statement]:
    for block in body.blocks("statement"):
        yield Statement(
            is_allow=(block.text("effect") or "Allow") == "Allow",
            principals=tuple(
                (principal.text("type") or "", identifier)
                for principal in block.blocks("principals")
                for identifier in principal.items("identifiers")
            ),
            actions=tuple(block.items("actions")),
            conditions=tuple(
                Condition(
                    operator=condition.text("test") or "",
                    key=(condition.text("variable") or "").lower(),
                    values=tuple(condition.items("values")),
                )
                for condition in block.blocks("condition")
            ),
        )


def _matches(pattern: str, action: str) -> bool:
    return pattern == action or (pattern.endswith("*") and action.startswith(pattern[:-1]))
