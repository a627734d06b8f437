"""The shapes that CloudFront's XML answers share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar
from xml.etree.ElementTree import Element

from localcloud.gateway.wire import Request, Response
from localcloud.gateway.xml_tree import element, quantity_list, serialize_xml, text_element

NAMESPACE = "http://cloudfront.amazonaws.com/doc/2020-05-31/"
PREFIX = "/2020-05-31"
BASE_URL = f"https://cloudfront.amazonaws.com{PREFIX}"
PAGE_SIZE = 100

_Item = TypeVar("_Item")


def xml_response(root: Element, *, status: int = 200, etag: str | None = None, location: str | None = None) -> Response:
    """Return a CloudFront XML answer; `location` is relative to the API's version."""
    headers = {"Content-Type": "text/xml"}
    if etag is not None:
        headers["ETag"] = etag
    if location is not None:
        headers["Location"] = f"{BASE_URL}/{location}"
    return Response(status=status, headers=headers, body=serialize_xml(root, NAMESPACE))


def page(
    request: Request, tag: str, items: Iterable[tuple[str, _Item]], render: Callable[[_Item], Element]
) -> Response:
    """Return one page of a list whose items come with their markers."""
    limit = int(request.query.get("MaxItems") or PAGE_SIZE)
    marker = request.query.get("Marker", "")
    following = sorted((entry for entry in items if entry[0] > marker), key=lambda entry: entry[0])
    shown, is_truncated = following[:limit], len(following) > limit
    extra = [text_element("Marker", marker), text_element("MaxItems", limit)]
    extra.append(text_element("IsTruncated", is_truncated))
    if is_truncated:
        extra.append(text_element("NextMarker", shown[-1][0]))
    return xml_response(quantity_list(tag, [render(item) for _, item in shown], *extra))


def no_content() -> Response:
    """Return the empty answer of deletions and tag changes."""
    return Response(status=204)


def tags_of(root: Element | None) -> dict[str, str]:
    """Return the tags below an element."""
    nodes = () if root is None else root.iter("Tag")
    return {tag.findtext("Key") or "": tag.findtext("Value") or "" for tag in nodes}


def tags_xml(tags: dict[str, str]) -> Element:
    """Return a Tags element."""
    nodes = [element("Tag", text_element("Key", key), text_element("Value", value)) for key, value in tags.items()]
    return element("Tags", element("Items", *nodes))
