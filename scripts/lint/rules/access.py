"""Buckets that answer CloudFront with 403 for every object (traps 19, 20)."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.buckets import (
    BUCKET,
    CLOUDFRONT,
    bucket_statements,
    kms_encryption,
    lets_cloudfront,
    may_be_of_any_bucket,
)
from scripts.lint.distributions import DISTRIBUTION, Distribution, distributions, spelled_name
from scripts.lint.model import Configuration, Resource
from scripts.lint.policies import Statement
from scripts.lint.regions import known_regions
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import cloudfront, s3
from scripts.lint.values import Block

_POLICY, _ACCESS_POINT = "aws_s3_bucket_policy", "aws_s3control_multi_region_access_point"
_GLOBAL_ENDPOINT = ".accesspoint.s3-global.amazonaws.com"
_SEVERAL = 2
# Enabled in every account: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
_DEFAULT_REGIONS = frozenset(
    (
        *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1"),
        *("eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1"),
        *("ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
    )
)


def _signed_buckets(configuration: Configuration) -> Iterator[tuple[Distribution, Block, Resource]]:
    """Yields (distribution, origin, bucket) where requests are signed, by an access control or an identity."""
    for distribution in distributions(configuration):
        for origin in distribution.origins.values() if distribution.knows_its_origins else []:
            bucket = distribution.bucket_of(origin)
            is_signed = not origin.is_unset("origin_access_control_id") or _identity(origin)
            if bucket is not None and is_signed:
                yield distribution, origin, bucket


def _identity(origin: Block) -> bool:
    return not origin.block("s3_origin_config").is_unset("origin_access_identity")


def _without_policy(configuration: Configuration) -> Iterator[Finding]:
    """Yields buckets that are certainly meant to be read here, and that nothing here opens.

    The members of a group are FW194's: their policies lie in the stacks of their regions more often than not. A certificate's
    ARN as a literal says that this is one stack of several, too. And in one region nothing fails over.
    """
    if not configuration.is_whole or len(known_regions(configuration)) < _SEVERAL:
        return
    if may_be_of_any_bucket(configuration, _POLICY, "aws_s3_bucket_acl"):
        return
    for distribution, origin, bucket in _signed_buckets(configuration):
        certificate = distribution.resource.body.block("viewer_certificate").text("acm_certificate_arn")
        if certificate or bucket.is_data or _is_in_a_group(distribution, origin):
            continue
        if _is_closed(configuration, bucket):
            yield at(bucket, f"is behind {distribution.resource.address}, and no policy lets CloudFront read it")


def _is_in_a_group(distribution: Distribution, origin: Block) -> bool:
    """Whether an origin is a member of a group, or may be one: a group's members are not known."""
    for group in distribution.groups.values():
        members = distribution.members(group)
        if origin in members or len(members) < max(1, len(group.items("member"))):
            return True
    return False


def _is_closed(configuration: Configuration, bucket: Resource) -> bool:
    """Whether nothing lets CloudFront read: no policy does, inside the bucket neither, and no ACL makes objects public."""
    if not bucket.body.is_unset("policy") or bucket.body.value("acl") not in (None, "", "private"):
        return False
    if configuration.users(bucket, "aws_s3_bucket_acl", "bucket"):
        return False
    if not configuration.users(bucket, _POLICY, "bucket"):
        return True
    policy = bucket_statements(configuration, bucket)
    return policy is not None and not lets_cloudfront(policy, "s3:GetObject")


def _identity_with_kms(configuration: Configuration) -> Iterator[Finding]:
    for distribution, origin, bucket in _signed_buckets(configuration):
        if _identity(origin) and origin.is_unset("origin_access_control_id"):
            for resource, _ in kms_encryption(configuration, bucket):
                name = distribution.resource.address
                yield at(resource, f"SSE-KMS on {bucket.address}, which {name} reads by an origin access identity")


def _opt_in_region(configuration: Configuration) -> Iterator[Finding]:
    for distribution in distributions(configuration):
        for origin in distribution.origins.values():
            value = origin.value("domain_name")
            point = configuration.resource(value, distribution.resource, _ACCESS_POINT)
            is_global = point is not None or spelled_name(origin).endswith(_GLOBAL_ENDPOINT)
            if point is None or not is_global or origin.is_unset("origin_access_control_id"):
                continue
            for region in point.body.block("details").blocks("region"):
                bucket = configuration.resource(region.value("bucket"), point, BUCKET)
                if bucket and not bucket.is_data and bucket.region and bucket.region not in _DEFAULT_REGIONS:
                    yield at(distribution.resource, f"{point.address} has {bucket.address} in {bucket.region}")


