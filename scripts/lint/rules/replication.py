"""Replication: versioning first, and deletes that travel (trap 21)."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.buckets import BUCKET, is_versioned
from scripts.lint.distributions import bucket_behind
from scripts.lint.model import Configuration, Resource
from scripts.lint.replication import filters_tags, is_enabled
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import s3
from scripts.lint.state import is_state_bucket
from scripts.lint.values import Block

REPLICATION = "aws_s3_bucket_replication_configuration"


def _rules(configuration: Configuration) -> Iterator[tuple[Resource, Block]]:
    for resource in configuration.of_type(REPLICATION):
        for rule in resource.body.blocks("rule"):
            if is_enabled(rule):
                yield resource, rule


def _unversioned(configuration: Configuration) -> Iterator[Finding]:
    for resource, rule in _rules(configuration):
        source = configuration.resource(resource.body.value("bucket"), resource, BUCKET)
        destination = bucket_behind(configuration, rule.block("destination").value("bucket"), resource)
        for bucket in (source, destination):
            if bucket and is_versioned(configuration, bucket) is False:
                yield at(resource, f"{bucket.address} has no versioning")


def _before_versioning(configuration: Configuration) -> Iterator[Finding]:
    for resource in configuration.of_type(REPLICATION):
        bucket = configuration.resource(resource.body.value("bucket"), resource, BUCKET)
        for versioning in configuration.users(bucket, "aws_s3_bucket_versioning", "bucket") if bucket else []:
            is_ordered = configuration.depends_on(resource, versioning)
            if versioning.document == resource.document and not is_ordered:
                yield at(resource, f"does not wait for {versioning.address}")


def _no_delete_markers(configuration: Configuration) -> Iterator[Finding]:
    for resource, rule in _rules(configuration):
        if is_state_bucket(configuration, resource):
            continue
        if lacks_delete_markers(rule):
            yield at(resource, f"rule {rule.text('id') or '(unnamed)'} does not copy delete markers")


def lacks_delete_markers(rule: Block) -> bool:
    """Whether a rule certainly leaves deletes behind; a rule without filter is of the old form, which copies them."""
    if rule.value("filter") in (None, []):
        return rule.block("delete_marker_replication").text("status") == "Disabled"
    if filters_tags(rule) and rule.is_known("filter"):
        return True
    status = rule.block("delete_marker_replication").text("status")
    return rule.is_unset("delete_marker_replication") or status == "Disabled"


_WHAT = s3("replication-what-is-isnot-replicated")

RULES = (
    Rule(
        id="FW211",
        slug="replication-unversioned",
        title="Replication of a bucket without versioning",
        why="Both buckets need versioning before a rule can be set; S3 refuses it at apply, plan does not.",
        source=_WHAT,
        remedy="Enable aws_s3_bucket_versioning on source and destination.",
        check=_unversioned,
    ),
    Rule(
        id="FW212",
        slug="replication-unordered",
        title="Replication that does not wait for versioning",
        why="Terraform may set the rule first, which S3 refuses: apply fails at random, mostly in a new environment.",
        source=_WHAT,
        remedy="Add depends_on with the aws_s3_bucket_versioning of the source (put the destination's in an earlier "
        "stack or there too).",
        check=_before_versioning,
    ),
    Rule(
        id="FW213",
        severity=Severity.WARNING,
        slug="no-delete-markers",
        title="Replication that leaves deletes behind",
        why="A rule with a filter copies no delete markers unless told, and never with tag filters: what a deploy "
        "deletes lives on in "
        "the other region and comes back at failover.",
        source=s3("delete-marker-replication"),
        remedy='Set delete_marker_replication status = "Enabled" and filter by prefix.',
        check=_no_delete_markers,
    ),
)
