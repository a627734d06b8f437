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


def _problem(key: str, value: str, *, allowed: str, remedy: str, why: str) -> Problem:
    return Problem(
        key=key,
        value=f"{value} with one [[region]]",
        allowed=f"{allowed} with one [[region]]",
        remedy=f"{remedy}, or add the second [[region]]: {why}",
    )


def _certificate_stays(site: Site) -> Iterator[Problem]:
    if site.certificate is not CertificateNames.WILDCARD:
        yield _problem(
            "site.certificate",
            f'"{site.certificate}"',
            allowed='"wildcard"',
            remedy='add certificate = "wildcard" to [site]',
            why=f"the certificate that CloudFront uses then names *.{site.hostname}, and stays as it is when the second region "
            "comes",
        )


def _cloudfront_stands_in_front(routing: Routing) -> Iterator[Problem]:
    if routing.entry is not Entry.CLOUDFRONT:
        yield _problem(
            "routing.entry",
            f'"{routing.entry}"',
            allowed='"cloudfront"',
            remedy='use entry = "cloudfront"',
            why="without CloudFront nothing is left when the one region is ill",
        )
    elif routing.policy is not Policy.FAILOVER:
        yield _problem(
            "routing.policy",
            f'"{routing.policy}"',
            allowed='"failover"',
            remedy='use policy = "failover"',
            why="there is nothing to choose between",
        )


def _nothing_stands_behind(endpoints: tuple[object, ...]) -> Iterator[Problem]:
    if endpoints:
        yield Problem(
            key="endpoint",
            value=f"a list with {len(endpoints)} and one [[region]]",
            allowed="no [[endpoint]] with one [[region]]",
            remedy="remove it, or add the second [[region]]: the last exit stands behind the regional endpoint of the second "
            "region",
        )


def _features_need_no_other(features: Features) -> Iterator[Problem]:
    for name, what in BETWEEN_REGIONS.items():
        if getattr(features, name):
            yield _problem(f"features.{name}", "true", allowed="false", remedy="remove it", why=f"it {what}")
