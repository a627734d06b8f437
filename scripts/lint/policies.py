"""IAM and bucket policies as statements, from JSON text or from an aws_iam_policy_document data source."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.lint.model import Configuration, Resource
from scripts.lint.values import Block, Expression, Value, to_value

# What an aws_iam_policy_document takes statements from, beside its own.
_SOURCES = ("source_policy_documents", "override_policy_documents", "source_json", "override_json")
_MOST_HOPS = 8


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
    knows_conditions: bool = True
    resources: tuple[Value, ...] = ()

    def allows(self, action: str) -> bool:
        """Whether it certainly allows an action, by name or by a pattern with `*` and `?`."""
        names = [name.lower() for name in self.actions if isinstance(name, str)]
        return self.is_allow and any(fnmatch.fnmatchcase(action.lower(), name.replace("[", "[[]")) for name in names)

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
    return _statements(configuration, value, near, hops=0)


def _statements(configuration: Configuration, value: Value, near: Resource, *, hops: int) -> list[Statement] | None:
    document = configuration.resource(value, near, "aws_iam_policy_document")
    if document is not None:
        return _from_data_source(configuration, document, hops=hops)
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
        knows_conditions=not isinstance(block.value("Condition"), Expression),
        is_allow=block.text("Effect") == "Allow",
        principals=tuple(_principals(block)),
        actions=tuple(block.items("Action")),
        resources=tuple(block.items("Resource")),
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


def _from_data_source(configuration: Configuration, document: Resource, *, hops: int) -> list[Statement] | None:
    """Returns its statements and those of the documents it is made of, None when some are unknown."""
    body = document.body
    if not all(_is_whole(statement) for statement in body.items("statement")) or hops > _MOST_HOPS:
        return None
    found = list(_own_statements(body))
    for value in (item for key in _SOURCES for item in body.items(key) if item != ""):
        more = _statements(configuration, value, document, hops=hops + 1)
        if more is None:
            return None
        found += more
    return found


def _is_whole(statement: Value) -> bool:
    """Whether its principals are spelled out, none made by a dynamic block."""
    return isinstance(statement, dict) and all(isinstance(one, dict) for one in Block(statement).items("principals"))


def _own_statements(body: Block) -> Iterator[Statement]:
    for block in body.blocks("statement"):
        yield Statement(
            knows_conditions=all(isinstance(condition, dict) for condition in block.items("condition")),
            is_allow=(block.text("effect") or "Allow") == "Allow",
            principals=tuple(
                (principal.text("type") or "", identifier)
                for principal in block.blocks("principals")
                for identifier in principal.items("identifiers")
            ),
            actions=tuple(block.items("actions")),
            resources=tuple(block.items("resources")),
            conditions=tuple(
                Condition(
                    operator=condition.text("test") or "",
                    key=(condition.text("variable") or "").lower(),
                    values=tuple(condition.items("values")),
                )
                for condition in block.blocks("condition")
            ),
        )
