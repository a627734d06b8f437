"""Refuses in an XML request what AWS's own API model forbids: lengths, ranges, patterns and words of a list.

Knows no AWS service: the constraints are botocore's. https://smithy.io/2.0/spec/constraint-traits.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element

from localcloud.gateway.rest_routes import operation_name, segments_of
from localcloud.gateway.wire import Request
from localcloud.gateway.xml_tree import parse_xml

Shape = Any  # botocore.model.Shape and its kinds, which have no types
_NUMBERS = frozenset({"integer", "long", "float", "double"})


def violations(service: str, request: Request) -> list[str]:
    """Return what in a request's body breaks the model, in AWS's words; nothing for one without a body.

    Raises:
        ServiceError: 400 MalformedXML.
    """
    if not request.body or request.method not in {"POST", "PUT"}:
        return []
    name = operation_name(service, request.method, segments_of(request.raw_path))
    shape = None if name is None else _body_shape(service, name)
    return [] if shape is None else list(_of(parse_xml(request.body), shape, ""))


@lru_cache(maxsize=128)
def _body_shape(service: str, operation: str) -> Shape | None:
    import botocore.session  # 0.1 s, and only requests with a body need it

    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape
    if shape is None:
        return None
    payload = shape.serialization.get("payload")
    body = shape.members[payload] if payload else shape
    return body if body.type_name == "structure" else None


def _of(node: Element, shape: Shape, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            for child in _children(node, name, member):
                yield from _of(child, member, f"{path}.{name}".lstrip("."))
    elif shape.type_name == "list":
        items = list(node)
        yield from _range(len(items), shape, path, "length")
        for number, item in enumerate(items, start=1):
            yield from _of(item, shape.member, f"{path}.{number}.member")
    elif shape.type_name in _NUMBERS:
        yield from _number(node, shape, path)
    elif shape.type_name == "string" and node.text:
        yield from _text(node.text, shape, path)


def _children(node: Element, name: str, member: Shape) -> list[Element]:
    if member.serialization.get("location"):
        return []  # in the path, the query or a header
    if member.serialization.get("flattened"):
        return [node]
    return node.findall(member.serialization.get("name", name))


def _number(node: Element, shape: Shape, path: str) -> Iterator[str]:
    try:
        value = float(node.text or "")
    except ValueError:
        yield _problem(node.text, path, "Member must be a number")
    else:
        yield from _range(value, shape, path, "value")


def _text(text: str, shape: Shape, path: str) -> Iterator[str]:
    if shape.enum and text not in shape.enum:
        yield _problem(text, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    yield from _range(len(text), shape, path, "length", shown=text)
    pattern = _expression(shape.metadata.get("pattern", ""))
    if pattern is not None and not pattern.fullmatch(text):
        yield _problem(text, path, f"Member must satisfy regular expression pattern: {pattern.pattern}")


def _range(number: float, shape: Shape, path: str, what: str, *, shown: str | None = None) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    shown = f"{number:g}" if shown is None else shown
    if low is not None and number < low:
        yield _problem(shown, path, f"Member must have {what} greater than or equal to {low}")
    if high is not None and number > high:
        yield _problem(shown, path, f"Member must have {what} less than or equal to {high}")


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str] | None:
    """Compile one; None without one and for Java's own classes, which Python does not know."""
    try:
        return re.compile(pattern) if pattern else None
    except re.error:
        return None


def _problem(value: str | None, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"
