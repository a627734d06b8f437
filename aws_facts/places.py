"""Where AWS regions are: coordinates, distances and a stand-in for the latency between places, which AWS does not publish.

Latency follows the great-circle distance, which orders the regions of one viewer the same way in the common cases.
"""

from __future__ import annotations

import math

EARTH_RADIUS_KM = 6371.0
# Light in fibre covers about 200 km a millisecond; real paths are about twice the great circle, both ways.
KM_PER_ROUND_TRIP_MILLISECOND = 50.0

# City-level coordinates (degrees north, degrees east) of the regions,
# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html names the places.
REGION_COORDINATES: dict[str, tuple[float, float]] = {
    "af-south-1": (-33.92, 18.42),
    "ap-east-1": (22.32, 114.17),
    "ap-east-2": (25.03, 121.57),
    "ap-northeast-1": (35.68, 139.69),
    "ap-northeast-2": (37.57, 126.98),
    "ap-northeast-3": (34.69, 135.50),
    "ap-south-1": (19.08, 72.88),
    "ap-south-2": (17.39, 78.49),
    "ap-southeast-1": (1.35, 103.82),
    "ap-southeast-2": (-33.87, 151.21),
    "ap-southeast-3": (-6.21, 106.85),
    "ap-southeast-4": (-37.81, 144.96),
    "ap-southeast-5": (3.14, 101.69),
    "ap-southeast-7": (13.76, 100.50),
    "ca-central-1": (45.50, -73.57),
    "ca-west-1": (51.05, -114.07),
    "eu-central-1": (50.11, 8.68),
    "eu-central-2": (47.37, 8.54),
    "eu-north-1": (59.33, 18.07),
    "eu-south-1": (45.46, 9.19),
    "eu-south-2": (41.65, -0.88),
    "eu-west-1": (53.35, -6.26),
    "eu-west-2": (51.51, -0.13),
    "eu-west-3": (48.86, 2.35),
    "il-central-1": (32.09, 34.78),
    "me-central-1": (25.20, 55.27),
    "me-south-1": (26.07, 50.56),
    "mx-central-1": (20.59, -100.39),
    "sa-east-1": (-23.55, -46.63),
    "us-east-1": (38.95, -77.45),
    "us-east-2": (39.96, -83.00),
    "us-west-1": (37.77, -122.42),
    "us-west-2": (45.84, -119.70),
}
"""Region -> (degrees north, degrees east) of its city."""


def distance_km(from_: tuple[float, float], to: tuple[float, float]) -> float:
    """Return the great-circle distance between two (latitude, longitude) points in degrees (haversine)."""
    (lat1, lon1), (lat2, lon2) = from_, to
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half_chord = (
        math.sin((phi2 - phi1) / 2) ** 2
        + math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half_chord)))
