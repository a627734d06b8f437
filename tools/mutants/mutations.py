"""The mutants of a Python module: each says one thing differently. Pure.

The operators are the usual ones of mutation testing: comparisons, `and` and `or`, `not`, arithmetic, numbers, booleans,
conditions, return values. Texts are left alone: what a message says is no behaviour that a core module decides.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One changed module.

    Attributes:
        line: where.
        before: the expression or statement as it was.
        after: as it is in the mutant.
        within: of a number or a boolean, which says nothing by itself, the statement that it stands in; else "".
        make: makes the whole module, changed: Python as a tree, JavaScript as text. Most mutants are in no sample.
    """

    line: int
    before: str
    after: str
    within: str
    make: Callable[[], ast.Module | str]

    @property
    def name(self) -> str:
        """What was changed into what, without the line number, which moves."""
        return f"{self.before} -> {self.after}" + (f" in {self.within}" if self.within else "")


def mutants(source: str) -> list[Mutant]:
    """Returns every mutant of a module, in the order of its lines."""
    tree = ast.parse(source)
    statements = _statements(tree)
    found = [
        Mutant(
            line=getattr(node, "lineno", 0),
            before=_shown(node),
            after=_shown(changed),
            within=statements[node] if isinstance(node, ast.Constant) else "",
            make=partial(_with, tree, at, changed),
        )
        for at, node in enumerate(_nodes(tree))
        for changed in _changes(node)
    ]
    return sorted(found, key=lambda mutant: mutant.line)


def _statements(tree: ast.Module) -> dict[ast.AST, str]:
    """Returns each node's innermost statement, of one with a body its head."""
    found: dict[ast.AST, str] = {}
    for statement in ast.walk(tree):  # outer ones first
        if isinstance(statement, ast.stmt):
            head = ast.unparse(statement).strip().splitlines()[0]
            found |= dict.fromkeys(ast.walk(statement), head)
    return found


def _shown(node: ast.AST) -> str:
    """Returns an expression or statement, of a conditional statement its condition alone."""
    return f"if {ast.unparse(node.test)}" if isinstance(node, ast.If) else ast.unparse(node)


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yields what decides something: no annotations, decorators, messages of errors, f-strings or docstrings."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list", "exc", "msg", "type_params") or isinstance(
            tree, ast.JoinedStr
        ):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST):
                yield node
                yield from _nodes(node)


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARISONS:
            yield _changed(node, ops=[_COMPARISONS[type(op)]()])
        case ast.BoolOp(op=op):
            yield _changed(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.BinOp(op=op) if type(op) in _ARITHMETIC:
            yield _changed(node, op=_ARITHMETIC[type(op)]())
        case ast.Constant(value=bool() as value):
            yield _changed(node, value=not value)
        case ast.Constant(value=int() | float() as value):
            yield _changed(node, value=value + 1)
        case ast.IfExp(test=test) | ast.If(test=test):
            yield _changed(node, test=ast.UnaryOp(op=ast.Not(), operand=test))
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield _changed(node, value=ast.Constant(value=None))


def _changed(node: ast.AST, **fields: object) -> ast.AST:
    made = copy.copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def _with(tree: ast.Module, at: int, changed: ast.AST) -> ast.Module:
    """Returns a copy of the module in which the node at a place of `_nodes` is another one."""
    made = copy.deepcopy(tree)
    wanted = list(_nodes(made))[at]
    for parent in ast.walk(made):
        for name, value in ast.iter_fields(parent):
            if value is wanted:
                setattr(parent, name, changed)
            elif isinstance(value, list) and any(each is wanted for each in value):
                setattr(parent, name, [changed if each is wanted else each for each in value])
    return ast.fix_missing_locations(made)
