"""Name resolution as a visitor's machine does it: ask, keep the answer for its TTL, ask again.

TTLs are AWS seconds, like everything else the prober counts. That a name does not exist is kept as RFC 2308 says, that it could
not be resolved as RFC 9520 says.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence

import dns.asyncquery
import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver

from scripts.clock import Clock
from scripts.probe.samples import Family

ATTEMPT_TIMEOUT_SECONDS = 3.0
ATTEMPTS = 3
FIRST_FAILURE_SECONDS = 5.0
"""How long a first failure to resolve is kept; it doubles with each further one: RFC 9520 section 3.2."""
LONGEST_FAILURE_SECONDS = 300.0


class ResolutionError(Exception):
    """DNS gave no address; the message says why."""


class NegativeAnswerError(ResolutionError):
    """The name does not exist (NXDOMAIN), or has no such record (NODATA).

    Attributes:
        is_of_name: NXDOMAIN, so no type of the name is asked for again (RFC 2308 section 5).
        ttl_seconds: How long it may be kept; 0 without an SOA in the answer.
    """

    def __init__(self, message: str, *, is_of_name: bool, ttl_seconds: int) -> None:
        super().__init__(message)
        self.is_of_name = is_of_name
        self.ttl_seconds = ttl_seconds


class NoNameserverError(ResolutionError):
    """None of the nameservers could be asked, which says nothing about the name."""


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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KeptError:
    """An answer without an address, and how long it is given again."""

    error: ResolutionError
    lifetime_seconds: float
    expires_at_seconds: float


class CachingResolver:
    """One visitor's resolver.

    Args:
        nameservers: asked in turn until one answers.
        clock: TTLs are counted by it.
        first_answer_age_ratio: how much of its TTL the first answer has already spent (0 to 1). Recursive resolvers
            hand out the *remaining* TTL, so real visitors hold the same answer at every age; several of these with
            different ratios stand for them, and the slowest to switch is seen, not a lucky one. Default 0.
        keeps_errors: whether negative answers and failures are kept, as the RFCs want. Default True; resolvers that do not are
            rarer and ask anew for each page view.
        shortest_keeping_seconds: an answer is kept at least so long, whatever its TTL: some resolvers, and programs that look
            names up once, do that. Default 0: the TTL counts.
    """

    def __init__(
        self,
        *,
        nameservers: Sequence[Nameserver],
        clock: Clock,
        first_answer_age_ratio: float = 0.0,
        keeps_errors: bool = True,
        shortest_keeping_seconds: float = 0.0,
    ) -> None:
        self._nameservers = tuple(nameservers)
        self._clock = clock
        self._first_answer_age_ratio = first_answer_age_ratio
        self._keeps_errors = keeps_errors
        self._shortest_keeping_seconds = shortest_keeping_seconds
        self._answers: dict[tuple[str, Family], CachedAnswer] = {}
        self._errors: dict[tuple[str, Family | None], KeptError] = {}
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
        self._raise_kept(key)
        lookup = self._lookups.get(key)
        if lookup is None:
            lookup = asyncio.create_task(self._look_up(key))
            lookup.add_done_callback(_mark_seen)
            self._lookups[key] = lookup
        # Shielded: one caller that gives up must not take the answer away from the others.
        return (await asyncio.shield(lookup)).addresses

    def _raise_kept(self, key: tuple[str, Family]) -> None:
        for scope in (key, (key[0], None)):
            kept = self._errors.get(scope)
            if kept is not None and self._clock.now_seconds() < kept.expires_at_seconds:
                raise kept.error.with_traceback(None)

    def _keep(self, key: tuple[str, Family], error: ResolutionError) -> None:
        if not self._keeps_errors:
            return
        scope: tuple[str, Family | None] = key
        if isinstance(error, NegativeAnswerError):
            scope = (key[0], None) if error.is_of_name else key
            lifetime_seconds = float(error.ttl_seconds)
        else:
            before = self._errors.get(key)
            is_repeated = before is not None and not isinstance(before.error, NegativeAnswerError)
            doubled = 2 * before.lifetime_seconds if before is not None and is_repeated else FIRST_FAILURE_SECONDS
            lifetime_seconds = min(doubled, LONGEST_FAILURE_SECONDS)
        self._errors[scope] = KeptError(
            error=error,
            lifetime_seconds=lifetime_seconds,
            expires_at_seconds=self._clock.now_seconds() + lifetime_seconds,
        )

    async def _look_up(self, key: tuple[str, Family]) -> CachedAnswer:
        try:
            addresses, ttl_seconds = await self._ask_in_turn(*key)
            age_ratio = 0.0 if key in self._answers else self._first_answer_age_ratio
            lifetime_seconds = max(ttl_seconds * (1 - age_ratio), self._shortest_keeping_seconds)
            answer = CachedAnswer(addresses=addresses, expires_at_seconds=self._clock.now_seconds() + lifetime_seconds)
            self._answers[key] = answer
            self._errors.pop(key, None)
            return answer
        except ResolutionError as error:
            self._keep(key, error)
            raise
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
        raise NoNameserverError(f"{hostname} {family.record_type}: {reason}")

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
    rcode = response.rcode()
    if not isinstance(response, dns.message.QueryMessage) or rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise ResolutionError(f"{question}: {dns.rcode.to_text(rcode)}")
    if rcode == dns.rcode.NXDOMAIN:
        ttl_seconds = _negative_ttl_seconds(response)
        raise NegativeAnswerError(f"{question}: NXDOMAIN", is_of_name=True, ttl_seconds=ttl_seconds)
    chain = response.resolve_chaining()
    if chain.answer is None:
        ttl_seconds = _negative_ttl_seconds(response)
        raise NegativeAnswerError(f"{question}: the name has no such record", is_of_name=False, ttl_seconds=ttl_seconds)
    return tuple(record.address for record in chain.answer), chain.minimum_ttl


def _negative_ttl_seconds(response: dns.message.Message) -> int:
    """Return the lesser of the SOA's TTL and its minimum field (RFC 2308 section 5); without an SOA nothing may be kept."""
    found = [rrset for rrset in response.authority if rrset.rdtype == dns.rdatatype.SOA]
    return min((min(rrset.ttl, record.minimum) for rrset in found for record in rrset), default=0)
