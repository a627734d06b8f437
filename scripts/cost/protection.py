"""What the optional protection of a site adds to its bill: keys, firewall, logs, audit trail, replication time, experiments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scripts.cost.resources import GIGABYTE, Quantity, Resource, bodies_of

# A line of a query log holds about ten short fields: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html
_QUERY_LOG_LINE_BYTES = 150
# A and AAAA; resolvers' caches only lower it.
_QUERIES_PER_PAGE_VIEW = 2
# Assumed for an account with one site: compressed events a month, kept for a year, and files that CloudTrail delivers.
_AUDIT_GIGABYTES_KEPT = 12 * 0.1
_AUDIT_FILES_PER_MONTH = 20_000
# Writes of the KeyValueStore, several a release, and calls that delete up to 1,000 objects each.
_AUDIT_DATA_EVENTS_PER_MONTH = 1_000
# Bucket keys spare up to 99% of the calls: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
_KMS_CALLS_PER_READ = 0.01
# Assumed: what is published in a month, as a share of the whole site, and each region's upload is copied to the others.
_PUBLISHED_SITES_PER_MONTH = 1.0
# Assumed: bytes a line of an access log, of S3 or compressed of CloudFront, and how long they are kept (access_logs.py).
_SERVER_LOG_LINE_BYTES = 600
_VIEWER_LOG_LINE_BYTES = 120
_LOG_MONTHS_KEPT = 3
# Assumed: each experiment is run once a quarter.
_EXPERIMENTS_PER_MONTH = 1 / 3
_MINUTES = re.compile(r"PT(\d+)M")


def protection(
    resources: Sequence[Resource],
    *,
    page_views: float,
    requests: float,
    probes: float,
    site_bytes: float = 0,
) -> Iterator[Quantity]:
    """Yields item, price, quantity and unit of each part that is there.

    Args:
        resources: type and body of every resource.
        page_views: a month.
        requests: of viewers, a month.
        probes: of health checkers, a month.
        site_bytes: size of the whole site; default: nothing is replicated.
    """
    kinds = [kind for kind, _ in resources]
    acls = [body for kind, body in resources if kind == "aws_wafv2_web_acl"]
    keys = kinds.count("aws_kms_key") + kinds.count("aws_kms_replica_key")
    yield "KMS keys", "kms_key_month", keys, "keys"
    reads = (page_views + probes) * _KMS_CALLS_PER_READ * bool(kinds.count("aws_kms_replica_key"))
    yield "KMS calls, with bucket keys", "kms_request", reads, "calls"
    yield "Firewall, web ACL", "waf_web_acl_month", len(acls), "web ACLs"
    yield "Firewall, rules", "waf_rule_month", sum(len(acl["rule"]) for acl in acls), "rules"
    yield "Firewall, requests", "waf_request", (requests + probes) * bool(acls), "requests"
    queries = (page_views * _QUERIES_PER_PAGE_VIEW + probes) * kinds.count("aws_route53_query_log")
    yield "Query log", "logs_gigabyte", queries * _QUERY_LOG_LINE_BYTES / GIGABYTE, "GB"
    trails = kinds.count("aws_cloudtrail")
    yield "Audit trail, a year's files", "s3_gigabyte_month", trails * _AUDIT_GIGABYTES_KEPT, "GB"
    yield "Audit trail, deliveries", "s3_put", trails * _AUDIT_FILES_PER_MONTH, "requests"
    yield "Audit trail, data events", "cloudtrail_data_event", trails * _AUDIT_DATA_EVENTS_PER_MONTH, "events"
    copies = sum(map(_rules_with_time_control, bodies_of(resources, "aws_s3_bucket_replication_configuration")))
    gigabytes = copies * site_bytes * _PUBLISHED_SITES_PER_MONTH / GIGABYTE
    yield "Replication time control", "replication_time_control_gigabyte", gigabytes, "GB"
    yield "Access logs, kept", "s3_gigabyte_month", _log_gigabytes(kinds, page_views, requests, probes), "GB"
    minutes = sum(map(_action_minutes, bodies_of(resources, "aws_fis_experiment_template"))) * _EXPERIMENTS_PER_MONTH
    yield "Replication pause, a run a quarter", "fis_action_minute", minutes, "action-minutes"


def _rules_with_time_control(configuration: Mapping[str, Any]) -> int:
    return sum(bool(rule["destination"].get("replication_time")) for rule in configuration["rule"])


def _log_gigabytes(kinds: Sequence[str], page_views: float, requests: float, probes: float) -> float:
    """Returns what lies in the log buckets: S3 sees the probes and a page's region marker, CloudFront everything."""
    server_lines = (page_views + probes) * bool(kinds.count("aws_s3_bucket_logging"))
    viewer_lines = (requests + probes) * bool(kinds.count("aws_cloudwatch_log_delivery"))
    monthly = server_lines * _SERVER_LOG_LINE_BYTES + viewer_lines * _VIEWER_LOG_LINE_BYTES
    return monthly * _LOG_MONTHS_KEPT / GIGABYTE


def _action_minutes(template: Mapping[str, Any]) -> int:
    """Returns the minutes of all actions of an experiment; each is billed."""
    durations = [
        parameter["value"]
        for action in template["action"]
        for parameter in action["parameter"]
        if parameter["key"] == "duration"
    ]
    return sum(int(match[1]) for duration in durations if (match := _MINUTES.fullmatch(duration)))
