"""What Route 53 takes as a record: values by type, names, limits, routing policies."""

from typing import Any

import pytest

from tests.conformance.cloud import Cloud, record, refused, unique
from tests.documented import documented, stated


def change_batch(cloud: Cloud, zone_id: str, *records: dict[str, Any], action: str = "CREATE") -> Any:
    changes = [{"Action": action, "ResourceRecordSet": each} for each in records]
    return cloud.aws("route53").change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})


def refused_batch(cloud: Cloud, zone_id: str, *records: dict[str, Any], code: str = "InvalidChangeBatch") -> str:
    route53 = cloud.aws("route53")
    changes = [{"Action": "CREATE", "ResourceRecordSet": each} for each in records]
    return refused(code, route53.change_resource_record_sets, HostedZoneId=zone_id, ChangeBatch={"Changes": changes})


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        stated(
            "R53/ResourceRecordTypes",
            "An A record's value is an IPv4 address; a word is refused.",
            "A",
            "not-an-address",
        ),
        stated("R53/ResourceRecordTypes", "An IPv6 address is no value of an A record.", "A", "2001:db8::1"),
        stated("R53/ResourceRecordTypes", "An octet of an A record's value is at most 255.", "A", "999.1.1.1"),
        stated("R53/ResourceRecordTypes", "An A record's value has four octets.", "A", "192.0.2"),
        stated("R53/ResourceRecordTypes", "One value of an A record is one address.", "A", "192.0.2.1 192.0.2.2"),
        stated("R53/ResourceRecordTypes", "An IPv4 address is no value of an AAAA record.", "AAAA", "192.0.2.1"),
        stated("R53/ResourceRecordTypes", "An AAAA record's groups are hexadecimal.", "AAAA", "2001:db8::g"),
        stated("R53/ResourceRecordTypes", "An MX record's value begins with a priority.", "MX", "mail.example.com"),
        stated("R53/ResourceRecordTypes", "An MX record's priority is a number.", "MX", "high mail.example.com"),
        stated("R53/ResourceRecordTypes", "An MX record's priority is at most 65,535.", "MX", "65536 mail.example.com"),
        stated("R53/ResourceRecordTypes", "An SRV record's value has priority, weight, port and target.", "SRV", "1 2"),
        stated("R53/ResourceRecordTypes", "An SRV record's port is at most 65,535.", "SRV", "1 2 65536 a.example.com"),
        stated("R53/ResourceRecordTypes", "A TXT record's value is in quotation marks.", "TXT", "unquoted text"),
        stated(
            "R53/ResourceRecordTypes", "A string of a TXT record has at most 255 characters.", "TXT", f'"{"a" * 256}"'
        ),
        stated("R53/ResourceRecordTypes", "A TXT record's quotation mark is closed.", "TXT", '"open'),
        stated("R53/ResourceRecordTypes", "A CAA record's value has flags, tag and value.", "CAA", "bad"),
        stated(
            "R53/ResourceRecordTypes", "A CAA record's flags are a number up to 255.", "CAA", '256 issue "amazon.com"'
        ),
        stated("R53/ResourceRecordTypes", "A CNAME record's value is one domain name.", "CNAME", "two words"),
        stated(
            "R53/DomainNameFormat", "A label of a domain name has at most 63 bytes.", "CNAME", f"{'a' * 64}.example.com"
        ),
        stated("R53/DomainNameFormat", "A label of a domain name is not empty.", "NS", "a..example.com"),
        stated("R53/ResourceRecordTypes", "A PTR record's value is one domain name.", "PTR", "a.example.com b"),
        stated("R53/ResourceRecordTypes", "A DS record's digest is hexadecimal.", "DS", "12345 3 1 nothex"),
        stated("R53/ResourceRecordTypes", "An HTTPS record's value begins with a priority.", "HTTPS", "example.com"),
        stated("R53/ResourceRecordTypes", "A NAPTR record's value has six fields.", "NAPTR", '100 50 "u"'),
    ],
)
def test_record_rejects_the_value(cloud: Cloud, type_: str, value: str) -> None:
    zone_id, name = cloud.zone()
    message = refused_batch(cloud, zone_id, record(f"a.{name}", type_, value))
    assert value in message


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        stated("R53/ResourceRecordTypes", "An A record answers with its address.", "A", "192.0.2.1"),
        stated("R53/ResourceRecordTypes", "An AAAA record answers with its address.", "AAAA", "2001:db8::1"),
        stated("R53/ResourceRecordTypes", "An MX record answers with priority and host.", "MX", "10 mail.example.com."),
        stated(
            "R53/ResourceRecordTypes", "An SRV record answers with its four fields.", "SRV", "1 10 5269 a.example.com."
        ),
        stated("R53/ResourceRecordTypes", "A TXT record answers with its strings.", "TXT", '"one" "two"'),
        stated("R53/ResourceRecordTypes", "A CAA record answers with its three fields.", "CAA", '0 issue "amazon.com"'),
        stated("R53/ResourceRecordTypes", "A PTR record answers with its name.", "PTR", "a.example.com."),
        stated("R53/ResourceRecordTypes", "An HTTPS record answers with its parameters.", "HTTPS", '1 . alpn="h2"'),
    ],
)
def test_record_answers_with_the_value(cloud: Cloud, type_: str, value: str) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"a.{name}", type_, value))
    assert cloud.values(f"a.{name}", type_) == [value]


