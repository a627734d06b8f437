"""`type` of a variable: conversion of its value, and the defaults of optional attributes.

https://developer.hashicorp.com/terraform/language/expressions/type-constraints
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.lint.hcl.evaluate import Scope, evaluate
from scripts.lint.hcl.functions import EvaluationError, as_text, to_bool, to_number, to_set
from scripts.lint.hcl.syntax import text_of
from scripts.lint.values import Expression, Value

if TYPE_CHECKING:
    from tree_sitter import Node


def converted(value: Value, type_: Node, scope: Scope) -> Value:
    """Returns a value as a variable of this type holds it; what does not fit, or is not known, as it is."""
    try:
        return _converted(value, type_, scope)
    except EvaluationError:
        return value


def _converted(value: Value, node: Node, scope: Scope) -> Value:
    if value is None or isinstance(value, Expression):
        return value
    inner = [child for child in node.children if child.type != "comment"] if node.type == "expression" else [node]
    (first, *_) = inner or [node]
    if first.type == "variable_expr":
        return _scalar(value, text_of(first))
    if first.type == "function_call":
        return _collection(value, text_of(first.children[0]), _arguments(first), scope)
    return value


def _scalar(value: Value, name: str) -> Value:
    match name:
        case "string":
            return as_text(value)
        case "number":
            return to_number(value)
        case "bool":
            return to_bool(value)
    return value


def _collection(value: Value, name: str, arguments: list[Node], scope: Scope) -> Value:
    if name == "object" and isinstance(value, dict) and arguments:
        return _object(value, arguments[0], scope)
    if name in ("list", "set", "map") and arguments:
        if isinstance(value, dict):
            return {key: _converted(item, arguments[0], scope) for key, item in value.items()}
        if isinstance(value, list):
            items: list[Value] = [_converted(item, arguments[0], scope) for item in value]
            return to_set(items) if name == "set" else items
    return value


def _object(value: dict[str, Value], node: Node, scope: Scope) -> Value:
    collection = node.children[0] if node.children else node
    elements = [child for inner in collection.children for child in inner.children if child.type == "object_elem"]
    found: dict[str, Value] = {}
    for element in elements:
        key, type_ = (child for child in element.children if child.type == "expression")
        name = text_of(key).strip('"')
        optional = type_.children[0] if _is_optional(type_) else None
        declared = _arguments(optional)[0] if optional else type_
        item = value.get(name)
        if item is None and optional and len(_arguments(optional)) > 1:
            item = evaluate(_arguments(optional)[1], scope)
        found[name] = _converted(item, declared, scope)
    return found


def _is_optional(node: Node) -> bool:
    first = node.children[0] if node.children else node
    return first.type == "function_call" and text_of(first.children[0]) == "optional"


def _arguments(call: Node) -> list[Node]:
    listed = [child for child in call.children if child.type == "function_arguments"]
    return [child for one in listed for child in one.children if child.type == "expression"]
