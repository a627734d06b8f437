"""How a hosted zone answers: RFC 1034 4.3.2, RFC 4592, RFC 2308 and Route 53's alias rules."""

from collections.abc import Mapping
from typing import Any

import pytest

from localcloud.model.addresses import AwsName, api_gateway_address, ipv4_mapped
from localcloud.model.errors import UnsupportedResource
from localcloud.model.records import HostedZone, hosted_zone_from_api, record_set_from_api
from localcloud.model.resolution import (
    Answer,
    AnswerSet,
    NameFailure,
    ResolutionContext,
    Status,
    resolve,
    with_addresses,
    with_divided_ttls,
)

DISTRIBUTION = "d111.cloudfront.net."
API = "d-abc.execute-api.us-east-1.amazonaws.com."
AWS_NAMES = {
    DISTRIBUTION: AwsName(ipv4_address="127.0.10.1", has_ipv6=True),
    API: AwsName(ipv4_address="127.0.20.2", has_ipv6=False),
}


def plain(name: str, type_: str, *values: str, **more: Any) -> dict[str, Any]:
    return {"Name": name, "Type": type_, "TTL": 300, "ResourceRecords": [{"Value": value} for value in values], **more}


def alias(name: str, target: str, *, type_: str = "A", evaluates: bool = False, **more: Any) -> dict[str, Any]:
    target_of_alias = {"HostedZoneId": "Z", "DNSName": target, "EvaluateTargetHealth": evaluates}
    return {"Name": name, "Type": type_, "AliasTarget": target_of_alias, **more}


SOA = plain("example.test.", "SOA", "ns-1.awsdns. hostmaster. 1 7200 900 1209600 86400", TTL=900)


def zone(*records: Mapping[str, Any], name: str = "example.test.") -> HostedZone:
    return hosted_zone_from_api({"Id": "/hostedzone/Z1", "Name": name}, [SOA, *records])


def ask(name: str, type_: str, *records: Mapping[str, Any], sick: str = "") -> Answer:
    context = ResolutionContext(aws_names=AWS_NAMES, healthy_checks=dict.fromkeys(sick.split(), False))
    return resolve([zone(*records)], name, type_, context)


def values(answer: Answer) -> list[str]:
    return [value for found in answer.answers for value in found.values]


def test_resolution_name_outside_all_zones_is_refused() -> None:
    assert ask("www.example.org", "A").status is Status.REFUSED


def test_resolution_is_case_insensitive() -> None:
    assert values(ask("WWW.Example.Test", "A", plain("www.example.test", "A", "192.0.2.1"))) == ["192.0.2.1"]


def test_resolution_longest_zone_answers() -> None:
    zones = [
        zone(plain("a.sub.example.test", "A", "192.0.2.1")),
        zone(plain("a.sub.example.test", "A", "192.0.2.2"), name="sub.example.test."),
    ]
    assert values(resolve(zones, "a.sub.example.test", "A", ResolutionContext())) == ["192.0.2.2"]


def test_resolution_unknown_name_is_nxdomain_with_soa() -> None:
    answer = ask("nothing.example.test", "A")
    assert answer.status is Status.NXDOMAIN
    assert [(found.type, found.ttl_seconds) for found in answer.authority] == [("SOA", 900)]


def test_negative_ttl_is_the_soas_minimum_where_that_is_less() -> None:
    """RFC 2308 section 3."""
    soa = plain("example.test.", "SOA", "ns-1.awsdns. hostmaster. 1 7200 900 1209600 60", TTL=900)
    zone_ = hosted_zone_from_api({"Id": "/hostedzone/Z1", "Name": "example.test."}, [soa])
    answer = resolve([zone_], "nothing.example.test", "A", ResolutionContext())
    assert [found.ttl_seconds for found in answer.authority] == [60]


def test_negative_answer_of_a_zone_without_a_soa_has_no_authority() -> None:
    zone_ = hosted_zone_from_api({"Id": "/hostedzone/Z1", "Name": "example.test."}, [])
    assert resolve([zone_], "nothing.example.test", "A", ResolutionContext()) == Answer(status=Status.NXDOMAIN)


@pytest.mark.parametrize(
    ("reached", "expected"),
    [
        ({"192.0.2.1": "127.0.30.1"}, ["127.0.30.1", "192.0.2.2"]),
        ({"192.0.2.9": "127.0.30.9"}, ["192.0.2.1", "192.0.2.2"]),
        ({}, ["192.0.2.1", "192.0.2.2"]),
    ],
)
def test_addresses_outside_aws_become_those_that_reach_their_servers(
    reached: Mapping[str, str], expected: list[str]
) -> None:
    answer = ask("www.example.test", "A", plain("www.example.test", "A", "192.0.2.1", "192.0.2.2"))
    led = with_addresses(answer, reached)
    assert (values(led), led.status, led.answers[0].ttl_seconds) == (expected, Status.NOERROR, 300)


