"""What the optional protection of a site adds to its bill: signing key, firewall, query log, audit trail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Resource = tuple[str, Mapping[str, Any]]
Quantity = tuple[str, str, float, str]

_GIGABYTE = 1024**3
# A line of a query log holds about ten short fields: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html
_QUERY_LOG_LINE_BYTES = 150
# A and AAAA; resolvers' caches only lower it.
_QUERIES_PER_PAGE_VIEW = 2
# Assumed for an account with one site: compressed events a month, kept for a year, and files that CloudTrail delivers.
_AUDIT_GIGABYTES_KEPT = 12 * 0.1
_AUDIT_FILES_PER_MONTH = 20_000


def protection(
    resources: Sequence[Resource], *, page_views: float, requests: float, probes: float
) -> Iterator[Quantity]:
    """Yields item, price, quantity and unit of each part that is there.

    Args:
        resources: type and body of every resource.
        page_views: a month.
        requests: of viewers, a month.
        probes: of health checkers, a month.
    """
    kinds = [kind for kind, _ in resources]
    acls = [body for kind, body in resources if kind == "aws_wafv2_web_acl"]
    yield "KMS keys", "kms_key_month", kinds.count("aws_kms_key"), "keys"
    yield "Firewall, web ACL", "waf_web_acl_month", len(acls), "web ACLs"
    yield "Firewall, rules", "waf_rule_month", sum(len(acl["rule"]) for acl in acls), "rules"
    yield "Firewall, requests", "waf_request", (requests + probes) * bool(acls), "requests"
    queries = (page_views * _QUERIES_PER_PAGE_VIEW + probes) * kinds.count("aws_route53_query_log")
    yield "Query log", "logs_gigabyte", queries * _QUERY_LOG_LINE_BYTES / _GIGABYTE, "GB"
    trails = kinds.count("aws_cloudtrail")
    yield "Audit trail, a year's files", "s3_gigabyte_month", trails * _AUDIT_GIGABYTES_KEPT, "GB"
    yield "Audit trail, deliveries", "s3_put", trails * _AUDIT_FILES_PER_MONTH, "requests"
