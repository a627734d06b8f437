"""Buckets and what is configured about them in other resources."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.model import Configuration, Resource
from scripts.lint.policies import Statement, statements
from scripts.lint.values import Block, Expression, Value

BUCKET = "aws_s3_bucket"
CLOUDFRONT = "cloudfront.amazonaws.com"
_KMS = ("aws:kms", "aws:kms:dsse")
_IDENTITY = ":user/CloudFront Origin Access Identity "


def bucket_statements(configuration: Configuration, bucket: Resource) -> list[Statement] | None:
    """Returns the bucket policy, None when it is not among what was given, or not known."""
    policies = configuration.users(bucket, "aws_s3_bucket_policy", "bucket")
    if len(policies) != 1:
        return None
    return statements(configuration, policies[0].body.value("policy"), policies[0])


def grants_to_cloudfront(policy: list[Statement], action: str) -> bool:
    """Whether a statement allows CloudFront an action."""
    return any(statement.is_for("Service", CLOUDFRONT) and statement.allows(action) for statement in policy)


def lets_cloudfront(policy: list[Statement], action: str) -> bool:
    """Whether a bucket policy allows CloudFront an action: by its service, an origin access identity, or as everybody."""
    return grants_to_cloudfront(policy, action) or any(
        statement.allows(action) and any(map(_is_identity_or_everybody, statement.principals)) for statement in policy
    )


def _is_identity_or_everybody(principal: tuple[str, Value]) -> bool:
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html."""
    kind, identifier = principal
    if kind in ("*", "AWS") and identifier == "*":
        return True
    if kind not in ("AWS", "CanonicalUser"):
        return False
    if isinstance(identifier, Expression):
        return "aws_cloudfront_origin_access_identity." in identifier.text or _IDENTITY in identifier.text
    return isinstance(identifier, str) and _IDENTITY in identifier


def is_versioned(configuration: Configuration, bucket: Resource) -> bool | None:
    """Whether versioning is on; None when unknown, as for a bucket that is made elsewhere."""
    found = configuration.users(bucket, "aws_s3_bucket_versioning", "bucket")
    if bucket.is_data and not found:
        return None
    inline = bucket.body.block("versioning").flag("enabled")
    blocks = [versioning.body.block("versioning_configuration") for versioning in found]
    if not all(block.is_known("status") for block in blocks):
        return None
    return inline is True or any(block.text("status") == "Enabled" for block in blocks)


def kms_encryption(configuration: Configuration, bucket: Resource) -> Iterator[tuple[Resource, Block]]:
    """Yields (resource, default encryption) where it is SSE-KMS."""
    for resource in configuration.users(bucket, "aws_s3_bucket_server_side_encryption_configuration", "bucket"):
        for rule in resource.body.blocks("rule"):
            default = rule.block("apply_server_side_encryption_by_default")
            if default.text("sse_algorithm") in _KMS:
                yield resource, default
