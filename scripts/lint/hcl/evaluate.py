"""An expression of HCL and the names that it may use -> its value, or an `Expression` that tells what it is made of.

https://developer.hashicorp.com/terraform/language/expressions
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from scripts.lint.hcl import functions
from scripts.lint.hcl.functions import EvaluationError, as_text, to_bool, to_number
from scripts.lint.hcl.syntax import text_of
from scripts.lint.values import Expression, Reference, Value, expressions_in

if TYPE_CHECKING:
    from tree_sitter import Node

_OPERATORS: Mapping[str, Callable[[float, float], Value]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": lambda a, b: a - b * int(a / b),
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_EQUAL, _LOGICAL = ("==", "!="), ("&&", "||")
_SYNTAX = {"(", ")", "[", "]", ",", "comment", "tuple_start", "tuple_end", "object_start", "object_end"}
_MOST_ITEMS = 10_000


@dataclass(frozen=True, slots=True)
class Attribute:
    """`.name`, or `["name"]` and `[0]` of a known index."""

    name: str | int


@dataclass(frozen=True, slots=True)
class Splat:
    """`[*]` and what follows."""


@dataclass(frozen=True, slots=True)
class AnyIndex:
    """`[...]` of an index that is not known."""

    text: str


Step = Attribute | Splat | AnyIndex


class Names(Protocol):
    """What a name at the beginning of an expression means, such as `var`, `local`, or a resource's type."""

    def resolve(self, name: str, steps: Sequence[Step]) -> tuple[Value, Sequence[Step]]:
        """Returns a value and the steps that are left to take from it.

        Raises:
            EvaluationError: there is no such thing.
        """

    def plain(self, type_: str, name: str, attribute: str) -> Expression | None:
        """Returns `type.name.attribute` of a resource of which there is one; None when it takes more to tell."""

    def file_function(self, name: str, arguments: list[Value], scope: Scope) -> Value:
        """Returns what a function reads from a file.

        Raises:
            EvaluationError: it is no such function, or it cannot read the file.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The names of a module, and those of one place: `each`, `count`, the iterator of a `dynamic` or a `for`."""

    names: Names
    local: Mapping[str, Value] = field(default_factory=dict)

    def with_names(self, more: Mapping[str, Value]) -> Scope:
        """Returns the scope inside of something that gives names."""
        return Scope(names=self.names, local={**self.local, **more})


def evaluate(node: Node, scope: Scope) -> Value:
    """Returns the value of an expression; what cannot be known stays an `Expression`, as small as possible."""
    try:
        return _of(node, scope)
    except (EvaluationError, RecursionError):
        return _unknown(node, scope)


def _unknown(node: Node, scope: Scope) -> Expression:
    """What is written, with everything in it that it refers to; two such texts need not be equal values."""
    references: dict[Reference, None] = {}
    for term in _terms(node):
        try:
            for found in expressions_in(_term(term, scope)):
                references.update(dict.fromkeys(found.references))
        except EvaluationError:
            continue
    return Expression(text=f"${{{text_of(node)}}}", references=tuple(references), is_whole=False)


def _terms(node: Node) -> Iterator[Sequence[Node]]:
    """Yields the uses of names in an expression, such as `aws_s3_bucket.a.arn`."""
    children = node.children
    for index, child in enumerate(children):
        if child.type == "variable_expr":
            end = next((i for i in range(index + 1, len(children)) if children[i].type not in _STEPS), len(children))
            yield children[index:end]
        yield from _terms(child)


def _of(node: Node, scope: Scope) -> Value:
    kind = node.type
    if kind == "expression":
        return _term(node.children, scope)
    handler = KINDS.get(kind)
    if handler is None:
        raise EvaluationError(f"{kind} is not computed here")
    return handler(node, scope)


def _term(nodes: Sequence[Node], scope: Scope) -> Value:
    """Returns the value of an operand: something, and the steps that are taken from it."""
    nodes = [node for node in nodes if node.type != "comment"]
    if not nodes:
        raise EvaluationError("nothing")
    first, rest = nodes[0], nodes[1:]
    if first.type == "(":
        return _walk(_of(nodes[1], scope), _steps(nodes[3:], scope))
    if first.type == "variable_expr":
        value, steps = _named(text_of(first), _steps(rest, scope), scope)
        return _walk(value, steps)
    return _walk(_of(first, scope), _steps(rest, scope))


def _named(name: str, steps: Sequence[Step], scope: Scope) -> tuple[Value, Sequence[Step]]:
    if name in scope.local:
        return scope.local[name], steps
    return scope.names.resolve(name, steps)


