"""HCL text -> the shape of Terraform's JSON syntax, in which expressions stay what they are until somebody evaluates them.

https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from scripts.lint.hcl.waiver_comments import Comment, comments_of

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

# What a template of JSON is wrapped into, so that one parser reads both: a heredoc takes text as it is, as JSON strings do.
_HEREDOC = "FAILOVER_LINT_TEMPLATE"
_LABELS = ("string_lit", "identifier")


@dataclass(frozen=True, slots=True)
class Source:
    """An expression as it is written."""

    node: Node


@dataclass(frozen=True, slots=True)
class Dynamic:
    """A `dynamic` block, in the place of the blocks that it makes."""

    label: str
    body: Body


class Body(dict[str, object]):
    """A block of HCL: attributes as `Source`, blocks as lists of bodies, with labels as Terraform's JSON nests them."""

    __slots__ = ("comments", "last_line", "line")

    def __init__(self, line: int, last_line: int) -> None:
        super().__init__()
        self.line = line
        self.last_line = last_line
        self.comments: tuple[Comment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HclFile:
    """A parsed file; `error_line` is where it is no HCL, None when all of it is; `comments` are those beside no block."""

    body: Body
    error_line: int | None
    comments: tuple[Comment, ...]


@lru_cache(maxsize=1)
def _parser() -> Parser:
    import tree_sitter_hcl  # both are loaded for HCL, and for expressions in JSON: most synthesized JSON needs neither
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_hcl.language()))


def parse(text: bytes) -> HclFile:
    """Returns a file of HCL, what is wrong in it left out."""
    root = _parser().parse(text).root_node
    body = Body(1, 1)
    blocks: list[Body] = []
    for node in (child for top in root.children if top.type == "body" for child in top.children):
        _add(body, node, blocks)
    error = next(_errors(root), None) if root.has_error else None
    loose = comments_of(root, text, blocks)
    return HclFile(body=body, error_line=error.start_point[0] + 1 if error else None, comments=loose)


def _errors(node: Node) -> Iterator[Node]:
    if node.is_error or node.is_missing:
        yield node
    for child in node.children if node.has_error else ():
        yield from _errors(child)


def _add(body: Body, node: Node, blocks: list[Body] | None) -> None:
    if node.type == "attribute":
        body[text_of(node.children[0])] = Source(node.children[-1])
    elif node.type == "block":
        name, *labels = [text_of(child).strip('"') for child in node.children if child.type in _LABELS]
        made = Body(node.start_point[0] + 1, node.end_point[0] + 1)
        if blocks is not None:
            blocks.append(made)
        for child in (child for inner in node.children if inner.type == "body" for child in inner.children):
            _add(made, child, blocks if name == "terraform" else None)
        _put(body, name, labels, made)


def _put(body: Body, name: str, labels: list[str], made: Body) -> None:
    nested: object = made
    if name == "dynamic" and labels:
        nested, name, labels = Dynamic(labels[0], made), labels[0], []
    for label in reversed(labels):
        nested = {label: nested}
    there = body.setdefault(name, [])
    if isinstance(there, list):
        there.append(nested)


@lru_cache(maxsize=20_000)
def parse_template(text: str) -> Node | None:
    """Returns a string of Terraform's JSON syntax as the node of a heredoc, None when it is no template.

    https://developer.hashicorp.com/terraform/language/syntax/json#expression-mapping
    """
    wrapped = f"x = <<{_HEREDOC}\n{text}\n{_HEREDOC}\n"
    root = _parser().parse(wrapped.encode()).root_node
    if root.has_error:
        return None
    (expression,) = root.children[0].children[0].children[-1:]
    return expression.children[0].children[0]


def text_of(node: Node) -> str:
    """Returns the text of a node as it is written."""
    return (node.text or b"").decode("utf-8", "replace")
