"""The network that a probe looks through: whom it asks for names, which port answers HTTPS, whose certificates it believes.

On AWS these are this machine's resolvers, 443 and the system's roots. Nothing that probes knows where the values come from.
"""

from __future__ import annotations

import dataclasses
import ssl
from pathlib import Path

from scripts.clock import AwsClock
from scripts.probe.page_view import verifying_tls
from scripts.probe.resolver import Nameserver

_SECONDS_A_DAY = 86_400
CERTIFICATE_SHARE = 1 / 9
"""Of its own life, for a certificate that lives shorter than ACM's 198 days: it is renewed later."""
CERTIFICATE_DAYS = 21.0
"""ACM renews 45 days or more before the end: https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One way to reach the site.

    Args:
        resolvers: recursive resolvers; a visitor asks the first, and the next when that one is silent.
        authoritative: where every authoritative server of the zone is reached. Default None: at the addresses of their names.
        https_port: default 443.
        ca_certificate: the only root that is believed. Default None: the system's.
        speed: how many times faster than the wall the site's clock runs. Default 1.
    """

    resolvers: tuple[Nameserver, ...]
    authoritative: Nameserver | None = None
    https_port: int = 443
    ca_certificate: Path | None = None
    speed: float = 1.0

    def clock(self) -> AwsClock:
        """Return a new clock of the site."""
        return AwsClock(speed=self.speed)

    def tls(self) -> ssl.SSLContext:
        """Return a context that verifies certificates and names."""
        return verifying_tls(self.ca_certificate)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """What is left of a certificate, in days, and what should be."""

    left_days: float
    wanted_days: float

    @property
    def is_enough(self) -> bool:
        """Whether it was renewed in time."""
        return self.left_days >= self.wanted_days

    def __str__(self) -> str:
        """Return it for a reader."""
        return f"expires in {self.left_days:.3g} days; {self.wanted_days:.3g} are wanted"


def remaining(period: tuple[float, float], *, now: float) -> Remaining:
    """Return what is left of a certificate that holds from when to when, all in Unix seconds."""
    begins, ends = period
    return Remaining(
        left_days=(ends - now) / _SECONDS_A_DAY,
        wanted_days=min(CERTIFICATE_DAYS, CERTIFICATE_SHARE * (ends - begins) / _SECONDS_A_DAY),
    )
