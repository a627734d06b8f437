"""Route 53's health checks in numbers.

Source unless said otherwise:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from __future__ import annotations

import math

HEALTHY_CHECKERS_RATIO = 0.18
"""A check is healthy when MORE than this share of its checkers says so."""
CHECKERS_PER_REGION = 2
"""AWS publishes about two addresses a checker region: https://ip-ranges.amazonaws.com/ip-ranges.json"""
CHECKER_REGIONS_BY_DEFAULT = 8
"""A check that names no regions is probed from all: API_HealthCheckConfig, `Regions`."""
DEFAULT_REQUEST_INTERVAL_SECONDS = 30
DEFAULT_FAILURE_THRESHOLD = 3
TCP_CONNECT_BUDGET_SECONDS = 10.0
HTTP_CONNECT_BUDGET_SECONDS = 4.0
HTTP_RESPONSE_BUDGET_SECONDS = 2.0
HTTP_BODY_BUDGET_SECONDS = 2.0
ALIAS_TTL_SECONDS = 60
"""Of an alias to CloudFront or API Gateway: .../DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html"""
UNMANAGED_NEGATIVE_TTL_SECONDS = 900
"""Of a zone's SOA as Route 53 makes it: .../DeveloperGuide/SOA-NSrecords.html"""


def unhealthy_votes(checkers: int) -> int:
    """Return how many of the checkers must call the endpoint unhealthy until the check does."""
    return checkers - math.floor(HEALTHY_CHECKERS_RATIO * checkers)


def healthy_votes(checkers: int) -> int:
    """Return how many of the checkers must call the endpoint healthy again until the check does."""
    return math.floor(HEALTHY_CHECKERS_RATIO * checkers) + 1
