"""Rules about viewers with IPv6: A and AAAA are separate sets in Route 53, and an endpoint without IPv6 is missing in the second.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-geo.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from constructs_lib.errors import Problem
from constructs_lib.site_file.models import Entry, Policy, Region, Routing
from constructs_lib.site_file.targets import Endpoint


def ipv6_viewers_are_answered(sections: Mapping[str, Any]) -> list[Problem]:
    """Nothing while a section that the rules read is itself wrong; the rules about all viewers are in routing_rules.py."""
    routing: Routing | None = sections.get("routing")
    if routing is None or routing.entry is not Entry.REGIONAL or not {"region", "endpoint"} <= sections.keys():
        return []
    if routing.policy is Policy.GEOLOCATION:
        return list(_default_has_ipv6(sections["endpoint"]))
    if routing.policy is Policy.WEIGHTED:
        return list(_weights_with_ipv6_share_something(sections["region"], sections["endpoint"]))
    return []


def _default_has_ipv6(endpoints: Sequence[Endpoint]) -> Iterator[Problem]:
    for index, endpoint in enumerate(endpoints):
        if endpoint.is_default_location and endpoint.ipv6_address is None:
            yield Problem(
                key=f"endpoint[{index}].ipv6_address",
                value=None,
                allowed="a public IPv6 address on the target with is_default_location = true",
                remedy="add it, or make another target the default: without one Route 53 gives some IPv6 viewers no answer",
            )


def _weights_with_ipv6_share_something(regions: Sequence[Region], endpoints: Sequence[Endpoint]) -> Iterator[Problem]:
    with_ipv6 = [*regions, *(endpoint for endpoint in endpoints if endpoint.ipv6_address is not None)]
    without = [endpoint for endpoint in endpoints if endpoint.ipv6_address is None and endpoint.weight]
    if without and not any(target.weight or target.weight is None for target in with_ipv6):
        yield Problem(
            key="region[0].weight",
            value=f"0, and only {' and '.join(endpoint.name for endpoint in without)}, without IPv6, has more",
            allowed="a weight above 0 on a region or on an endpoint with ipv6_address",
            remedy="give one a weight, or the endpoint an IPv6 address: with all weights 0 each gets an equal share",
        )
