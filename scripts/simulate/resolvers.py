"""Resolvers in virtual time: when the answer that a viewer holds is another one, in whole page views of that viewer.

The rules are those of `scripts/probe/resolver.py`, which asks real servers; a test plays both against the same moments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scripts.probe.resolver import FIRST_FAILURE_SECONDS, LONGEST_FAILURE_SECONDS
from scripts.simulate.conditions import Conditions

Seconds = NDArray[np.float64]
_LONGEST_SECONDS = 100_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers that viewers hold at the fault; one row an outage, one column a resolver.

    Attributes:
        views: the first page view of each after the fault.
        expiries: the page view at which each asks anew.
        rounds: how long each keeps an answer, up to the page view that asks again.
        keeps_errors: whether each keeps answers without an address; one row for all outages.
        view_interval_seconds: between two page views of one resolver's client.
    """

    views: Seconds
    expiries: Seconds
    rounds: Seconds
    keeps_errors: NDArray[np.bool_]
    view_interval_seconds: float

    def on_grid(self, seconds: Seconds | float) -> Seconds:
        """Return the first page view of each at or after a moment."""
        interval = self.view_interval_seconds
        return self.views + interval * np.ceil(np.maximum(0.0, seconds - self.views) / interval)

    def changed_after(self, moment: Seconds) -> Seconds:
        """Return when each holds an answer given at or after a moment, where every question is answered meanwhile."""
        return self.expiries + self.rounds * np.ceil(np.maximum(0.0, moment - self.expiries) / self.rounds)

    def changed_after_negatives(self, moment: Seconds, negative_ttl_seconds: float) -> Seconds:
        """Return the same where the name does not exist until that moment."""
        round_seconds = self._round(negative_ttl_seconds)
        waits = round_seconds * np.ceil(np.maximum(0.0, moment - self.expiries) / round_seconds)
        return self._unless_asked_anew(self.expiries + waits, moment)

    def changed_after_failures(self, moment: Seconds) -> Seconds:
        """Return the same where the name cannot be resolved until that moment: a failure is kept twice as long each time."""
        kept, total, steps = FIRST_FAILURE_SECONDS, 0.0, [0.0]
        while total < _LONGEST_SECONDS:
            total += self._round(kept)
            steps.append(total)
            kept = min(2 * kept, LONGEST_FAILURE_SECONDS)
        waits = np.asarray(steps)[np.searchsorted(steps, np.maximum(0.0, moment - self.expiries))]
        return self._unless_asked_anew(self.expiries + waits, moment)

    def _unless_asked_anew(self, kept: Seconds, moment: Seconds) -> Seconds:
        asked = np.maximum(self.expiries, self.on_grid(moment))
        return np.where(self.keeps_errors, kept, asked)

    def _round(self, ttl_seconds: float) -> float:
        return float(_until_asked_again(ttl_seconds, self.view_interval_seconds))


def draw_answers(random: np.random.Generator, conditions: Conditions, outages: int, ttl_seconds: float) -> Answers:
    """Return what viewers hold when a fault comes at any moment, both families alike.

    They begin as the prober's visitors do: in turn, and the first answer of each has spent a little more of its TTL than that of
    the one before. A resolver that overstays is at any moment of its round.
    """
    clients, families, interval = conditions.clients, conditions.families, conditions.view_interval_seconds
    count = conditions.resolvers
    begins = interval * np.arange(count) / count
    spent = np.repeat(np.arange(clients) / clients, families)
    first = begins + _until_asked_again(ttl_seconds * (1 - spent), interval)
    rounds = np.full((outages, count), _until_asked_again(ttl_seconds, interval))
    if conditions.early_ratio > 0:
        is_early = random.random((outages, clients)) < conditions.early_ratio
        rounds = rounds - interval * np.repeat(is_early, families, axis=1)
    if conditions.overstay_ratio > 0:
        overstays = random.random((outages, count)) < conditions.overstay_ratio
        rounds = rounds + interval * np.ceil(conditions.overstay_seconds / interval) * overstays
        any_moment = begins + interval * np.floor(random.random((outages, count)) * rounds / interval)
        first = np.where(overstays, any_moment, first)
    faults = ttl_seconds + random.uniform(
        0, _until_asked_again(ttl_seconds, interval), (outages, 1)
    )  # since they began
    keeping = np.floor((np.arange(clients) + 1) * conditions.error_keeping_ratio + 1e-9)
    keeps = keeping > np.floor(np.arange(clients) * conditions.error_keeping_ratio + 1e-9)
    return Answers(
        views=begins + interval * np.ceil((faults - begins) / interval) - faults,
        expiries=first + rounds * np.ceil(np.maximum(0.0, faults - first) / rounds) - faults,
        rounds=rounds,
        keeps_errors=np.repeat(keeps, families)[np.newaxis, :],
        view_interval_seconds=interval,
    )


def _until_asked_again(kept_seconds: Seconds | float, view_interval_seconds: float) -> Seconds:
    """Return the time from a page view that asks to the next one that does: the answer comes a little after its question."""
    return (np.floor(np.asarray(kept_seconds) / view_interval_seconds) + 1) * view_interval_seconds
