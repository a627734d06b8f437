"""Rules between sections: what each section allows by itself and the whole does not.

Each rule gets the sections that are valid by themselves, so that one report names the problems of both kinds.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from constructs_lib.errors import Problem
from constructs_lib.site_file.models import (
    LONGEST_HOSTNAME,
    CertificateNames,
    Entry,
    Protocol,
    Region,
    Role,
    State,
    StateBackend,
)
from constructs_lib.site_file.rules.entry import regional_entry_has_what_it_reads
from constructs_lib.site_file.rules.ipv6 import ipv6_viewers_are_answered
from constructs_lib.site_file.rules.last_exit import last_exit_can_serve
from constructs_lib.site_file.rules.one_region import one_region_has_what_it_can_use
from constructs_lib.site_file.rules.recovery import objective_is_within_reach
from constructs_lib.site_file.rules.residency import regions_are_allowed
from constructs_lib.site_file.rules.taking_name import name_is_taken_from_cloudfront

Sections = Mapping[str, Any]


def _regions(sections: Sections) -> tuple[Region, ...]:
    regions: tuple[Region, ...] = sections.get("region", ())
    return regions


def roles_are_complete(sections: Sections) -> list[Problem]:
    """One primary; how many secondary regions there may be, the routing rules decide, and one_region.py for none."""
    if "region" not in sections:
        return []
    count = sum(region.role is Role.PRIMARY for region in _regions(sections))
    if count == 1:
        return []
    return [
        Problem(
            key="region",
            value=f"a list with {count} primary regions",
            allowed='exactly one [[region]] with role = "primary"; every other one has role = "secondary"',
            remedy=f'{"add" if count == 0 else "keep"} one [[region]] with role = "primary"',
        )
    ]


def regions_are_different(sections: Sections) -> list[Problem]:
    """The same region twice survives nothing."""
    counts = Counter(region.name for region in _regions(sections))
    return [
        Problem(
            key=f"region[{index}].name",
            value=f'"{region.name}" (again)',
            allowed="a region that no other [[region]] names",
            remedy="choose another region: two copies in one region go down together",
        )
        for index, region in enumerate(_regions(sections))
        if counts[region.name] > 1 and region.name in [other.name for other in _regions(sections)[:index]]
    ]


def state_is_elsewhere(sections: Sections) -> list[Problem]:
    """State in a serving region is out of reach when that region is down (aws-facts, trap 29)."""
    state: State | None = sections.get("state")
    if state is None or state.backend is not StateBackend.S3:
        return []
    serving = [region.name for region in _regions(sections)]
    if state.region not in serving:
        return []
    return [
        Problem(
            key="state.region",
            value=f'"{state.region}"',
            allowed=f"a region that serves nothing (not {' or '.join(serving)})",
            remedy="keep the state in a third region, or an outage takes the state away with the site",
        )
    ]


def further_regions_name_fits(sections: Sections) -> list[Problem]:
    """The names that CloudFront's certificate lacks are on one of their own, and the first of them is its common name.

    They are those of the regions beyond two, or beside a wildcard, without CloudFront, of all regions.
    """
    site, routing = sections.get("site"), sections.get("routing")
    if site is None or routing is None:
        return []
    secondaries = [region for region in _regions(sections) if region.role is Role.SECONDARY]
    why, further = "more than two regions", secondaries[1:]
    if site.certificate is CertificateNames.WILDCARD and routing.entry is Entry.REGIONAL:
        why, further = 'certificate = "wildcard"', list(_regions(sections))
    name = f"{further[0].name}.{site.hostname}" if further else ""
    if len(name) <= LONGEST_HOSTNAME:
        return []
    return [
        Problem(
            key="site.hostname",
            value=f'"{site.hostname}" with {why}',
            allowed=f"a name with which {name} has at most {LONGEST_HOSTNAME} characters",
            remedy="shorten it, or do without: ACM takes no longer common name, and that name is one here",
        )
    ]


def webhook_is_within_the_boundary(sections: Sections) -> list[Problem]:
    """With `[github]`, the boundary of the site's roles lets them read parameters below the site's own name only."""
    site, alerts, github = (sections.get(name) for name in ("site", "alerts", "github"))
    if site is None or alerts is None or github is None or not github.subjects or alerts.webhook_parameter is None:
        return []
    prefix = f"/{site.project}-{site.environment}/"
    if alerts.webhook_parameter.startswith(prefix):
        return []
    return [
        Problem(
            key="alerts.webhook_url",
            value=f'"{alerts.webhook_url}"',
            allowed=f"a parameter below {prefix}, because [github] bounds what the site's roles may read",
            remedy=f"store the URL as {prefix}webhook, and name that",
        )
    ]


def encrypted_markers_are_checked_over_tls(sections: Sections) -> list[Problem]:
    """S3 answers no plain request for an object under a KMS key, and CloudFront asks by the protocol of the checker.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html (x-amz-server-side-encryption-aws-kms-key-id)
    """
    features, check, routing = (sections.get(name) for name in ("features", "health_check", "routing"))
    if features is None or check is None or routing is None or not features.kms:
        return []
    if routing.entry is not Entry.CLOUDFRONT or check.region_check_protocol is Protocol.HTTPS:
        return []
    return [
        Problem(
            key="features.kms",
            value="true",
            allowed='true together with health_check.region_check_protocol = "https"',
            remedy='set region_check_protocol = "https" (1.00 USD a month and region): S3 refuses objects under a KMS key over '
            "plain HTTP, so every region check would fail",
        )
    ]


def status_without_data_has_an_alarm(sections: Sections) -> list[Problem]:
    """A check that reads no alarm is never without data."""
    check = sections.get("health_check")
    if check is None or check.alarm_check or "insufficient_data_health_status" not in check.model_fields_set:
        return []
    return [
        Problem(
            key="health_check.insufficient_data_health_status",
            value=f'"{check.insufficient_data_health_status}" without alarm_check',
            allowed="together with health_check.alarm_check = true only",
            remedy="remove it, or set alarm_check = true (docs/ROUTING.md has its price): no other check reads an alarm",
        )
    ]


def recovered_zone_is_made_here(sections: Sections) -> list[Problem]:
    """Whether an existing zone is recovered sooner is for whoever manages that zone."""
    site, features = sections.get("site"), sections.get("features")
    if site is None or features is None or not features.accelerated_recovery or site.hosted_zone_id is None:
        return []
    return [
        Problem(
            key="features.accelerated_recovery",
            value="true together with site.hosted_zone_id",
            allowed="true for a zone that the dns stack makes",
            remedy="remove it, and switch it on where the zone is managed: aws route53 update-hosted-zone-features "
            f"--hosted-zone-id {site.hosted_zone_id} --enable-accelerated-recovery",
        )
    ]


def probers_look_from_elsewhere(sections: Sections) -> list[Problem]:
    """A prober within a serving region is ill together with it, and its visitors are the parity check's and the canary's."""
    features = sections.get("features")
    serving = [region.name for region in _regions(sections)]
    return [
        Problem(
            key=f"features.prober[{index}]",
            value=f'"{name}"',
            allowed=f"a region that serves nothing (not {' or '.join(serving)})",
            remedy="name another region: a prober must go on looking while a serving region is down. In the serving regions, "
            "features.canary looks",
        )
        for index, name in enumerate(() if features is None else features.prober)
        if name in serving
    ]


RULES: tuple[Callable[[Sections], list[Problem]], ...] = (
    roles_are_complete,
    one_region_has_what_it_can_use,
    name_is_taken_from_cloudfront,
    regions_are_different,
    state_is_elsewhere,
    further_regions_name_fits,
    regional_entry_has_what_it_reads,
    ipv6_viewers_are_answered,
    last_exit_can_serve,
    regions_are_allowed,
    probers_look_from_elsewhere,
    webhook_is_within_the_boundary,
    encrypted_markers_are_checked_over_tls,
    status_without_data_has_an_alarm,
    recovered_zone_is_made_here,
    objective_is_within_reach,
)
