"""Replication: versioning first, and deletes that travel (trap 21)."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.buckets import is_versioned
from scripts.lint.model import Configuration
from scripts.lint.replication import lacks_delete_markers, replication_rules, replications
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import s3
from scripts.lint.state import may_be_state_bucket


def _unversioned(configuration: Configuration) -> Iterator[Finding]:
    for rule in replication_rules(configuration):
        for bucket in (rule.source, rule.destination):
            if bucket and is_versioned(configuration, bucket) is False:
                yield at(rule.holder, f"{bucket.address} has no versioning")


def _before_versioning(configuration: Configuration) -> Iterator[Finding]:
    destinations = [(rule.holder, rule.destination) for rule in replication_rules(configuration)]
    for holder, bucket in (*replications(configuration), *destinations):
        for versioning in configuration.users(bucket, "aws_s3_bucket_versioning", "bucket") if bucket else []:
            if versioning.document == holder.document and not configuration.depends_on(holder, versioning):
                yield at(holder, f"does not wait for {versioning.address}")


def _no_delete_markers(configuration: Configuration) -> Iterator[Finding]:
    for rule in replication_rules(configuration):
        is_content = (
            rule.source is not None
            and rule.source.body.is_known("bucket")
            and not may_be_state_bucket(configuration, rule.source)
        )
        if is_content and lacks_delete_markers(rule.body):
            yield at(rule.holder, f"rule {rule.name} does not copy delete markers")


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
        remedy="Add depends_on with the aws_s3_bucket_versioning of the source and of the destination (or put the "
        "destination's in an earlier stack); rules written inside the bucket need versioning written there too.",
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
