"""The rule about time: health checks and TTLs that cannot meet the objective are refused, with the arithmetic."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from aws_facts.health_checks import CHECKERS_PER_REGION
from aws_facts.recovery import DnsFailover
from constructs_lib.errors import Problem
from constructs_lib.site_file.models import HealthCheck, Objectives

_RATIO = 0.95
"""The share of outages in which the objective is to be met; `failover simulate` calls the same figure p95."""
_FASTEST_INTERVAL_SECONDS = 10


def objective_is_within_reach(sections: Mapping[str, Any]) -> list[Problem]:
    """A drill would miss an objective below detection and TTL each time: better told before anything is paid for."""
    if not {"health_check", "objectives", "endpoint"} <= sections.keys():
        return []
    check: HealthCheck = sections["health_check"]
    objectives: Objectives = sections["objectives"]
    intervals = [each.check_request_interval_seconds or check.request_interval_seconds for each in sections["endpoint"]]
    failover = _failover(check, max([check.request_interval_seconds, *intervals]))
    predicted_seconds = failover.recovery_seconds(_RATIO)
    if objectives.rto_seconds >= predicted_seconds:
        return []
    is_given = "rto_seconds" in objectives.model_fields_set
    return [
        Problem(
            key="objectives.rto_seconds",
            value=f"{objectives.rto_seconds}{'' if is_given else ' (the default)'}",
            allowed=f"{math.ceil(predicted_seconds)} or more with this [health_check]: in 95 of 100 outages recovery by DNS"
            f" takes up to {failover.arithmetic(_RATIO)}",
            remedy=f"raise the objective{_faster(check, failover, objectives.rto_seconds)}",
        )
    ]


def _failover(check: HealthCheck, interval_seconds: int) -> DnsFailover:
    return DnsFailover(
        interval_seconds=interval_seconds,
        failure_threshold=check.failure_threshold,
        checkers=CHECKERS_PER_REGION * len(check.checker_regions),
    )


def _faster(check: HealthCheck, failover: DnsFailover, rto_seconds: float) -> str:
    """Return the settings of the health check that would meet the objective, "" where none does."""
    interval = _FASTEST_INTERVAL_SECONDS
    fastest = _failover(check, interval)
    if failover.interval_seconds > interval and fastest.recovery_seconds(_RATIO) <= rto_seconds:
        return f", or set health_check.request_interval_seconds = {interval} (1.00 USD a month and check more, 2.00 outside AWS)"
    for threshold in range(check.failure_threshold - 1, 1, -1):
        slower = DnsFailover(
            interval_seconds=interval,
            failure_threshold=threshold,
            checkers=failover.checkers,
            ttl_seconds=failover.ttl_seconds,
        )
        if slower.recovery_seconds(_RATIO) <= rto_seconds:
            return f", or set health_check.request_interval_seconds = {interval} and failure_threshold = {threshold}"
    return ": no health check is that fast; a region that fails behind CloudFront is left within seconds all the same"
