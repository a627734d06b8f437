"""What DNS says to a place, in the words of the picture: who is answered with, for how long."""

import random
from dataclasses import dataclass

from localcloud.dataplane.service import DataPlane
from localcloud.model.addresses import CLOUDFRONT_EDGE, api_gateway_address
from localcloud.model.behaviours import alias_holder
from localcloud.model.errors import UnsupportedResource
from localcloud.model.places import PLACES
from localcloud.model.resolution import Status

PLACE_NAMES = (
    "Frankfurt",
    "London",
    "Virginia",
    "San Francisco",
    "São Paulo",
    "Cape Town",
    "Tokyo",
    "Mumbai",
    "Sydney",
)
"""Of `localcloud.model.places.PLACES`, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsAnswer:
    """One answer to an A question.

    Attributes:
        status: NOERROR, NXDOMAIN, SERVFAIL, REFUSED, or NODATA for NOERROR without an address.
        address: IPv4; empty without one.
        entry: `distribution:<id>`, `endpoint:<region>` or `external:<address>`; empty without an address.
        ttl_seconds: AWS seconds that a resolver may keep it, negative ones too; 0 for SERVFAIL.
    """

    status: str
    address: str
    entry: str
    ttl_seconds: int


def ask(data_plane: DataPlane, name: str, place: int) -> DnsAnswer:
    """Return what the hosted zones say about a name to viewers of a place."""
    try:
        answer = data_plane.resolve(name, "A", PLACES[place], random.random())  # noqa: S311  weighted records
    except UnsupportedResource as error:
        return DnsAnswer(status=str(error), address="", entry="", ttl_seconds=0)
    addresses = [value for found in answer.answers if found.type == "A" for value in found.values]
    if addresses:
        ttl = min(found.ttl_seconds for found in answer.answers)
        address = random.choice(addresses)  # noqa: S311  as a browser takes any
        return DnsAnswer(status="NOERROR", address=address, entry=entry_of(data_plane, name, address), ttl_seconds=ttl)
    status = "NODATA" if answer.status is Status.NOERROR else answer.status.value
    return DnsAnswer(status=status, address="", entry="", ttl_seconds=_negative_ttl(answer.authority))


def _negative_ttl(authority: tuple[object, ...]) -> int:
    """Return the lesser of the SOA's TTL and its last number (RFC 2308 section 5)."""
    for found in authority:
        if getattr(found, "type", "") == "SOA":
            return min(int(getattr(found, "ttl_seconds", 0)), int(getattr(found, "values", ("0",))[0].split()[-1]))
    return 0


def entry_of(data_plane: DataPlane, name: str, address: str) -> str:
    """Return who serves a name at an address."""
    configuration = data_plane.configuration
    if address == CLOUDFRONT_EDGE:
        holder = alias_holder(configuration.alias_holders, name.rstrip("."))
        return f"distribution:{holder}" if holder else "distribution:"
    for region in configuration.api_regions:
        if address == api_gateway_address(region, configuration.api_regions):
            return f"endpoint:{region}"
    return f"external:{address}"
