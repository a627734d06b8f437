"""The loopback addresses that stand for AWS's own addresses.

CloudFront's edge is one address; each region's API Gateway has its own. AAAA answers are the IPv4-mapped form,
which an IPv6 socket on Linux connects to the same listener (RFC 4291 section 2.5.5.2).

A server outside AWS keeps its address in DNS answers, but what connects on this machine goes to 127.0.30.N, where N is the last
number of the address: 203.0.113.10 and 2001:db8::a both lead to 127.0.30.10. `serve --web-server` starts a server there, and DNS
then answers with that address instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address

CLOUDFRONT_EDGE = "127.0.10.1"
API_GATEWAY_BASE = "127.0.20.0"
EXTERNAL_BASE = "127.0.30.0"
AWS_EDGE = "aws-edge"
"""Fault target: CloudFront and API Gateway in every region, which is every entry of a site that AWS serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsName:
    """A name that AWS itself answers for: a distribution's or an API Gateway domain's.

    Attributes:
        ipv4_address: The loopback address that serves it.
        has_ipv6: Whether it has AAAA records too (`IsIPV6Enabled`, `IpAddressType` dualstack).
        fault_targets: The targets of faults that make it vanish, such as `cloudfront`; default: none can.
    """

    ipv4_address: str
    has_ipv6: bool
    fault_targets: tuple[str, ...] = ()


def api_gateway_address(region: str, regions: Iterable[str]) -> str:
    """Return the loopback address of a region's API Gateway: 127.0.20.N by its place among the sorted regions."""
    return str(IPv4Address(API_GATEWAY_BASE) + sorted(set(regions)).index(region) + 1)


def ipv4_mapped(address: str) -> str:
    """Return the IPv4-mapped IPv6 form, e.g. `::ffff:127.0.10.1`."""
    return f"::ffff:{address}"


def loopback_of(address: str) -> str:
    """Return where a connection to `address` goes on this machine: loopback as it is, any other by its last 8 bits."""
    ip = ip_address(address)
    mapped = getattr(ip, "ipv4_mapped", None)
    if ip.is_loopback or (mapped is not None and mapped.is_loopback):
        return address
    return str(IPv4Address(EXTERNAL_BASE) + ip.packed[-1])
