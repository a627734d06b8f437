"""What SSE-KMS breaks beside reading: plain checks, access logs, and replication in time (traps 20, 21)."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.buckets import BUCKET, kms_encryption
from scripts.lint.checks import probes
from scripts.lint.model import Configuration
from scripts.lint.replication import replication_rules
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import s3, s3_api


def _plain_check(configuration: Configuration) -> Iterator[Finding]:
    for probe in probes(configuration):
        if not probe.type.startswith("HTTP") or probe.type.startswith("HTTPS"):
            continue
        for origin in probe.origins:
            bucket = probe.distribution.bucket_of(origin)
            if bucket and any(True for _ in kms_encryption(configuration, bucket)):
                yield at(probe.check, f"asks over HTTP for {probe.path} of {bucket.address}, which uses SSE-KMS")


def _log_target_under_kms(configuration: Configuration) -> Iterator[Finding]:
    for logging in configuration.of_type("aws_s3_bucket_logging"):
        target = configuration.resource(logging.body.value("target_bucket"), logging, BUCKET)
        if target and any(True for _ in kms_encryption(configuration, target)):
            yield at(logging, f"logs to {target.address}, which uses SSE-KMS")


def _time_without_metrics(configuration: Configuration) -> Iterator[Finding]:
    for rule in replication_rules(configuration):
        destination = rule.body.block("destination")
        has_time = destination.block("replication_time").text("status") == "Enabled"
        if has_time and destination.is_unset("metrics"):
            yield at(rule.holder, f"rule {rule.name} has replication_time and no metrics")


RULES = (
    Rule(
        id="FW203",
        slug="plain-check-of-kms",
        title="A health check over HTTP of an object under a KMS key",
        why="CloudFront asks S3 by the protocol of the checker, and S3 refuses objects under a KMS key without TLS: the check "
        "never succeeds, and the region counts as unhealthy for ever.",
        source=s3_api("API_CopyObject"),
        remedy="Make the check HTTPS, or encrypt what it reads with SSE-S3.",
        check=_plain_check,
    ),
    Rule(
        id="FW204",
        severity=Severity.WARNING,
        slug="log-target-under-kms",
        title="Server access logs to a bucket with SSE-KMS",
        why="S3 delivers server access logs to buckets with SSE-S3 only; apply succeeds, and no log ever comes.",
        source=s3("enable-server-access-logging"),
        remedy='Give the log bucket sse_algorithm = "AES256".',
        check=_log_target_under_kms,
    ),
    Rule(
        id="FW214",
        slug="replication-time-without-metrics",
        title="Replication Time Control without metrics",
        why="S3 takes replication_time only together with metrics: apply fails, plan does not.",
        source=s3_api("API_ReplicationTime"),
        remedy="Add metrics with event_threshold minutes = 15.",
        check=_time_without_metrics,
    ),
)
