"""Terraform's functions over known values; those that read files are in files.py.

https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

import base64
import ipaddress
import itertools
import json
import math
import posixpath
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn
from urllib.parse import quote

from scripts.lint.values import Expression, Value, expressions_in

Function = Callable[..., Any]
_MOST_ITEMS = 10_000


class EvaluationError(Exception):
    """Terraform would refuse the expression, or nothing here can compute it: its value is not known."""


def call(name: str, arguments: list[Value]) -> Value:
    """Returns what a function returns.

    Raises:
        EvaluationError: it is not known here, needs an argument that is not known, or would fail.
    """
    function = _OF_PARTS.get(name)
    if function is None:
        function = _OF_KNOWN.get(name)
        if any(True for argument in arguments for _ in expressions_in(argument)):
            raise EvaluationError(f"{name} of what is not known")
    elif any(isinstance(argument, Expression) for argument in arguments):
        raise EvaluationError(f"{name} of what is not known")
    if function is None:
        raise EvaluationError(f"{name} is not computed here")
    try:
        value: Value = function(*arguments)
    except (TypeError, ValueError, KeyError, IndexError, ArithmeticError, AttributeError, re.error) as error:
        raise EvaluationError(f"{name}: {error}") from error
    return value


def as_text(value: Value) -> str:
    """Returns a value as Terraform puts it into a string.

    Raises:
        EvaluationError: it is no string, number or boolean.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value)
    raise EvaluationError("no text")


def to_number(value: Value) -> int | float | None:
    """Returns a number, also of text.

    Raises:
        EvaluationError: it is none.
    """
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    try:
        number = float(value if isinstance(value, str) else "x")
    except ValueError as error:
        raise EvaluationError("no number") from error
    return int(number) if number.is_integer() else number


def to_bool(value: Value) -> bool | None:
    """Returns a boolean, also of text.

    Raises:
        EvaluationError: it is none.
    """
    if value is None or isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise EvaluationError("no boolean")


def to_set(items: Value) -> list[Value]:
    """Returns the elements once each, text in order, as Terraform walks a set; what is not known may repeat another."""
    found: list[Value] = []
    for item in items if isinstance(items, list) else _fail("no list"):
        if item not in found:
            found.append(item)
    return sorted(found, key=str) if all(isinstance(item, str) for item in found) else found


def _fail(reason: str) -> NoReturn:
    raise EvaluationError(reason)


def _merge(*maps: Value) -> dict[str, Value]:
    return {key: value for one in maps for key, value in (one.items() if isinstance(one, dict) else ())}


def _concat(*lists: list[Value]) -> list[Value]:
    return list(itertools.chain(*lists))


def _flatten(items: list[Value]) -> list[Value]:
    found: list[Value] = []
    for item in items:
        if isinstance(item, Expression):
            raise EvaluationError("a list that is not known")
        found += _flatten(item) if isinstance(item, list) else [item]
    return found


def _flatten_known(items: list[Value]) -> list[Value]:
    """An element that is not known may be a list; one beside text is none, since Terraform's lists are of one type."""
    if any(isinstance(item, str) for item in items):
        return list(items)
    return _flatten(items)


def _element(items: list[Value], index: Value) -> Value:
    return items[int(to_number(index) or 0) % len(items)]


def _lookup(map_: dict[str, Value], key: str, *default: Value) -> Value:
    return map_[key] if key in map_ or not default else default[0]


def _length(value: Value) -> int:
    return len(value) if isinstance(value, str | list | dict) else _fail("no length")


def _keys(map_: dict[str, Value]) -> list[Value]:
    return [*sorted(map_)]


def _values(map_: dict[str, Value]) -> list[Value]:
    return [map_[key] for key in sorted(map_)]


def _one(items: list[Value]) -> Value:
    return items[0] if len(items) == 1 else None if not items else _fail("more than one")


def _slice(items: list[Value], start: int, end: int) -> list[Value]:
    return items[start:end] if 0 <= start <= end <= len(items) else _fail("out of range")


def _zipmap(keys: list[str], values: list[Value]) -> dict[str, Value]:
    return dict(zip(keys, values, strict=True))


def _contains(items: list[Value], value: Value) -> bool:
    if isinstance(value, Expression):
        raise EvaluationError("not known")
    if value in items:
        return True
    if any(True for item in items for _ in expressions_in(item)):
        raise EvaluationError("not known")
    return False


def _coalesce(*values: Value) -> Value:
    return next(value for value in values if value not in (None, ""))


