"""The DNS server in front of the hosted zones."""

import socket

import dns.edns
import dns.flags
import dns.rcode
import pytest

from tests.documented import documented
from tests.worlds.dataplane_world import DOMAIN, EDGE, HOSTNAME, PRIMARY, World, change_records

GEO = f"geo.{DOMAIN}"


@pytest.mark.parametrize("tcp", [False, True])
def test_dns_answers_a_and_aaaa_of_the_alias_over_both_transports(world: World, tcp: bool) -> None:
    assert world.addresses(HOSTNAME, "A", tcp=tcp) == [EDGE]
    assert world.addresses(HOSTNAME, "AAAA", tcp=tcp) == [f"::ffff:{EDGE}"]


@documented(
    "https://dev.classmethod.jp/cloud/amazon-route-53-alias-ttl/",
    "An alias to CloudFront is answered with a TTL of 60 s.",
)
def test_dns_alias_ttl_is_60_seconds(world: World) -> None:
    """https://dev.classmethod.jp/cloud/amazon-route-53-alias-ttl/"""
    assert world.ask(HOSTNAME).answer[0].ttl == 60


def test_dns_is_authoritative_and_offers_no_recursion(world: World) -> None:
    flags = world.ask(HOSTNAME).flags
    assert flags & dns.flags.AA
    assert not flags & dns.flags.RA


def test_dns_name_outside_the_zones_is_refused(world: World) -> None:
    """Route 53's name servers answer REFUSED for domains they do not host."""
    assert world.ask("www.example.org").rcode() == dns.rcode.REFUSED


def test_dns_unknown_name_is_nxdomain_with_soa(world: World) -> None:
    """RFC 2308 section 3."""
    answer = world.ask(f"nothing.{DOMAIN}")
    assert (answer.rcode(), answer.authority[0].rdtype.name) == (dns.rcode.NXDOMAIN, "SOA")


def test_dns_distribution_name_resolves_to_the_edge(world: World) -> None:
    assert world.addresses(world.distributions[PRIMARY]["DomainName"]) == [EDGE]


def test_dns_change_is_visible_within_a_second(world: World) -> None:
    record = {"Name": f"new.{DOMAIN}", "Type": "A", "TTL": 30, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    change_records(world, "CREATE", record)
    world.eventually(lambda: world.addresses(f"new.{DOMAIN}") == ["192.0.2.7"], seconds=1.5)
    change_records(world, "DELETE", record)
    world.eventually(lambda: world.ask(f"new.{DOMAIN}").rcode() == dns.rcode.NXDOMAIN, seconds=1.5)


def test_dns_truncates_over_udp_and_tcp_has_it_all(world: World) -> None:
    """RFC 1035 section 4.2.1, RFC 6891: 512 bytes without EDNS, the offered size with it."""
    name = f"long.{DOMAIN}"
    values = [{"Value": '"' + "x" * 200 + str(number) + '"'} for number in range(4)]
    record = {"Name": name, "Type": "TXT", "TTL": 30, "ResourceRecords": values}
    change_records(world, "CREATE", record)
    world.eventually(lambda: bool(world.ask(name, "TXT", tcp=True).answer))
    truncated = world.ask(name, "TXT")
    assert truncated.flags & dns.flags.TC
    assert not truncated.answer
    assert len(world.addresses(name, "TXT", tcp=True)) == 4
    assert len(world.addresses(name, "TXT", use_edns=0, payload=1232)) == 4
    change_records(world, "DELETE", record)


def test_dns_geolocation_follows_the_edns_client_subnet(world: World) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-edns0.html

    198.18.N.0/24 stands for the N-th place of localcloud.model.places: 0 Frankfurt, 2 Virginia, 6 Tokyo.
    """
    areas = {
        "192.0.2.1": {"ContinentCode": "EU"},
        "192.0.2.2": {"CountryCode": "US"},
        "192.0.2.3": {"CountryCode": "*"},
    }
    records = [
        {
            "Name": GEO,
            "Type": "A",
            "TTL": 30,
            "SetIdentifier": address,
            "GeoLocation": area,
            "ResourceRecords": [{"Value": address}],
        }
        for address, area in areas.items()
    ]
    change_records(world, "CREATE", *records)
    world.eventually(lambda: world.addresses(GEO) == ["192.0.2.1"])
    places = {0: "192.0.2.1", 2: "192.0.2.2", 6: "192.0.2.3"}
    for place, expected in places.items():
        subnet = dns.edns.ECSOption(f"198.18.{place}.0", 24)
        answer = world.ask(GEO, use_edns=0, options=[subnet])
        assert answer.answer[0][0].to_text() == expected
        assert [
            (option.address, option.scopelen) for option in answer.options if isinstance(option, dns.edns.ECSOption)
        ]
    change_records(world, "DELETE", *records)


def test_dns_fault_status_is_servfail(world: World) -> None:
    with world.fault("dns", "status", 500):
        assert world.ask(HOSTNAME).rcode() == dns.rcode.SERVFAIL
    assert world.ask(HOSTNAME).rcode() == dns.rcode.NOERROR


def exchanged(world: World, *messages: bytes) -> list[bytes]:
    """Sends messages and a good query after them; returns what comes back before the answer to that."""
    last = dns.message.make_query(HOSTNAME, "A", id=0x7777).to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        for message in (*messages, last):
            client.sendto(message, ("127.0.0.1", world.endpoints["dns"]["port"]))
        received = [client.recv(4096)]
        while received[-1][:2] != last[:2]:
            received.append(client.recv(4096))
    return received[:-1]


@pytest.mark.parametrize(
    "rest",
    [
        "01000001000000000000ff",  # a label that is cut off
        "010000010000000000000161",  # a question without an end
        "0100000100000000000000000100010000ff",  # bytes after the question
        "01000001000000000000c00c00010001",  # a name that points at itself
    ],
)
@documented("RFC/1035", "A query that cannot be read is answered with FORMERR.")
def test_dns_malformed_query_is_a_format_error(world: World, rest: str) -> None:
    (answer,) = exchanged(world, b"\x12\x34" + bytes.fromhex(rest))
    assert answer[:2] == b"\x12\x34"
    assert (answer[2] & 0x80, answer[3] & 0x0F) == (0x80, dns.rcode.FORMERR)


def test_dns_ignores_what_is_no_query(world: World) -> None:
    response = dns.message.make_response(dns.message.make_query(HOSTNAME, "A")).to_wire()
    assert exchanged(world, b"", b"nonsense", response, response[:12]) == []
