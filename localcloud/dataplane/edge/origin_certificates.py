"""Certificates for the stand-ins of custom origins: key and certificate in a file each, of names that are asked over HTTPS."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from localcloud.authority import VALIDITY, Authority
from localcloud.dataplane.clock import utc_now
from localcloud.dataplane.configuration import Distribution
from localcloud.dataplane.edge.origin_places import OriginPlaces

FOLDER = "origins"


class OriginCertificates:
    """Writes STATE_DIR/origins/NAME.pem for every custom origin on this machine that CloudFront may ask over HTTPS."""

    def __init__(self, folder: Path, authority: Authority, places: OriginPlaces) -> None:
        """Write nothing yet."""
        self._folder = folder
        self._authority = authority
        self._places = places
        self._written: dict[str, datetime] = {}

    def follow(self, distributions: Iterable[Distribution]) -> None:
        """Write those that are missing, and those whose day is half over."""
        origins = (origin for distribution in distributions for origin in distribution.origins.values())
        names = {
            origin.domain_name
            for origin in origins
            if not origin.is_s3
            and origin.protocol_policy != "http-only"
            and self._places.place_of(origin.domain_name, origin.https_port)
        }
        now = utc_now()
        for name in sorted(names):
            if name not in self._written or self._written[name] < now - VALIDITY / 2:
                self._written[name] = now
                self._authority.permit([name])
                self._authority.write_certificate(name, self._folder / f"{name}.pem")
