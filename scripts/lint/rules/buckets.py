"""Buckets behind CloudFront: who may read them, list them and decrypt them (traps 15, 19, 20)."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.buckets import (
    BUCKET,
    CLOUDFRONT,
    bucket_statements,
    grants_to_cloudfront,
    kms_encryption,
    lets_cloudfront,
)
from scripts.lint.distributions import Distribution, distributions
from scripts.lint.javascript import called, is_readable, named
from scripts.lint.model import Configuration, Resource
from scripts.lint.policies import Condition, Statement, statements
from scripts.lint.replication import replication_rules
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import cloudfront, s3
from scripts.lint.values import Block, Value

# Either keeps everybody else's distributions out, and a grant from being public:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
_SOURCES = ("aws:sourcearn", "aws:sourceaccount")
_EXACT = ("stringequals", "stringequalsignorecase")
# ArnEquals takes wildcards as ArnLike does: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
_WITH_WILDCARDS = ("stringlike", "arnlike", "arnequals")
_ACCOUNT_IN_ARN = 4
_ENCRYPTION = "encryption_configuration"
# The replica's key is then the multi-Region key's replica; in the API since 2026-11, in no provider up to 6.69.
_OWN_KEY = "use_source_multi_region_key"


def _origins(configuration: Configuration) -> Iterator[tuple[Resource, Block, Resource]]:
    """Yields (distribution, origin, bucket) for the buckets that are known."""
    for distribution in distributions(configuration):
        for origin in distribution.origins.values():
            if bucket := distribution.bucket_of(origin):
                yield distribution.resource, origin, bucket


def _index_leak(configuration: Configuration) -> Iterator[Finding]:
    for distribution in distributions(configuration):
        for bucket in _buckets_at_root(distribution) if distribution.body.is_unset("default_root_object") else []:
            policy = bucket_statements(configuration, bucket)
            if policy and lets_cloudfront(policy, "s3:ListBucket"):
                detail = f"no default_root_object, and {bucket.address} grants CloudFront s3:ListBucket"
                yield at(distribution.resource, detail)


def _may_rewrite(code: str) -> bool:
    """Whether a function may set another path, or answer in the bucket's place."""
    return bool({"uri", "statusCode"} & named(code) or "assign" in called(code))


def _buckets_at_root(distribution: Distribution) -> list[Resource]:
    """Returns the buckets that answer a request for / as it is: none behind a function that may rewrite or answer it."""
    behaviour = distribution.behaviour_for("/")
    code = distribution.viewer_request_code(behaviour) if behaviour else None
    if behaviour is None or code is None or not is_readable(code) or _may_rewrite(code):
        return []
    plain = [origin for origin in distribution.origins_of(behaviour) if origin.is_unset("origin_path")]
    return [bucket for origin in plain if (bucket := distribution.bucket_of(origin))]


def _unbound_grant(configuration: Configuration) -> Iterator[Finding]:
    for resource in configuration.of_type("aws_s3_bucket_policy"):
        for statement in statements(configuration, resource.body.value("policy"), resource) or []:
            is_grant = statement.is_allow and statement.is_for("Service", CLOUDFRONT)
            if is_grant and statement.knows_conditions and not _is_bound(statement):
                yield at(
                    resource,
                    "allows cloudfront.amazonaws.com without a condition that names distributions or an account",
                )


def _is_bound(statement: Statement) -> bool:
    return any(condition.key in _SOURCES and _names_an_account(condition) for condition in statement.conditions)


def _names_an_account(condition: Condition) -> bool:
    """Whether only requests of accounts that are named pass; an expression is taken to name one."""
    operator = condition.operator.lower().removeprefix("foranyvalue:").removesuffix("ifexists")
    if operator in _EXACT:
        return bool(condition.values)
    return operator in _WITH_WILDCARDS and bool(condition.values) and not any(map(_is_any_account, condition.values))


def _is_any_account(value: Value) -> bool:
    if not isinstance(value, str):
        return False
    parts = value.split(":")
    account = parts[_ACCOUNT_IN_ARN] if len(parts) > _ACCOUNT_IN_ARN else value
    return "*" in account or "?" in account


def _one_bucket_without_grant(configuration: Configuration) -> Iterator[Finding]:
    for distribution in distributions(configuration):
        for group in distribution.groups.values():
            members = [distribution.bucket_of(origin) for origin in distribution.members(group)]
            buckets = [bucket for bucket in members if bucket]
            granted = [bucket for bucket in buckets if _reads(configuration, bucket)]
            for bucket in buckets:
                if granted and _reads(configuration, bucket) is False:
                    yield at(bucket, f"is in a group with {granted[0].address}, and only that one lets CloudFront read")


def _reads(configuration: Configuration, bucket: Resource) -> bool | None:
    """Whether CloudFront may read; None when that is unknown."""
    if not configuration.users(bucket, "aws_s3_bucket_policy", "bucket"):
        return None if bucket.is_data else _no_policy_can_be_elsewhere(configuration)
    policy = bucket_statements(configuration, bucket)
    return None if policy is None else lets_cloudfront(policy, "s3:GetObject")


