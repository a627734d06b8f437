"""Origin groups that cannot help, and paths that CloudFront does not take (traps 14, 15, 16, 24)."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.distributions import DISTRIBUTION, Distribution, distributions, groups
from scripts.lint.javascript import called, is_readable
from scripts.lint.model import Configuration
from scripts.lint.regions import region_behind
from scripts.lint.rule import Finding, Rule, at
from scripts.lint.sources import cloudfront
from scripts.lint.values import Block

_SUBSCRIPTIONS = ("aws_pricingplanmanager_subscription", "awscc_pricingplanmanager_subscription")
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/flat-rate-pricing-plan.html
_TIERS_WITHOUT_FAILOVER = ("FREE", "PRO", "BUSINESS")


def _one_region(configuration: Configuration) -> Iterator[Finding]:
    for distribution, group in groups(configuration):
        names = [member.text("origin_id") for member in group.blocks("member")]
        members = distribution.members(group)
        if len(members) != len(names) or len(members) < 2:
            continue
        regions = {_region(configuration, distribution, origin) for origin in members}
        hosts = {configuration.same(origin.value("domain_name"), distribution.resource) for origin in members}
        if len(set(names)) == 1:
            yield at(distribution.resource, f"both members of {_name(group)} are origin {names[0]}")
        elif len(hosts) == 1 and None not in hosts:
            yield at(distribution.resource, f"both members of {_name(group)} are the same host")
        elif len(regions) == 1 and None not in regions:
            yield at(distribution.resource, f"both members of {_name(group)} are in {regions.pop()}")


def _region(configuration: Configuration, distribution: Distribution, origin: Block) -> str | None:
    bucket = distribution.bucket_of(origin)
    if bucket is not None:
        return None if bucket.is_data else bucket.region
    return region_behind(configuration, origin.value("domain_name"), distribution.resource)


def _unused(configuration: Configuration) -> Iterator[Finding]:
    for distribution, group in groups(configuration):
        items = [*distribution.body.items("ordered_cache_behavior"), *distribution.body.items("default_cache_behavior")]
        targets = [Block(item).text("target_origin_id") if isinstance(item, dict) else None for item in items]
        is_known = bool(distribution.body.blocks("default_cache_behavior")) and None not in targets
        if is_known and group.text("origin_id") not in targets and not _may_be_chosen(distribution):
            yield at(distribution.resource, f"no behaviour targets {_name(group)}")


def _may_be_chosen(distribution: Distribution) -> bool:
    """Whether a viewer-request function chooses an origin by its id, or is not known."""
    codes = [distribution.viewer_request_code(behaviour) for behaviour in distribution.behaviours()]
    return any(code is None or not is_readable(code) or "selectRequestOriginById" in called(code) for code in codes)


def _flat_rate(configuration: Configuration) -> Iterator[Finding]:
    for subscription in configuration.of_type(*_SUBSCRIPTIONS):
        tier = (subscription.body.text("plan_tier") or "").upper()
        covered = configuration.listed(subscription.body.items("resource_arns"), subscription, DISTRIBUTION)
        for resource in covered if tier in _TIERS_WITHOUT_FAILOVER else []:
            if Distribution(configuration, resource).groups:
                yield at(subscription, f"plan {tier} for {resource.address}, which has an origin group")


def _root_with_slash(configuration: Configuration) -> Iterator[Finding]:
    for resource in configuration.of_type(DISTRIBUTION, "aws_cloudfront_multitenant_distribution"):
        name = resource.body.text("default_root_object") or ""
        if name.startswith("/"):
            yield at(resource, f"default_root_object {name!r}")


def _misspelled_path(configuration: Configuration) -> Iterator[Finding]:
    for distribution in distributions(configuration):
        for origin in distribution.body.blocks("origin"):
            path = origin.text("origin_path")
            if path and (not path.startswith("/") or path.endswith("/")):
                yield at(distribution.resource, f"origin {origin.text('origin_id')} has origin_path {path!r}")
        for response in distribution.body.blocks("custom_error_response"):
            page = response.text("response_page_path")
            if page and not page.startswith("/"):
                yield at(distribution.resource, f"response_page_path {page!r}")


def _two_accesses(configuration: Configuration) -> Iterator[Finding]:
    for distribution in distributions(configuration):
        for origin in distribution.body.blocks("origin"):
            identity = origin.block("s3_origin_config")
            has_identity = not identity.is_unset("origin_access_identity") and identity.is_known(
                "origin_access_identity"
            )
            has_control = not origin.is_unset("origin_access_control_id")
            if has_control and has_identity:
                detail = f"origin {origin.text('origin_id')} has an access control and an access identity"
                yield at(distribution.resource, detail)


def _name(group: Block) -> str:
    return f"origin group {group.text('origin_id')}"


_FAILOVER = cloudfront("high_availability_origin_failover")

RULES = (
    Rule(
        id="FW146",
        slug="group-in-one-region",
        title="An origin group whose members are in one region",
        why="The secondary falls with the primary: the group helps against one bucket's misconfiguration, not against the "
        "region's outage.",
        source=_FAILOVER,
        remedy="Put the second member into another region.",
        check=_one_region,
    ),
    Rule(
        id="FW147",
        slug="group-unused",
        title="An origin group that no behaviour targets",
        why="A behaviour that targets an origin asks that origin only: nothing ever fails over.",
        source=_FAILOVER,
        remedy="Set target_origin_id of the behaviour to the group's id.",
        check=_unused,
    ),
    Rule(
        id="FW152",
        slug="root-object-with-slash",
        title="A default root object with a leading slash",
        why="CloudFront then asks for an object whose key begins with a slash: / is 403 or 404, every other path works.",
        source=cloudfront("DefaultRootObject"),
        remedy='Write it without the slash: default_root_object = "index.html".',
        check=_root_with_slash,
    ),
    Rule(
        id="FW163",
        slug="misspelled-path",
        title="A path that CloudFront refuses",
        why="An origin path begins with a slash and does not end with one, and an error page's path begins with one; plan "
        "accepts any text, apply fails.",
        source=cloudfront("DownloadDistValuesOrigin"),
        remedy='Write "/releases" and "/errors/404.html".',
        check=_misspelled_path,
    ),
    Rule(
        id="FW164",
        slug="two-origin-accesses",
        title="An origin with an access control and an access identity",
        why="An origin has one way to sign: CloudFront refuses both at apply, plan accepts them. It is the usual half of a "
        "migration.",
        source=cloudfront("private-content-restricting-access-to-s3"),
        remedy='Leave s3_origin_config out, or set origin_access_identity = "", and keep origin_access_control_id.',
        check=_two_accesses,
    ),
    Rule(
        id="FW242",
        slug="group-on-flat-rate-plan",
        title="An origin group on a flat-rate plan below Premium",
        why="Origin failover is part of the Premium plan only: the subscription is refused, or the group is.",
        source=cloudfront("flat-rate-pricing-plan"),
        remedy="Stay on pay-as-you-go, or take plan_tier PREMIUM.",
        check=_flat_rate,
    ),
)
