"""Where a DNS query comes from, for the routing policies that ask.

Loopback has no geography: a query without EDNS client subnet comes from Frankfurt. A client subnet in
198.18.N.0/24 (RFC 2544, never on the internet) stands for the N-th place below, so that a test can ask from
anywhere: `dig +subnet=198.18.2.0/24`.
"""

from ipaddress import IPv4Address, IPv4Network, ip_address

from localcloud.model.geography import FRANKFURT, ViewerLocation

SUBNET = IPv4Network("198.18.0.0/16")
PLACES: tuple[ViewerLocation, ...] = (
    FRANKFURT,
    ViewerLocation(continent="EU", country="GB", latitude=51.51, longitude=-0.13),
    ViewerLocation(continent="NA", country="US", subdivision="VA", latitude=38.95, longitude=-77.45),
    ViewerLocation(continent="NA", country="US", subdivision="CA", latitude=37.77, longitude=-122.42),
    ViewerLocation(continent="SA", country="BR", latitude=-23.55, longitude=-46.63),
    ViewerLocation(continent="AF", country="ZA", latitude=-33.92, longitude=18.42),
    ViewerLocation(continent="AS", country="JP", latitude=35.68, longitude=139.69),
    ViewerLocation(continent="AS", country="IN", latitude=19.08, longitude=72.88),
    ViewerLocation(continent="OC", country="AU", latitude=-33.87, longitude=151.21),
)


def place_of(address: str) -> ViewerLocation:
    """Return the place that a client subnet's address stands for; Frankfurt for any other address."""
    ip = ip_address(address)
    if isinstance(ip, IPv4Address) and ip in SUBNET:
        number = ip.packed[2]
        return PLACES[number] if number < len(PLACES) else FRANKFURT
    return FRANKFURT