def _no_policy_can_be_elsewhere(configuration: Configuration) -> bool | None:
    """False when every bucket policy given leads to a bucket given, so that none is unaccounted for."""
    policies = configuration.of_type("aws_s3_bucket_policy")
    placed = [policy for policy in policies if configuration.resource(policy.body.value("bucket"), policy, BUCKET)]
    return False if len(placed) == len(policies) else None


def _undecryptable(configuration: Configuration) -> Iterator[Finding]:
    for _, origin, bucket in _origins(configuration):
        if not origin.is_unset("origin_access_control_id"):
            for resource, default in kms_encryption(configuration, bucket):
                if reason := _no_decrypt(configuration, resource, default):
                    yield at(resource, reason)


def _no_decrypt(configuration: Configuration, resource: Resource, default: Block) -> str | None:
    if default.is_unset("kms_master_key_id"):
        return "SSE-KMS with the AWS managed key, whose policy cannot name CloudFront"
    key = configuration.resource(default.value("kms_master_key_id"), resource, "aws_kms_key", "aws_kms_replica_key")
    if key is None:
        return None
    owner = next(iter(configuration.users(key, "aws_kms_key_policy", "key_id")), key)
    if owner.body.is_unset("policy"):
        return f"SSE-KMS with {key.address}, whose default policy does not name CloudFront"
    policy = statements(configuration, owner.body.value("policy"), owner)
    if policy is None or grants_to_cloudfront(policy, "kms:Decrypt"):
        return None
    return f"SSE-KMS with {key.address}, whose policy does not let CloudFront kms:Decrypt"


def _unreplicated_kms(configuration: Configuration) -> Iterator[Finding]:
    for rule in replication_rules(configuration):
        uses_kms = rule.source is not None and any(True for _ in kms_encryption(configuration, rule.source))
        missing = _missing_kms_settings(rule.body) if uses_kms else None
        if rule.source and missing:
            yield at(rule.holder, f"{rule.source.address} uses SSE-KMS, and the rule has no {missing}")


def _missing_kms_settings(rule: Block) -> str | None:
    if not rule.is_known("source_selection_criteria"):
        return None
    criteria = rule.block("source_selection_criteria")
    objects = criteria.block("sse_kms_encrypted_objects")
    if criteria.is_unset("sse_kms_encrypted_objects") or objects.text("status") == "Disabled":
        return "source_selection_criteria for sse_kms_encrypted_objects"
    destination = rule.block("destination")
    encryption = destination.block(_ENCRYPTION)
    if not all(block.is_unset(_OWN_KEY) for block in (rule, criteria, destination, encryption)):
        return None
    is_known = all(isinstance(block, dict) for block in (*rule.items("destination"), *destination.items(_ENCRYPTION)))
    if is_known and (destination.is_unset(_ENCRYPTION) or encryption.is_unset("replica_kms_key_id")):
        return "replica_kms_key_id"
    return None


_OAC = cloudfront("private-content-restricting-access-to-s3")

RULES = (
    Rule(
        id="FW151",
        severity=Severity.WARNING,
        slug="index-leak",
        title="s3:ListBucket for CloudFront without a default root object",
        why="A request for / is then the bucket's listing: every key is public.",
        source=cloudfront("DefaultRootObject"),
        remedy='Set default_root_object = "index.html".',
        check=_index_leak,
    ),
    Rule(
        id="FW193",
        severity=Severity.WARNING,
        slug="unbound-cloudfront-grant",
        title="A bucket policy for CloudFront that names no distribution and no account",
        why="Without the condition anybody's distribution may read the bucket; and such a grant counts as public, so the public"
        " access block may refuse it in one region only.",
        source=_OAC,
        remedy='Add Condition StringEquals "AWS:SourceArn" with the ARNs of your distributions, in both buckets.',
        check=_unbound_grant,
    ),
    Rule(
        id="FW194",
        slug="bucket-without-grant",
        title="Only one bucket of a group lets CloudFront read",
        why="The failover itself then ends in 403, and nobody sees it before the primary fails.",
        source=_OAC,
        remedy="Give both buckets a policy that allows cloudfront.amazonaws.com s3:GetObject.",
        check=_one_bucket_without_grant,
    ),
    Rule(
        id="FW201",
        slug="undecryptable-origin",
        title="SSE-KMS without a grant for CloudFront",
        why="Reading through origin access control needs kms:Decrypt in the key's policy; without it every object is 403.",
        source=_OAC,
        remedy="Use SSE-S3 (AES256), or a customer managed key whose policy allows cloudfront.amazonaws.com "
        "kms:Decrypt by SourceArn.",
        check=_undecryptable,
    ),
    Rule(
        id="FW202",
        slug="unreplicated-kms",
        title="SSE-KMS objects that replication leaves out",
        why="Replication skips SSE-KMS objects unless the rule selects them and names a key in the other region.",
        source=s3("replication-config-for-kms-objects"),
        remedy="Add sse_kms_encrypted_objects and replica_kms_key_id, with rights on both keys; or use SSE-S3. "
        "(UseSourceMultiRegionKey, which needs no replica_kms_key_id, is in the API only, not in provider 6.69.)",
        check=_unreplicated_kms,
    ),
)
