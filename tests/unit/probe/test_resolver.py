"""The visitor's resolver against a real nameserver on loopback, its TTLs on a clock that the test moves."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Awaitable, Callable

import dns.rcode
import pytest

from scripts.clock import AwsClock
from scripts.probe.page_view import DEFAULT_TIMEOUT_SECONDS
from scripts.probe.resolver import ATTEMPT_TIMEOUT_SECONDS, ATTEMPTS, CachingResolver, Nameserver, ResolutionError
from scripts.probe.samples import Family
from tests.worlds.loopback_site import HOSTNAME, NameServer, nameserver


class Hand:
    """A clock's source of real seconds that only the test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclasses.dataclass
class Setup:
    """A resolver, the nameserver it asks and the hand that moves its clock."""

    server: NameServer
    hand: Hand
    resolver: CachingResolver


def resolving(
    scenario: Callable[[Setup], Awaitable[None]], *, age_ratio: float = 0.0, keeps_errors: bool = True
) -> None:
    async def run() -> None:
        async with nameserver() as server:
            server.records[(HOSTNAME, "A")] = (60, ["127.0.10.1"])
            server.records[(HOSTNAME, "AAAA")] = (60, ["::ffff:127.0.10.1"])
            hand = Hand()
            resolver = CachingResolver(
                nameservers=[Nameserver(address="127.0.0.1", port=server.port)],
                clock=AwsClock(speed=10, monotonic=hand),
                first_answer_age_ratio=age_ratio,
                keeps_errors=keeps_errors,
            )
            await scenario(Setup(server=server, hand=hand, resolver=resolver))

    asyncio.run(run())


def test_answer_is_kept_for_its_ttl_in_aws_seconds() -> None:
    async def scenario(at: Setup) -> None:
        for real_seconds in (0.0, 5.9, 6.0):
            at.hand.seconds = real_seconds
            await at.resolver.addresses(HOSTNAME, Family.IPV4)
        assert len(at.server.queries) == 2

    resolving(scenario)


def test_changed_record_is_seen_only_after_the_ttl() -> None:
    async def scenario(at: Setup) -> None:
        await at.resolver.addresses(HOSTNAME, Family.IPV4)
        at.server.records[(HOSTNAME, "A")] = (60, ["127.0.20.1"])
        at.hand.seconds = 5.9
        assert await at.resolver.addresses(HOSTNAME, Family.IPV4) == ("127.0.10.1",)
        at.hand.seconds = 6.1
        assert await at.resolver.addresses(HOSTNAME, Family.IPV4) == ("127.0.20.1",)

    resolving(scenario)


def test_first_answer_has_spent_part_of_its_ttl_and_later_ones_none() -> None:
    async def scenario(at: Setup) -> None:
        for real_seconds, queries in ((0.0, 1), (4.4, 1), (4.6, 2), (10.5, 2), (10.7, 3)):
            at.hand.seconds = real_seconds
            await at.resolver.addresses(HOSTNAME, Family.IPV4)
            assert len(at.server.queries) == queries

    resolving(scenario, age_ratio=0.25)


def test_families_are_asked_and_kept_apart() -> None:
    async def scenario(at: Setup) -> None:
        assert await at.resolver.addresses(HOSTNAME, Family.IPV6) == ("::ffff:127.0.10.1",)
        assert await at.resolver.addresses(HOSTNAME, Family.IPV4) == ("127.0.10.1",)
        assert [record_type for _, _, record_type in at.server.queries] == ["AAAA", "A"]

    resolving(scenario)


def test_concurrent_callers_share_one_lookup() -> None:
    async def scenario(at: Setup) -> None:
        await asyncio.gather(*(at.resolver.addresses(HOSTNAME, Family.IPV4) for _ in range(20)))
        assert len(at.server.queries) == 1

    resolving(scenario)


def test_truncated_answer_is_asked_again_over_tcp() -> None:
    async def scenario(at: Setup) -> None:
        at.server.truncates = True
        assert await at.resolver.addresses(HOSTNAME, Family.IPV4) == ("127.0.10.1",)
        assert [protocol for protocol, _, _ in at.server.queries] == ["udp", "tcp"]

    resolving(scenario)


def test_cname_is_followed_and_the_shortest_ttl_of_the_chain_holds() -> None:
    async def scenario(at: Setup) -> None:
        at.server.records[("short.example.test", "CNAME")] = (10, [HOSTNAME + "."])
        assert await at.resolver.addresses("short.example.test", Family.IPV4) == ("127.0.10.1",)
        at.hand.seconds = 1.1
        await at.resolver.addresses("short.example.test", Family.IPV4)
        assert len(at.server.queries) == 2

    resolving(scenario)


@pytest.mark.parametrize(
    ("rcode", "hostname", "reason"),
    [
        (dns.rcode.SERVFAIL, HOSTNAME, "SERVFAIL"),
        (dns.rcode.NXDOMAIN, "no.example.test", "NXDOMAIN"),
        (dns.rcode.NOERROR, "empty.example.test", "no such record"),
    ],
)
def test_resolver_rejects_an_answer_without_address(rcode: dns.rcode.Rcode, hostname: str, reason: str) -> None:
    async def scenario(at: Setup) -> None:
        at.server.rcode = rcode
        with pytest.raises(ResolutionError, match=reason):
            await at.resolver.addresses(hostname, Family.IPV4)
        at.hand.seconds = 0.6  # a failure is kept for 5 AWS seconds
        at.server.rcode = dns.rcode.NOERROR
        at.server.records[(hostname, "A")] = (60, ["127.0.10.1"])
        assert await at.resolver.addresses(hostname, Family.IPV4) == ("127.0.10.1",)

    resolving(scenario)


