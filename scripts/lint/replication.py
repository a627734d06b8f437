"""Replication as S3 reads it: the rules, wherever they are written, and which keys a rule copies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scripts.lint.distributions import bucket_behind
from scripts.lint.model import Configuration, Resource
from scripts.lint.values import Block, Expression, Value

REPLICATION = "aws_s3_bucket_replication_configuration"
_BUCKET = "aws_s3_bucket"
# What is known of filters; the API has `Not` as well, which the provider (6.69) does not.
_FILTER_KEYS = {"prefix", "tag", "tags", "and"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicationRule:
    """One rule: `holder` is the resource in which it is written, `source` the bucket, None when that is unknown.

    `body` has the form of aws_s3_bucket_replication_configuration, also where it is written inside the bucket; `role` is the
    value of the role.
    """

    configuration: Configuration
    holder: Resource
    source: Resource | None
    role: Value
    body: Block

    @property
    def name(self) -> str:
        """The rule's id for messages."""
        return self.body.text("id") or "(unnamed)"

    @property
    def destination(self) -> Resource | None:
        """The bucket that it copies to, when that is among what was given."""
        return bucket_behind(self.configuration, self.body.block("destination").value("bucket"), self.holder)


def replications(configuration: Configuration) -> Iterator[tuple[Resource, Resource | None]]:
    """Yields (resource in which replication is written, source bucket): resources of its own, and buckets with it inside.

    A bucket whose state shows the rules of another resource is not named twice.
    https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/s3_bucket#replication_configuration
    """
    for holder in configuration.of_type(REPLICATION):
        yield holder, configuration.resource(holder.body.value("bucket"), holder, _BUCKET)
    for bucket in configuration.of_type(_BUCKET):
        has_rules = bool(bucket.body.block("replication_configuration").values)
        if has_rules and not configuration.users(bucket, REPLICATION, "bucket"):
            yield bucket, bucket


def replication_rules(configuration: Configuration) -> Iterator[ReplicationRule]:
    """Yields the rules that are certainly switched on."""
    yield from configuration.once("replication rules", lambda: list(_replication_rules(configuration)))


def _replication_rules(configuration: Configuration) -> Iterator[ReplicationRule]:
    for holder, source in replications(configuration):
        is_inline = holder.type == _BUCKET
        body = holder.body.block("replication_configuration") if is_inline else holder.body
        for rule in map(_as_resource, body.blocks("rules")) if is_inline else body.blocks("rule"):
            if is_enabled(rule):
                yield ReplicationRule(
                    configuration=configuration, holder=holder, source=source, role=body.value("role"), body=rule
                )


def _as_resource(inline: Block) -> Block:
    """Returns a rule that is written inside a bucket as the resource of its own writes it."""
    values = dict(inline.values)
    if not inline.is_unset("delete_marker_replication_status"):
        values["delete_marker_replication"] = {"status": inline.value("delete_marker_replication_status")}
    criteria = inline.block("source_selection_criteria").block("sse_kms_encrypted_objects")
    if criteria.values:
        values["source_selection_criteria"] = {"sse_kms_encrypted_objects": {"status": _status(criteria)}}
    destination = inline.block("destination")
    if not destination.is_unset("replica_kms_key_id"):
        encryption: Value = {"replica_kms_key_id": destination.value("replica_kms_key_id")}
        values["destination"] = {**destination.values, "encryption_configuration": encryption}
    return Block(values)


def _status(criteria: Block) -> Value:
    enabled = criteria.flag("enabled")
    return Expression() if enabled is None else "Enabled" if enabled else "Disabled"


def is_enabled(rule: Block) -> bool:
    """Whether a rule is certainly switched on."""
    return rule.text("status") == "Enabled"


def replicates(rule: Block, key: str) -> bool:
    """Whether an enabled rule certainly copies an object of this key, whatever its tags."""
    if not is_enabled(rule) or filters_tags(rule) or _filters_more(rule):
        return False
    if prefix_of(rule) is None:
        return False
    return key.startswith(prefix_of(rule) or "")


def prefix_of(rule: Block) -> str | None:
    """Returns the prefix of the keys that a rule is limited to, "" for all keys, None when it is not known."""
    scope = rule.block("filter")
    if not all(block.is_known("prefix") for block in (rule, scope, scope.block("and"))) or not rule.is_known("filter"):
        return None
    return scope.text("prefix") or scope.block("and").text("prefix") or rule.text("prefix") or ""


def filters_tags(rule: Block) -> bool:
    """Whether a rule is limited by object tags, or its filter is unknown."""
    scope = rule.block("filter")
    has_tags = bool(scope.blocks("tag")) or not scope.is_unset("tags") or not scope.block("and").is_unset("tags")
    return has_tags or not rule.is_known("filter")


def _filters_more(rule: Block) -> bool:
    """Whether a filter says more than prefixes and tags, such as the `Not` of 2026."""
    scope = rule.block("filter")
    return any(
        not block.is_unset(key) for block in (scope, scope.block("and")) for key in {*block.values} - _FILTER_KEYS
    )


def lacks_delete_markers(rule: Block) -> bool:
    """Whether a rule certainly leaves deletes behind; a rule without filter is of the old form, which copies them."""
    if rule.value("filter") in (None, []):
        return rule.block("delete_marker_replication").text("status") == "Disabled"
    if filters_tags(rule) and rule.is_known("filter"):
        return True
    status = rule.block("delete_marker_replication").text("status")
    return rule.is_unset("delete_marker_replication") or status == "Disabled"
