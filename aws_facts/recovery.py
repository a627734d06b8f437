"""How long a recovery by DNS takes, in closed form: detection by Route 53's checkers, then the answers that resolvers keep.

The simulator (`failover simulate`) draws the same thing at random; a test holds both against each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from aws_facts.health_checks import (
    ALIAS_TTL_SECONDS,
    CHECKERS_PER_REGION,
    DEFAULT_FAILURE_THRESHOLD,
    DEFAULT_REQUEST_INTERVAL_SECONDS,
    HTTP_BODY_BUDGET_SECONDS,
    HTTP_CONNECT_BUDGET_SECONDS,
    HTTP_RESPONSE_BUDGET_SECONDS,
    unhealthy_votes,
)

REFUSED_SECONDS = 0.0
"""How long a probe takes that is refused at once."""
SILENT_SECONDS = HTTP_CONNECT_BUDGET_SECONDS
"""How long a probe takes whose endpoint cannot be reached, or accepts and stays silent in the TLS handshake."""
LONGEST_PROBE_SECONDS = HTTP_CONNECT_BUDGET_SECONDS + HTTP_RESPONSE_BUDGET_SECONDS + HTTP_BODY_BUDGET_SECONDS
"""How long a probe takes whose answer's body stalls."""
_STEPS = 60
"""Halvings of an interval of 1: far below a microsecond of the longest one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsFailover:
    """What decides how fast DNS leads users elsewhere.

    Attributes:
        interval_seconds: from a response to the next request of one checker.
        failure_threshold: results in a row that turn a checker's opinion.
        checkers: of the check, uncoordinated.
        ttl_seconds: how long resolvers keep an answer.
    """

    interval_seconds: float = DEFAULT_REQUEST_INTERVAL_SECONDS
    failure_threshold: int = DEFAULT_FAILURE_THRESHOLD
    checkers: int = 3 * CHECKERS_PER_REGION
    ttl_seconds: float = ALIAS_TTL_SECONDS

    def rounds_seconds(self, probe_seconds: float = REFUSED_SECONDS) -> float:
        """Return what every checker needs from its first failed probe's begin to its last one's end."""
        return (self.failure_threshold - 1) * (self.interval_seconds + probe_seconds) + probe_seconds

    def wait_seconds(self, ratio: float) -> float:
        """Return within which time, in a share of all outages, enough checkers have begun their first failing probe.

        Each begins it at any moment of one interval. With `votes` needed that is the distribution of an order statistic.
        """
        return self.interval_seconds * order_statistic_quantile(unhealthy_votes(self.checkers), self.checkers, ratio)

    def detection_seconds(self, ratio: float, probe_seconds: float = REFUSED_SECONDS) -> float:
        """Return within which time the check turns unhealthy in a share of all outages (0.95: in 95 of 100)."""
        return self.wait_seconds(ratio) + self.rounds_seconds(probe_seconds)

    def recovery_seconds(self, ratio: float, probe_seconds: float = REFUSED_SECONDS) -> float:
        """Return the same for every user's recovery: the last answer from before the switch is kept for a whole TTL."""
        return self.detection_seconds(ratio, probe_seconds) + self.ttl_seconds

    def arithmetic(self, ratio: float) -> str:
        """Return the sum in words, for a refused connection."""
        return (
            f"{self.failure_threshold - 1} x {self.interval_seconds:g} s between {self.failure_threshold} failed probes"
            f" + {self.wait_seconds(ratio):.1f} s until {unhealthy_votes(self.checkers)} of {self.checkers} checkers have begun"
            f" + {self.ttl_seconds:g} s that resolvers keep an answer = {self.recovery_seconds(ratio):.1f} s"
        )


def order_statistic_quantile(rank: int, count: int, ratio: float) -> float:
    """Return below which value the `rank`-th smallest of `count` uniform draws from 0 to 1 lies in a share of all cases.

    Raises:
        ValueError: a rank outside 1 to count, or a ratio outside 0 to 1.
    """
    if not 1 <= rank <= count or not 0 <= ratio <= 1:
        raise ValueError(f"rank {rank} of {count} draws at a ratio of {ratio}")
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _at_least(rank, count, middle) < ratio:
            low = middle
        else:
            high = middle
    return high


def _at_least(rank: int, count: int, value: float) -> float:
    """Return how likely at least `rank` of `count` uniform draws lie below a value."""
    return sum(math.comb(count, k) * value**k * (1 - value) ** (count - k) for k in range(rank, count + 1))