@pytest.mark.parametrize(
    ("type_", "more"),
    [
        stated(
            "R53API/API_ResourceRecordSet", "A CNAME has no multivalue answers.", "CNAME", {"MultiValueAnswer": True}
        ),
        stated(
            "R53API/API_ResourceRecordSet", "An NS record has no multivalue answers.", "NS", {"MultiValueAnswer": True}
        ),
        stated(
            "R53API/API_ResourceRecordSet",
            "A record with a routing policy has a set identifier.",
            "A",
            {"Weight": 1, "SetIdentifier": ""},
        ),
        stated(
            "R53API/API_ResourceRecordSet",
            "A record has one routing policy.",
            "A",
            {"Weight": 1, "Region": "us-east-1"},
        ),
        stated("R53API/API_ResourceRecordSet", "A set identifier is of records with a routing policy.", "A", {}),
    ],
)
def test_record_rejects_the_policy(cloud: Cloud, type_: str, more: dict[str, Any]) -> None:
    zone_id, name = cloud.zone()
    value = "192.0.2.1" if type_ == "A" else "a.example.com"
    settings = {"SetIdentifier": "one", **more}
    refused_batch(cloud, zone_id, record(f"a.{name}", type_, value, **{k: v for k, v in settings.items() if v != ""}))


@pytest.mark.parametrize(
    "more",
    [
        stated("R53API/API_ResourceRecordSet", "A weight is at most 255.", {"SetIdentifier": "1", "Weight": 256}),
        stated("R53API/API_ResourceRecordSet", "A TTL is not negative.", {"TTL": -1}),
        stated("R53API/API_ResourceRecordSet", "A TTL is at most 2,147,483,647 seconds.", {"TTL": 2_147_483_648}),
        stated(
            "R53API/API_ResourceRecordSet",
            "A set identifier has at most 128 characters.",
            {"SetIdentifier": "a" * 129, "Weight": 1},
        ),
        stated(
            "R53API/API_ResourceRecordSet",
            "A latency record's Region is one of AWS's.",
            {"SetIdentifier": "1", "Region": "eu-west-9"},
        ),
        stated(
            "R53API/API_ResourceRecordSet",
            "A record is PRIMARY or SECONDARY.",
            {"SetIdentifier": "1", "Failover": "TERTIARY"},
        ),
        stated(
            "R53API/API_GeoProximityLocation",
            "A bias is at most 99.",
            {"SetIdentifier": "1", "GeoProximityLocation": {"AWSRegion": "us-east-1", "Bias": 100}},
        ),
        stated(
            "R53API/API_GeoProximityLocation",
            "A bias is at least -99.",
            {"SetIdentifier": "1", "GeoProximityLocation": {"AWSRegion": "us-east-1", "Bias": -100}},
        ),
        stated(
            "R53API/API_GeoLocation",
            "A continent code has two letters.",
            {"SetIdentifier": "1", "GeoLocation": {"ContinentCode": "EUR"}},
        ),
        stated(
            "R53API/API_ResourceRecord",
            "A record's value has at most 4,000 characters.",
            {"Type": "TXT", "ResourceRecords": [{"Value": f'"{"a" * 250}" ' * 20}]},
        ),
        stated("R53API/API_ChangeResourceRecordSets", "A record's type is one that Route 53 knows.", {"Type": "LOC"}),
    ],
)
def test_record_rejects_what_the_model_forbids(cloud: Cloud, more: dict[str, Any]) -> None:
    zone_id, name = cloud.zone()
    refused_batch(cloud, zone_id, record(f"a.{name}", "A", "192.0.2.1") | more, code="InvalidInput")


def many(name: str, count: int) -> list[dict[str, Any]]:
    return [record(f"r{number}.{name}", "A", f"192.0.2.{number % 250}") for number in range(count)]


