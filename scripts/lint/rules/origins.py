"""Origin groups and origins: failover codes, behaviours, S3's names (traps 14, 16, 19, 24)."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.buckets import bucket_statements, lets_cloudfront
from scripts.lint.distributions import Distribution, distributions, groups, is_s3_origin, spelled_name
from scripts.lint.model import Configuration, Resource
from scripts.lint.records import RECORD, record_sets
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import cloudfront
from scripts.lint.values import Block

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html
_LISTABLE_CODES = {400, 403, 404, 416, 429, 500, 502, 503, 504}
_SERVER_ERRORS = (500, 502, 503, 504)
# The global name leads to us-east-1 until DNS knows better, so a bucket there is never redirected.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html
_NEVER_REDIRECTED = "us-east-1"
_WRITES = {"PUT", "POST", "PATCH", "DELETE"}


def _codes(group: Block) -> set[float] | None:
    """The codes that fail over, None unless all are known."""
    criteria = group.block("failover_criteria")
    codes = {Block({"code": item}).number("code") for item in criteria.items("status_codes")}
    known = {code for code in codes if code is not None}
    return known if known and known == codes else None


def _unlistable_code(configuration: Configuration) -> Iterator[Finding]:
    for distribution, group in groups(configuration):
        wrong = (_codes(group) or set()) - _LISTABLE_CODES
        if wrong:
            yield at(distribution.resource, f"{_name(group)} lists {_listed(wrong)}")


def _missing_server_error(configuration: Configuration) -> Iterator[Finding]:
    for distribution, group in groups(configuration):
        codes = _codes(group)
        missing = {code for code in _SERVER_ERRORS if codes and code not in codes}
        if missing:
            yield at(distribution.resource, f"{_name(group)} does not list {_listed(missing)}")


def _s3_groups(configuration: Configuration) -> Iterator[tuple[Distribution, Block, set[float]]]:
    for distribution, group in groups(configuration):
        members, codes = distribution.members(group), _codes(group)
        if codes and members and is_s3_origin(distribution, members[0]):
            yield distribution, group, codes


def _missing_forbidden(configuration: Configuration) -> Iterator[Finding]:
    for distribution, group, codes in _s3_groups(configuration):
        if 403 not in codes:
            yield at(distribution.resource, f"{_name(group)} does not list 403")


def _forbidden_without_list(configuration: Configuration) -> Iterator[Finding]:
    for distribution, group, codes in _s3_groups(configuration):
        bucket = distribution.bucket_of(distribution.members(group)[0])
        policy = bucket_statements(configuration, bucket) if bucket and 403 in codes else None
        if bucket and policy is not None and not lets_cloudfront(policy, "s3:ListBucket"):
            yield at(distribution.resource, f"{_name(group)} lists 403, and {bucket.address} grants no s3:ListBucket")


def _lists_not_found(configuration: Configuration) -> Iterator[Finding]:
    for distribution, group in groups(configuration):
        if 404 in (_codes(group) or ()):
            yield at(distribution.resource, f"{_name(group)} lists 404")


def _name(group: Block) -> str:
    return f"origin group {group.text('origin_id')}"


def _listed(codes: set[float] | set[int]) -> str:
    return ", ".join(f"{code:g}" for code in sorted(codes))


def _writes_on_group(configuration: Configuration) -> Iterator[Finding]:
    for distribution in distributions(configuration):
        for behaviour in distribution.behaviours():
            writes = _WRITES & set(behaviour.texts("allowed_methods"))
            if writes and behaviour.text("target_origin_id") in distribution.groups:
                yield at(
                    distribution.resource,
                    f"behaviour {_pattern(behaviour)} allows {', '.join(sorted(writes))} on a group",
                )


def _unknown_target(configuration: Configuration) -> Iterator[Finding]:
    for distribution in distributions(configuration):
        if not distribution.knows_its_origins:
            continue
        for behaviour in distribution.behaviours():
            target = behaviour.text("target_origin_id")
            if target is not None and target not in {*distribution.origins, *distribution.groups}:
                yield at(
                    distribution.resource,
                    f"behaviour {_pattern(behaviour)} targets {target!r}, which is no origin or group",
                )
        for group in distribution.groups.values():
            for member in group.blocks("member"):
                name = member.text("origin_id")
                if name is not None and name not in distribution.origins:
                    yield at(distribution.resource, f"{_name(group)} has member {name!r}, which is no origin")


def _pattern(behaviour: Block) -> str:
    return behaviour.text("path_pattern") or "(default)"


def _website_endpoint(configuration: Configuration) -> Iterator[Finding]:
    for distribution, origin in _signed_origins(configuration):
        name = spelled_name(origin)
        if ".s3-website" in name or _attribute(distribution, origin) == "website_endpoint":
            yield at(distribution.resource, f"origin {origin.text('origin_id')} signs requests to a website endpoint")


def _global_bucket_name(configuration: Configuration) -> Iterator[Finding]:
    for distribution in distributions(configuration):
        for origin in distribution.origins.values():
            name = spelled_name(origin)
            is_global = name.endswith(".s3.amazonaws.com") or _attribute(distribution, origin) == "bucket_domain_name"
            if is_global and _is_redirected(configuration, distribution.bucket_of(origin)):
                yield at(distribution.resource, f"origin {origin.text('origin_id')} uses the bucket's global name")


def _is_redirected(configuration: Configuration, bucket: Resource | None) -> bool:
    """Whether a bucket is certainly outside us-east-1, or is none of those that were given."""
    if bucket is not None:
        return bucket.region not in (None, _NEVER_REDIRECTED)
    return all(one.body.text("bucket") for one in configuration.of_type("aws_s3_bucket"))


def _signed_origins(configuration: Configuration) -> Iterator[tuple[Distribution, Block]]:
    for distribution in distributions(configuration):
        for origin in distribution.origins.values():
            if not origin.is_unset("origin_access_control_id") or origin.blocks("s3_origin_config"):
                yield distribution, origin


def _attribute(distribution: Distribution, origin: Block) -> str | None:
    target = distribution.configuration.target(
        origin.value("domain_name"), distribution.resource, "aws_s3_bucket", "aws_s3_bucket_website_configuration"
    )
    return target.attribute if target else None


def _failover_name_before_s3(configuration: Configuration) -> Iterator[Finding]:
    routed = {
        group.name: group
        for group in record_sets(configuration)
        if any(record.policies and record.target == "s3" for record in group.records)
    }
    routed_resources = {record.resource.key: name for name, group in routed.items() for record in group.records}
    for distribution in distributions(configuration):
        for origin in distribution.origins.values():
            record = configuration.resource(origin.value("domain_name"), distribution.resource, RECORD)
            known = configuration.same(origin.value("domain_name"), distribution.resource)
            name = routed_resources.get(record.key, known) if record else known
            if name in routed:
                yield at(distribution.resource, f"origin {origin.text('origin_id')} is {name}, a routed record to S3")


_FAILOVER = cloudfront("high_availability_origin_failover")
_OAC = cloudfront("private-content-restricting-access-to-s3")

RULES = (
    Rule(
        id="FW141",
        slug="unlistable-failover-code",
        title="A failover code that CloudFront does not take",
        why="Origin groups take 400, 403, 404, 416, 429, 500, 502, 503 and 504 only; plan does not check, apply fails.",
        source=_FAILOVER,
        remedy="List 403, 500, 502, 503, 504.",
        check=_unlistable_code,
    ),
    Rule(
        id="FW142",
        slug="missing-server-error",
        title="A 5xx that does not fail over",
        why="An unlisted status goes to the viewer as it is: the site is down although the other region works.",
        source=_FAILOVER,
        remedy="List 500, 502, 503 and 504.",
        check=_missing_server_error,
    ),
    Rule(
        id="FW143",
        slug="missing-forbidden",
        title="403 does not fail over from a bucket",
        why="S3 answers 403 when access is broken (bucket policy, key, account): users get it while the other bucket works.",
        source=_FAILOVER,
        remedy="List 403 too, and grant CloudFront s3:ListBucket so that an absent page is 404.",
        check=_missing_forbidden,
    ),
    Rule(
        id="FW144",
        severity=Severity.NOTE,
        slug="forbidden-without-list",
        title="403 fails over, but absent pages are 403 too",
        why="Without s3:ListBucket S3 answers 403 for a missing key, so every absent page asks both buckets.",
        source="https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html",
        remedy="Grant cloudfront.amazonaws.com s3:ListBucket on the bucket, bound to the distribution's ARN.",
        check=_forbidden_without_list,
    ),
    Rule(
        id="FW145",
        severity=Severity.WARNING,
        slug="not-found-fails-over",
        title="404 fails over",
        why="Each absent page asks both buckets, and an object deleted only in the primary comes back from the secondary.",
        source=_FAILOVER,
        remedy="Leave 404 out of the codes.",
        check=_lists_not_found,
    ),
    Rule(
        id="FW161",
        slug="writes-on-group",
        title="Write methods on an origin group's behaviour",
        why="Only GET, HEAD and OPTIONS fail over; apply refuses the others on a group, plan does not.",
        source=_FAILOVER,
        remedy="Allow GET, HEAD and OPTIONS there; give writes a behaviour with a single origin.",
        check=_writes_on_group,
    ),
    Rule(
        id="FW162",
        slug="unknown-target-origin",
        title="A target or member that names no origin",
        why="Plan accepts any text as target_origin_id; apply fails after everything else has been changed.",
        source=cloudfront("DownloadDistValuesCacheBehavior"),
        remedy="Use the id of an origin or origin group of the same distribution.",
        check=_unknown_target,
    ),
    Rule(
        id="FW191",
        slug="oac-website-endpoint",
        title="Origin access control with a website endpoint",
        why="Website endpoints speak HTTP without signatures: access control needs the REST endpoint.",
        source=_OAC,
        remedy="Use bucket_regional_domain_name as the origin; do index pages and redirects in a function.",
        check=_website_endpoint,
    ),
    Rule(
        id="FW192",
        severity=Severity.WARNING,
        slug="global-bucket-name",
        title="The global name of a bucket outside us-east-1 as origin",
        why="A new bucket's global name may answer 307 to its region for up to 24 h.",
        source=_OAC,
        remedy="Use bucket_regional_domain_name.",
        check=_global_bucket_name,
    ),
    Rule(
        id="FW241",
        slug="failover-name-before-s3",
        title="A routed DNS name as the origin of S3",
        why="S3's REST endpoint finds the bucket by Host and holds no certificate for the name: 404 or a TLS error.",
        source="https://aws.amazon.com/blogs/apn/using-amazon-cloudfront-with-multi-region-amazon-s3-origins/",
        remedy="Make one origin per bucket with its regional name, and an origin group of both.",
        check=_failover_name_before_s3,
    ),
)
