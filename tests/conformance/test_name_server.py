"""How Route 53's name servers answer: types, wildcards, negative answers, truncation, client subnets, routing policies."""

from collections import Counter
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.conformance.cloud import Cloud, record, refused
from tests.documented import documented, stated

FRANKFURT, LONDON, VIRGINIA, TOKYO = (dns.edns.ECSOption(f"198.18.{place}.0", 24) for place in (0, 1, 2, 6))


def rcode(answer: dns.message.Message) -> str:
    return dns.rcode.to_text(answer.rcode())


@documented(
    "R53/SOA-NSrecords",
    "A new zone has an SOA record whose negative TTL is 900 s: the lesser of its TTL and its minimum.",
)
def test_negative_answer_has_the_soa_with_900_seconds(cloud: Cloud) -> None:
    _, name = cloud.zone()
    cloud.until(lambda: cloud.values(name, "SOA") != [])
    answer = cloud.ask(f"nothing.{name}")
    assert rcode(answer) == "NXDOMAIN"
    (soa,) = answer.authority
    assert (soa.ttl, soa[0].minimum) == (900, 86_400)


@documented("R53/SOA-NSrecords", "A new zone has four name servers.")
def test_zone_has_four_name_servers(cloud: Cloud) -> None:
    _, name = cloud.zone()
    cloud.until(lambda: len(cloud.values(name, "NS")) == 4)


@documented("RFC/2308", "A name without records of the asked type is NOERROR with the SOA record and no answer.")
def test_name_without_the_type_is_nodata(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"a.{name}", "A", "192.0.2.1"))
    answer = cloud.ask(f"a.{name}", "AAAA")
    assert (rcode(answer), answer.answer) == ("NOERROR", [])
    assert [each.rdtype.name for each in answer.authority] == ["SOA"]


@documented("RFC/8020", "A name with only names below it exists: NODATA and not NXDOMAIN.")
def test_empty_non_terminal_exists(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"a.b.{name}", "A", "192.0.2.1"))
    assert rcode(cloud.ask(f"b.{name}")) == "NOERROR"


@documented("RFC/1034", "Names are answered whatever their case.")
def test_names_have_no_case(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"MiXed.{name}", "A", "192.0.2.1"))
    assert cloud.values(f"mIxED.{name}".upper()) == ["192.0.2.1"]


@documented("R53/DomainNameFormat", "A record * answers for every name at its level that has no records.")
def test_wildcard_answers_for_names_without_records(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"*.{name}", "A", "192.0.2.9"), record(f"own.{name}", "A", "192.0.2.1"))
    assert cloud.values(f"other.{name}") == ["192.0.2.9"]
    assert cloud.values(f"own.{name}") == ["192.0.2.1"]


@documented("RFC/4592", "A wildcard answers for names more than one label below it.")
def test_wildcard_answers_for_deeper_names(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"*.{name}", "A", "192.0.2.9"))
    assert cloud.values(f"a.b.{name}") == ["192.0.2.9"]


@documented("RFC/1034", "A CNAME is answered with what it leads to in the zone.")
def test_cname_is_followed(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"a.{name}", "A", "192.0.2.1"), record(f"c.{name}", "CNAME", f"a.{name}"))
    assert cloud.values(f"c.{name}") == [f"a.{name}.", "192.0.2.1"]


@documented("RFC/1034", "A query for the CNAME itself is answered with it alone.")
def test_cname_itself_is_not_followed(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"a.{name}", "A", "192.0.2.1"), record(f"c.{name}", "CNAME", f"a.{name}"))
    assert cloud.values(f"c.{name}", "CNAME") == [f"a.{name}."]


@documented("RFC/1035", "Answers of the zone are authoritative.")
def test_answers_are_authoritative(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"a.{name}", "A", "192.0.2.1"))
    assert cloud.ask(f"a.{name}").flags & dns.flags.AA


