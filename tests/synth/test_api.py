"""Named properties of the API: its table, its regions, its name."""

import json
from pathlib import Path
from typing import Any

import pytest
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider

from constructs_lib.extensions.api_endpoint import ApiEndpoint, Replica
from constructs_lib.extensions.global_table import GlobalTable
from tests.synth.test_security import bodies, one
from tests.worlds.synthesized import Stacks, example_text, replaced, site_of, stacks_of, synthesis_of

EXAMPLE, DEMO = example_text("extensions.example"), example_text("demo")
PRIMARY, SECONDARY = "eu-central-1", "eu-west-1"
ON = '[features]\napi = true\n\n[health_check]\nregion_check_protocol = "https"\n\n'


@pytest.fixture(scope="module")
def stacks() -> Stacks:
    return stacks_of(EXAMPLE)


def regional(stacks: Stacks) -> Stacks:
    return {name: stacks[f"api-{name}"] for name in (PRIMARY, SECONDARY)}


def test_table_is_global_on_demand_and_recoverable_in_each_region(stacks: Stacks) -> None:
    table = one({"api-table": stacks["api-table"]}, "aws_dynamodb_table")
    assert table["replica"] == [{"region_name": SECONDARY, "point_in_time_recovery": True, "propagate_tags": True}]
    assert table["billing_mode"] == "PAY_PER_REQUEST"
    assert table["point_in_time_recovery"] == {"enabled": True}
    assert (table["stream_enabled"], table["stream_view_type"]) == (True, "NEW_AND_OLD_IMAGES")
    assert table["deletion_protection_enabled"] is True


def test_function_reads_and_writes_its_own_regions_replica_only(stacks: Stacks) -> None:
    for region, stack in regional(stacks).items():
        (policy,) = bodies({region: stack}, "aws_iam_role_policy")
        statements = {item["Sid"]: item for item in json.loads(policy["policy"])["Statement"]}
        rights = statements["ReadAndWriteNotes"]
        assert rights["Action"] == ["dynamodb:GetItem", "dynamodb:PutItem"]
        assert rights["Resource"].startswith(f"arn:aws:dynamodb:{region}:")
        assert rights["Resource"].endswith(":table/failover-site-ext-api")
        assert one({region: stack}, "aws_lambda_function")["environment"]["variables"]["REGION"] == region


def test_only_the_health_route_is_open(stacks: Stacks) -> None:
    for stack in regional(stacks).values():
        routes = {
            route["route_key"]: route.get("authorization_type", "NONE")
            for route in stack["resource"]["aws_apigatewayv2_route"].values()
        }
        assert {key for key, kind in routes.items() if kind == "NONE"} == {"GET /health"}
        assert {kind for key, kind in routes.items() if key != "GET /health"} == {"JWT"}


def test_without_an_issuer_iam_authorizes() -> None:
    jwt = 'jwt_issuer = "https://login.example.com/realm" # without it callers sign with AWS IAM\n'
    audiences = 'jwt_audiences = ["api.example.com"]\n'
    stacks = stacks_of(replaced(EXAMPLE, (jwt, ""), (audiences, "")))
    assert bodies(stacks, "aws_apigatewayv2_authorizer") == []
    routes = bodies(regional(stacks), "aws_apigatewayv2_route")
    assert {route.get("authorization_type") for route in routes if "/v1/" in route["route_key"]} == {"AWS_IAM"}


def test_tracing_is_the_functions_and_off_by_default(stacks: Stacks) -> None:
    untraced = stacks_of(replaced(DEMO, ("[health_check]\n", ON)))
    for found, mode in ((stacks, "Active"), (untraced, "PassThrough")):
        functions = [body for body in bodies(found, "aws_lambda_function") if "-api-" in body["function_name"]]
        assert {function["tracing_config"]["mode"] for function in functions} == {mode}
    assert "xray" not in json.dumps(bodies(untraced, "aws_iam_role_policy"))


def test_stage_is_throttled_and_logged_for_a_year(stacks: Stacks) -> None:
    for stack in regional(stacks).values():
        stage = one({"x": stack}, "aws_apigatewayv2_stage")
        assert stage["default_route_settings"]["throttling_rate_limit"] > 0
        assert "$context.status" in stage["access_log_settings"]["format"]
        assert {log["retention_in_days"] for log in bodies({"x": stack}, "aws_cloudwatch_log_group")} == {365}


def test_both_regions_hold_the_public_name_and_each_its_own(stacks: Stacks) -> None:
    for region, stack in regional(stacks).items():
        names = {domain["domain_name"] for domain in bodies({region: stack}, "aws_apigatewayv2_domain_name")}
        certificate = one({region: stack}, "aws_acm_certificate")
        assert names == {"api.example.com", f"{region}.api.example.com"}
        assert {certificate["domain_name"], *certificate["subject_alternative_names"]} == names


def test_names_of_the_api_are_proved_in_the_dns_stack(stacks: Stacks) -> None:
    records = stacks["dns"]["resource"]["aws_route53_record"]
    for name in ("api.example.com", f"{PRIMARY}.api.example.com", f"{SECONDARY}.api.example.com"):
        assert any(f'"{name}"' in record["name"] for record in records.values()), name


