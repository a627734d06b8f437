"""Route 53's checkers in virtual time: when a check turns, for many outages at once.

The rules are those of localcloud's model, `localcloud/model/health.py`, which judges real probes; a test plays both on the same
phases.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aws_facts.health_checks import healthy_votes, unhealthy_votes
from aws_facts.recovery import DnsFailover

Seconds = NDArray[np.float64]
_LONGEST_RUN = 400
"""Probes after which a checker that loses so many is given up: its check does not turn."""


def unhealthy_after(dns: DnsFailover, probe_seconds: float, first_probe: Seconds, known_losses: Seconds) -> Seconds:
    """Return when each outage's check turns unhealthy.

    Args:
        dns: the check.
        probe_seconds: how long a failing probe takes.
        first_probe: begin of each checker's first failing probe, seconds after the fault; one row an outage.
        known_losses: of each checker, probes that failed right before the fault, at most one less than the threshold.
    """
    needed = dns.failure_threshold - known_losses
    flips = first_probe + (needed - 1) * (dns.interval_seconds + probe_seconds) + probe_seconds
    return np.partition(flips, unhealthy_votes(dns.checkers) - 1, axis=1)[:, unhealthy_votes(dns.checkers) - 1]


def healthy_after(dns: DnsFailover, first_probe: Seconds, probes: Seconds) -> Seconds:
    """Return when each check turns healthy again: `probes` is how many each checker makes until enough in a row were good."""
    flips = first_probe + (probes - 1) * dns.interval_seconds
    return np.partition(flips, healthy_votes(dns.checkers) - 1, axis=1)[:, healthy_votes(dns.checkers) - 1]


def draw_first_probes(
    random: np.random.Generator, dns: DnsFailover, outages: int, probe_seconds: float = 0.0
) -> Seconds:
    """Return when each checker begins its next probe: at any moment of its round; one that is under way ends and waits."""
    moments = random.uniform(0, dns.interval_seconds + probe_seconds, (outages, dns.checkers))
    return np.minimum(moments, dns.interval_seconds)


def draw_known_losses(random: np.random.Generator, dns: DnsFailover, outages: int, loss_ratio: float) -> Seconds:
    """Return how many of each checker's latest probes were lost in a row before the fault."""
    if loss_ratio == 0:
        return np.zeros((outages, dns.checkers))
    run = random.geometric(1 - loss_ratio, (outages, dns.checkers)) - 1
    return np.minimum(run, dns.failure_threshold - 1).astype(np.float64)


def draw_probes_to_health(random: np.random.Generator, dns: DnsFailover, outages: int, loss_ratio: float) -> Seconds:
    """Return how many probes each checker makes until as many in a row as the threshold were good; infinite: never."""
    threshold = dns.failure_threshold
    probes = np.full((outages, dns.checkers), float(threshold))
    if loss_ratio == 0:
        return probes
    good = np.zeros((outages, dns.checkers), dtype=np.int64)
    probes[:] = np.inf
    for number in range(1, _LONGEST_RUN + 1):
        is_good = random.random((outages, dns.checkers)) >= loss_ratio
        good = np.where(is_good, good + 1, 0)
        probes = np.where((good >= threshold) & np.isinf(probes), float(number), probes)
        if not np.isinf(probes).any():
            break
    return probes
