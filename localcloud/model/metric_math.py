"""CloudWatch metric math, as far as it is arithmetic between metrics of one period.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html . Functions such as IF, FILL and METRICS are
refused by name.
"""

import ast
import operator
from collections.abc import Callable, Mapping

from localcloud.model.errors import UnsupportedResource

_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def evaluate_expression(expression: str, values: Mapping[str, float | None]) -> float | None:
    """Return the expression's value for one period; None when an operand has no data, or on a division by zero.

    Args:
        expression: such as `path * (1 - region)`.
        values: query id -> data point.

    Raises:
        UnsupportedResource: a function, or an operator other than + - * /.
    """
    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError as error:
        raise _refused(expression, "it is not arithmetic") from error
    try:
        return _value(tree, expression, values)
    except ZeroDivisionError:
        return None


def _value(node: ast.expr, expression: str, values: Mapping[str, float | None]) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = _value(operand, expression, values)
            return None if value is None else -value
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            one, other = _value(left, expression, values), _value(right, expression, values)
            return None if one is None or other is None else _OPERATORS[type(op)](one, other)
        case _:
            raise _refused(expression, f"{ast.unparse(node)} is neither arithmetic nor a query id")


def _refused(expression: str, reason: str) -> UnsupportedResource:
    return UnsupportedResource(f"metric math {expression!r}", reason=reason, remedy="use + - * / and parentheses")
