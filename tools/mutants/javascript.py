"""The mutants of a JavaScript file, by the operators of `mutations`. Pure.

Parsed by tree-sitter, as the linter does (docs/adr/0022-javascript-by-tree-sitter.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import tree_sitter_javascript
from tree_sitter import Language, Parser

from tools.mutants.mutations import Mutant

if TYPE_CHECKING:
    from tree_sitter import Node

_PARSER = Parser(Language(tree_sitter_javascript.language()))
_OPERATORS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "===": "!==", "!==": "===", "==": "!=", "!=": "==",
    "&&": "||", "||": "&&", "+": "-", "-": "+", "*": "/", "/": "*",
}  # fmt: skip
_BOOLEANS = {"true": "false", "false": "true"}


def javascript_mutants(source: str) -> list[Mutant]:
    """Returns every mutant of a file, in the order of its lines.

    Raises:
        ValueError: it is no JavaScript.
    """
    code = source.encode()
    root = _PARSER.parse(code).root_node
    if root.has_error:
        raise ValueError("it is no JavaScript that tree-sitter can read")
    found = [
        Mutant(
            line=part.start_point.row + 1,
            before=_shown(node, part, _text(part)),
            after=_shown(node, part, changed),
            within=_statement(node) if node.type in ("number", *_BOOLEANS) else "",
            make=partial(_with, code, part, changed),
        )
        for node in _nodes(root)
        for part, changed in _changes(node)
    ]
    return sorted(found, key=lambda mutant: mutant.line)


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.named_children:
        yield from _nodes(child)


def _changes(node: Node) -> Iterator[tuple[Node, str]]:
    """Yields what is changed of a node, and into what."""
    operator = node.child_by_field_name("operator")
    if node.type == "binary_expression" and operator is not None and _text(operator) in _OPERATORS:
        yield operator, _OPERATORS[_text(operator)]
    elif node.type == "unary_expression" and operator is not None and _text(operator) == "!":
        yield operator, ""
    elif node.type in _BOOLEANS:
        yield node, _BOOLEANS[node.type]
    elif node.type == "number":
        yield node, str(int(_text(node), 0) + 1) if _text(node).isalnum() else f"{float(_text(node)) + 1}"
    elif node.type in ("if_statement", "ternary_expression"):
        condition = node.child_by_field_name("condition")
        if condition is not None:
            yield condition, f"(!({_text(condition)}))"
    elif node.type == "return_statement" and node.named_children and _text(node.named_children[0]) != "null":
        yield node.named_children[0], "null"


def _shown(node: Node, part: Node, text: str) -> str:
    """Returns an expression or statement in one line with another text for a part of it, of `if` its condition alone."""
    if node.type == "if_statement":
        return f"if {text}"
    code, begins, ends = (node.text or b""), part.start_byte - node.start_byte, part.end_byte - node.start_byte
    return " ".join((code[:begins] + text.encode() + code[ends:]).decode().split())


def _statement(node: Node) -> str:
    """Returns the first line of the innermost statement around a node."""
    while node.parent is not None and not node.type.endswith(("_statement", "_declaration")):
        node = node.parent
    return _text(node).splitlines()[0]


def _with(code: bytes, part: Node, changed: str) -> str:
    return (code[: part.start_byte] + changed.encode() + code[part.end_byte :]).decode()


def _text(node: Node) -> str:
    return (node.text or b"").decode()