def test_silent_nameserver_is_asked_three_times_and_given_up() -> None:
    async def run() -> None:
        async with nameserver() as server:
            server.is_silent = True
            resolver = CachingResolver(
                nameservers=[Nameserver(address="127.0.0.1", port=server.port)], clock=AwsClock(speed=100)
            )
            with pytest.raises(ResolutionError, match="did not answer"):
                await resolver.addresses(HOSTNAME, Family.IPV4)
            assert len(server.queries) == 3

    asyncio.run(run())


def test_resolver_gives_up_before_the_visitor_does() -> None:
    """So a page view that no nameserver answers says so, not that its time was over."""
    assert ATTEMPTS * ATTEMPT_TIMEOUT_SECONDS < DEFAULT_TIMEOUT_SECONDS


def test_caller_that_gives_up_leaves_the_lookup_to_the_others() -> None:
    async def scenario(at: Setup) -> None:
        first = asyncio.create_task(at.resolver.addresses(HOSTNAME, Family.IPV4))
        second = asyncio.create_task(at.resolver.addresses(HOSTNAME, Family.IPV4))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == ("127.0.10.1",)

    resolving(scenario)


async def queries_at(at: Setup, *aws_seconds: float, family: Family = Family.IPV4) -> list[int]:
    """How many questions the nameserver has had, after asking at each of these times in vain."""
    counts = []
    for each in aws_seconds:
        at.hand.seconds = each / 10
        with contextlib.suppress(ResolutionError):
            await at.resolver.addresses(HOSTNAME, family)
        counts.append(len(at.server.queries))
    return counts


@pytest.mark.parametrize("soa", [(900, 60), (60, 900)])
@pytest.mark.parametrize("rcode", [dns.rcode.NXDOMAIN, dns.rcode.NOERROR])
def test_negative_answer_is_kept_for_the_lesser_of_both_fields_of_the_soa(
    soa: tuple[int, int], rcode: dns.rcode.Rcode
) -> None:
    """RFC 2308 section 5"""

    async def scenario(at: Setup) -> None:
        at.server.records, at.server.soa, at.server.rcode = {}, soa, rcode
        assert await queries_at(at, 0, 59, 61) == [1, 1, 2]

    resolving(scenario)


def test_negative_answer_without_soa_is_not_kept() -> None:
    async def scenario(at: Setup) -> None:
        at.server.records, at.server.rcode = {}, dns.rcode.NXDOMAIN
        assert await queries_at(at, 0, 0.1) == [1, 2]

    resolving(scenario)


@pytest.mark.parametrize(("rcode", "expected"), [(dns.rcode.NXDOMAIN, 1), (dns.rcode.NOERROR, 2)])
def test_nxdomain_is_of_the_name_and_nodata_of_the_type(rcode: dns.rcode.Rcode, expected: int) -> None:
    async def scenario(at: Setup) -> None:
        at.server.records, at.server.soa, at.server.rcode = {}, (60, 60), rcode
        await queries_at(at, 0)
        assert await queries_at(at, 1, family=Family.IPV6) == [expected]

    resolving(scenario)


def test_failure_is_kept_for_five_seconds_and_then_twice_as_long_each_time() -> None:
    """RFC 9520 section 3.2: 5 s at first, longer for a persistent failure, never above 5 minutes."""

    async def scenario(at: Setup) -> None:
        at.server.rcode = dns.rcode.SERVFAIL
        assert await queries_at(at, 0, 4.9, 5.1, 15, 15.2, 35, 35.3) == [1, 1, 2, 2, 3, 3, 4]
        times = [35.3 + sum(40 * 2**step for step in range(steps)) + 1 for steps in (1, 2, 3)]
        assert await queries_at(at, *times, times[-1] + 299.9, times[-1] + 300.1) == [5, 6, 7, 7, 8]

    resolving(scenario)


def test_failure_that_ended_counts_anew() -> None:
    async def scenario(at: Setup) -> None:
        at.server.rcode = dns.rcode.SERVFAIL
        await queries_at(at, 0, 5.1)
        at.server.rcode = dns.rcode.NOERROR
        assert await queries_at(at, 15.2, 20) == [3, 3]
        at.server.rcode = dns.rcode.SERVFAIL
        assert await queries_at(at, 75.3, 80.4) == [4, 5]

    resolving(scenario)


def test_resolver_that_keeps_no_errors_asks_anew() -> None:
    async def scenario(at: Setup) -> None:
        at.server.records, at.server.soa, at.server.rcode = {}, (60, 60), dns.rcode.NXDOMAIN
        assert await queries_at(at, 0, 0.1, 0.2) == [1, 2, 3]

    resolving(scenario, keeps_errors=False)
