"""The zone's authoritative servers: who they are, and what each of them answers, past every cache."""

from __future__ import annotations

import asyncio
import dataclasses

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from scripts.clock import Clock
from scripts.probe.network import Network
from scripts.probe.resolver import CachingResolver, Nameserver, ResolutionError
from scripts.probe.samples import Family

ANSWER_TIMEOUT_SECONDS = 3.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AuthoritativeServer:
    """One of the zone's name servers: the name in its NS record, and where it is asked."""

    name: str
    nameserver: Nameserver


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DnsAnswer:
    """What one server said.

    Attributes:
        values: the records' data, sorted; empty when the name has no such record.
        ttl_seconds: the lowest of the chain; 0 without an answer.
        is_authoritative: the server answered from its own zone.
    """

    values: tuple[str, ...]
    ttl_seconds: int
    is_authoritative: bool


async def ask(nameserver: Nameserver, name: str, record_type: str, clock: Clock) -> DnsAnswer:
    """Ask one server one question, over UDP, and TCP where the answer is too long.

    Raises:
        ResolutionError: it is silent, or answers with another code than NOERROR.
    """
    query = dns.message.make_query(name, record_type)
    where = f"{name} {record_type} at {nameserver.address} port {nameserver.port}"
    try:
        async with clock.timeout_at(clock.now_seconds() + ANSWER_TIMEOUT_SECONDS * 2):
            response, _ = await dns.asyncquery.udp_with_fallback(
                query, nameserver.address, port=nameserver.port, ignore_unexpected=True
            )
    except TimeoutError as error:
        raise ResolutionError(f"{where}: no answer within {ANSWER_TIMEOUT_SECONDS * 2:g} s") from error
    except (OSError, EOFError, dns.exception.DNSException) as error:
        raise ResolutionError(f"{where}: {error or type(error).__name__}") from error
    if response.rcode() != dns.rcode.NOERROR:
        raise ResolutionError(f"{where}: {dns.rcode.to_text(response.rcode())}")
    return _answer(response, record_type)


def _answer(response: dns.message.Message, record_type: str) -> DnsAnswer:
    wanted = dns.rdatatype.from_text(record_type)
    sets = [found for found in response.answer if found.rdtype == wanted]
    return DnsAnswer(
        values=tuple(sorted(str(record).lower() for found in sets for record in found)),
        ttl_seconds=min((found.ttl for found in response.answer), default=0),
        is_authoritative=bool(response.flags & dns.flags.AA),
    )


async def find_zone(hostname: str, resolver: Nameserver, clock: Clock) -> str:
    """Return the name of the zone that holds a hostname, without a final dot: the longest one with an SOA record.

    Raises:
        ResolutionError: the resolver is silent, or knows no such zone.
    """
    name = dns.name.from_text(hostname)
    while len(name.labels) > 2:  # a top-level domain, and the root after it, are nobody's hosted zone
        text = name.to_text(omit_final_dot=True)
        if (await ask(resolver, text, "SOA", clock)).values:
            return text
        name = name.parent()
    raise ResolutionError(f"no zone holds {hostname}: {resolver.address} finds no SOA record at it or above")


async def find_authoritative_servers(zone: str, network: Network, clock: Clock) -> list[AuthoritativeServer]:
    """Return the servers that the zone's NS records name, in order of name.

    Raises:
        ResolutionError: there are none, or a name has no address.
    """
    names = (await ask(network.resolvers[0], zone, "NS", clock)).values
    if not names:
        raise ResolutionError(f"{zone} has no NS records at {network.resolvers[0].address}")
    resolver = CachingResolver(nameservers=network.resolvers, clock=clock)
    return list(await asyncio.gather(*(_server(name.rstrip("."), resolver, network) for name in names)))


async def _server(name: str, resolver: CachingResolver, network: Network) -> AuthoritativeServer:
    if network.authoritative is not None:
        return AuthoritativeServer(name=name, nameserver=network.authoritative)
    addresses = await resolver.addresses(name, Family.IPV4)
    return AuthoritativeServer(name=name, nameserver=Nameserver(address=addresses[0]))