@pytest.mark.parametrize("name", ["www.example.test", "deep.example.test"])
def test_resolution_known_name_without_the_type_is_nodata(name: str) -> None:
    records = [plain("www.example.test", "A", "192.0.2.1"), plain("very.deep.example.test", "A", "192.0.2.1")]
    answer = ask(name, "TXT", *records)
    assert (answer.status, answer.answers, answer.authority[0].type) == (Status.NOERROR, (), "SOA")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("any.example.test", ["192.0.2.9"]),
        ("a.b.example.test", ["192.0.2.9"]),
        ("www.example.test", []),
        ("below.www.example.test", []),
    ],
)
def test_resolution_wildcard_covers_names_without_a_closer_encloser(name: str, expected: list[str]) -> None:
    records = [plain("\\052.example.test", "A", "192.0.2.9"), plain("www.example.test", "TXT", '"x"')]
    assert values(ask(name, "A", *records)) == expected


def test_resolution_cname_is_followed_inside_the_zone() -> None:
    records = [plain("a.example.test", "CNAME", "b.example.test"), plain("b.example.test", "A", "192.0.2.1")]
    answer = ask("a.example.test", "A", *records)
    assert [(found.type, found.values) for found in answer.answers] == [
        ("CNAME", ("b.example.test",)),
        ("A", ("192.0.2.1",)),
    ]


def test_resolution_cname_to_a_distribution_is_followed() -> None:
    answer = ask("a.example.test", "A", plain("a.example.test", "CNAME", DISTRIBUTION))
    assert values(answer) == [DISTRIBUTION, "127.0.10.1"]


def test_resolution_cname_loop_ends() -> None:
    records = [plain("a.example.test", "CNAME", "b.example.test"), plain("b.example.test", "CNAME", "a.example.test")]
    assert ask("a.example.test", "A", *records).status is Status.NOERROR


def test_resolution_cname_query_is_not_followed() -> None:
    answer = ask("a.example.test", "CNAME", plain("a.example.test", "CNAME", "b.example.test"))
    assert values(answer) == ["b.example.test"]


def test_resolution_delegation_answers_with_authority_only() -> None:
    answer = ask("a.sub.example.test", "A", plain("sub.example.test", "NS", "ns.other.test"))
    assert (answer.is_authoritative, answer.authority[0].values, answer.answers) == (False, ("ns.other.test",), ())


@pytest.mark.parametrize(
    ("type_", "expected"), [("A", ["127.0.10.1"]), ("AAAA", ["::ffff:127.0.10.1"]), ("TXT", []), ("CNAME", [])]
)
def test_resolution_alias_answers_its_own_type_only(type_: str, expected: list[str]) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html"""
    records = [alias("www.example.test", DISTRIBUTION), alias("www.example.test", DISTRIBUTION, type_="AAAA")]
    assert values(ask("www.example.test", type_, *records)) == expected


def test_resolution_alias_to_aws_has_a_ttl_of_60_seconds() -> None:
    """https://dev.classmethod.jp/cloud/amazon-route-53-alias-ttl/"""
    answer = ask("www.example.test", "A", alias("www.example.test", DISTRIBUTION))
    assert answer.answers[0].ttl_seconds == 60


def test_resolution_alias_inside_the_zone_takes_the_targets_ttl_and_its_own_name() -> None:
    records = [alias("www.example.test", "a.example.test"), plain("a.example.test", "A", "192.0.2.1")]
    found = ask("www.example.test", "A", *records).answers[0]
    assert (found.name, found.ttl_seconds, found.values) == ("www.example.test.", 300, ("192.0.2.1",))


def test_resolution_aaaa_alias_to_a_target_without_ipv6_is_nodata() -> None:
    assert values(ask("www.example.test", "AAAA", alias("www.example.test", API, type_="AAAA"))) == []


def test_resolution_alias_to_a_deleted_distribution_is_nodata() -> None:
    answer = ask("www.example.test", "A", alias("www.example.test", "dgone.cloudfront.net"))
    assert (answer.status, answer.answers) == (Status.NOERROR, ())


def test_resolution_rejects_an_alias_target_that_is_not_modelled() -> None:
    with pytest.raises(UnsupportedResource, match="not modelled"):
        ask("www.example.test", "A", alias("www.example.test", "lb.eu-central-1.elb.amazonaws.com"))


