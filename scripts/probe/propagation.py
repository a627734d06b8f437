"""How far each resolver lags behind the zone's own answer after a switch. Pure.

A resolver keeps an answer for its TTL, so a lag up to that is how DNS works; longer means a cache that ignores TTLs.
"""

from __future__ import annotations

import dataclasses

GRACE_SECONDS = 30.0
"""Beyond the TTL: Route 53 spreads a change to its servers within 60 s, usually a few, and a survey is not continuous."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """What one resolver answers for one record type, against the authoritative servers.

    Args:
        resolver: who was asked.
        record_type: A or AAAA.
        entry: where the resolver's answer leads.
        authoritative_entry: where the zone's own answer leads.
        changed_seconds_ago: since the zone's answer changed; None: it was never seen otherwise.
        ttl_seconds: of the zone's answer.
    """

    resolver: str
    record_type: str
    entry: str
    authoritative_entry: str
    changed_seconds_ago: float | None
    ttl_seconds: float

    @property
    def seconds(self) -> float:
        """How long the resolver has been answering what is no longer so; 0 when it agrees."""
        return 0.0 if self.entry == self.authoritative_entry else self.changed_seconds_ago or 0.0

    @property
    def is_excessive(self) -> bool:
        """Whether it disagrees for longer than a TTL explains, or without any known change that would."""
        if self.entry == self.authoritative_entry:
            return False
        return self.changed_seconds_ago is None or self.changed_seconds_ago > self.ttl_seconds + GRACE_SECONDS

    def __str__(self) -> str:
        """Return it for an operator."""
        if self.entry == self.authoritative_entry:
            return f"leads to {self.entry}, as the zone says"
        since = (
            "and the zone was never seen to say that"
            if self.changed_seconds_ago is None
            else f"which the zone left {self.changed_seconds_ago:.0f} s ago; its TTL is {self.ttl_seconds:g} s"
        )
        return f"still leads to {self.entry}, {since}; the zone says {self.authoritative_entry}"
