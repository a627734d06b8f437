"""From a viewer's request as either version of HTTP brings it, and to the headers that it is answered with."""

import base64
import secrets
from collections.abc import Iterable

from localcloud.dataplane.edge.messages import COOKIE_SEPARATOR, EdgeRequest, EdgeResponse
from localcloud.model.forwarding import VIA

# Edge locations have such names (an airport code, a number); this one belongs to nobody.
POINT_OF_PRESENCE = "LCL50-P1"
_UNSENT_HEADERS = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive"})


def edge_request(
    *, method: str, target: str, headers: Iterable[tuple[str, str]], viewer_address: str, is_tls: bool
) -> EdgeRequest:
    """Return what a viewer asks; several headers of one name become one.

    Args:
        method: As sent.
        target: Path and query, raw.
        headers: In their order.
        viewer_address: From the TCP connection.
        is_tls: Whether it came over HTTPS.
    """
    path, _, query = target.partition("?")
    joined: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        separator = "; " if key == "cookie" else ", "
        joined[key] = f"{joined[key]}{separator}{value}" if key in joined else value
    return EdgeRequest(
        method=method,
        path=path,
        query=query,
        headers=joined,
        viewer_address=viewer_address,
        request_id=base64.urlsafe_b64encode(secrets.token_bytes(40)).decode(),
        is_tls=is_tls,
    )


def sent_headers(request: EdgeRequest, response: EdgeResponse) -> list[tuple[str, str]]:
    """Return the headers that go to the viewer, with those that CloudFront adds.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html
    and https://repost.aws/knowledge-center/cloudfront-x-cache-header
    """
    headers = {name: value for name, value in response.headers.items() if name not in _UNSENT_HEADERS}
    headers.setdefault("server", "CloudFront")
    cookies = headers.pop("set-cookie", "")
    headers |= {
        "x-cache": response.x_cache,
        "via": VIA,
        "x-amz-cf-pop": POINT_OF_PRESENCE,
        "x-amz-cf-id": request.request_id,
    }
    if request.method == "HEAD" and response.status_code not in (204, 304):
        headers["content-length"] = str(len(response.body))
    return [*headers.items(), *(("set-cookie", cookie) for cookie in cookies.split(COOKIE_SEPARATOR) if cookie)]
