"""The routing policy as the router function reads it: which of two regions a viewer's request asks first.

Behind one CloudFront name no DNS policy can choose a region, so the function does, per request, from what it can see: a random
number, or the viewer's place in CloudFront's headers. Pure; knows no construct.
"""

import math
from typing import Any

from aws_facts.places import REGION_COORDINATES
from constructs_lib.edge.router_source import render
from constructs_lib.site_file.locations import COUNTRIES, continent_of
from constructs_lib.site_file.models import Entry, Policy, SiteFile
from constructs_lib.site_file.targets import Target

VIEWER_HEADERS: dict[Policy, tuple[str, ...]] = {
    Policy.LATENCY: ("CloudFront-Viewer-Latitude", "CloudFront-Viewer-Longitude"),
    Policy.GEOLOCATION: ("CloudFront-Viewer-Country", "CloudFront-Viewer-Country-Region"),
}
"""Policy -> headers that CloudFront adds only when a policy of the behaviour lists them.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html
"""


def edge_policy(site: SiteFile, *, own: str) -> dict[str, Any] | None:
    """Returns the `policy` of the function's configuration for the distribution of region `own`; None for failover."""
    by_name = {region.name: region for region in site.region}
    (other,) = (name for name in by_name if name != own)
    common = {"hostname": site.site.hostname, "kind": site.routing.policy.value}
    match site.routing.policy:
        case Policy.WEIGHTED:
            return {**common, "otherShare": _share(by_name[other], by_name[own])}
        case Policy.LATENCY:
            return {**common, "ownPlace": _unit_vector(own), "otherPlace": _unit_vector(other)}
        case Policy.GEOLOCATION:
            return {**common, **_areas(by_name[own], by_name[other])}
        case _:
            return None


def router_sources(site: SiteFile) -> dict[str, str]:
    """Returns region -> source of the router function of its distribution; empty when no CloudFront stands in the name."""
    if site.routing.entry is not Entry.CLOUDFRONT:
        return {}
    if site.has_one_region:
        return {site.primary.name: render(own=site.primary.name)}
    own, other = (region.name for region in site.region)
    return {
        name: render(own=name, other=beside, has_kms=site.features.kms, policy=edge_policy(site, own=name))
        for name, beside in ((own, other), (other, own))
    }


def viewer_headers(site: SiteFile) -> tuple[str, ...]:
    """Returns the headers that the policy of a site behind CloudFront reads."""
    return VIEWER_HEADERS.get(site.routing.policy, ())


def _share(of: Target, beside: Target) -> float:
    """Returns weight / sum of the weights, as Route 53 reads them."""
    weights = (of.weight or 0, beside.weight or 0)
    return round(weights[0] / sum(weights), 4)


def _unit_vector(region: str) -> list[float]:
    """Returns the region's place as a vector from the centre of the earth, length 1."""
    latitude, longitude = (math.radians(degrees) for degrees in REGION_COORDINATES[region])
    vector = (math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude), math.sin(latitude))
    return [round(part, 4) for part in vector]


def _areas(own: Target, other: Target) -> dict[str, Any]:
    """Returns `isOtherDefault`, `elsewhere` (countries that are not the default's) and `states` (state -> is the other's)."""
    is_other_default = other.is_default_location
    placed = {country: _is_placed_at(other, own, country, default=is_other_default) for country in COUNTRIES}
    return {
        "isOtherDefault": is_other_default,
        "elsewhere": " ".join(country for country, is_other in placed.items() if is_other != is_other_default),
        "states": dict.fromkeys(own.subdivisions, False) | dict.fromkeys(other.subdivisions, True),
    }


def _is_placed_at(target: Target, beside: Target, country: str, *, default: bool) -> bool:
    """Whether a country belongs to `target`: by itself, else by its continent, else by default."""
    continent = continent_of(country)
    for area, of_target, of_beside in (
        (country, target.countries, beside.countries),
        (continent, target.continents, beside.continents),
    ):
        if area in of_target or area in of_beside:
            return area in of_target
    return default
