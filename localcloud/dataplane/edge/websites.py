"""Website endpoints of S3 as origins: index and error documents, redirects, and readers without a signature.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/IndexDocumentSupport.html, .../CustomErrorDocSupport.html and
.../WebsiteEndpoints.html (GET and HEAD alone, no HTTPS).
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import quote
from xml.etree.ElementTree import Element, fromstring

from localcloud.dataplane.edge.origin_messages import OriginResponse
from localcloud.model.errors import UnsupportedResource
from localcloud.model.origins import OriginFailure

WEBSITE_DOMAIN = re.compile(r"(?P<bucket>.+)\.s3-website[.-](?P<region>[a-z]+-[a-z]+-\d)\.amazonaws\.com")
_MISSING = frozenset({403, 404})
Read = Callable[[str], Awaitable[OriginResponse | OriginFailure]]


async def website_answer(settings: bytes | None, method: str, path: str, read: Read) -> OriginResponse | OriginFailure:
    """Return what the endpoint answers.

    Args:
        settings: The bucket's website configuration as S3's API gives it; None without one.
        method: GET and HEAD are answered, others refused.
        path: Percent-encoded, begins with a slash.
        read: Reads an object of the bucket by its path, unsigned.

    Raises:
        UnsupportedResource: for routing rules.
    """
    if settings is None:
        return _page(404, "NoSuchWebsiteConfiguration")
    if method not in ("GET", "HEAD"):
        return _page(405, "MethodNotAllowed")
    config = fromstring(settings)  # noqa: S314  the gateway's own answer
    for node in config.iter():
        node.tag = node.tag.rpartition("}")[2]
    if config.find("RoutingRules/RoutingRule") is not None:
        raise UnsupportedResource("website configuration", reason="routing rules are not modelled")
    if config.find("RedirectAllRequestsTo") is not None:
        return _redirect_all(config, path)
    index = config.findtext("IndexDocument/Suffix") or "index.html"
    found = await read(f"{path}{index}" if path.endswith("/") else path)
    if isinstance(found, OriginFailure) or found.status_code not in _MISSING:
        return found
    if not path.endswith("/"):
        folder = await read(f"{path}/{index}")
        if isinstance(folder, OriginResponse) and folder.status_code < 400:
            return OriginResponse(status_code=302, headers={"location": f"{path}/", "server": "AmazonS3"})
    return await _error(config, found, read)


async def _error(config: Element, found: OriginResponse, read: Read) -> OriginResponse | OriginFailure:
    """Return the error with the bucket's error document, where it has one that can be read."""
    key = config.findtext("ErrorDocument/Key")
    if not key:
        return found
    document = await read(f"/{quote(key)}")
    if isinstance(document, OriginFailure) or document.status_code in _MISSING:
        return found
    return replace(document, status_code=found.status_code)


def _redirect_all(config: Element, path: str) -> OriginResponse:
    host = config.findtext("RedirectAllRequestsTo/HostName") or ""
    protocol = config.findtext("RedirectAllRequestsTo/Protocol") or "http"
    return OriginResponse(status_code=301, headers={"location": f"{protocol}://{host}{path}", "server": "AmazonS3"})


def _page(status_code: int, code: str) -> OriginResponse:
    body = f"<html><head><title>{status_code} {code}</title></head><body><h1>{status_code} {code}</h1></body></html>\n"
    return OriginResponse(status_code=status_code, headers={"content-type": "text/html"}, body=body.encode())