def failover_pair(type_: str) -> list[dict[str, Any]]:
    return [
        alias("www.example.test", DISTRIBUTION, type_=type_, Failover="PRIMARY", SetIdentifier="p", HealthCheckId="c"),
        alias("www.example.test", API, type_=type_, Failover="SECONDARY", SetIdentifier="s"),
    ]


@pytest.mark.parametrize(("sick", "expected"), [("", ["127.0.10.1"]), ("c", ["127.0.20.2"])])
def test_resolution_failover_follows_the_primarys_check(sick: str, expected: list[str]) -> None:
    assert values(ask("www.example.test", "A", *failover_pair("A"), sick=sick)) == expected


def test_resolution_aaaa_group_is_separate_from_the_a_group() -> None:
    """R53API/API_ResourceRecordSet: one policy for each name and type; IPv6 users need their own SECONDARY."""
    records = [*failover_pair("A"), failover_pair("AAAA")[0]]
    assert values(ask("www.example.test", "AAAA", *records, sick="c")) == ["::ffff:127.0.10.1"]


@pytest.mark.parametrize(
    ("sick", "evaluates", "expected"),
    [
        ("", True, "192.0.2.1"),
        ("one", True, "192.0.2.2"),
        ("one two", True, "198.51.100.1"),
        ("one two", False, "192.0.2.1"),
        ("own", True, "198.51.100.1"),
        ("own", False, "198.51.100.1"),
    ],
)
def test_resolution_alias_with_evaluate_target_health_is_healthy_while_one_below_is(
    sick: str, evaluates: bool, expected: str
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-complex-configs.html"""
    tree = [
        alias(
            "www.example.test",
            "tree.example.test",
            evaluates=evaluates,
            Failover="PRIMARY",
            SetIdentifier="p",
            HealthCheckId="own",
        ),
        plain("www.example.test", "A", "198.51.100.1", Failover="SECONDARY", SetIdentifier="s"),
        plain("tree.example.test", "A", "192.0.2.1", Failover="PRIMARY", SetIdentifier="1", HealthCheckId="one"),
        plain("tree.example.test", "A", "192.0.2.2", Failover="SECONDARY", SetIdentifier="2", HealthCheckId="two"),
    ]
    assert values(ask("www.example.test", "A", *tree, sick=sick)) == [expected]


def test_resolution_rejects_evaluate_target_health_on_cloudfront() -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html"""
    record = alias("www.example.test", DISTRIBUTION, evaluates=True, Failover="PRIMARY", SetIdentifier="p")
    with pytest.raises(UnsupportedResource, match="EvaluateTargetHealth cannot be true"):
        ask("www.example.test", "A", record)


def test_resolution_api_gateway_target_counts_as_healthy() -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/dns-failover.html"""
    records = [
        alias("www.example.test", API, evaluates=True, Failover="PRIMARY", SetIdentifier="p"),
        plain("www.example.test", "A", "192.0.2.1", Failover="SECONDARY", SetIdentifier="s"),
    ]
    assert values(ask("www.example.test", "A", *records)) == ["127.0.20.2"]


def test_resolution_aws_names_answer_without_a_zone() -> None:
    assert values(resolve([], "D111.cloudfront.net", "A", ResolutionContext(aws_names=AWS_NAMES))) == ["127.0.10.1"]


@pytest.mark.parametrize(
    "more",
    [
        {"CidrRoutingConfig": {"CollectionId": "c", "LocationName": "l"}},
        {"TrafficPolicyInstanceId": "t"},
        {"GeoProximityLocation": {"LocalZoneGroup": "us-east-1-bue-1"}},
    ],
)
def test_records_reject_what_is_not_modelled(more: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedResource, match="not modelled"):
        record_set_from_api(plain("a.example.test", "A", "192.0.2.1", **more))


def test_addresses_number_the_sorted_regions() -> None:
    regions = ["us-east-1", "eu-central-1", "eu-central-1"]
    assert [api_gateway_address(region, regions) for region in sorted(set(regions))] == ["127.0.20.1", "127.0.20.2"]
    assert ipv4_mapped("127.0.20.1") == "::ffff:127.0.20.1"


@pytest.mark.parametrize(
    ("sick", "expected"),
    [
        ("", ["192.0.2.1"]),
        ("first", ["192.0.2.2"]),
        ("first second", ["203.0.113.10"]),
        ("first second backup", ["192.0.2.1"]),
        ("backup", ["192.0.2.1"]),
    ],
)
def test_resolution_backup_answers_when_the_pair_below_the_primary_alias_is_ill(sick: str, expected: list[str]) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-complex-configs.html"""

    def role(name: str, check: str = "") -> dict[str, Any]:
        found: dict[str, Any] = {"SetIdentifier": name.lower(), "Failover": name}
        return found | ({"HealthCheckId": check} if check else {})

    records = [
        alias("www.example.test", "regions.example.test.", evaluates=True, **role("PRIMARY")),
        plain("www.example.test", "A", "203.0.113.10", **role("SECONDARY", "backup")),
        plain("regions.example.test", "A", "192.0.2.1", **role("PRIMARY", "first")),
        plain("regions.example.test", "A", "192.0.2.2", **role("SECONDARY", "second")),
    ]
    assert values(ask("www.example.test", "A", *records, sick=sick)) == expected


CLOUDFRONT = {
    DISTRIBUTION: AwsName(ipv4_address="127.0.10.1", has_ipv6=True, fault_targets=("cloudfront", "cloudfront:E1")),
    API: AWS_NAMES[API],
}
FAILURES = [
    (NameFailure.NXDOMAIN, Status.NXDOMAIN, ["SOA"]),
    (NameFailure.NODATA, Status.NOERROR, ["SOA"]),
    (NameFailure.SERVFAIL, Status.SERVFAIL, []),
]


def vanished(name: str, failure: NameFailure, *records: Mapping[str, Any], target: str = "cloudfront") -> Answer:
    context = ResolutionContext(aws_names=CLOUDFRONT, failing_targets={target: failure})
    return resolve([zone(*records)], name, "A", context)


@pytest.mark.parametrize("target", ["cloudfront", "cloudfront:E1"])
@pytest.mark.parametrize(("failure", "status", "authority"), FAILURES)
def test_alias_of_a_vanished_name_answers_as_its_target_does(
    failure: NameFailure, status: Status, authority: list[str], target: str
) -> None:
    answer = vanished("www.example.test", failure, alias("www.example.test", DISTRIBUTION), target=target)
    assert (answer.status, answer.answers) == (status, ())
    assert [found.type for found in answer.authority] == authority
    assert all(found.name == "example.test." for found in answer.authority), "the zone's own SOA bounds it"


@pytest.mark.parametrize(("failure", "status", "authority"), FAILURES)
def test_vanished_name_itself_and_a_cname_to_it(failure: NameFailure, status: Status, authority: list[str]) -> None:
    own = vanished(DISTRIBUTION, failure)
    named = vanished("www.example.test", failure, plain("www.example.test", "CNAME", DISTRIBUTION))
    assert [each.status for each in (own, named)] == [status, status]
    assert [found.type for found in named.answers] == ["CNAME"]
    for each in (own, named):
        assert [(found.type, found.name) for found in each.authority] == [
            (type_, "cloudfront.net.") for type_ in authority
        ]


def test_alias_within_the_zone_fails_with_what_it_leads_to() -> None:
    records = [alias("www.example.test", "eu.example.test."), alias("eu.example.test", DISTRIBUTION)]
    assert vanished("www.example.test", NameFailure.NXDOMAIN, *records).status is Status.NXDOMAIN


def test_record_that_was_not_chosen_changes_nothing() -> None:
    primary = alias("www.example.test", DISTRIBUTION, SetIdentifier="a", Failover="PRIMARY", HealthCheckId="check")
    secondary = alias("www.example.test", API, SetIdentifier="b", Failover="SECONDARY")
    context = ResolutionContext(
        aws_names=CLOUDFRONT, healthy_checks={"check": False}, failing_targets={"cloudfront": NameFailure.NXDOMAIN}
    )
    assert values(resolve([zone(primary, secondary)], "www.example.test", "A", context)) == ["127.0.20.2"]


def test_other_distribution_is_still_found() -> None:
    answer = vanished(DISTRIBUTION, NameFailure.NXDOMAIN, target="cloudfront:E2")
    assert values(answer) == ["127.0.10.1"]


@pytest.mark.parametrize(("divisor", "expected"), [(1.0, 60), (2.0, 30), (10.0, 6), (7.0, 9), (1000.0, 1)])
def test_ttls_are_divided_and_rounded_up(divisor: float, expected: int) -> None:
    found = AnswerSet(name="a.test.", type="A", ttl_seconds=60, values=("192.0.2.1",))
    answer = with_divided_ttls(Answer(status=Status.NOERROR, answers=(found,), authority=(found,)), divisor)
    assert [each.ttl_seconds for each in (*answer.answers, *answer.authority)] == [expected, expected]


def test_soa_of_an_aws_name_that_vanished_is_route_53s_own() -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html"""
    (soa,) = vanished(DISTRIBUTION, NameFailure.NXDOMAIN).authority
    assert (soa.name, soa.type, soa.ttl_seconds) == ("cloudfront.net.", "SOA", 900)
    assert soa.values[0].split()[-4:] == ["7200", "900", "1209600", "86400"]