_STEPS = ("get_attr", "index", "splat")


def _steps(nodes: Sequence[Node], scope: Scope) -> list[Step]:
    found: list[Step] = []
    for node in nodes:
        if node.type == "get_attr":
            found.append(Attribute(text_of(node.children[-1])))
        elif node.type == "splat":
            found.append(Splat())
            found += _steps(node.children[0].children[1:], scope)
        elif node.type == "index":
            found.append(_index(node.children[0], scope))
        else:
            raise EvaluationError(f"{node.type} is not computed here")
    return found


def _index(node: Node, scope: Scope) -> Step:
    if node.type == "legacy_index":
        return Attribute(int(text_of(node).lstrip(".")))
    value = evaluate(node.children[1], scope)
    if isinstance(value, str):
        return Attribute(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Attribute(int(value))
    return AnyIndex(render(value))


def _walk(value: Value, steps: Sequence[Step]) -> Value:
    for position, step in enumerate(steps):
        if isinstance(step, Splat) and not isinstance(value, Expression):
            items = value if isinstance(value, list) else [] if value is None else [value]
            return [_walk(item, steps[position + 1 :]) for item in items]
        value = _taken(value, step)
    return value


def _taken(value: Value, step: Step) -> Value:
    if isinstance(value, Expression):
        return extended(value, step)
    if isinstance(step, AnyIndex) and isinstance(value, dict | list):
        return combined(f"{render(value)}[{step.text}]", value, is_whole=False)
    if isinstance(step, Attribute) and isinstance(value, dict) and str(step.name) in value:
        return value[str(step.name)]
    if isinstance(step, Attribute) and isinstance(value, list) and str(step.name).isdigit():
        index = int(step.name)
        if index < len(value):
            return value[index]
    raise EvaluationError("no such element")


def extended(value: Expression, step: Step) -> Expression:
    """Returns what is read of something that is not known; a reference to a resource grows by the attribute."""
    suffix = _suffix(step)
    text = f"{_inner(value)}{suffix}"
    references = value.references
    if len(references) == 1 and _inner(value).startswith(references[0].address):
        (one,) = references
        references = (Reference(address=one.address, attribute=f"{one.attribute}{suffix}".removeprefix(".")),)
    return Expression(text=f"${{{text}}}", references=references, is_whole=value.is_whole and bool(value.text))


def _suffix(step: Step) -> str:
    match step:
        case Splat():
            return "[*]"
        case AnyIndex(text):
            return f"[{text}]"
        case Attribute(int(index)):
            return f"[{index}]"
        case Attribute(name) if str(name).replace("-", "_").isidentifier():
            return f".{name}"
        case Attribute(name):
            return f"[{json.dumps(name)}]"


def _inner(value: Expression) -> str:
    """Returns what stands between `${` and `}` of an expression, or a template in quotes."""
    if value.text.startswith("${") and value.text.endswith("}") and value.text.find("}") == len(value.text) - 1:
        return value.text[2:-1]
    return value.text[2:-1] if value.text.startswith("${") and not _is_template(value.text) else json.dumps(value.text)


def _is_template(text: str) -> bool:
    """Whether text is more than one `${...}`."""
    depth = 0
    for index in range(1, len(text)):
        if text[index] == "{":
            depth += 1
        elif text[index] == "}":
            depth -= 1
            if depth == 0:
                return index < len(text) - 1
    return True


def render(value: Value) -> str:
    """Returns a value as an operand of an expression."""
    if isinstance(value, Expression):
        return _inner(value) if value.text else "unknown"
    if isinstance(value, list):
        return f"[{', '.join(map(render, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)} = {render(item)}' for key, item in value.items())}}}"
    return json.dumps(value)


def combined(text: str, *values: Value, is_whole: bool = True) -> Expression:
    """Returns an expression made of values of which some are not known; `text` without `${` and `}`."""
    found = [expression for value in values for expression in expressions_in(value)]
    references = dict.fromkeys(reference for expression in found for reference in expression.references)
    is_told = all(expression.text and expression.is_whole for expression in found)
    return Expression(text=f"${{{text}}}", references=tuple(references), is_whole=is_whole and is_told)


def _is_unknown(*values: Value) -> bool:
    return any(True for value in values for _ in expressions_in(value))


def _literal(node: Node, scope: Scope) -> Value:
    child = node.children[0]
    match child.type:
        case "numeric_lit":
            return to_number(text_of(child))
        case "bool_lit":
            return text_of(child) == "true"
        case "null_lit":
            return None
    return _of(child, scope)


def _operation(node: Node, scope: Scope) -> Value:
    inner = node.children[0]
    children = inner.children
    if inner.type == "unary_operation":
        return _unary(text_of(children[0]), _term(children[1:], scope))
    position = next(i for i, child in enumerate(children) if _is_operator(child.type))
    sign = children[position].type
    left = _operand(children[:position], scope)
    if sign in _LOGICAL and left is (sign == "||"):
        return left
    right = _operand(children[position + 1 :], scope)
    return _binary(sign, left, right)


def _operand(nodes: Sequence[Node], scope: Scope) -> Value:
    try:
        return _term(nodes, scope)
    except EvaluationError:
        return Expression()


def _is_operator(kind: str) -> bool:
    return kind in _OPERATORS or kind in _EQUAL or kind in _LOGICAL


def _unary(sign: str, value: Value) -> Value:
    if _is_unknown(value):
        return combined(f"{sign}{render(value)}", value)
    if sign == "!":
        return not to_bool(value)
    return -(to_number(value) or 0)


def _binary(sign: str, left: Value, right: Value) -> Value:
    if sign in _LOGICAL and right is (sign == "||"):
        return right
    if _is_unknown(left, right):
        return combined(f"{render(left)} {sign} {render(right)}", left, right)
    if sign in _EQUAL:
        return _is_equal(left, right) is (sign == "==")
    if sign in _LOGICAL:
        return bool(to_bool(right))
    a, b = to_number(left), to_number(right)
    if a is None or b is None or (sign in "/%" and b == 0):
        raise EvaluationError("no number")
    value = _OPERATORS[sign](a, b)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_equal(left: Value, right: Value) -> bool:
    """Terraform's equality: of one type, so that "1" is not 1 and 1 is not true."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _conditional(node: Node, scope: Scope) -> Value:
    condition, yes, no = (child for child in node.children if child.type == "expression")
    known = evaluate(condition, scope)
    if isinstance(known, Expression):
        return _either(known, evaluate(yes, scope), evaluate(no, scope))
    return _of(yes if to_bool(known) else no, scope)


def _either(condition: Expression, yes: Value, no: Value) -> Value:
    if not _is_unknown(yes, no) and yes == no and isinstance(yes, bool) == isinstance(no, bool):
        return yes
    whole = combined(f"{render(condition)} ? {render(yes)} : {render(no)}", yes, no)
    return Expression(text=whole.text, references=whole.references, is_whole=whole.is_whole and condition.is_whole)


def _function(node: Node, scope: Scope) -> Value:
    name = text_of(node.children[0])
    listed = [child for child in node.children if child.type == "function_arguments"]
    written = [child for one in listed for child in one.children if child.type == "expression"]
    if name in ("try", "can", "coalesce", "coalescelist"):
        return _first(name, written, scope)
    arguments = [_of(one, scope) for one in written]
    if any(child.type == "ellipsis" for one in listed for child in one.children):
        *arguments, last = arguments
        if not isinstance(last, list):
            raise EvaluationError("arguments that are not known")
        arguments += last
    if name in ("jsonencode", "join", "format"):
        return templated(name, arguments)
    try:
        return functions.call(name, arguments)
    except EvaluationError:
        return _from_file_or_unknown(name, arguments, scope)


def _from_file_or_unknown(name: str, arguments: list[Value], scope: Scope) -> Value:
    try:
        return scope.names.file_function(name, arguments, scope)
    except EvaluationError:
        if not _is_unknown(*arguments):
            raise
        return combined(f"{name}({', '.join(map(render, arguments))})", *arguments)


def _first(name: str, written: Sequence[Node], scope: Scope) -> Value:
    """`try`, `can` and `coalesce`: the first argument that does; one that is not known ends the search."""
    for one in written:
        try:
            value = _of(one, scope)
        except EvaluationError:
            if name.startswith("coalesce"):
                raise
            continue
        if name == "can":
            return combined(f"can({render(value)})", value) if isinstance(value, Expression) else True
        if name == "try" or isinstance(value, Expression) or value not in (None, "", []):
            return value
    if name == "can":
        return False
    raise EvaluationError(f"{name} of nothing")


def templated(name: str, arguments: list[Value]) -> Value:
    """Returns text of known and unknown parts: the unknown stay `${...}` in it."""
    if not _is_unknown(*arguments):
        return functions.call(name, arguments)
    first, *rest = arguments
    if name == "jsonencode" and not isinstance(first, Expression):
        return combined_text(json.dumps(_jsonable(first)), first)
    if name == "join" and isinstance(first, str) and all(isinstance(one, list) for one in rest):
        items = [item for one in rest if isinstance(one, list) for item in one]
        return combined_text(escaped(first).join(map(template_part, items)), *items)
    if name == "format" and isinstance(first, str):
        return combined_text(str(functions.call(name, [escaped(first), *map(template_part, rest)])), *rest)
    return combined(f"{name}({', '.join(map(render, arguments))})", *arguments)


def _jsonable(value: Value) -> object:
    if isinstance(value, dict):
        return {escaped(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_jsonable(item) for item in value]
    return template_part(value) if isinstance(value, str | Expression) else value


def combined_text(text: str, *values: Value) -> Expression:
    """Returns a template; `text` with its `${...}` and with known parts escaped."""
    made = combined("", *values)
    return Expression(text=text, references=made.references, is_whole=made.is_whole)


def template_part(value: Value) -> str:
    """Returns a value as it stands in a template: known text escaped, the unknown as `${...}`."""
    if isinstance(value, Expression):
        return value.text or "${unknown}"
    return escaped(as_text(value))


def escaped(text: str) -> str:
    """Returns known text as a template that means it."""
    return text.replace("${", "$${").replace("%{", "%%{") if "{" in text else text


def _collection(node: Node, scope: Scope) -> Value:
    inner = node.children[0]
    if inner.type == "tuple":
        return [evaluate(child, scope) for child in inner.children if child.type == "expression"]
    found: dict[str, Value] = {}
    for element in (child for child in inner.children if child.type == "object_elem"):
        key, value = (child for child in element.children if child.type == "expression")
        name = _key(key, scope)
        if name is None:
            raise EvaluationError("a key that is not known")
        found[name] = evaluate(value, scope)
    return found


def _key(node: Node, scope: Scope) -> str | None:
    """A bare word is the key itself: https://developer.hashicorp.com/terraform/language/expressions/types#maps-objects."""
    children = [child for child in node.children if child.type != "comment"]
    if len(children) == 1 and children[0].type == "variable_expr":
        return text_of(children[0])
    value = evaluate(node, scope)
    return None if isinstance(value, Expression | list | dict) or value is None else as_text(value)


def _for(node: Node, scope: Scope) -> Value:
    inner = node.children[0]
    intro = next(child for child in inner.children if child.type == "for_intro")
    names = [text_of(child) for child in intro.children if child.type == "identifier"]
    over = evaluate(next(child for child in intro.children if child.type == "expression"), scope)
    bodies = [child for child in inner.children if child.type == "expression"]
    condition = next((child for child in inner.children if child.type == "for_cond"), None)
    scopes = (scope.with_names(dict(zip(names, row[-len(names) :], strict=True))) for row in items_of(over))
    kept = [one for one in scopes if condition is None or _holds(condition, one)]
    if inner.type == "for_tuple_expr":
        return [evaluate(bodies[0], one) for one in kept]
    return _for_object(inner, bodies, kept)


def _for_object(inner: Node, bodies: Sequence[Node], scopes: Iterable[Scope]) -> Value:
    is_grouped = any(child.type == "ellipsis" for child in inner.children)
    found: dict[str, Value] = {}
    for scope in scopes:
        key = evaluate(bodies[0], scope)
        if isinstance(key, Expression):
            raise EvaluationError("a key that is not known")
        value = evaluate(bodies[1], scope)
        group = found.get(as_text(key), [])
        found[as_text(key)] = [*group, value] if is_grouped and isinstance(group, list) else value
    return found


def _holds(condition: Node, scope: Scope) -> bool:
    value = evaluate(next(child for child in condition.children if child.type == "expression"), scope)
    if isinstance(value, Expression):
        raise EvaluationError("a condition that is not known")
    return bool(to_bool(value))


def items_of(value: Value) -> list[tuple[Value, Value]]:
    """Returns the (key, value) that a `for` walks.

    Raises:
        EvaluationError: it is not known, no collection, or too large.
    """
    if isinstance(value, dict):
        pairs: list[tuple[Value, Value]] = [(key, value[key]) for key in sorted(value)]
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    else:
        raise EvaluationError("nothing to walk")
    if len(pairs) > _MOST_ITEMS:
        raise EvaluationError("too many")
    return pairs


def _inside(node: Node, scope: Scope) -> Value:
    return _of(node.children[0], scope)


KINDS: dict[str, Callable[[Node, Scope], Value]] = {
    "literal_value": _literal,
    "template_expr": _inside,
    "operation": _operation,
    "conditional": _conditional,
    "function_call": _function,
    "collection_value": _collection,
    "for_expr": _for,
}
"""What evaluates each kind of node; templates.py, whose text holds expressions again, adds its own."""
