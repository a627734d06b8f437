"""Buckets and what is configured about them in other resources."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.lint.model import Configuration, Resource
from scripts.lint.policies import Statement, statements
from scripts.lint.values import Block, Expression, Value

BUCKET = "aws_s3_bucket"
CLOUDFRONT = "cloudfront.amazonaws.com"
_VERSIONING = "versioning_configuration"
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
    reaching = [statement for statement in policy if _reaches(statement, is_object=action == "s3:GetObject")]
    return grants_to_cloudfront(reaching, action) or any(
        statement.allows(action) and any(map(_is_identity_or_everybody, statement.principals)) for statement in reaching
    )


def _reaches(statement: Statement, *, is_object: bool) -> bool:
    """Whether a statement may be about objects, `bucket/key`, or about the bucket itself; unknown resources may be either.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html
    """
    return not statement.resources or any(_may_name(resource, is_object=is_object) for resource in statement.resources)


def _may_name(resource: Value, *, is_object: bool) -> bool:
    text = resource.text if isinstance(resource, Expression) and resource.is_whole else resource
    if not isinstance(text, str):
        return True
    end = re.split("[:}]", text)[-1]  # what is behind the last colon or expression
    if not is_object:
        return "/" not in end
    return "/" in end or "*" in end or (text.endswith("}") and not text.endswith(".arn}"))


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
    if bucket.body.block("versioning").flag("enabled"):
        return True
    is_elsewhere = bucket.is_data or may_be_of_any_bucket(configuration, "aws_s3_bucket_versioning")
    is_known = bucket.body.is_known("versioning") and all(one.body.is_known(_VERSIONING) for one in found)
    if any(one.body.block(_VERSIONING).text("status") == "Enabled" for one in found):
        return True
    return None if not is_known or (is_elsewhere and not found) else False


def may_be_of_any_bucket(configuration: Configuration, *types: str) -> bool:
    """Whether there is a resource of these types whose bucket is not known, so that it may be any."""
    return configuration.once(
        ("of any bucket", types),
        lambda: any(
            isinstance(resource.body.value("bucket"), Expression)
            and configuration.resource(resource.body.value("bucket"), resource, BUCKET) is None
            for resource in configuration.of_type(*types)
        ),
    )


def kms_encryption(configuration: Configuration, bucket: Resource) -> Iterator[tuple[Resource, Block]]:
    """Yields (resource, default encryption) where it is SSE-KMS."""
    found = configuration.users(bucket, "aws_s3_bucket_server_side_encryption_configuration", "bucket")
    inline = [] if found else bucket.body.blocks("server_side_encryption_configuration")
    for resource, body in [*((one, one.body) for one in found), *((bucket, body) for body in inline)]:
        for rule in body.blocks("rule"):
            default = rule.block("apply_server_side_encryption_by_default")
            if default.text("sse_algorithm") in _KMS:
                yield resource, default