def _compact(items: list[Value]) -> list[Value]:
    return [item for item in items if item not in (None, "")]


def _setproduct(*sets: list[Value]) -> list[Value]:
    if math.prod(len(one) for one in sets) > _MOST_ITEMS:
        raise EvaluationError("too many")
    return [list(items) for items in itertools.product(*sets)]


def _range(*limits: int) -> list[Value]:
    found = range(*limits)
    return list(found) if len(found) <= _MOST_ITEMS else _fail("too many")


def _sort(items: list[Value]) -> list[Value]:
    return [*sorted((as_text(item) for item in items), key=str.encode)]


def _distinct(items: list[Value]) -> list[Value]:
    found: list[Value] = []
    for item in items:
        if item not in found:
            found.append(item)
    return found


def _chunklist(items: list[Value], size: int) -> list[Value]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _transpose(map_: dict[str, list[str]]) -> dict[str, Value]:
    found: dict[str, list[Value]] = {}
    for key in sorted(map_):
        for value in map_[key]:
            found.setdefault(value, []).append(key)
    return dict(sorted(found.items()))


def _substr(text: str, offset: int, length: int) -> str:
    tail = text[offset:]
    return tail if length < 0 else tail[:length]


def _replace(text: str, old: str, new: str) -> str:
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        return re.sub(_python_pattern(old[1:-1]), re.sub(r"\$\{?(\w+)\}?", r"\\g<\1>", new), text)
    return text.replace(old, new)


def _python_pattern(pattern: str) -> str:
    return pattern.replace("(?i)", "(?i)").replace("[[:alnum:]]", "[A-Za-z0-9]").replace("[[:alpha:]]", "[A-Za-z]")


def _groups(match: re.Match[str]) -> Value:
    if match.groupdict():
        return dict(match.groupdict())
    return list(match.groups()) if match.groups() else match[0]


def _regex(pattern: str, text: str) -> Value:
    match = re.search(_python_pattern(pattern), text)
    return _groups(match) if match else _fail("no match")


def _regexall(pattern: str, text: str) -> list[Value]:
    return [_groups(match) for match in re.finditer(_python_pattern(pattern), text)]


def _format(spec: str, *values: Value) -> str:
    remaining = list(values)

    def spelled(match: re.Match[str]) -> str:
        if match["verb"] == "%":
            return "%"
        position = int(match["index"]) - 1 if match["index"] else None
        value = values[position] if position is not None else remaining.pop(0)
        return _spelled(match["flags"], match["verb"], value)

    return re.sub(r"%(?:\[(?P<index>\d+)\])?(?P<flags>[-+ #0]*\d*(?:\.\d+)?)(?P<verb>[%a-zA-Z])", spelled, spec)


def _spelled(flags: str, verb: str, value: Value) -> str:
    if verb in "sv" and not isinstance(value, list | dict) and value is not None:
        return f"%{flags}s" % as_text(value)
    if verb == "q":
        return json.dumps(as_text(value))
    if verb in "dxXob" and (number := to_number(value)) is not None:
        return format(int(number), "b") if verb == "b" else f"%{flags}{verb}" % int(number)
    if verb in "feEgG" and (number := to_number(value)) is not None:
        return f"%{flags}{verb}" % float(number)
    return to_json(value)


def to_json(value: Value) -> str:
    """Returns known values as `jsonencode` writes them: no spaces, keys in order."""
    return json.dumps(_whole_numbers(value), separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def _whole_numbers(value: Value) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole_numbers(item) for key, item in value.items()}
    return [_whole_numbers(item) for item in value] if isinstance(value, list) else value


def _formatlist(spec: str, *values: Value) -> list[Value]:
    length = max((len(value) for value in values if isinstance(value, list)), default=1)
    spread = [value if isinstance(value, list) else [value] * length for value in values]
    return [_format(spec, *row) for row in zip(*spread, strict=True)]


def _join(separator: str, *lists: list[Value]) -> str:
    return separator.join(as_text(item) for items in lists for item in items)


def _title(text: str) -> str:
    return re.sub(r"(^|\s)(\w)", lambda match: match[1] + match[2].upper(), text)


def _indent(spaces: int, text: str) -> str:
    return text.replace("\n", "\n" + " " * spaces)


def _trim(text: str, cutset: str) -> str:
    return text.strip(cutset)


def _cidrsubnet(prefix: str, bits: int, number: int) -> str:
    network = ipaddress.ip_network(prefix)
    length = network.prefixlen + bits
    first = int(network.network_address) + (number << (network.max_prefixlen - length))
    return f"{ipaddress.ip_address(first)}/{length}"


