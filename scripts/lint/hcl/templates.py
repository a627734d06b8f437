"""Strings, heredocs and `${...}`: text with expressions in it.

https://developer.hashicorp.com/terraform/language/expressions/strings
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from scripts.lint.hcl.evaluate import (
    KINDS,
    Scope,
    combined_text,
    escaped,
    evaluate,
    items_of,
    template_part,
)
from scripts.lint.hcl.functions import EvaluationError, as_text, to_bool
from scripts.lint.hcl.syntax import parse_template, text_of
from scripts.lint.values import Expression, Value

if TYPE_CHECKING:
    from tree_sitter import Node

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_DIRECTIVES = ("template_interpolation", "template_directive")
_INTROS = ("template_if_intro", "template_else_intro", "template_if_end", "template_for_start", "template_for_end")

Part = Value


def template_value(node: Node, scope: Scope) -> Value:
    """Returns the value of a string or a heredoc: text, or what its only `${...}` is."""
    if node.type == "heredoc_template":
        parts = _heredoc_parts(node, scope)
    else:
        start, end = node.children[0], node.children[-1]
        parts = list(_parts(node.children[1:-1], start.end_byte, end.start_byte, node, scope, is_quoted=True))
    return joined(_filled(parts))


def json_template_value(text: str, scope: Scope) -> Value:
    """Returns the value of a string of Terraform's JSON syntax.

    Raises:
        EvaluationError: it is no template.
    """
    heredoc = parse_template(text)
    if heredoc is None:
        raise EvaluationError("no template")
    parts = _heredoc_parts(heredoc, scope)
    if isinstance(parts[-1], str):
        parts[-1] = parts[-1].removesuffix("\n")  # of the heredoc around it
    return joined(_filled(parts))


def _filled(parts: Sequence[Part]) -> Sequence[Part]:
    return [part for part in parts if part != ""] or [""]


def joined(parts: Sequence[Part]) -> Value:
    """Returns the parts as one text; a single part keeps its type."""
    if len(parts) == 1:
        return parts[0]
    if any(isinstance(part, Expression) for part in parts):
        return combined_text("".join(map(template_part, parts)), *parts)
    return "".join(map(as_text, parts))


def _heredoc_parts(node: Node, scope: Scope) -> list[Part]:
    first = next(child for child in node.children if child.type == "heredoc_identifier")
    last = node.children[-1]
    whole = node.text or b""
    start = whole.index(b"\n", first.end_byte - node.start_byte) + 1 + node.start_byte
    end = whole.rindex(b"\n", 0, last.start_byte - node.start_byte) + 1 + node.start_byte
    inner = [child for child in node.children if start <= child.start_byte < end and child.type in _DIRECTIVES]
    parts = list(_parts(inner, start, max(start, end), node, scope, is_quoted=False))
    return _without_indent(parts) if text_of(node.children[0]) == "<<-" else parts or [""]


def _without_indent(parts: list[Part]) -> list[Part]:
    """`<<-` takes the smallest indentation of all lines away."""
    marked = "".join(part if isinstance(part, str) else "\0" for part in parts)
    indents = [len(line) - len(line.lstrip(" ")) for line in marked.split("\n") if line.strip(" ")]
    cut = min(indents, default=0)
    pattern = re.compile(rf"(?:(?<=\n)|\A) {{1,{cut}}}") if cut else None
    found: list[Part] = []
    for index, part in enumerate(parts):
        if isinstance(part, str) and pattern:
            text = pattern.sub("", part if index == 0 else "\0" + part).removeprefix("\0")
            found.append(text)
        else:
            found.append(part)
    return found or [""]


def _parts(
    nodes: Sequence[Node], start: int, end: int, whole: Node, scope: Scope, *, is_quoted: bool
) -> Iterator[Part]:
    """Yields text and values between two places; text by its bytes, since the parser leaves spaces out."""
    source, offset, position = whole.text or b"", whole.start_byte, start
    strip_next = False
    for node in nodes:
        if node.type not in _DIRECTIVES:
            continue
        text = _unescaped(source[position - offset : node.start_byte - offset].decode(), is_quoted=is_quoted)
        text = text.lstrip() if strip_next else text
        marks = [child for child in node.children if child.type == "strip_marker"]
        strips_before = bool(marks) and marks[0].start_byte < _middle(node)
        yield text.rstrip() if strips_before else text
        strip_next = bool(marks) and marks[-1].start_byte > _middle(node)
        yield from _directive(node, whole, scope, is_quoted=is_quoted)
        position = node.end_byte
    text = _unescaped(source[position - offset : end - offset].decode(), is_quoted=is_quoted)
    yield text.lstrip() if strip_next else text


def _middle(node: Node) -> int:
    return (node.start_byte + node.end_byte) // 2


def _directive(node: Node, whole: Node, scope: Scope, *, is_quoted: bool) -> Iterator[Part]:
    if node.type == "template_interpolation":
        expression = next((child for child in node.children if child.type == "expression"), None)
        if expression is None:
            raise EvaluationError("nothing in a template")
        yield evaluate(expression, scope)
        return
    inner = node.children[0]
    if inner.type == "template_if":
        yield _if(inner, whole, scope, is_quoted=is_quoted)
    elif inner.type == "template_for":
        yield _for(inner, whole, scope, is_quoted=is_quoted)
    else:
        raise EvaluationError(f"{inner.type} is not computed here")


def _if(node: Node, whole: Node, scope: Scope, *, is_quoted: bool) -> Part:
    intro = node.children[0]
    condition = evaluate(next(child for child in intro.children if child.type == "expression"), scope)
    if isinstance(condition, Expression):
        raise EvaluationError("a condition that is not known")
    marks = [index for index, child in enumerate(node.children) if child.type in _INTROS]
    branches = [(node.children[a], node.children[a + 1 : b], node.children[b]) for a, b in pairwise(marks)]
    position = 0 if to_bool(condition) else 1
    if position >= len(branches):
        return ""
    return joined(_filled(_between(branches[position], whole, scope, is_quoted=is_quoted)))


def _for(node: Node, whole: Node, scope: Scope, *, is_quoted: bool) -> Part:
    intro, *inner, end = node.children
    names = [text_of(child) for child in intro.children if child.type == "identifier"]
    over = evaluate(next(child for child in intro.children if child.type == "expression"), scope)
    parts: list[Part] = []
    for row in items_of(over):
        each = scope.with_names(dict(zip(names, row[-len(names) :], strict=True)))
        parts += _between((intro, inner, end), whole, each, is_quoted=is_quoted)
    return joined(_filled(parts))


def _between(branch: tuple[Node, Sequence[Node], Node], whole: Node, scope: Scope, *, is_quoted: bool) -> list[Part]:
    """Returns the parts between two directives, without the space that their `~` takes away."""
    before, inner, after = branch
    parts = list(_parts(inner, before.end_byte, after.start_byte, whole, scope, is_quoted=is_quoted))
    if text_of(before).endswith("~}") and isinstance(parts[0], str):
        parts[0] = parts[0].lstrip()
    if text_of(after).startswith("%{~") and isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip()
    return parts


def _unescaped(text: str, *, is_quoted: bool) -> str:
    if is_quoted and "\\" in text:
        text = _ESCAPE.sub(lambda match: _character(match[1]), text)
    return text.replace("$${", "${").replace("%%{", "%{") if "{" in text else text


def _character(written: str) -> str:
    if len(written) > 1:
        return chr(int(written[1:], 16))
    return _ESCAPES.get(written, "\\" + written)


def final(value: Value) -> Value:
    """Returns a value with its known text escaped, as rules read it: `${` in it is text, and no expression."""
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, dict):
        return {key: final(item) for key, item in value.items()}
    return [final(item) for item in value] if isinstance(value, list) else value


def file_template_value(text: str, scope: Scope) -> Value:
    """Returns what `templatefile` makes of a file's content."""
    if "${" not in text and "%{" not in text:
        return text
    value = json_template_value(text, scope)
    return value if isinstance(value, Expression) else as_text(value)


KINDS.update(dict.fromkeys(("string_lit", "quoted_template", "heredoc_template"), template_value))
