"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html"""

import pytest

from localcloud.dataplane.configuration import CacheBehaviour
from localcloud.dataplane.edge.messages import EdgeRequest
from localcloud.dataplane.edge.viewer_headers import with_viewer_headers
from localcloud.model.cache import CachePolicy, Inclusion, KeyPart

COUNTRY, STATE = "cloudfront-viewer-country", "cloudfront-viewer-country-region"
VIRGINIA, LONDON, FRANKFURT = "127.18.2.1", "127.18.1.9", "127.0.0.1"


def added(viewer_address: str, *listed: str, in_key: bool = False) -> dict[str, str]:
    """Returns the headers that the edge adds when a policy lists `listed`."""
    names = frozenset(listed)
    key = KeyPart(inclusion=Inclusion.WHITELIST, names=names) if in_key else KeyPart(inclusion=Inclusion.NONE)
    none = KeyPart(inclusion=Inclusion.NONE)
    behaviour = CacheBehaviour(
        path_pattern="*",
        target_origin_id="o",
        viewer_protocol_policy="https-only",
        allowed_methods=frozenset({"GET"}),
        cache_policy=CachePolicy(
            min_ttl_seconds=0,
            default_ttl_seconds=0,
            max_ttl_seconds=0,
            query_strings=none,
            headers=key,
            cookies=none,
        ),
        forwarded_headers=frozenset() if in_key else names,
    )
    request = EdgeRequest(
        method="GET", path="/", query="", headers={"host": "a.test"}, viewer_address=viewer_address, request_id="id"
    )
    found = with_viewer_headers(request, behaviour).headers
    return {name: value for name, value in found.items() if name != "host"}


@pytest.mark.parametrize(
    ("viewer", "headers"),
    [(VIRGINIA, {COUNTRY: "US", STATE: "VA"}), (LONDON, {COUNTRY: "GB"}), (FRANKFURT, {COUNTRY: "DE"})],
)
def test_edge_adds_the_place_of_the_viewer(viewer: str, headers: dict[str, str]) -> None:
    assert added(viewer, COUNTRY, STATE) == headers


def test_edge_adds_coordinates() -> None:
    found = added(VIRGINIA, "cloudfront-viewer-latitude", "cloudfront-viewer-longitude")
    assert found == {"cloudfront-viewer-latitude": "38.95000", "cloudfront-viewer-longitude": "-77.45000"}


def test_edge_adds_nothing_that_no_policy_lists() -> None:
    assert added(VIRGINIA) == {}


def test_edge_adds_what_the_cache_policy_lists() -> None:
    assert added(VIRGINIA, COUNTRY, in_key=True) == {COUNTRY: "US"}
