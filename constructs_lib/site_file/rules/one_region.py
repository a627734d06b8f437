"""Rules of a site with one region: the first step of a site whose second region is added later, without a gap.

What it may have is what stays as it is then. CloudFront stands before the one bucket, and behind CloudFront the regional endpoint
of the same region; the second region adds its bucket to the distribution and takes the endpoint's place, both in place.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.errors import Problem
from constructs_lib.site_file.models import CertificateNames, Entry, Policy, Region, Routing, Site
from constructs_lib.site_file.security import Features

BETWEEN_REGIONS = {
    "composite_alarms": "tells when the other region serves",
    "replication_metrics": "measures what is copied to the other region",
    "parity": "copies from the other region what one lacks",
    "rtc": "bounds how long a copy to the other region takes",
    "replication_pause": "pauses the copying to the other region",
    "api": "keeps its table in every region, and fails over between them",
    "database": "keeps its replica in the other region",
}
"""Feature -> what it does between two regions."""

_THEN = "or add the second [[region]]"


def one_region_has_what_it_can_use(sections: Mapping[str, Any]) -> list[Problem]:
    """Nothing while a section that the rules read is itself wrong."""
    regions: tuple[Region, ...] = sections.get("region", ())
    site: Site | None = sections.get("site")
    routing: Routing | None = sections.get("routing")
    features: Features | None = sections.get("features")
    if len(regions) != 1 or site is None or routing is None or features is None:
        return []
    return [
        *_certificate_stays(site),
        *_cloudfront_stands_in_front(routing),
        *_nothing_stands_behind(sections.get("endpoint", ())),
        *_features_need_no_other(features),
    ]


def _certificate_stays(site: Site) -> Iterator[Problem]:
    if site.certificate is not CertificateNames.WILDCARD:
        yield Problem(
            key="site.certificate",
            value=f'"{site.certificate}" with one [[region]]',
            allowed='"wildcard" with one [[region]]',
            remedy=f'add certificate = "wildcard" to [site], {_THEN}: the certificate that CloudFront uses then names '
            f"*.{site.hostname}, and stays as it is when the second region comes",
        )


def _cloudfront_stands_in_front(routing: Routing) -> Iterator[Problem]:
    if routing.entry is not Entry.CLOUDFRONT:
        yield Problem(
            key="routing.entry",
            value=f'"{routing.entry}" with one [[region]]',
            allowed='"cloudfront" with one [[region]]',
            remedy=f'use entry = "cloudfront", {_THEN}: without CloudFront nothing is left when the one region is ill',
        )
    elif routing.policy is not Policy.FAILOVER:
        yield Problem(
            key="routing.policy",
            value=f'"{routing.policy}" with one [[region]]',
            allowed='"failover" with one [[region]]',
            remedy=f'use policy = "failover", {_THEN}: there is nothing to choose between',
        )


def _nothing_stands_behind(endpoints: tuple[object, ...]) -> Iterator[Problem]:
    if endpoints:
        yield Problem(
            key="endpoint",
            value=f"a list with {len(endpoints)} and one [[region]]",
            allowed="no [[endpoint]] with one [[region]]",
            remedy=f"remove it, {_THEN}: the last exit stands behind the regional endpoint of the second region",
        )


def _features_need_no_other(features: Features) -> Iterator[Problem]:
    for name, what in BETWEEN_REGIONS.items():
        if getattr(features, name):
            yield Problem(
                key=f"features.{name}",
                value="true with one [[region]]",
                allowed="false with one [[region]]",
                remedy=f"remove it, {_THEN}: it {what}",
            )
