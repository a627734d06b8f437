"""The visitor's resolver against a real nameserver on loopback, its TTLs on a clock that the test moves."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable

import dns.rcode
import pytest

from scripts.clock import AwsClock
from scripts.probe.resolver import CachingResolver, Nameserver, ResolutionError
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


def resolving(scenario: Callable[[Setup], Awaitable[None]], *, age_ratio: float = 0.0) -> None:
    async def run() -> None:
        async with nameserver() as server:
            server.records[(HOSTNAME, "A")] = (60, ["127.0.10.1"])
            server.records[(HOSTNAME, "AAAA")] = (60, ["::ffff:127.0.10.1"])
            hand = Hand()
            resolver = CachingResolver(
                nameservers=[Nameserver(address="127.0.0.1", port=server.port)],
                clock=AwsClock(speed=10, monotonic=hand),
                first_answer_age_ratio=age_ratio,
            )
            await scenario(Setup(server=server, hand=hand, resolver=resolver))

    asyncio.run(run())


def test_answer_is_kept_for_its_ttl_in_aws_seconds() -> None:
    async def scenario(at: Setup) -> None:
        for real_seconds in (0.0, 5.9, 6.1):
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


def test_caller_that_gives_up_leaves_the_lookup_to_the_others() -> None:
    async def scenario(at: Setup) -> None:
        first = asyncio.create_task(at.resolver.addresses(HOSTNAME, Family.IPV4))
        second = asyncio.create_task(at.resolver.addresses(HOSTNAME, Family.IPV4))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == ("127.0.10.1",)

    resolving(scenario)
