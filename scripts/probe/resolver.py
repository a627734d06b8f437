"""Name resolution as a visitor's machine does it: ask, keep the answer for its TTL, ask again.

TTLs are AWS seconds, like everything else the prober counts. Failures are not cached.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence

import dns.asyncquery
import dns.exception
import dns.message
import dns.rcode
import dns.resolver

from scripts.clock import Clock
from scripts.probe.samples import Family

ATTEMPT_TIMEOUT_SECONDS = 3.0
ATTEMPTS = 3


class ResolutionError(Exception):
    """DNS gave no address; the message says why."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Nameserver:
    """Who to ask: UDP first, TCP when the answer was truncated."""

    address: str
    port: int = 53


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CachedAnswer:
    """The addresses of one name and family, good until `expires_at_seconds` of the clock."""

    addresses: tuple[str, ...]
    expires_at_seconds: float


class CachingResolver:
    """One visitor's resolver.

    Args:
        nameservers: asked in turn until one answers.
        clock: TTLs are counted by it.
        first_answer_age_ratio: how much of its TTL the first answer has already spent (0 to 1). Recursive resolvers
            hand out the *remaining* TTL, so real visitors hold the same answer at every age; several of these with
            different ratios stand for them, and the slowest to switch is seen, not a lucky one. Default 0.
    """

    def __init__(self, *, nameservers: Sequence[Nameserver], clock: Clock, first_answer_age_ratio: float = 0.0) -> None:
        self._nameservers = tuple(nameservers)
        self._clock = clock
        self._first_answer_age_ratio = first_answer_age_ratio
        self._answers: dict[tuple[str, Family], CachedAnswer] = {}
        self._lookups: dict[tuple[str, Family], asyncio.Task[CachedAnswer]] = {}

    async def addresses(self, hostname: str, family: Family) -> tuple[str, ...]:
        """Return the addresses of a name, from the cache while the TTL lasts. Concurrent callers share one lookup.

        Raises:
            ResolutionError: no nameserver answered, or the answer holds no address.
        """
        key = (hostname, family)
        cached = self._answers.get(key)
        if cached is not None and self._clock.now_seconds() < cached.expires_at_seconds:
            return cached.addresses
        lookup = self._lookups.get(key)
        if lookup is None:
            lookup = asyncio.create_task(self._look_up(key))
            lookup.add_done_callback(_mark_seen)
            self._lookups[key] = lookup
        # Shielded: one caller that gives up must not take the answer away from the others.
        return (await asyncio.shield(lookup)).addresses

    async def _look_up(self, key: tuple[str, Family]) -> CachedAnswer:
        try:
            addresses, ttl_seconds = await self._ask_in_turn(*key)
            age_ratio = 0.0 if key in self._answers else self._first_answer_age_ratio
            answer = CachedAnswer(
                addresses=addresses, expires_at_seconds=self._clock.now_seconds() + ttl_seconds * (1 - age_ratio)
            )
            self._answers[key] = answer
            return answer
        finally:
            del self._lookups[key]

    async def _ask_in_turn(self, hostname: str, family: Family) -> tuple[tuple[str, ...], int]:
        reason = "no nameserver to ask"
        for attempt in range(ATTEMPTS):
            nameserver = self._nameservers[attempt % len(self._nameservers)]
            try:
                return await self._ask(nameserver, hostname, family)
            except TimeoutError:
                reason = f"{nameserver.address} port {nameserver.port} did not answer"
            except (OSError, EOFError, dns.exception.DNSException) as error:
                reason = f"{nameserver.address} port {nameserver.port}: {error or type(error).__name__}"
        raise ResolutionError(f"{hostname} {family.record_type}: {reason}")

    async def _ask(self, nameserver: Nameserver, hostname: str, family: Family) -> tuple[tuple[str, ...], int]:
        query = dns.message.make_query(hostname, family.record_type)
        async with self._clock.timeout_at(self._clock.now_seconds() + ATTEMPT_TIMEOUT_SECONDS):
            response, _ = await dns.asyncquery.udp_with_fallback(
                query, nameserver.address, port=nameserver.port, ignore_unexpected=True
            )
        return _addresses_and_ttl(response, f"{hostname} {family.record_type}")


def _mark_seen(lookup: asyncio.Task[CachedAnswer]) -> None:
    # When every caller has given up nobody awaits the task, and asyncio would complain about its exception.
    if not lookup.cancelled():
        lookup.exception()


def _addresses_and_ttl(response: dns.message.Message, question: str) -> tuple[tuple[str, ...], int]:
    if not isinstance(response, dns.message.QueryMessage) or response.rcode() != dns.rcode.NOERROR:
        raise ResolutionError(f"{question}: {dns.rcode.to_text(response.rcode())}")
    chain = response.resolve_chaining()
    if chain.answer is None:
        raise ResolutionError(f"{question}: the name has no such record")
    return tuple(record.address for record in chain.answer), chain.minimum_ttl
