"""What a canary does: it loads the site as a viewer does, through the public name and the origin group.

Never through a path that is pinned to one region alone: such a path fails while every viewer is served. Environment: SITE_URL,
such as https://www.example.com. The marker tells which region's bucket answered; it lands in the canary's log.
Runs in CloudWatch Synthetics' Python runtime, which counts an exception as a failed run.
"""

import json
import os
import urllib.request

_TIMEOUT_SECONDS = 20


def handler(_event: object, _context: object) -> None:
    """Loads the start page and the region marker.

    Raises:
        RuntimeError: a page is not there or not what it should be.
    """
    page = _load("/")
    if b"</html>" not in page.lower():
        raise RuntimeError("the start page is no whole HTML document")
    region = json.loads(_load("/health/region.json"))["region"]
    print(f"served from {region}")


def _load(path: str) -> bytes:
    url = f"{os.environ['SITE_URL']}{path}"
    request = urllib.request.Request(url, headers={"User-Agent": "failover-canary"})  # noqa: S310  our own site
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310  our own site
        body: bytes = answer.read()
    if not body:
        raise RuntimeError(f"{path} is empty")
    return body
