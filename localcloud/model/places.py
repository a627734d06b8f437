"""Where a DNS query comes from, for the routing policies that ask.

Loopback has no geography: a query without EDNS client subnet comes from Frankfurt. A client subnet in
198.18.N.0/24 (RFC 2544, never on the internet) stands for the N-th place below, so that a test can ask from
anywhere: `dig +subnet=198.18.2.0/24`. A viewer of the edge connects from 127.18.N.x instead: `curl --interface 127.18.2.1`.
"""

from ipaddress import IPv4Address, IPv4Network, ip_address

from localcloud.model.geography import FRANKFURT, ViewerLocation

SUBNET = IPv4Network("198.18.0.0/16")
VIEWER_SUBNET = IPv4Network("127.18.0.0/16")
VIRGINIA = ViewerLocation(continent="NA", country="US", subdivision="VA", latitude=38.95, longitude=-77.45)
"""Where us-east-1 is."""

PLACES: tuple[ViewerLocation, ...] = (
    FRANKFURT,
    ViewerLocation(continent="EU", country="GB", latitude=51.51, longitude=-0.13),
    VIRGINIA,
    ViewerLocation(continent="NA", country="US", subdivision="CA", latitude=37.77, longitude=-122.42),
    ViewerLocation(continent="SA", country="BR", latitude=-23.55, longitude=-46.63),
    ViewerLocation(continent="AF", country="ZA", latitude=-33.92, longitude=18.42),
    ViewerLocation(continent="AS", country="JP", latitude=35.68, longitude=139.69),
    ViewerLocation(continent="AS", country="IN", latitude=19.08, longitude=72.88),
    ViewerLocation(continent="OC", country="AU", latitude=-33.87, longitude=151.21),
)


def place_of(address: str) -> ViewerLocation:
    """Return the place that a client subnet's address stands for; Frankfurt for any other address."""
    return _numbered_place(address, SUBNET)


def viewer_place(address: str) -> ViewerLocation:
    """Return the place that the address of a viewer on loopback stands for; Frankfurt for any other address."""
    return _numbered_place(address.removeprefix("::ffff:"), VIEWER_SUBNET)


def place_number(address: str) -> int:
    """Return the number of the place that the address of a viewer on loopback stands for; 0, Frankfurt, for any other."""
    if not address.removeprefix("::ffff:").startswith("127.18."):
        return 0
    number = int(address.split(".")[2])
    return number if number < len(PLACES) else 0


def _numbered_place(address: str, subnet: IPv4Network) -> ViewerLocation:
    ip = ip_address(address)
    if isinstance(ip, IPv4Address) and ip in subnet:
        number = ip.packed[2]
        return PLACES[number] if number < len(PLACES) else FRANKFURT
    return FRANKFURT
