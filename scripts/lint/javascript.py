"""JavaScript of CloudFront functions, as a tree: what is called and set, and whether an error reaches the viewer.

Parsed by tree-sitter, which reads code without running it (docs/adr/0022-javascript-by-tree-sitter.md). What it cannot read is
unknown, and makes no finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

_FUNCTIONS = (
    "function_declaration",
    "function_expression",
    "arrow_function",
    "method_definition",
    "generator_function",
)
_ANSWERING = ("catch", "allSettled")
_HANDLER = "handler"


@lru_cache(maxsize=64)
def _root(code: str) -> Node | None:
    """Returns the program, None when it is no JavaScript."""
    import tree_sitter_javascript  # most configurations have none
    from tree_sitter import Language, Parser

    root = Parser(Language(tree_sitter_javascript.language())).parse(code.encode()).root_node
    return None if root.has_error else root


def is_readable(code: str) -> bool:
    """Whether the code is JavaScript."""
    return _root(code) is not None


def called(code: str) -> frozenset[str]:
    """Returns the names of the functions and methods that are called, none when the code cannot be read."""
    root = _root(code)
    return (
        frozenset(_called_name(node) for node in _walk(root) if node.type == "call_expression") if root else frozenset()
    )


def named(code: str) -> frozenset[str]:
    """Returns the names of properties that the code sets, in assignments and in objects that it writes down."""
    root = _root(code)
    return frozenset(_set_names(root)) if root else frozenset()


def imports(code: str, module: str) -> bool:
    """Whether a module is imported."""
    root = _root(code)
    sources = (
        [node.child_by_field_name("source") for node in _walk(root) if node.type == "import_statement"] if root else []
    )
    return any(_text(source).strip("'\"") == module for source in sources if source)


def reads_unanswered(code: str) -> bool:
    """Whether a missing key of a key value store certainly becomes an error of the function.

    `get` rejects for a key that is absent. That is answered by a try around it, by `.catch` or the second argument of `.then`, by
    `Promise.allSettled`, or by a question to `exists` before.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-custom-methods.html
    """
    root = _root(code)
    if root is None:
        return False
    calls = [node for node in _walk(root) if node.type == "call_expression"]
    stores = _stores(root, calls)
    reads = [call for call in calls if _method(call) == "get" and _is_store(_object(call), stores)]
    asks = any(_method(call) == "exists" and _is_store(_object(call), stores) for call in calls)
    return not asks and any(_escapes(read, root, frozenset()) for read in reads)


def _walk(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(current.named_children))


def _text(node: Node | None) -> str:
    return node.text.decode() if node and node.text else ""


def _called_name(call: Node) -> str:
    function = call.child_by_field_name("function")
    return _method(call) or (_text(function) if function and function.type == "identifier" else "")


def _method(call: Node) -> str:
    """Returns the method that a call is of, "" for a plain function."""
    function = call.child_by_field_name("function")
    return _text(function.child_by_field_name("property")) if function and function.type == "member_expression" else ""


def _object(call: Node) -> Node | None:
    function = call.child_by_field_name("function")
    return function.child_by_field_name("object") if function else None


def _set_names(root: Node) -> Iterator[str]:
    for node in _walk(root):
        if node.type in ("assignment_expression", "augmented_assignment_expression"):
            left = node.child_by_field_name("left")
            if left and left.type == "member_expression":
                yield _text(left.child_by_field_name("property"))
            elif left and left.type == "subscript_expression":
                yield _text(left.child_by_field_name("index")).strip("'\"")
        elif node.type == "pair":
            yield _text(node.child_by_field_name("key")).strip("'\"")
        elif node.type == "shorthand_property_identifier":
            yield _text(node)


def _stores(root: Node, calls: list[Node]) -> set[str]:
    """Returns the names that stand for a store: what `kvs()` is assigned to, and parameters that are given one."""
    stores = {name for node in _walk(root) if (name := _assigned_name(node)) and _is_store(_value(node), set())}
    functions = {_name_of(node): node for node in _walk(root) if node.type in _FUNCTIONS}
    for call in calls:
        function, arguments = functions.get(_called_name(call)), call.child_by_field_name("arguments")
        if function is not None and arguments is not None:
            given = zip(_parameters(function), arguments.named_children, strict=False)
            stores |= {_text(parameter) for parameter, argument in given if _is_store(argument, stores)}
    return stores


def _parameters(function: Node) -> list[Node]:
    single, several = function.child_by_field_name("parameter"), function.child_by_field_name("parameters")
    return [single] if single else several.named_children if several else []


def _is_store(node: Node | None, stores: set[str]) -> bool:
    node = _bare(node)
    if node is None:
        return False
    return (
        _text(node) in stores
        if node.type == "identifier"
        else node.type == "call_expression" and _method(node) == "kvs"
    )


def _bare(node: Node | None) -> Node | None:
    while node is not None and node.type in ("parenthesized_expression", "await_expression"):
        node = node.named_children[0] if node.named_children else None
    return node


def _assigned_name(node: Node | None) -> str:
    """Returns the name that a declaration or an assignment gives to a value, "" for anything else."""
    if node is None or node.type not in ("variable_declarator", "assignment_expression"):
        return ""
    left = node.child_by_field_name("name") or node.child_by_field_name("left")
    return _text(left) if left and left.type == "identifier" else ""


def _value(node: Node) -> Node | None:
    return node.child_by_field_name("value") or node.child_by_field_name("right")


def _name_of(function: Node) -> str:
    """Returns the name by which a function is called, "" for one that is written where it is used."""
    own = function.child_by_field_name("name")
    return _text(own) if own else _assigned_name(function.parent)


def _escapes(node: Node, root: Node, seen: frozenset[int]) -> bool:
    """Whether an error, or a rejected promise, at this place reaches the viewer."""
    if node.id in seen:
        return False
    start, is_awaited = node.id, False
    while (parent := node.parent) is not None:
        if parent.type == "member_expression" and _is_answered(parent.parent):
            return False
        if parent.type == "call_expression" and _method(parent) in _ANSWERING:
            return False
        if parent.type == "try_statement" and parent.child_by_field_name("body") == node and _catches(parent):
            return False
        is_awaited = is_awaited or parent.type == "await_expression"
        if (kept_as := _assigned_name(parent)) and not is_awaited and node.type not in _FUNCTIONS:
            return _any_escapes(_uses(root, kept_as, parent), root, seen | {start})
        if parent.type in _FUNCTIONS:
            called_as, is_awaited = _name_of(parent), False
            if called_as and called_as != _HANDLER:
                return _any_escapes(_calls_of(root, called_as), root, seen | {start})
        node = parent
    return True


def _catches(statement: Node) -> bool:
    """Whether a try answers errors: it has a catch, and that does not simply throw again."""
    handler = statement.child_by_field_name("handler")
    body = handler.child_by_field_name("body") if handler else None
    return body is not None and not any(child.type == "throw_statement" for child in body.named_children)


def _any_escapes(nodes: list[Node], root: Node, seen: frozenset[int]) -> bool:
    return any(_escapes(node, root, seen) for node in nodes)


def _is_answered(call: Node | None) -> bool:
    """Whether a call is `.catch(...)`, or `.then` with an answer to an error."""
    if call is None or call.type != "call_expression":
        return False
    arguments = call.child_by_field_name("arguments")
    return _method(call) == "catch" or (
        _method(call) == "then" and arguments is not None and len(arguments.named_children) > 1
    )


def _calls_of(root: Node, name: str) -> list[Node]:
    return [node for node in _walk(root) if node.type == "call_expression" and _called_name(node) == name]


def _uses(root: Node, name: str, declared: Node) -> list[Node]:
    """Returns the places where a variable is read."""
    left = declared.child_by_field_name("name") or declared.child_by_field_name("left")
    return [node for node in _walk(root) if node.type == "identifier" and _text(node) == name and node != left]
