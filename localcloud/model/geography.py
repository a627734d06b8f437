"""Where AWS regions and viewers are: coordinates, distances and a stand-in for AWS's latency table.

Route 53 measures latency between networks and regions and does not publish the table; here latency follows
the great-circle distance, which orders the regions of one viewer the same way in the common cases.
"""

from dataclasses import dataclass

from aws_facts.places import KM_PER_ROUND_TRIP_MILLISECOND, REGION_COORDINATES, distance_km
from localcloud.model.errors import UnsupportedResource


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerLocation:
    """Where a DNS query comes from: the EDNS client subnet's place, else the resolver's.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-edns0.html

    Attributes:
        continent: Two-letter continent code as in `GeoLocation.ContinentCode`, e.g. EU; None = unknown.
        country: ISO 3166-1 alpha-2, e.g. DE; None = unknown.
        subdivision: US state code, e.g. VA; None = unknown or not in the US.
        latitude: Degrees north.
        longitude: Degrees east.
    """

    continent: str | None
    country: str | None
    subdivision: str | None = None
    latitude: float
    longitude: float


FRANKFURT = ViewerLocation(continent="EU", country="DE", latitude=50.11, longitude=8.68)


def region_coordinates(region: str) -> tuple[float, float]:
    """Return (degrees north, degrees east) of an AWS region.

    Raises:
        UnsupportedResource: for a region missing from `REGION_COORDINATES`.
    """
    try:
        return REGION_COORDINATES[region]
    except KeyError:
        raise UnsupportedResource(
            f"region {region!r}",
            reason="localcloud does not know where it is",
            remedy=f"use one of {', '.join(sorted(REGION_COORDINATES))}",
        ) from None


def latency_milliseconds(viewer: ViewerLocation, region: str) -> float:
    """Return the modelled round-trip time between a viewer and a region (see the module docstring)."""
    distance = distance_km((viewer.latitude, viewer.longitude), region_coordinates(region))
    return distance / KM_PER_ROUND_TRIP_MILLISECOND


def biased_distance_km(distance: float, bias: int) -> float:
    """Return the distance after a geoproximity bias of -99..99.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-geoproximity.html
    (`distance * [1 - bias/100]` for a positive bias, `distance / [1 + bias/100]` for a negative one).
    """
    return distance * (1 - bias / 100) if bias >= 0 else distance / (1 + bias / 100)
