"""How long a recovery by DNS takes at most, from the synthesized health checks alone. Pure arithmetic.

A failing probe lasts up to 8 s. A check turns unhealthy when no more than 18 % of its checkers say healthy, so the last fifth of
an interval does not count. Then resolvers keep the old answer for the alias's 60 s:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.drill.scenarios import Scenario

SHARE_OF_INTERVAL = 0.82
ALIAS_TTL_SECONDS = 60
PROPAGATION_SECONDS = 5
VISITORS = 5
"""Of a drill, with answers of evenly spread age: the slowest waits for four fifths of a lifetime at least."""
SHORTEST_PROBE_SECONDS, LONGEST_PROBE_SECONDS = 0, 8


def predicted(scenario: Scenario, stacks: Mapping[str, Mapping[str, Any]]) -> tuple[float, float] | None:
    """Returns the shortest and the longest recovery of a drill; None where no health check and no TTL decides it."""
    if scenario.detects_by_marker or scenario.stays or scenario.heals:
        return None
    younger_seconds = ALIAS_TTL_SECONDS / VISITORS
    if scenario.lever == "path-check-inverted":  # Route 53 answers otherwise at once, whatever the checkers see
        return ALIAS_TTL_SECONDS - younger_seconds, ALIAS_TTL_SECONDS + PROPAGATION_SECONDS
    found = by_dns_seconds(stacks)
    return None if found is None else (found[0] - younger_seconds, found[1])


def by_dns_seconds(stacks: Mapping[str, Mapping[str, Any]]) -> tuple[float, float] | None:
    """Returns the shortest and the longest recovery by DNS of the slowest check; None when no check is probed.

    The shortest is a refused connection, the longest a body that stalls.
    """
    checks = [
        body
        for stack in stacks.values()
        for body in stack.get("resource", {}).get("aws_route53_health_check", {}).values()
        if "request_interval" in body
    ]
    if not checks:
        return None
    return max((recovery_seconds(**_timing(check)) for check in checks), key=lambda found: found[1])


def recovery_seconds(*, interval: float, threshold: int) -> tuple[float, float]:
    """Returns the shortest and the longest recovery by DNS of a check with this interval (seconds) and failure threshold."""
    found = [
        _detection_seconds(interval, threshold, probe) + PROPAGATION_SECONDS + ALIAS_TTL_SECONDS
        for probe in (SHORTEST_PROBE_SECONDS, LONGEST_PROBE_SECONDS)
    ]
    return found[0], found[1]


def _timing(check: Mapping[str, Any]) -> dict[str, Any]:
    return {"interval": float(check["request_interval"]), "threshold": int(check.get("failure_threshold", 3))}


def _detection_seconds(interval: float, threshold: int, probe_seconds: float) -> float:
    return (threshold - 1) * (interval + probe_seconds) + probe_seconds + SHARE_OF_INTERVAL * interval
