"""Terraform's type constraints, as far as docs/OUTPUTS.md uses them: does a value have a type?

https://developer.hashicorp.com/terraform/language/expressions/type-constraints
"""

import re
from typing import Any

_TOKEN = re.compile(r"[a-z_]+|[({})=,]")
_SCALARS: dict[str, tuple[type, ...]] = {"string": (str,), "number": (int, float), "bool": (bool,)}


def problems(value: Any, type_: str, *, at: str = "value") -> list[str]:
    """Returns where a value differs from a type; an expression, `${...}`, may be anything."""
    return list(_Checker(type_).check(value, at))


class _Checker:
    def __init__(self, type_: str) -> None:
        self._parsed = _parse(_TOKEN.findall(type_))

    def check(self, value: Any, at: str) -> list[str]:
        return _check(value, self._parsed, at)


def _parse(tokens: list[str]) -> Any:
    """Returns ("string",), ("list", type), ("object", {key: (type, is_optional)})."""
    parsed = _take(tokens)
    assert not tokens, f"not a type: {tokens} is left"
    return parsed


def _take(tokens: list[str]) -> Any:
    kind = tokens.pop(0)
    if kind in ("list", "map", "optional"):
        assert tokens.pop(0) == "("
        inner = _take(tokens)
        assert tokens.pop(0) == ")"
        return kind, inner
    if kind == "object":
        assert [tokens.pop(0), tokens.pop(0)] == ["(", "{"]
        keys: dict[str, Any] = {}
        while tokens[0] != "}":
            name, equals = tokens.pop(0), tokens.pop(0)
            assert equals == "="
            keys[name] = _take(tokens)
            if tokens[0] == ",":
                tokens.pop(0)
        assert [tokens.pop(0), tokens.pop(0)] == ["}", ")"]
        return kind, keys
    assert kind in (*_SCALARS, "any"), f"not a type: {kind}"
    return (kind,)


def _check(value: Any, parsed: Any, at: str) -> list[str]:
    kind, *rest = parsed
    if kind == "any" or (isinstance(value, str) and value.startswith("${")):
        return []
    if kind in _SCALARS:
        is_right = isinstance(value, _SCALARS[kind]) and (kind == "bool" or not isinstance(value, bool))
        return [] if is_right else [f"{at} is {value!r}, not a {kind}"]
    if kind == "optional":
        return [] if value is None else _check(value, rest[0], at)
    if kind == "list":
        if not isinstance(value, list):
            return [f"{at} is {value!r}, not a list"]
        return [one for index, item in enumerate(value) for one in _check(item, rest[0], f"{at}[{index}]")]
    if not isinstance(value, dict):
        return [f"{at} is {value!r}, not a {kind}"]
    if kind == "map":
        return [one for key, item in value.items() for one in _check(item, rest[0], f"{at}.{key}")]
    return _check_object(value, rest[0], at)


def _check_object(value: dict[str, Any], keys: dict[str, Any], at: str) -> list[str]:
    required = {key for key, type_ in keys.items() if type_[0] != "optional"}
    found = [f"{at} lacks {key}" for key in sorted(required - value.keys())]
    found += [f"{at} has {key}, which its type does not" for key in sorted(value.keys() - keys.keys())]
    return found + [one for key in value.keys() & keys.keys() for one in _check(value[key], keys[key], f"{at}.{key}")]