@documented("R53/DNSBehavior", "A name of no hosted zone is REFUSED.")
def test_name_of_no_zone_is_refused(cloud: Cloud) -> None:
    assert rcode(cloud.ask("www.nobody.invalid")) == "REFUSED"


@documented("R53API/API_ResourceRecordSet", "A record is answered with its own TTL.")
def test_record_has_its_ttl(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"a.{name}", "A", "192.0.2.1", ttl=123))
    assert cloud.ask(f"a.{name}").answer[0].ttl == 123


@documented(
    "RFC/1035", "A UDP answer above 512 bytes is truncated for a client without EDNS, which asks again over TCP."
)
def test_long_answer_is_truncated(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"t.{name}", "TXT", *(f'"{number:02} {"x" * 200}"' for number in range(4))))
    assert cloud.ask(f"t.{name}", "TXT").flags & dns.flags.TC
    query = dns.message.make_query(f"t.{name}", "TXT")
    whole = dns.query.tcp(query, cloud.name_server[0], port=cloud.name_server[1], timeout=60)
    assert len(whole.answer[0]) == 4


@documented("RFC/6891", "A client's EDNS buffer lets longer UDP answers through.")
def test_edns_lets_longer_answers_through(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"t.{name}", "TXT", *(f'"{number:02} {"x" * 200}"' for number in range(4))))
    answer = cloud.ask(f"t.{name}", "TXT", use_edns=0, payload=1232)
    assert not answer.flags & dns.flags.TC
    assert len(answer.answer[0]) == 4


@documented(
    "R53/resource-record-sets-choosing-alias-non-alias",
    "An alias to a record of the zone answers with that record's values and TTL.",
)
def test_alias_answers_as_its_target(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    target = {"HostedZoneId": zone_id, "DNSName": f"a.{name}", "EvaluateTargetHealth": False}
    cloud.change(zone_id, record(f"a.{name}", "A", "192.0.2.1", ttl=77))
    cloud.change(zone_id, {"Name": f"alias.{name}", "Type": "A", "AliasTarget": target})
    (answer,) = cloud.ask(f"alias.{name}").answer
    assert (answer.ttl, answer[0].to_text()) == (77, "192.0.2.1")


@documented("R53API/API_AliasTarget", "An alias to a record of the zone needs that record.")
def test_alias_needs_its_target(cloud: Cloud) -> None:
    from tests.conformance.test_record_values import refused_batch

    zone_id, name = cloud.zone()
    target = {"HostedZoneId": zone_id, "DNSName": f"gone.{name}", "EvaluateTargetHealth": False}
    refused_batch(cloud, zone_id, {"Name": f"alias.{name}", "Type": "A", "AliasTarget": target})


def group(cloud: Cloud, *members: dict[str, Any]) -> str:
    """Makes records of one name, one for each member's settings, with the values 192.0.2.1, .2, ...; returns the name."""
    zone_id, name = cloud.zone()
    records = [
        record(f"w.{name}", "A", f"192.0.2.{number}", SetIdentifier=str(number), **member)
        for number, member in enumerate(members, start=1)
    ]
    cloud.change(zone_id, *records)
    return f"w.{name}"


@documented("R53/routing-policy-weighted", "Weighted records share the answers by their weights.")
def test_weights_share_the_answers(cloud: Cloud) -> None:
    name = group(cloud, {"Weight": 3}, {"Weight": 1})
    seen = Counter(cloud.values(name)[0] for _ in range(400))
    assert 0.6 < seen["192.0.2.1"] / 400 < 0.9


@documented("R53/routing-policy-weighted", "A record of weight 0 is not answered while another has a weight.")
def test_weight_0_is_not_answered(cloud: Cloud) -> None:
    name = group(cloud, {"Weight": 0}, {"Weight": 1})
    assert {cloud.values(name)[0] for _ in range(50)} == {"192.0.2.2"}


@documented("R53/routing-policy-weighted", "When all weights are 0, all records are answered alike.")
def test_all_weights_0_share_alike(cloud: Cloud) -> None:
    name = group(cloud, {"Weight": 0}, {"Weight": 0})
    assert {cloud.values(name)[0] for _ in range(60)} == {"192.0.2.1", "192.0.2.2"}


@documented("R53/routing-policy-multivalue", "A multivalue answer has up to eight records.")
def test_multivalue_answers_eight(cloud: Cloud) -> None:
    name = group(cloud, *({"MultiValueAnswer": True} for _ in range(10)))
    assert len(cloud.values(name)) == 8


@documented("R53/routing-policy-latency", "A latency record of a near region is answered before one of a far region.")
def test_latency_prefers_the_near_region(cloud: Cloud) -> None:
    name = group(cloud, {"Region": "us-east-1"}, {"Region": "ap-northeast-1"})
    assert cloud.values(name, options=[VIRGINIA]) == ["192.0.2.1"]
    assert cloud.values(name, options=[TOKYO]) == ["192.0.2.2"]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        stated(
            "R53/routing-policy-geo",
            "A geolocation record of the country goes before that of the continent.",
            LONDON,
            "192.0.2.1",
        ),
        stated(
            "R53/routing-policy-geo",
            "A geolocation record of the continent answers for its other countries.",
            FRANKFURT,
            "192.0.2.2",
        ),
        stated(
            "R53/routing-policy-geo", "The default geolocation record answers for everybody else.", TOKYO, "192.0.2.3"
        ),
        stated(
            "R53/routing-policy-geo",
            "A geolocation record of a US state goes before the default.",
            VIRGINIA,
            "192.0.2.4",
        ),
    ],
)
def test_geolocation_answers_with_the_smallest_area(cloud: Cloud, place: dns.edns.ECSOption, expected: str) -> None:
    areas = (
        {"CountryCode": "GB"},
        {"ContinentCode": "EU"},
        {"CountryCode": "*"},
        {"CountryCode": "US", "SubdivisionCode": "VA"},
    )
    name = group(cloud, *({"GeoLocation": area} for area in areas))
    assert cloud.values(name, options=[place]) == [expected]