def _granted_to_others(configuration: Configuration) -> Iterator[Finding]:
    for distribution, _, bucket in _signed_buckets(configuration):
        policy = bucket_statements(configuration, bucket)
        grants = [one for one in policy or [] if one.is_for("Service", CLOUDFRONT) and one.allows("s3:GetObject")]
        named = [_named(configuration, grant, bucket) for grant in grants]
        if grants and all(one is not None and distribution.resource.key not in one for one in named):
            yield at(
                bucket, f"lets other distributions read than {distribution.resource.address}, which has it as origin"
            )


def _named(configuration: Configuration, grant: Statement, bucket: Resource) -> set[tuple[str, str]] | None:
    """Returns the distributions that a grant names, None when it may name others."""
    conditions = [condition for condition in grant.conditions if condition.key == "aws:sourcearn"]
    if not conditions or not grant.knows_conditions:
        return None
    policies = configuration.users(bucket, _POLICY, "bucket")
    found: set[tuple[str, str]] = set()
    for value in (value for condition in conditions for value in condition.values):
        led_to = configuration.listed([value], policies[0], DISTRIBUTION) if policies else []
        if len(led_to) != 1:
            return None
        found.add(led_to[0].key)
    return found


def _never_signed(configuration: Configuration) -> Iterator[Finding]:
    for distribution, origin, bucket in _signed_buckets(configuration):
        value = origin.value("origin_access_control_id")
        control = configuration.resource(value, distribution.resource, "aws_cloudfront_origin_access_control")
        if control and control.body.text("signing_behavior") == "never" and not _is_public(configuration, bucket):
            yield at(control, f"never signs, and {distribution.resource.address} reads {bucket.address} by it")


def _is_public(configuration: Configuration, bucket: Resource) -> bool:
    """Whether everybody may read a bucket, or may be allowed to."""
    if bucket.is_data or bucket.body.value("acl") not in (None, "", "private") or not bucket.body.is_unset("policy"):
        return True
    if configuration.users(bucket, "aws_s3_bucket_acl", "bucket") or may_be_of_any_bucket(configuration, _POLICY):
        return True
    if not configuration.users(bucket, _POLICY, "bucket"):
        return False
    policy = bucket_statements(configuration, bucket)
    return policy is None or any(("*", "*") in one.principals or ("AWS", "*") in one.principals for one in policy)


RULES = (
    Rule(
        id="FW197",
        severity=Severity.WARNING,
        slug="bucket-without-policy",
        title="A bucket behind CloudFront that no policy opens",
        why="Signed requests are refused unless the bucket's policy allows them: every object is 403, from the first request "
        "on. (A warning, because the policy may be in a stack that was not given.)",
        source=cloudfront("private-content-restricting-access-to-s3"),
        remedy="Allow cloudfront.amazonaws.com s3:GetObject on BUCKET/*, with AWS:SourceArn of the distribution; or give the "
        "stack that holds the policy to the same call of the linter.",
        check=_without_policy,
    ),
    Rule(
        id="FW198",
        slug="access-point-in-opt-in-region",
        title="A Multi-Region Access Point with a bucket in an opt-in region, behind origin access control",
        why="CloudFront signs for regions that are enabled by default only: requests that end in an opt-in region fail, and "
        "which do depends on where the viewer is.",
        source=cloudfront("private-content-restricting-access-to-s3-mrap"),
        remedy="Keep the access point's buckets in regions that are enabled by default, or use an origin group of the buckets.",
        check=_opt_in_region,
    ),
    Rule(
        id="FW205",
        slug="identity-with-kms",
        title="SSE-KMS behind an origin access identity",
        why="An origin access identity cannot decrypt with KMS: every object under a key is 403. Origin access control can.",
        source=s3("UsingKMSEncryption"),
        remedy="Use aws_cloudfront_origin_access_control and let the key's policy allow cloudfront.amazonaws.com kms:Decrypt; or "
        "encrypt with SSE-S3.",
        check=_identity_with_kms,
    ),
    Rule(
        id="FW199",
        slug="grant-to-another-distribution",
        title="A bucket policy that names another distribution than the one that reads",
        why="aws:SourceArn lets the distributions in that are named, and no other: every object is 403 for this one, often the "
        "one of the second region.",
        source=cloudfront("private-content-restricting-access-to-s3"),
        remedy="Name the ARN of each distribution that has the bucket as origin.",
        check=_granted_to_others,
    ),
    Rule(
        id="FW361",
        slug="access-control-never-signs",
        title="An origin access control that never signs, before a private bucket",
        why="signing_behavior never sends the viewer's request as it is: a bucket that is not public answers 403.",
        source=cloudfront("private-content-restricting-access-to-s3"),
        remedy='Set signing_behavior = "always".',
        check=_never_signed,
    ),
)
