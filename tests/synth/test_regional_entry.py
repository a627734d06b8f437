"""Named properties of the stacks without CloudFront in the name: Route 53 chooses between regional endpoints and others."""

import json
import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from constructs_lib.site_file.models import Entry, Policy, SiteFile
from tests.worlds.routing_site import site_text
from tests.worlds.synthesized import EXAMPLES, Stacks, example_text, site_of, stacks_of

Body = dict[str, Any]
Build = Callable[[str], Stacks]

REGIONAL = [name for name in EXAMPLES if site_of(example_text(name)).routing.entry is Entry.REGIONAL]


@pytest.fixture(scope="session", params=REGIONAL)
def example(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def build(policy: str, *, entry: str = "regional", **parts: str) -> Stacks:
    """Returns the stacks of a two-region site under `policy`; parts as `site_text` takes them."""
    return stacks_of(site_text(entry, policy, **parts))


def found(stacks: Stacks, kind: str) -> list[Body]:
    return [body for stack in stacks.values() for body in stack["resource"].get(kind, {}).values()]


def public_records(stacks: Stacks, record_type: str) -> dict[str, Body]:
    """Set identifier -> record of www.example.com."""
    return {
        record["set_identifier"]: record
        for record in found({"edge": stacks["edge"]}, "aws_route53_record")
        if (record["name"], record["type"]) == ("www.example.com", record_type)
    }


def regional_stacks(stacks: Stacks) -> Stacks:
    """The stacks that the edge is made after; the alarms of its checks are in them."""
    return {name: stack for name, stack in stacks.items() if name.startswith("region-")}


def check_behind(stacks: Stacks, record: Body) -> Body:
    name = record["health_check_id"].removeprefix("${aws_route53_health_check.").removesuffix(".id}")
    check: Body = stacks["edge"]["resource"]["aws_route53_health_check"][name]
    return check


def test_nothing_of_cloudfront_is_left_but_the_store_of_the_release(stacks: Stacks) -> None:
    kinds = {kind for stack in stacks.values() for kind in stack["resource"] if "cloudfront" in kind}
    assert kinds == {"aws_cloudfront_key_value_store"}


def test_no_name_has_two_policies(stacks: Stacks) -> None:
    policies = defaultdict(set)
    for record in found({"edge": stacks["edge"]}, "aws_route53_record"):
        kinds = [key for key in record if key.endswith("_routing_policy")]
        policies[record["name"], record["type"]].add(tuple(kinds))
    assert all(len(kinds) == 1 for kinds in policies.values())


def test_bucket_policies_let_nobody_in_and_allow_no_plain_http(stacks: Stacks) -> None:
    for body in found(stacks, "aws_s3_bucket_policy"):
        (statement,) = json.loads(body["policy"])["Statement"]
        assert (statement["Sid"], "NotResource" in statement) == ("DenyInsecureTransport", False)


def test_each_region_has_an_own_name_with_certificate_and_mapping(site: SiteFile, stacks: Stacks) -> None:
    for region in site.region:
        resource = stacks[f"region-{region.name}"]["resource"]
        own = f"{region.name}.{site.site.hostname}"
        (certificate,) = resource["aws_acm_certificate"].values()
        domains = {domain["domain_name"] for domain in resource["aws_apigatewayv2_domain_name"].values()}
        assert certificate["subject_alternative_names"] == [own]
        assert domains == {site.site.hostname, own}
        assert len(resource["aws_apigatewayv2_api_mapping"]) == 2


def test_region_checks_ask_the_own_name_by_a_path_that_reads_the_bucket(site: SiteFile, stacks: Stacks) -> None:
    asked = {check.get("fqdn"): check for check in found(stacks, "aws_route53_health_check")}
    for region in site.region:
        check = asked[f"{region.name}.{site.site.hostname}"]
        assert (check["type"], check["port"]) == ("HTTPS", 443)
        assert check["resource_path"] == f"/health/{region.name}.json"


def test_every_bucket_is_replicated_to_every_other(site: SiteFile, stacks: Stacks) -> None:
    configurations = found(stacks, "aws_s3_bucket_replication_configuration")
    assert len(configurations) == len(site.region)
    for configuration in configurations:
        destinations = {rule["destination"]["bucket"] for rule in configuration["rule"]}
        assert len(destinations) == len(configuration["rule"]) == len(site.region) - 1
        assert configuration["bucket"].replace("bucket}", "arn}") not in destinations


def test_outputs_say_entry_and_policy_and_have_no_distribution(site: SiteFile, stacks: Stacks) -> None:
    output = {name: body["value"] for name, body in stacks["edge"]["output"].items()}
    assert output["distributions"] == {}
    assert output["routing"] == {"entry": "regional", "policy": site.routing.policy.value}
    assert set(output["health_check_ids"]) == {region.name for region in site.region}


@pytest.mark.parametrize("record_type", ["A", "AAAA"])
def test_failover_is_between_the_regional_endpoints_each_with_its_check(record_type: str) -> None:
    stacks = build("failover")
    records = public_records(stacks, record_type)
    assert sorted(records) == ["primary", "secondary"]
    for role, region in (("primary", "eu-central-1"), ("secondary", "us-east-1")):
        record = records[role]
        assert record["failover_routing_policy"] == {"type": role.upper()}
        assert region in record["alias"]["name"]
        assert record["alias"]["evaluate_target_health"] is True
        assert check_behind(stacks, record)["fqdn"] == f"{region}.www.example.com"


BACKUP = '[[endpoint]]\nname = "backup"\nipv4_address = "203.0.113.1"\nipv6_address = "2001:db8::1"\n'


@pytest.mark.parametrize(("record_type", "address"), [("A", "203.0.113.1"), ("AAAA", "2001:db8::1")])
def test_external_backup_stands_behind_both_regions(record_type: str, address: str) -> None:
    stacks = build("failover", more=BACKUP)
    records = public_records(stacks, record_type)
    assert records["primary"]["alias"]["name"] == "regions.www.example.com"
    assert records["primary"]["alias"]["evaluate_target_health"] is True
    assert (records["secondary"]["records"], records["secondary"]["ttl"]) == ([address], 60)
    check = check_behind(stacks, records["secondary"])
    assert (check["ip_address"], check["fqdn"]) == (address, "www.example.com")


def test_alias_to_the_pair_of_both_regions_waits_for_it(stacks: Stacks) -> None:
    """Route 53 refuses an alias to records that are not there: found by a deployment."""
    made = stacks["edge"]["resource"]["aws_route53_record"]
    names = {body["name"] for body in made.values()}
    for body in made.values():
        if (target := body.get("alias", {}).get("name")) in names:
            behind = {f"aws_route53_record.{id_}" for id_, other in made.items() if other["name"] == target}
            assert behind <= set(body["depends_on"])


def test_weights_become_weighted_records() -> None:
    stacks = build("weighted", first="weight = 200", second="weight = 0")
    weights = {
        name: record["weighted_routing_policy"]["weight"] for name, record in public_records(stacks, "AAAA").items()
    }
    assert weights == {"eu-central-1": 200, "us-east-1": 0}


NEAR = '[[endpoint]]\nname = "dc"\nipv4_address = "203.0.113.1"\nnear_region = "eu-west-3"\n'


def test_latency_records_name_the_region_that_an_endpoint_is_near() -> None:
    stacks = build("latency", more=NEAR)
    regions = {name: record["latency_routing_policy"]["region"] for name, record in public_records(stacks, "A").items()}
    assert regions == {"eu-central-1": "eu-central-1", "us-east-1": "us-east-1", "dc": "eu-west-3"}


def test_endpoint_without_ipv6_leaves_the_other_targets_their_aaaa_records() -> None:
    stacks = build("latency", more=NEAR)
    assert sorted(public_records(stacks, "AAAA")) == ["eu-central-1", "us-east-1"]


def test_geolocation_has_a_record_for_each_area() -> None:
    stacks = build(
        "geolocation",
        first='is_default_location = true\ncontinents = ["EU"]',
        second='countries = ["BR"]\nsubdivisions = ["US-VA"]',
    )
    areas = {name: record["geolocation_routing_policy"] for name, record in public_records(stacks, "A").items()}
    assert areas == {
        "eu-central-1 continent EU": {"continent": "EU"},
        "eu-central-1 default": {"country": "*"},
        "us-east-1 country BR": {"country": "BR"},
        "us-east-1 subdivision US-VA": {"country": "US", "subdivision": "VA"},
    }


def test_geoproximity_places_regions_by_name_and_endpoints_by_coordinates() -> None:
    place = NEAR.replace('near_region = "eu-west-3"', "latitude = 48.86\nlongitude = 2.35\nbias = -20")
    stacks = build("geoproximity", first="bias = 10", more=place)
    places = {name: record["geoproximity_routing_policy"] for name, record in public_records(stacks, "A").items()}
    assert places == {
        "eu-central-1": {"aws_region": "eu-central-1", "bias": 10},
        "us-east-1": {"aws_region": "us-east-1"},
        "dc": {"coordinates": [{"latitude": "48.86", "longitude": "2.35"}], "bias": -20},
    }


def test_multivalue_answers_with_endpoints_only() -> None:
    second = BACKUP.replace("backup", "other").replace("::1", "::2").replace("113.1", "113.2")
    stacks = build("multivalue", more=BACKUP + second)
    records = public_records(stacks, "A")
    assert {name: record["records"] for name, record in records.items()} == {
        "backup": ["203.0.113.1"],
        "other": ["203.0.113.2"],
    }
    assert all(record["multivalue_answer_routing_policy"] is True for record in records.values())


@pytest.mark.parametrize("policy", [policy.value for policy in Policy])
def test_records_wait_for_the_old_policys_records_to_go(policy: str) -> None:
    """Route 53 refuses two policies on one name, so the marker is replaced between delete and create."""
    parts = {
        "weighted": {"first": "weight = 1", "second": "weight = 1"},
        "geolocation": {"first": "is_default_location = true", "second": 'countries = ["US"]'},
        "multivalue": {"more": BACKUP + NEAR.replace('near_region = "eu-west-3"', "").replace("113.1", "113.2")},
    }
    stacks = build(policy, **parts.get(policy, {}))
    (marker,) = found(stacks, "terraform_data")
    assert marker["triggers_replace"] == {"policy": policy}
    for record in public_records(stacks, "A").values():
        assert record["depends_on"] == ["terraform_data.routing_policy"]


def test_alarm_check_drives_the_records_together_with_the_probe() -> None:
    stacks = build("failover", health_check='alarm_check = true\ninsufficient_data_health_status = "Healthy"')
    both = check_behind(stacks, public_records(stacks, "A")["primary"])
    assert (both["type"], both["child_health_threshold"], len(both["child_healthchecks"])) == ("CALCULATED", 2, 2)
    (metric, *_) = [item for item in found(stacks, "aws_route53_health_check") if item["type"] == "CLOUDWATCH_METRIC"]
    assert (metric["cloudwatch_alarm_region"], metric["insufficient_data_health_status"]) == ("eu-central-1", "Healthy")
    # health-checks-creating-values.html: the check keeps a copy of the alarm's settings, the API that it counts included
    (alarm, *_) = [
        item for item in found(stacks, "aws_cloudwatch_metric_alarm") if item["alarm_name"].endswith("-errors")
    ]
    copied = metric["triggers"]
    ((dimension, api),) = alarm[
        "dimensions"
    ].items()  # the alarm is the region's own, the check reads that stack's state
    kind, name, _ = api.removeprefix("${").split(".")
    assert re.fullmatch(
        rf"{dimension}=\$\{{data\.terraform_remote_state\..*-region-eu-central-1\.outputs\..*{kind}{name}id\}}",
        copied["dimensions"],
    )
    settings = ("statistic", "threshold", "period", "evaluation_periods")
    told = [copied[name] for name in ("statistic", "threshold", "period_seconds", "evaluation_periods")]
    assert told == [str(alarm[name]) for name in settings]


def test_alarm_check_in_front_of_cloudfront_follows_its_error_rate_in_the_global_region() -> None:
    """CloudFront's metrics are in us-east-1 only: programming-cloudwatch-metrics.html."""
    stacks = build("failover", entry="cloudfront", health_check="alarm_check = true")
    primary = public_records(stacks, "A")["primary"]
    both = check_behind(stacks, primary)
    assert (both["type"], both["child_health_threshold"]) == ("CALCULATED", 2)
    assert any("health_checks_path" in child for child in both["child_healthchecks"])
    (alarm,) = found({"edge": stacks["edge"]}, "aws_cloudwatch_metric_alarm")
    assert (alarm["metric_name"], alarm["dimensions"]["Region"]) == ("5xxErrorRate", "Global")
    assert alarm["provider"] == "aws.global"


def test_alarm_is_one_that_route_53_can_read() -> None:
    """No metric math, no M out of N, standard resolution: health-checks-creating-values.html."""
    stacks = build("failover", health_check="alarm_check = true")
    alarms = found(regional_stacks(stacks), "aws_cloudwatch_metric_alarm")
    assert len(alarms) == 2
    for alarm in alarms:
        assert "metric_query" not in alarm
        assert "datapoints_to_alarm" not in alarm
        assert alarm["period"] >= 60


def test_alarm_check_is_off_by_default() -> None:
    stacks = build("failover")
    made_before_the_records = {"edge": stacks["edge"], **regional_stacks(stacks)}
    assert found(made_before_the_records, "aws_cloudwatch_metric_alarm") == []


@pytest.mark.parametrize(("setting", "argument", "value"), [
    ("measure_latency = true", "measure_latency", True),
    ("string_match = true", "search_string", '"eu-central-1"'),
    ("request_interval_seconds = 10", "request_interval", 10),
    ("region_request_interval_seconds = 10", "request_interval", 10),
])  # fmt: skip
def test_check_options_reach_the_checks(setting: str, argument: str, value: object) -> None:
    stacks = build("failover", health_check=setting)
    assert check_behind(stacks, public_records(stacks, "A")["primary"])[argument] == value


def test_tcp_check_of_an_endpoint_has_neither_path_nor_host() -> None:
    tcp = NEAR + 'check_protocol = "tcp"\ncheck_port = 8443\n'
    stacks = build("latency", more=tcp)
    check = check_behind(stacks, public_records(stacks, "A")["dc"])
    assert (check["type"], check["port"]) == ("TCP", 8443)
    assert not {"resource_path", "fqdn", "enable_sni"} & set(check)


def test_plain_http_check_of_an_endpoint_asks_port_80() -> None:
    stacks = build("latency", more=NEAR + 'check_protocol = "http"\n')
    check = check_behind(stacks, public_records(stacks, "A")["dc"])
    assert (check["type"], check["port"]) == ("HTTP", 80)


def test_endpoint_may_be_asked_more_often_than_the_regions() -> None:
    stacks = build("latency", more=NEAR + "check_request_interval_seconds = 10\n")
    intervals = {
        name: check_behind(stacks, record)["request_interval"] for name, record in public_records(stacks, "A").items()
    }
    assert intervals == {"eu-central-1": 30, "us-east-1": 30, "dc": 10}


def test_third_region_leaves_the_certificate_of_the_distributions_as_it_was() -> None:
    """A certificate with other names is another certificate, and the old one cannot go while a distribution uses it."""
    third = '[[region]]\nname = "ap-northeast-1"\nrole = "secondary"\n'
    two = build("failover", entry="cloudfront")["dns"]["resource"]
    three = build("latency", more=third)["dns"]["resource"]
    (certificate,) = two["aws_acm_certificate"].values()
    assert certificate in three["aws_acm_certificate"].values()
    proofs = {name for name in three["aws_route53_record"] if "validation" in name}
    assert len(proofs) == 4
    assert {name for name in two["aws_route53_record"] if "validation" in name} < proofs