@documented("R53/routing-policy-geo", "Without a default record who is in none of the areas gets no answer.")
def test_geolocation_without_a_default_answers_nobody_else(cloud: Cloud) -> None:
    name = group(cloud, {"GeoLocation": {"CountryCode": "GB"}})
    answer = cloud.ask(name, options=[TOKYO])
    assert (rcode(answer), answer.answer) == ("NOERROR", [])


@documented("R53/routing-policy-geoproximity", "A positive bias widens the area of a record.")
def test_bias_widens_the_area(cloud: Cloud) -> None:
    places = ({"AWSRegion": "eu-central-1"}, {"AWSRegion": "us-east-1", "Bias": 99})
    name = group(cloud, *({"GeoProximityLocation": place} for place in places))
    assert cloud.values(name, options=[LONDON]) == ["192.0.2.2"]


@documented("R53/routing-policy-geoproximity", "Without bias the nearest record is answered.")
def test_geoproximity_answers_with_the_nearest(cloud: Cloud) -> None:
    places = ({"AWSRegion": "eu-central-1"}, {"AWSRegion": "us-east-1"})
    name = group(cloud, *({"GeoProximityLocation": place} for place in places))
    assert cloud.values(name, options=[LONDON]) == ["192.0.2.1"]


@documented("RFC/7871", "An answer to a query with a client subnet carries the subnet.")
def test_answer_carries_the_client_subnet(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"a.{name}", "A", "192.0.2.1"))
    (option,) = cloud.ask(f"a.{name}", options=[LONDON]).options
    assert isinstance(option, dns.edns.ECSOption)
    assert option.address == "198.18.1.0"


