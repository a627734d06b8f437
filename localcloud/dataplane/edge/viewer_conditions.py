"""What the viewer's own conditional and range headers make of a good response (RFC 9110 sections 13 and 14)."""

from dataclasses import replace
from email.utils import parsedate_to_datetime

from localcloud.dataplane.edge.messages import EdgeRequest, EdgeResponse
from localcloud.model.byte_ranges import byte_range


def apply_viewer_conditions(request: EdgeRequest, response: EdgeResponse) -> EdgeResponse:
    """Return 304 or 206 where the viewer's headers ask for it, else the response itself."""
    if response.status_code != 200 or request.method not in ("GET", "HEAD"):
        return response
    if _is_unchanged(request, response):
        return replace(response, status_code=304, body=b"")
    wanted = request.headers.get("range")
    return _partial(wanted, response) if wanted and request.method == "GET" else response


def _is_unchanged(request: EdgeRequest, response: EdgeResponse) -> bool:
    tags = request.headers.get("if-none-match")
    if tags is not None:
        known = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return "*" in known or response.headers.get("etag", "").removeprefix("W/") in known
    since, modified = request.headers.get("if-modified-since"), response.headers.get("last-modified")
    if since is None or modified is None:
        return False
    try:
        return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


def _partial(wanted: str, response: EdgeResponse) -> EdgeResponse:
    """Serve one range; several ranges and other units get the whole (RFC 9110 section 14.2)."""
    size = len(response.body)
    found = byte_range(wanted, size)
    if found is None:
        return response
    first, last = found
    if first > last:
        headers = {**response.headers, "content-range": f"bytes */{size}"}
        return replace(response, status_code=416, headers=headers, body=b"")
    headers = {**response.headers, "content-range": f"bytes {first}-{last}/{size}"}
    return replace(response, status_code=206, headers=headers, body=response.body[first : last + 1])