def _cidrhost(prefix: str, number: int) -> str:
    return str(ipaddress.ip_network(prefix)[number])


def _sum(items: list[Value]) -> int | float:
    return sum(to_number(item) or 0 for item in items)


def _as_list(items: Value) -> list[Value]:
    return list(items.values()) if isinstance(items, dict) else list(items)  # type: ignore[arg-type]


def _as_map(value: Value) -> dict[str, Value]:
    return dict(value) if isinstance(value, dict) else _fail("no map")


def _digest(name: str) -> Function:
    def digest(text: str) -> str:
        import hashlib  # loads OpenSSL, which few configurations need

        return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

    return digest


# Take lists and maps of which some parts are not known.
_OF_PARTS: Mapping[str, Function] = {
    "concat": _concat,
    "contains": _contains,
    "element": _element,
    "flatten": _flatten_known,
    "index": lambda items, value: items.index(value),
    "keys": _keys,
    "length": _length,
    "list": lambda *items: list(items),
    "lookup": _lookup,
    "merge": _merge,
    "nonsensitive": lambda value: value,
    "one": _one,
    "reverse": lambda items: items[::-1],
    "sensitive": lambda value: value,
    "setproduct": _setproduct,
    "slice": _slice,
    "tolist": _as_list,
    "tomap": _as_map,
    "toset": to_set,
    "values": _values,
    "zipmap": _zipmap,
}
_OF_KNOWN: Mapping[str, Function] = {
    "abs": abs,
    "alltrue": lambda items: all(to_bool(item) for item in items),
    "anytrue": lambda items: any(to_bool(item) for item in items),
    "base64decode": lambda text: base64.b64decode(text).decode(),
    "base64encode": lambda text: base64.b64encode(text.encode()).decode(),
    "basename": posixpath.basename,
    "ceil": math.ceil,
    "chomp": lambda text: text.rstrip("\r\n"),
    "chunklist": _chunklist,
    "cidrhost": _cidrhost,
    "cidrnetmask": lambda prefix: str(ipaddress.ip_network(prefix).netmask),
    "cidrsubnet": _cidrsubnet,
    "coalesce": _coalesce,
    "coalescelist": lambda *lists: next(items for items in lists if items),
    "compact": _compact,
    "dirname": posixpath.dirname,
    "distinct": _distinct,
    "endswith": str.endswith,
    "floor": math.floor,
    "format": _format,
    "formatlist": _formatlist,
    "indent": _indent,
    "join": _join,
    "jsondecode": json.loads,
    "jsonencode": to_json,
    "log": math.log,
    "lower": lambda text: as_text(text).lower(),
    "matchkeys": lambda values, keys, wanted: [v for v, k in zip(values, keys, strict=True) if k in wanted],
    "max": lambda *numbers: max(to_number(number) or 0 for number in numbers),
    "md5": _digest("md5"),
    "min": lambda *numbers: min(to_number(number) or 0 for number in numbers),
    "parseint": int,
    "pow": lambda base, exponent: base**exponent if abs(exponent) < _MOST_ITEMS else _fail("too large"),
    "range": _range,
    "regex": _regex,
    "regexall": _regexall,
    "replace": _replace,
    "setintersection": lambda *sets: to_set([item for item in sets[0] if all(item in other for other in sets[1:])]),
    "setsubtract": lambda items, without: to_set([item for item in items if item not in without]),
    "setunion": lambda *sets: to_set(_concat(*sets)),
    "sha1": _digest("sha1"),
    "sha256": _digest("sha256"),
    "sha512": _digest("sha512"),
    "signum": lambda number: (number > 0) - (number < 0),
    "sort": _sort,
    "split": lambda separator, text: text.split(separator) if separator else list(text),
    "startswith": str.startswith,
    "strcontains": lambda text, part: part in text,
    "strrev": lambda text: text[::-1],
    "substr": _substr,
    "sum": _sum,
    "title": _title,
    "tobool": to_bool,
    "tonumber": to_number,
    "tostring": lambda value: None if value is None else as_text(value),
    "transpose": _transpose,
    "trim": _trim,
    "trimprefix": lambda text, prefix: text.removeprefix(prefix),
    "trimspace": str.strip,
    "trimsuffix": lambda text, suffix: text.removesuffix(suffix),
    "upper": lambda text: as_text(text).upper(),
    "urlencode": lambda text: quote(text, safe="~-_."),
}
