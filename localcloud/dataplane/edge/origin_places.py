"""Where a custom origin's name leads on this machine: loopback, or nowhere. No name is ever looked up outside.

Route 53's zones of the run answer as they do for health checkers. Of other names those of this machine count: `localhost`
(RFC 6761 section 6.3), addresses of 127.0.0.0/8, the hosts file, and those that `serve --origin` maps.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from pathlib import Path

from localcloud.dataplane.probe import Ports
from localcloud.model.addresses import API_GATEWAY_BASE, CLOUDFRONT_EDGE, EXTERNAL_BASE, loopback_of
from localcloud.model.errors import UnsupportedResource

HOSTS_FILE = Path("/etc/hosts")
LOCALHOST = "127.0.0.1"
_OWN = tuple(ip_network(f"{base}/24", strict=False) for base in (CLOUDFRONT_EDGE, API_GATEWAY_BASE, EXTERNAL_BASE))
"""Addresses at which localcloud itself serves 443 and 80, on ports of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a connection goes."""

    address: str
    port: int


class OriginPlaces:
    """Finds the loopback address and port of an origin."""

    def __init__(
        self, mapped: Mapping[str, tuple[str, int]], resolve: Callable[[str], str | None], ports: Callable[[], Ports]
    ) -> None:
        """Look nothing up yet.

        Args:
            mapped: `NAME` or `NAME:PORT` -> loopback address and port.
            resolve: name -> IPv4 address by the hosted zones of the run.
            ports: localcloud's own.
        """
        self._mapped = mapped
        self._resolve = resolve
        self._ports = ports

    def place_of(self, name: str, port: int) -> Place | None:
        """Return where the port of a name is served; None when it leads to no loopback address."""
        for key in (f"{name}:{port}", name):
            if key in self._mapped:
                return Place(address=self._mapped[key][0], port=self._mapped[key][1])
        address = _of_this_machine(name) or self._in_zones(name)
        if address is None:
            return None
        is_own = any(ip_address(address) in network for network in _OWN)
        return Place(address=address, port=self._ports().real_port(port) if is_own else port)

    def _in_zones(self, name: str) -> str | None:
        try:
            found = self._resolve(f"{name}.")
        except UnsupportedResource:
            return None
        return loopback_of(found) if found else None


def refusal(name: str, port: int) -> str:
    """Return why an origin is not asked, and what makes it one that is."""
    return (
        f"the custom origin {name} leads to no loopback address, and localcloud connects to no other. Start its stand-in on "
        f"this machine, and serve with --origin {name}=127.0.0.1:PORT (or {name}:{port}=127.0.0.1:PORT for this port alone)"
    )


def _of_this_machine(name: str) -> str | None:
    if name == "localhost" or name.endswith(".localhost"):
        return LOCALHOST
    with contextlib.suppress(ValueError):
        return name if ip_address(name).version == 4 and ip_address(name).is_loopback else None
    try:
        return _hosts(HOSTS_FILE.stat().st_mtime_ns).get(name)
    except OSError:
        return None


@lru_cache(maxsize=1)
def _hosts(_changed_at: int) -> dict[str, str]:
    """Return the loopback names of the hosts file, hosts(5): an address and its names a line, `#` begins a comment."""
    found: dict[str, str] = {}
    for line in HOSTS_FILE.read_text(encoding="utf-8", errors="replace").splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        with contextlib.suppress(ValueError):
            if ip_address(address).version == 4 and ip_address(address).is_loopback:
                found |= {name.lower(): address for name in names if name.lower() not in found}
    return found
