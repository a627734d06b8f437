"""A server outside AWS behind the regional endpoint: the records, the checks, and who answers when what is ill.

The answers are localcloud's model of Route 53 over the synthesized records.
"""

import re
from typing import Any

import pytest

from localcloud.model.addresses import AwsName
from localcloud.model.records import HostedZone, hosted_zone_from_api
from localcloud.model.resolution import ResolutionContext, resolve
from tests.synth.test_regional_entry import Body, build, found
from tests.worlds.synthesized import Stacks

EXIT = (
    '[[endpoint]]\nname = "exit"\nipv4_address = "203.0.113.10"\nipv6_address = "2001:db8::a"\n'
    'content_folder = "/srv/www"\n'
)
CLOUDFRONT, ENDPOINT = "127.0.10.1", "127.0.20.2"


@pytest.fixture(scope="module")
def stacks() -> Stacks:
    return build("failover", entry="cloudfront", more=EXIT)


def records(stacks: Stacks) -> dict[tuple[str, str, str], Body]:
    """(name, type, set identifier) -> record of the edge stack."""
    made = found({"edge": stacks["edge"]}, "aws_route53_record")
    return {(each["name"], each["type"], each.get("set_identifier", "")): each for each in made}


def check_of(stacks: Stacks, record: Body) -> Body:
    id_ = re.fullmatch(r"\$\{aws_route53_health_check\.(\w+)\.id\}", record["health_check_id"])
    assert id_ is not None
    body: Body = stacks["edge"]["resource"]["aws_route53_health_check"][id_.group(1)]
    return body


@pytest.mark.parametrize(("record_type", "address"), [("A", "203.0.113.10"), ("AAAA", "2001:db8::a")])
def test_exit_is_behind_the_regional_endpoint_in_a_pair_of_their_own(
    stacks: Stacks, record_type: str, address: str
) -> None:
    made = records(stacks)
    public = made["www.example.com", record_type, "secondary"]
    assert public["alias"]["name"] == "standby.www.example.com"
    assert public["alias"]["evaluate_target_health"] is True
    endpoint = made["standby.www.example.com", record_type, "primary"]
    assert "us-east-1" in endpoint["alias"]["name"]
    asked = check_of(stacks, endpoint)
    assert (asked["type"], asked["fqdn"], asked["resource_path"]) == (
        "HTTPS",
        "endpoint.www.example.com",
        "/health/us-east-1.json",
    )
    last = made["standby.www.example.com", record_type, "secondary"]
    assert last["records"] == [address]
    asked = check_of(stacks, last)
    assert (asked["type"], asked["ip_address"], asked["fqdn"]) == ("HTTPS", address, "www.example.com")


def test_endpoints_own_name_leads_to_it_and_is_on_its_certificate(stacks: Stacks) -> None:
    own = records(stacks)["endpoint.www.example.com", "A", ""]
    assert "us-east-1" in own["alias"]["name"]
    (certificate,) = stacks["region-us-east-1"]["resource"]["aws_acm_certificate"].values()
    assert certificate["subject_alternative_names"] == ["endpoint.www.example.com"]
    (other,) = stacks["region-eu-central-1"]["resource"]["aws_acm_certificate"].values()
    assert "subject_alternative_names" not in other
    validations = [name for name in map(str, stacks["dns"]["resource"]["aws_route53_record"]) if "endpoint" in name]
    assert len(validations) == 1


def test_cloudfronts_certificate_is_the_one_that_it_was(stacks: Stacks) -> None:
    """A changed list of names would replace it, while distributions use it."""
    without = build("failover", entry="cloudfront")
    certificates = [each["dns"]["resource"]["aws_acm_certificate"] for each in (without, stacks)]
    (name,) = certificates[0]  # Terraform knows it by this name, so the other is one more
    before, after = (each[name]["subject_alternative_names"] for each in certificates)
    assert after == before


def test_outputs_say_where_releases_go(stacks: Stacks) -> None:
    output = stacks["edge"]["output"]
    (endpoint,) = output["external_endpoints"]["value"].values()
    assert endpoint["addresses"] == {"A": "203.0.113.10", "AAAA": "2001:db8::a"}
    assert endpoint["content"] == {"folder": "/srv/www"}
    assert set(endpoint["health_check_ids"]) == {"A", "AAAA"}
    assert output["standby_health_check_id"]["value"]


def test_site_without_an_exit_has_none_of_it() -> None:
    stacks = build("failover", entry="cloudfront")
    assert not [name for name, _, _ in records(stacks) if name.startswith(("standby.", "endpoint."))]
    assert stacks["edge"]["output"]["standby_health_check_id"]["value"] == ""


def zone(stacks: Stacks) -> tuple[HostedZone, dict[str, AwsName]]:
    names: dict[str, AwsName] = {}
    made = []
    for record in found({"edge": stacks["edge"]}, "aws_route53_record"):
        document: dict[str, Any] = {"Name": f"{record['name']}.", "Type": record["type"]}
        if "alias" in record:
            target = _target(str(record["alias"]["name"]))
            if not target.endswith("example.com."):
                address = CLOUDFRONT if target.endswith("cloudfront.net.") else ENDPOINT
                names[target] = AwsName(ipv4_address=address, has_ipv6=True)
            document["AliasTarget"] = {
                "HostedZoneId": "Z",
                "DNSName": target,
                "EvaluateTargetHealth": record["alias"]["evaluate_target_health"],
            }
        else:
            document |= {"TTL": record["ttl"], "ResourceRecords": [{"Value": value} for value in record["records"]]}
        if "failover_routing_policy" in record:
            document |= {
                "SetIdentifier": record["set_identifier"],
                "Failover": record["failover_routing_policy"]["type"],
                **({"HealthCheckId": record["health_check_id"]} if record.get("health_check_id") else {}),
            }
        made.append(document)
    return hosted_zone_from_api({"Id": "/hostedzone/Z1", "Name": "example.com."}, made), names


def _target(name: str) -> str:
    """Returns a name of AWS's for a reference to one."""
    if "cloudfront_distribution" in name:
        return f"d{abs(hash(name)) % 10_000}.cloudfront.net."
    return f"d-{abs(hash(name)) % 10_000}.execute-api.us-east-1.amazonaws.com." if "$" in name else f"{name}."


@pytest.mark.parametrize(("ill", "address"), [
    ((), CLOUDFRONT),
    (("path",), ENDPOINT),
    (("standby",), CLOUDFRONT),
    (("exit",), CLOUDFRONT),
    (("path", "exit"), ENDPOINT),
    (("path", "standby"), "203.0.113.10"),
    (("path", "standby", "exit"), CLOUDFRONT),  # nothing is known to be better: as Route 53 does
])  # fmt: skip
def test_route_53_answers_with_the_first_that_is_well(stacks: Stacks, ill: tuple[str, ...], address: str) -> None:
    made, names = zone(stacks)
    ids = {each.health_check_id for each in made.records if each.health_check_id}
    words = {"path": "path", "standby": "standby_check", "exit": "endpoint_checks_exit"}
    states = {id_: not any(words[each] in id_ for each in ill) for id_ in ids}
    assert len([id_ for id_, is_healthy in states.items() if not is_healthy]) >= len(ill)
    answer = resolve([made], "www.example.com", "A", ResolutionContext(healthy_checks=states, aws_names=names))
    assert [value for each in answer.answers for value in each.values] == [address]
