"""What is read of stacks and plans, ours and foreign ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.errors import WrongUsageError
from scripts.simulate.site import SimulatedSite, site_of_plans, site_of_stacks
from tests.unit.simulate.demo_site import DEMO, LAST_EXIT

GOLDEN = Path(__file__).parents[3] / "tests" / "synth" / "golden"
Stacks = dict[str, dict[str, Any]]


def golden(name: str) -> Stacks:
    return {path.stem: json.loads(path.read_bytes()) for path in (GOLDEN / name).glob("*.json")}


def foreign(**resources: dict[str, Any]) -> Stacks:
    return {"site": {"resource": resources}}


CHECK = {
    "type": "HTTPS",
    "request_interval": 10,
    "failure_threshold": 2,
    "regions": ["us-east-1", "eu-west-1", "us-west-1"],
}
RECORD = {"type": "A", "health_check_id": "${aws_route53_health_check.path.id}", "alias": {"name": "x"}}


@pytest.mark.parametrize(("name", "site"), [("demo", DEMO), ("last-exit.example", LAST_EXIT)])
def test_site_is_read_from_its_stacks(name: str, site: SimulatedSite) -> None:
    assert site_of_stacks(golden(name)) == site


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.iterdir() if (path / "edge.json").is_file()))
def test_every_example_has_a_failover_by_dns_that_meets_its_objective(name: str) -> None:
    site = site_of_stacks(golden(name))
    assert site.dns is not None and site.rto_seconds is not None
    assert site.dns.recovery_seconds(0.95) <= site.rto_seconds


def test_region_checks_decide_no_record_whatever_their_interval() -> None:
    slow_checks = {"path": CHECK, "region": {**CHECK, "request_interval": 30}}
    stacks = foreign(aws_route53_health_check=slow_checks, aws_route53_record={"a": RECORD})
    dns = site_of_stacks(stacks).dns
    assert dns is not None and (dns.interval_seconds, dns.failure_threshold, dns.checkers) == (10, 2, 6)


def test_slowest_of_the_checks_that_decide_records_counts_with_its_records_ttl() -> None:
    checks = {"path": CHECK, "other": {**CHECK, "request_interval": 30}}
    other = {
        "type": "A",
        "ttl": 300,
        "records": ["192.0.2.1"],
        "health_check_id": "${aws_route53_health_check.other.id}",
    }
    stacks = foreign(aws_route53_health_check=checks, aws_route53_record={"a": RECORD, "b": other})
    dns = site_of_stacks(stacks).dns
    assert dns is not None and (dns.interval_seconds, dns.ttl_seconds) == (30, 300)


def test_children_of_a_calculated_check_are_probed_and_a_metric_is_not() -> None:
    checks = {
        "path": {
            "type": "CALCULATED",
            "child_healthchecks": ["${aws_route53_health_check.probed.id}", "${aws_route53_health_check.metric.id}"],
        },
        "probed": CHECK,
        "metric": {"type": "CLOUDWATCH_METRIC"},
    }
    dns = site_of_stacks(foreign(aws_route53_health_check=checks, aws_route53_record={"a": RECORD})).dns
    assert dns is not None and dns.interval_seconds == 10


def test_check_in_another_stack_is_found_by_its_output() -> None:
    output = "${data.terraform_remote_state.e.outputs.cross-stack-output-aws_route53_health_checkpath_02409A65id}"
    stacks: Stacks = {
        "edge": {
            "resource": {"aws_route53_health_check": {"path_02409A65": CHECK, "z": {**CHECK, "request_interval": 30}}}
        },
        "names": {"resource": {"aws_route53_record": {"a": {**RECORD, "health_check_id": output}}}},
    }
    dns = site_of_stacks(stacks).dns
    assert dns is not None and dns.interval_seconds == 10


def test_check_without_settings_has_route_53s_defaults() -> None:
    dns = site_of_stacks(foreign(aws_route53_health_check={"path": {"type": "HTTP"}})).dns
    assert dns is not None and (dns.interval_seconds, dns.failure_threshold, dns.checkers) == (30, 3, 16)


def test_origin_without_settings_has_cloudfronts_defaults() -> None:
    distribution = {
        "origin": [{"origin_id": "a"}, {"origin_id": "b"}],
        "origin_group": [
            {"member": [{"origin_id": "a"}, {"origin_id": "b"}], "failover_criteria": [{"status_codes": [500, 503]}]}
        ],
    }
    site = site_of_stacks(foreign(aws_cloudfront_distribution={"d": distribution}))
    assert site.dns is None and site.origins is not None
    assert (site.origins.connection_attempts, site.origins.connection_timeout_seconds) == (3, 10)
    assert site.origins.read_timeout_seconds == 30
    assert site.origins.status_codes == frozenset({500, 503})


def test_zone_without_a_managed_soa_keeps_negative_answers_for_a_quarter_of_an_hour() -> None:
    assert site_of_stacks(foreign(aws_route53_health_check={"path": CHECK})).negative_ttl_seconds == 900


def test_nothing_that_fails_over_is_refused() -> None:
    with pytest.raises(WrongUsageError, match="nothing fails over"):
        site_of_stacks(foreign(aws_s3_bucket={"b": {}}))


def plan_of(stack: dict[str, Any]) -> dict[str, Any]:
    """Returns what `terraform show -json` says of a stack, as far as it is read here."""
    resources = [
        (kind, name, body) for kind, by_name in stack.get("resource", {}).items() for name, body in by_name.items()
    ]
    return {
        "planned_values": {
            "outputs": stack.get("output", {}),
            "root_module": {
                "resources": [
                    {"mode": "managed", "type": kind, "name": name, "values": body} for kind, name, body in resources
                ]
            },
        },
        "configuration": {
            "root_module": {
                "resources": [
                    {
                        "mode": "managed",
                        "type": kind,
                        "name": name,
                        "expressions": {"all": {"references": [json.dumps(body)]}},
                    }
                    for kind, name, body in resources
                ]
            }
        },
    }


def test_plans_of_the_stacks_say_the_same(tmp_path: Path) -> None:
    files = []
    for name, stack in golden("demo").items():
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json.dumps(plan_of(stack)), encoding="utf-8")
    assert site_of_plans(files) == DEMO


@pytest.mark.parametrize("text", ["", "[]", "{", '{"planned_values": 3}', '{"resource": {}}'])
def test_plan_rejects_what_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(text, encoding="utf-8")
    with pytest.raises(WrongUsageError, match="--plan"):
        site_of_plans([tmp_path / "plan.json"])


def test_plan_rejects_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WrongUsageError, match="cannot be read"):
        site_of_plans([tmp_path / "plan.json"])