def records(stacks: Stacks, name: str) -> list[dict[str, Any]]:
    return [record for record in bodies({"api": stacks["api"]}, "aws_route53_record") if record["name"] == name]


def test_public_name_fails_over_with_a_check_on_every_record(stacks: Stacks) -> None:
    found = records(stacks, "api.example.com")
    roles = {(record["type"], record["failover_routing_policy"]["type"]) for record in found}
    assert roles == {(kind, role) for kind in ("A", "AAAA") for role in ("PRIMARY", "SECONDARY")}
    assert all(record["health_check_id"] and record["alias"]["evaluate_target_health"] for record in found)


def test_check_asks_the_table_of_one_region_at_that_regions_own_name(stacks: Stacks) -> None:
    checks = bodies({"api": stacks["api"]}, "aws_route53_health_check")
    assert {check["fqdn"] for check in checks} == {f"{PRIMARY}.api.example.com", f"{SECONDARY}.api.example.com"}
    assert {(check["type"], check["resource_path"]) for check in checks} == {("HTTPS", "/health")}
    for region in (PRIMARY, SECONDARY):
        assert {record["type"] for record in records(stacks, f"{region}.api.example.com")} == {"A", "AAAA"}


@pytest.mark.parametrize(
    ("policy", "kind"), [("latency", "latency_routing_policy"), ("failover", "failover_routing_policy")]
)
def test_api_may_have_a_policy_of_its_own(policy: str, kind: str) -> None:
    stacks = stacks_of(replaced(EXAMPLE, ("[api]\n", f'[api]\npolicy = "{policy}"\n')))
    assert all(kind in record for record in records(stacks, "api.example.com"))


@pytest.mark.parametrize(
    ("example", "kind"),
    [
        ("weighted.example", "weighted_routing_policy"),
        ("geolocation.example", "geolocation_routing_policy"),
        ("geoproximity.example", "geoproximity_routing_policy"),
    ],
)
def test_api_takes_the_sites_policy(example: str, kind: str) -> None:
    site = site_of(replaced(example_text(example), ("[objectives]", "[features]\napi = true\n\n[objectives]")))
    stacks = synthesis_of(site).stacks
    found = records(stacks, "api.example.com")
    assert len(found) >= 2 * len(site.region)
    assert all(kind in record and record["health_check_id"] for record in found)


def test_stack_of_a_region_reads_no_other_regions_state(stacks: Stacks) -> None:
    """A dead region must not block the plan of the other, and the table's stack reaches every region."""
    for region, stack in regional(stacks).items():
        assert "terraform_remote_state" not in stack.get("data", {}), region
        assert [provider["region"] for provider in stack["provider"]["aws"]] == [region]


def test_stacks_are_applied_in_order() -> None:
    dependencies = synthesis_of(site_of(EXAMPLE)).dependencies
    assert set(dependencies[f"api-{PRIMARY}"]) == {"dns", "api-table", "access"}
    assert {"dns", f"api-{PRIMARY}", f"api-{SECONDARY}"} <= set(dependencies["api"])


def test_api_replaces_nothing() -> None:
    """Every resource without the feature is there with it, unchanged."""
    without = stacks_of(DEMO)
    with_it = stacks_of(replaced(DEMO, ("[objectives]", "[features]\napi = true\n\n[objectives]")))
    for name, stack in without.items():
        for kind, found in stack["resource"].items():
            assert found.items() <= with_it[name]["resource"][kind].items(), (name, kind)


def test_outputs_are_the_documented_ones(stacks: Stacks) -> None:
    assert set(stacks["api-table"]["output"]) == {"table_name", "regions"}
    assert set(stacks[f"api-{PRIMARY}"]["output"]) >= {"region", "api_id", "function_name"}
    assert set(stacks["api"]["output"]) == {
        "hostname",
        "regional_hostnames",
        "health_check_ids",
        "policy",
        "expected_use",
    }


def test_constructs_can_be_used_alone(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    stack = TerraformStack(app, "teams-own")
    provider = AwsProvider(stack, "aws", region=PRIMARY)
    table = GlobalTable(
        stack, "table", name="notes", replica_regions=[SECONDARY], is_deletion_protected=False, provider=provider
    )
    ApiEndpoint(
        stack,
        "api",
        name="notes",
        region=PRIMARY,
        hostnames=["notes.example.org"],
        certificate_arn="arn:aws:acm:eu-central-1:123456789012:certificate/1",
        replica=Replica(name=table.name, arn="arn:aws:dynamodb:eu-central-1:123456789012:table/notes"),
        security_headers={},
        provider=provider,
    )
    app.synth()
    found = json.loads((tmp_path / "stacks" / "teams-own" / "cdk.tf.json").read_bytes())["resource"]
    assert len(found["aws_apigatewayv2_api"]) == len(found["aws_dynamodb_table"]) == 1


def test_example_is_a_site_file_that_loads() -> None:
    assert site_of(EXAMPLE).features.api
