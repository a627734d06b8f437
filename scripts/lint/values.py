"""Terraform's values: what is known, and expressions kept as references. Nothing here knows a resource type.

An unknown value answers `None` to every typed question, so a rule that asks for a fact it needs stays silent without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Value: TypeAlias = "bool | int | float | str | Expression | list[Value] | dict[str, Value] | None"

# Resource types hold an underscore, unlike var, local, module, each; so `module.a.b` is no reference to a resource.
_REFERENCE = re.compile(
    r"(?<![\w.\-])(?P<module>(?:module\.[\w\-]+(?:\[[^\]]*\])?\.)*)(?P<data>data\.)?(?P<type>[a-z][a-z0-9]*_[a-z0-9_]+)\.(?P<name>[A-Za-z_][\w\-]*)"
    r"(?P<index>\[[^\]]*\])?(?P<attribute>(?:\.[A-Za-z_][\w\-]*|\[[^\]]*\])*)"
)
# Terraform's escape for a literal "${" is "$${".
# https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
_TEMPLATE = re.compile(r"(?<![$%])[$%]\{")
_PER_INSTANCE = re.compile(r"\b(each|count|self)\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A use of another resource's attribute: `address` is `type.name`, with `data.` or a module's path before it."""

    address: str
    attribute: str

    @property
    def output(self) -> str | None:
        """Name of the output when this reads another state through terraform_remote_state."""
        match = re.match(r'outputs(?:\.|\[")([\w\-]+)', self.attribute)
        return match[1] if match else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A value that Terraform computes; `text` is "" when only the fact that it is unknown is known.

    `is_whole` is False when `text` names what a value is made of and not how, as in a plan.
    """

    text: str = ""
    references: tuple[Reference, ...] = ()
    is_whole: bool = True

    @property
    def is_per_instance(self) -> bool:
        """Whether it differs between the instances of one resource."""
        return not self.text or bool(_PER_INSTANCE.search(self.text))

    @property
    def is_comparable(self) -> bool:
        """Whether equal text is equal value."""
        return self.is_whole and not self.is_per_instance


def find_references(text: str, *, module: str = "") -> tuple[Reference, ...]:
    """Returns the references in an expression, the longest attribute of each address; `module` is put before addresses."""
    found: dict[str, str] = {}
    for match in _REFERENCE.finditer(text):
        address = f"{module}{match['module']}{match['data'] or ''}{match['type']}.{match['name']}{match['index'] or ''}"
        attribute = (match["attribute"] or "").removeprefix(".")
        found[address] = max(found.get(address, ""), attribute, key=len)
    return tuple(Reference(address=address, attribute=attribute) for address, attribute in found.items())


def to_value(raw: object) -> Value:
    """Returns parsed JSON with its `${...}` strings as expressions; what is no JSON becomes None."""
    if isinstance(raw, str):
        return Expression(text=raw, references=find_references(raw)) if _TEMPLATE.search(raw) else raw
    if isinstance(raw, Mapping):
        return {str(key): to_value(value) for key, value in raw.items()}
    if isinstance(raw, list | tuple):
        return [to_value(value) for value in raw]
    return raw if isinstance(raw, bool | int | float | Expression) else None


class UnknownValues(dict[str, Value]):
    """The values of a block of which only some are known: the others are not known, rather than absent."""

    def get(self, key: str, _default: object = None) -> Value:
        """Returns a value, an unknown one for what is not held."""
        return self[key] if key in self else Expression()


@dataclass(frozen=True, slots=True)
class Block:
    """A block of Terraform. Its questions answer None, or an empty list, for what is absent, unknown or of another type."""

    values: Mapping[str, Value] = field(default_factory=dict)

    def value(self, key: str) -> Value:
        """Returns the value as it is, expressions included."""
        return self.values.get(key)

    def text(self, key: str) -> str | None:
        """Returns a known string."""
        value = self.values.get(key)
        return value if isinstance(value, str) else None

    def number(self, key: str) -> float | None:
        """Returns a known number; Terraform also takes it in quotes."""
        return as_number(self.values.get(key))

    def flag(self, key: str) -> bool | None:
        """Returns a known boolean; Terraform also takes it in quotes."""
        value = self.values.get(key)
        return {"true": True, "false": False}.get(value) if isinstance(value, str) else _as_bool(value)

    def items(self, key: str) -> list[Value]:
        """Returns a list's elements, one value as a list of one."""
        value = self.values.get(key)
        return value if isinstance(value, list) else [] if value is None else [value]

    def texts(self, key: str) -> list[str]:
        """Returns the known strings of a list."""
        return [item for item in self.items(key) if isinstance(item, str)]

    def blocks(self, key: str) -> list[Block]:
        """Returns nested blocks: an object, or a list of objects, since both are allowed in Terraform JSON."""
        return [Block(item) for item in self.items(key) if isinstance(item, dict)]

    def block(self, key: str) -> Block:
        """Returns the only nested block, or an empty one."""
        return next(iter(self.blocks(key)), Block())

    def is_unset(self, key: str) -> bool:
        """Whether it is certain that nothing is configured under this key."""
        return self.values.get(key) in (None, "", [], {})

    def is_known(self, key: str) -> bool:
        """Whether no part of the value is an expression."""
        return not any(True for _ in expressions_in(self.values.get(key)))


def _as_bool(value: Value) -> bool | None:
    return value if isinstance(value, bool) else None


def as_number(value: Value) -> float | None:
    """Returns a known number, from a string too; booleans are none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def expressions_in(value: Value) -> Iterator[Expression]:
    """Yields every expression in a value, however deep."""
    if isinstance(value, Expression):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from expressions_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from expressions_in(item)