@documented("R53/DNSLimitations", "A batch has at most 1,000 values.")
def test_batch_rejects_more_than_1000_values(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    assert "1000" in refused_batch(cloud, zone_id, *many(name, 1001))
    change_batch(cloud, zone_id, *many(name, 1000))


@documented("R53/DNSLimitations", "Of an UPSERT each value counts twice against the limit of 1,000.")
def test_upsert_counts_twice(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    changes = [{"Action": "UPSERT", "ResourceRecordSet": each} for each in many(name, 501)]
    route53 = cloud.aws("route53")
    batch = {"Changes": changes}
    refused("InvalidChangeBatch", route53.change_resource_record_sets, HostedZoneId=zone_id, ChangeBatch=batch)


@documented("R53/DNSLimitations", "The values of a batch have at most 32,000 characters.")
def test_batch_rejects_more_than_32000_characters(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    records = [record(f"r{number}.{name}", "TXT", " ".join([f'"{"a" * 250}"'] * 14)) for number in range(10)]
    refused_batch(cloud, zone_id, *records)


@documented("R53API/API_ChangeResourceRecordSets", "When one change of a batch is refused, none of it is made.")
def test_batch_is_made_as_a_whole(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    refused_batch(cloud, zone_id, record(f"good.{name}", "A", "192.0.2.1"), record(f"bad.{name}", "A", "bad"))
    found = cloud.aws("route53").list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    assert {each["Name"] for each in found} == {f"{name}."}


@documented("R53API/API_ResourceRecordSet", "A record set has no value twice.")
def test_record_rejects_a_value_twice(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    assert "192.0.2.1" in refused_batch(cloud, zone_id, record(f"a.{name}", "A", "192.0.2.1", "192.0.2.1"))


@documented("R53/ResourceRecordTypes", "A CNAME record has one value.")
def test_cname_rejects_two_values(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    refused_batch(cloud, zone_id, record(f"a.{name}", "CNAME", "a.example.com", "b.example.com"))


@documented("R53/DNSLimitations", "A record set has at most 400 values.")
def test_record_rejects_more_than_400_values(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    values = [f"192.0.{number // 250}.{number % 250}" for number in range(401)]
    refused_batch(cloud, zone_id, record(f"a.{name}", "A", *values))


@documented("R53/ResourceRecordTypes", "A CNAME record shares its name with no other record.")
def test_cname_stands_alone(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"a.{name}", "A", "192.0.2.1"))
    refused_batch(cloud, zone_id, record(f"a.{name}", "CNAME", "b.example.com"))


@documented("R53/ResourceRecordTypes", "The zone's own name has no CNAME record.")
def test_cname_is_not_at_the_apex(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    refused_batch(cloud, zone_id, record(name, "CNAME", "b.example.com"))


@documented("R53API/API_ChangeResourceRecordSets", "A record's name lies in its zone.")
def test_record_lies_in_its_zone(cloud: Cloud) -> None:
    zone_id, _ = cloud.zone()
    refused_batch(cloud, zone_id, record("www.elsewhere.test", "A", "192.0.2.1"))


@documented("R53API/API_Change", "CREATE refuses a record that exists.")
def test_create_refuses_what_exists(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"a.{name}", "A", "192.0.2.1"))
    refused_batch(cloud, zone_id, record(f"a.{name}", "A", "192.0.2.2"))


@documented("R53API/API_Change", "DELETE names the values that the record has.")
def test_delete_must_name_the_values(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"a.{name}", "A", "192.0.2.1"))
    changes = [{"Action": "DELETE", "ResourceRecordSet": record(f"a.{name}", "A", "192.0.2.2")}]
    route53 = cloud.aws("route53")
    batch = {"Changes": changes}
    refused("InvalidChangeBatch", route53.change_resource_record_sets, HostedZoneId=zone_id, ChangeBatch=batch)
    cloud.change(zone_id, record(f"a.{name}", "A", "192.0.2.1"), action="DELETE")
    assert cloud.values(f"a.{name}") == []


@documented("R53API/API_CreateHostedZone", "A hosted zone's name is a domain name.")
def test_zone_rejects_a_name_that_is_none(cloud: Cloud) -> None:
    refused("InvalidDomainName", cloud.aws("route53").create_hosted_zone, Name="a..b", CallerReference=unique("zone"))


@documented("R53/DomainNameFormat", "A domain name has at most 255 bytes.")
def test_zone_rejects_a_name_above_255_bytes(cloud: Cloud) -> None:
    create = cloud.aws("route53").create_hosted_zone
    refused("InvalidDomainName", create, Name=".".join(["a" * 50] * 6), CallerReference=unique("zone"))


@documented("R53API/API_CreateHostedZone", "One caller reference makes one hosted zone.")
def test_zone_rejects_a_reference_twice(cloud: Cloud) -> None:
    _, name = cloud.zone()
    refused("HostedZoneAlreadyExists", cloud.aws("route53").create_hosted_zone, Name=name, CallerReference=name)


@documented("R53API/API_CreateHostedZone", "A caller reference has at most 128 characters.")
def test_zone_rejects_a_reference_above_128_characters(cloud: Cloud) -> None:
    create = cloud.aws("route53").create_hosted_zone
    refused("InvalidInput", create, Name="a.test", CallerReference="a" * 129)


@documented("R53API/API_DeleteHostedZone", "A hosted zone with records of its own is not deleted.")
def test_zone_with_records_is_not_deleted(cloud: Cloud) -> None:
    zone_id, name = cloud.zone()
    cloud.change(zone_id, record(f"a.{name}", "A", "192.0.2.1"))
    refused("HostedZoneNotEmpty", cloud.aws("route53").delete_hosted_zone, Id=zone_id)
