"""Data residency: every region that the site file puts data in is one of `residency.allowed_regions`.

What AWS keeps in us-east-1 for global services (CloudFront, Route 53, IAM, certificates, DNSSEC keys) is configuration and is
exempt; logs are not.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.errors import Problem
from constructs_lib.site_file.security import Features, Residency

QUERY_LOG_REGION = "us-east-1"
"""Route 53 writes query logs to this region only.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html
"""


def regions_are_allowed(sections: Mapping[str, Any]) -> list[Problem]:
    """Serving regions, the state and its copy, and logs lie where data may be."""
    residency: Residency | None = sections.get("residency")
    if residency is None or not residency.allowed_regions:
        return []
    return [
        Problem(
            key=key,
            value=value,
            allowed=f"a region of residency.allowed_regions: {', '.join(residency.allowed_regions)}",
            remedy=remedy,
        )
        for key, value, region, remedy in _places(sections)
        if region not in residency.allowed_regions
    ]


def _places(sections: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Yields key, value as shown, region, and remedy of everything that holds data."""
    move = "choose an allowed region, or allow this one"
    for index, region in enumerate(sections.get("region", ())):
        yield f"region[{index}].name", f'"{region.name}"', region.name, move
    state = sections.get("state")
    for key in ("region", "replica_region"):
        if state is not None and getattr(state, key) is not None:
            yield f"state.{key}", f'"{getattr(state, key)}"', getattr(state, key), move
    features: Features | None = sections.get("features")
    for index, name in enumerate(() if features is None else features.prober):
        yield f"features.prober[{index}]", f'"{name}"', name, move
    if features is not None and features.query_log:
        why = f"Route 53 logs queries, with resolvers' addresses, to {QUERY_LOG_REGION} only: turn it off, or allow that region"
        yield "features.query_log", f"true (a log in {QUERY_LOG_REGION})", QUERY_LOG_REGION, why