@documented("R53API/API_TestDNSAnswer", "TestDNSAnswer gives what the name servers answer.")
def test_dns_answer_can_be_tested(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"a.{name}", "A", "192.0.2.1"))
    found = cloud.aws("route53").test_dns_answer(HostedZoneId=zone_id, RecordName=f"a.{name}", RecordType="A")
    assert (found["ResponseCode"], found["RecordData"]) == ("NOERROR", ["192.0.2.1"])


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        stated(
            "R53API/API_TestDNSAnswer",
            "TestDNSAnswer of a client subnet answers for its place.",
            {"EDNS0ClientSubnetIP": "198.18.6.0"},
            "192.0.2.6",
        ),
        stated(
            "R53API/API_TestDNSAnswer",
            "TestDNSAnswer of a resolver answers for its place.",
            {"ResolverIP": "198.18.1.9"},
            "192.0.2.1",
        ),
        stated("R53API/API_TestDNSAnswer", "Without a place TestDNSAnswer asks from us-east-1.", {}, "192.0.2.2"),
        stated(
            "R53API/API_TestDNSAnswer",
            "A client subnet counts more than the resolver.",
            {"EDNS0ClientSubnetIP": "198.18.6.0", "EDNS0ClientSubnetMask": "24", "ResolverIP": "198.18.1.9"},
            "192.0.2.6",
        ),
    ],
)
def test_dns_answer_of_a_place(cloud: Cloud, asked: dict[str, str], value: str) -> None:
    zone_id, name = cloud.zone()
    places = {"AS": "192.0.2.6", "EU": "192.0.2.1", "NA": "192.0.2.2"}
    records = [
        record(f"a.{name}", "A", value, SetIdentifier=code, GeoLocation={"ContinentCode": code})
        for code, value in places.items()
    ]
    cloud.change(zone_id, *records)
    question = {"HostedZoneId": zone_id, "RecordName": f"a.{name}", "RecordType": "A"}
    assert cloud.aws("route53").test_dns_answer(**question, **asked)["RecordData"] == [value]


@pytest.mark.parametrize(
    "asked",
    [
        stated("R53API/API_TestDNSAnswer", "A resolver that is no address is refused.", {"ResolverIP": "resolver"}),
        stated(
            "R53API/API_TestDNSAnswer",
            "A mask longer than the address is refused.",
            {"EDNS0ClientSubnetIP": "198.18.6.0", "EDNS0ClientSubnetMask": "33"},
        ),
    ],
)
def test_dns_answer_refuses_no_place(cloud: Cloud, asked: dict[str, str]) -> None:
    zone_id, name = cloud.zone()
    question = {"HostedZoneId": zone_id, "RecordName": name, "RecordType": "A"}
    refused("InvalidInput", cloud.aws("route53").test_dns_answer, **question, **asked)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        stated("R53/ResourceRecordTypes", "HTTPS records in alias mode are answered.", "HTTPS", "0 svc.example.com."),
        stated(
            "R53/ResourceRecordTypes",
            "HTTPS records are answered with their parameters.",
            "HTTPS",
            '1 . alpn="h2,h3" ipv4hint="192.0.2.1"',
        ),
        stated(
            "R53/ResourceRecordTypes",
            "SVCB records are answered with their parameters.",
            "SVCB",
            '16 svc.example.com. alpn="h2" port="8443"',
        ),
        stated("R53/ResourceRecordTypes", "TLSA records are answered.", "TLSA", f"3 1 1 {'0d' * 32}"),
        stated("R53/ResourceRecordTypes", "SSHFP records are answered.", "SSHFP", f"1 1 {'09' * 20}"),
    ],
)
def test_newer_types_are_answered(cloud: Cloud, type_: str, value: str) -> None:
    zone_id, name = cloud.zone()
    owner = f"_443._tcp.{name}" if type_ in {"TLSA", "SVCB"} else f"a.{name}"
    cloud.change(zone_id, record(owner, type_, value))
    assert cloud.values(owner, type_) == [value]
