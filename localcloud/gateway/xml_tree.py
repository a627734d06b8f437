"""XML of AWS's REST APIs: parsed without namespaces, written with one. Knows no AWS service."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

from localcloud.gateway.errors import ServiceError


def parse_xml(body: bytes) -> Element:
    """Parse a document and drop its namespaces, so that handlers use AWS's plain element names.

    Raises:
        ServiceError: 400 MalformedXML.
    """
    try:
        root = ET.fromstring(body)  # noqa: S314 - loopback clients that act for the user
    except ET.ParseError as error:
        raise ServiceError(400, "MalformedXML", f"The XML document is malformed: {error}") from error
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
    return root


def element(tag: str, *children: Element) -> Element:
    """Return an element with children."""
    node = Element(tag)
    node.extend(children)
    return node


def text_element(tag: str, value: object) -> Element:
    """Return an element with text; booleans are written as XML writes them."""
    node = Element(tag)
    node.text = str(value).lower() if isinstance(value, bool) else str(value)
    return node


def error_tree(error: ServiceError) -> Element:
    """Return the ErrorResponse that CloudFront and Route 53 answer a refused request with."""
    details = element(
        "Error",
        text_element("Type", "Sender"),
        text_element("Code", error.code),
        text_element("Message", error.message),
    )
    return element("ErrorResponse", details, text_element("RequestId", "localcloud"))


def quantity_list(tag: str, items: Iterable[Element], *extra: Element) -> Element:
    """Return CloudFront's list shape: Quantity, and Items when there are any."""
    children = list(items)
    node = element(tag, *extra, text_element("Quantity", len(children)))
    if children:
        node.append(element("Items", *children))
    return node


def renamed_copy(node: Element, tag: str) -> Element:
    """Return a deep copy under another name."""
    duplicate = copy.deepcopy(node)
    duplicate.tag = tag
    return duplicate


def flag(node: Element, path: str) -> bool:
    """Return whether the element at `path` says true; an absent one does not."""
    return (node.findtext(path) or "").strip().lower() == "true"


def same_xml(left: Element, right: Element) -> bool:
    """Return whether two trees hold the same elements and texts, whitespace around texts aside."""
    return (
        left.tag == right.tag
        and (left.text or "").strip() == (right.text or "").strip()
        and len(left) == len(right)
        and all(map(same_xml, left, right))
    )


def serialize_xml(root: Element, namespace: str) -> bytes:
    """Write a document whose elements all belong to one namespace."""
    document = copy.copy(root)
    if namespace:
        document.set("xmlns", namespace)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(document)
