"""Whether a CloudFront function keeps nothing between its runs, so that the same request gets the same result.

A function is taken for pure by its top level: constants that are literals or functions, declarations of functions, imports.
What a run then does to those literals is compared (runtime.js, `state`). Time, chance, the viewer's address and the request's
id are seen when they are read (runtime.js, `reads`). Anything else, such as a counter in a variable or in a closure, makes the
function one that is run for each request, as on AWS.
"""

import re
from functools import cache
from typing import Any

_DECLARATIONS = frozenset({"import_statement", "comment", "empty_statement"})
_FUNCTIONS = frozenset({"arrow_function", "function_expression"})
_LEAVES = frozenset(
    {
        "number",
        "string",
        "true",
        "false",
        "null",
        "undefined",
        "identifier",
        "property_identifier",
        "template_string",
        "comment",
    }
)
_BRANCHES = frozenset(
    {
        "object",
        "array",
        "pair",
        "unary_expression",
        "binary_expression",
        "parenthesized_expression",
        "member_expression",
    }
)
_HIDDEN_STATE = re.compile(
    r"\b(globalThis|prototype|__proto__|constructor|defineProperty|setPrototypeOf|eval|Function)\b"
)
"""Words by which a function could keep something where nobody looks."""


def constants_of_pure(code: str) -> tuple[str, ...] | None:
    """Return the names of constants and functions, whose state shows whether a run has changed one; None when it is not pure."""
    if _HIDDEN_STATE.search(code):
        return None
    names: list[str] = []
    root = _parser().parse(code.encode()).root_node
    if root.has_error:
        return None
    for statement in root.named_children:
        if statement.type in _DECLARATIONS or _is_directive(statement):
            continue
        if statement.type == "function_declaration":
            names.append(statement.child_by_field_name("name").text.decode())
            continue
        if statement.type != "lexical_declaration" or statement.children[0].type != "const":
            return None
        for declarator in (each for each in statement.named_children if each.type == "variable_declarator"):
            name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
            if name is None or name.type != "identifier" or value is None or not _is_constant(value):
                return None
            names.append(name.text.decode())
    return tuple(names)


def _is_directive(statement: Any) -> bool:  # noqa: ANN401  tree-sitter's node
    return statement.type == "expression_statement" and all(each.type == "string" for each in statement.named_children)


def _is_constant(node: Any) -> bool:  # noqa: ANN401  tree-sitter's node
    """Return whether an expression is a literal that shows all of its state, or a function with no variables around it."""
    if node.type in _FUNCTIONS or node.type in _LEAVES:
        return True
    if node.type == "regex":
        flags = node.child_by_field_name("flags")
        return flags is None or not {"g", "y"} & set(flags.text.decode())  # those remember where they were
    if node.type == "call_expression":
        called = node.child_by_field_name("function")
        return called is not None and called.text == b"cf.kvs"
    return node.type in _BRANCHES and all(_is_constant(child) for child in node.named_children)


@cache
def _parser() -> Any:  # noqa: ANN401  tree-sitter's parser
    """Import the parser with the first function: most localclouds of the tests have none."""
    import tree_sitter
    import tree_sitter_javascript

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_javascript.language()))
