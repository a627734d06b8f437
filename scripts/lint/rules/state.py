"""Terraform's own state: it must outlive the regions it describes (trap 29)."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.buckets import BUCKET, is_versioned
from scripts.lint.model import Configuration
from scripts.lint.regions import serving_regions
from scripts.lint.replication import lacks_delete_markers, replication_rules
from scripts.lint.rule import Finding, Rule, Severity, at, at_backend
from scripts.lint.state import is_state_bucket, s3_backends
from scripts.lint.values import Block


def _serving_region(configuration: Configuration) -> Iterator[Finding]:
    serving = serving_regions(configuration)
    for document, settings in s3_backends(configuration) if len(serving) > 1 else ():
        region = settings.text("region")
        if region in serving:
            yield at_backend(document, f"state in {region}, which serves the site")


def _dynamodb_lock(configuration: Configuration) -> Iterator[Finding]:
    for document, settings in s3_backends(configuration):
        if not settings.is_unset("dynamodb_table") and not _may_lock_by_file(settings):
            yield at_backend(document, "dynamodb_table without use_lockfile")


def _may_lock_by_file(settings: Block) -> bool:
    return settings.flag("use_lockfile") is True or not settings.is_known("use_lockfile")


def _unlocked(configuration: Configuration) -> Iterator[Finding]:
    for document, settings in s3_backends(configuration):
        # What is left out may come from -backend-config, if anything does.
        is_complete = all(settings.text(key) for key in ("bucket", "key", "region"))
        is_left_out = settings.is_unset("use_lockfile") and is_complete
        is_off = is_left_out or settings.flag("use_lockfile") is False
        if is_off and settings.is_unset("dynamodb_table"):
            yield at_backend(document, "neither use_lockfile nor dynamodb_table")


def _unversioned(configuration: Configuration) -> Iterator[Finding]:
    for bucket in configuration.of_type(BUCKET):
        if is_state_bucket(configuration, bucket) and is_versioned(configuration, bucket) is False:
            yield at(bucket, "state bucket without versioning")


def _no_delete_markers(configuration: Configuration) -> Iterator[Finding]:
    for rule in replication_rules(configuration):
        if is_state_bucket(configuration, rule.holder) and lacks_delete_markers(rule.body):
            yield at(rule.holder, "the state bucket's replica keeps locks that were released")


_BACKEND = "https://developer.hashicorp.com/terraform/language/backend/s3"

RULES = (
    Rule(
        id="FW291",
        severity=Severity.WARNING,
        slug="state-in-serving-region",
        title="The state of a site of several regions in one that serves it",
        why="When that region falls, so does the way to change the other one.",
        source=_BACKEND,
        remedy="Keep the state in a third region, with a replica.",
        check=_serving_region,
    ),
    Rule(
        id="FW292",
        severity=Severity.NOTE,
        slug="state-dynamodb-lock",
        title="State locked by DynamoDB",
        why="DynamoDB locks are deprecated since Terraform 1.11, and one more service of that region has to be up.",
        source=_BACKEND,
        remedy="Set use_lockfile = true; keep both only while migrating.",
        check=_dynamodb_lock,
    ),
    Rule(
        id="FW293",
        severity=Severity.WARNING,
        slug="state-unversioned",
        title="A state bucket without versioning",
        why="A broken or overwritten state cannot be taken back.",
        source=_BACKEND,
        remedy="Enable aws_s3_bucket_versioning on the state bucket.",
        check=_unversioned,
    ),
    Rule(
        id="FW294",
        severity=Severity.WARNING,
        slug="state-replica-locks",
        title="A state replica without delete markers",
        why="A lock file is released by deleting it: without delete markers the replica stays locked.",
        source=_BACKEND,
        remedy='Set delete_marker_replication status = "Enabled" on the state bucket\'s rules.',
        check=_no_delete_markers,
    ),
    Rule(
        id="FW295",
        severity=Severity.WARNING,
        slug="state-unlocked",
        title="State without a lock",
        why="Two runs at the same time, a laptop's and CI's, overwrite each other's state; locking is off unless asked for.",
        source=_BACKEND,
        remedy="Set use_lockfile = true.",
        check=_unlocked,
    ),
)
