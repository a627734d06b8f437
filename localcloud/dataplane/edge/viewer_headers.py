"""Headers by which CloudFront tells functions and origins where the viewer is.

CloudFront adds each only where the behaviour's cache or origin request policy lists it.
Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html
"""

from dataclasses import replace

from localcloud.dataplane.configuration import CacheBehaviour
from localcloud.dataplane.edge.messages import EdgeRequest
from localcloud.model.cache import Inclusion
from localcloud.model.geography import ViewerLocation
from localcloud.model.places import viewer_place

LOCATION_HEADERS = (
    "cloudfront-viewer-country",
    "cloudfront-viewer-country-region",
    "cloudfront-viewer-latitude",
    "cloudfront-viewer-longitude",
)


def with_viewer_headers(request: EdgeRequest, behaviour: CacheBehaviour) -> EdgeRequest:
    """Return the request with the location headers that the behaviour's policies list."""
    in_key = behaviour.cache_policy.headers
    listed = behaviour.forwarded_headers | (in_key.names if in_key.inclusion is Inclusion.WHITELIST else frozenset())
    if listed.isdisjoint(LOCATION_HEADERS):
        return request
    known = _location_headers(viewer_place(request.viewer_address))
    added = {name: value for name, value in known.items() if name in listed}
    return replace(request, headers={**request.headers, **added}) if added else request


def _location_headers(place: ViewerLocation) -> dict[str, str]:
    """Return the headers of a place; unknown ones are left out, as CloudFront leaves them out."""
    values = (place.country, place.subdivision, f"{place.latitude:.5f}", f"{place.longitude:.5f}")
    return {name: value for name, value in zip(LOCATION_HEADERS, values, strict=True) if value is not None}
