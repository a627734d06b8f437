"""Blocks, in HCL or in JSON, with their expressions evaluated and their `dynamic` blocks made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scripts.lint.hcl.evaluate import Scope, evaluate, items_of
from scripts.lint.hcl.folder import labelled, written
from scripts.lint.hcl.functions import EvaluationError, as_text
from scripts.lint.hcl.syntax import Dynamic, Source
from scripts.lint.hcl.templates import json_template_value
from scripts.lint.values import Expression, Reference, Value, find_references

_TEMPLATE = re.compile(r"[$%]\{")
# What most of synthesized JSON is made of, and needs no parser: ${type.name.attribute}, of a resource.
_PLAIN = re.compile(r"\$\{([a-z][a-z0-9]*_[a-z0-9_]+)\.([A-Za-z_][\w-]*)\.([a-z_][a-z0-9_]*)\}")


def value_of(raw: object, scope: Scope) -> Value:
    """Returns the value of an expression or a block as it was read, lists and objects of them too."""
    if isinstance(raw, str):
        return _of_text(raw, scope)
    if isinstance(raw, Source):
        return evaluate(raw.node, scope)
    if isinstance(raw, Mapping):
        return block_of(raw, scope)
    if isinstance(raw, list | tuple):
        return list(_items(raw, scope))
    return raw if isinstance(raw, bool | int | float | Expression) else None


def _of_text(text: str, scope: Scope) -> Value:
    if "{" not in text or not _TEMPLATE.search(text):
        return text
    plain = _PLAIN.fullmatch(text)
    if plain and (found := scope.names.plain(*plain.groups())):
        return found
    try:
        return json_template_value(text, scope)
    except (EvaluationError, RecursionError):
        return Expression(text=text, references=find_references(text))


def block_of(raw: Mapping[str, object], scope: Scope, *, without: tuple[str, ...] = ()) -> dict[str, Value]:
    """Returns a block with its attributes and its nested blocks; `without` some of them."""
    found = {_key(key, scope): value_of(raw[key], scope) for key in raw if key not in without and key != "//"}
    if "//" in raw:
        found["//"] = _comment(raw["//"])
    if "dynamic" in raw and (made := list(labelled(raw["dynamic"]))) and all("for_each" in body for _, body in made):
        del found["dynamic"]
        for label, body in made:
            there = found.get(label)
            before = there if isinstance(there, list) else [] if there is None else [there]
            found[label] = [*before, *_made(label, body, scope)]
    return found


def _comment(raw: object) -> Value:
    """`//` is for people and programs: nothing in it is an expression."""
    if isinstance(raw, Mapping):
        return {str(key): _comment(value) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_comment(item) for item in raw]
    return raw if isinstance(raw, str | bool | int | float) else None


def _key(key: str, scope: Scope) -> str:
    value = _of_text(key, scope) if "${" in key else key
    return value if isinstance(value, str) else key


def _items(raw: list[object] | tuple[object, ...], scope: Scope) -> Iterator[Value]:
    for item in raw:
        if isinstance(item, Dynamic):
            yield from _made(item.label, item.body, scope)
        else:
            yield value_of(item, scope)


def _made(label: str, body: Mapping[str, object], scope: Scope) -> Iterator[Value]:
    """Yields the blocks that a `dynamic` makes; one unknown when nobody knows how many."""
    over = value_of(body.get("for_each"), scope)
    try:
        rows = items_of(over)
    except EvaluationError:
        yield Expression()
        return
    iterator = written(body.get("iterator")) or label
    for key, value in rows:
        inner = scope.with_names({iterator: {"key": key, "value": value}})
        for content in _contents(body.get("content")):
            yield block_of(content, inner)


def _contents(raw: object) -> list[Mapping[str, object]]:
    if isinstance(raw, Mapping):
        return [raw]
    return [item for item in raw if isinstance(item, Mapping)] if isinstance(raw, list) else [{}]


def keys_of(over: Value) -> dict[str, Value] | None:
    """Returns the instances that a `for_each` makes, key -> value; None when they are not known."""
    if isinstance(over, dict):
        return over
    if isinstance(over, list) and not any(isinstance(item, Expression | dict | list) for item in over):
        return {as_text(item): item for item in over if item is not None}
    return None


def reference(address: str, attribute: str = "") -> Expression:
    """Returns the reference to a resource, or to an attribute of it."""
    text = f"{address}.{attribute}" if attribute else address
    return Expression(text=f"${{{text}}}", references=(Reference(address=address, attribute=attribute),))
