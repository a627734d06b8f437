"""The estimate: what is counted, what is free, and what a missing part says."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.cli import application
from scripts.cost.coverage import FREE, PRICED
from scripts.cost.estimate import estimate, load_prices, load_stacks, monthly_cost_usd, objective_usd
from scripts.errors import MissingOutputError, StacksError
from tests.worlds.priced_stacks import check, stacks, written


def test_hosted_zone_costs_half_a_dollar() -> None:
    assert monthly_cost_usd(estimate(stacks(zones=1))) == 0.50


@pytest.mark.parametrize(
    ("found", "usd"),
    [
        (check("HTTP"), 0.0),
        (check("HTTPS"), 1.0),
        (check("HTTPS", 10), 2.0),
        (check("HTTPS_STR_MATCH", 10), 3.0),
        (check("HTTPS_STR_MATCH", 10, measure_latency=True), 4.0),
    ],
)
def test_each_option_of_a_health_check_costs_a_dollar(found: dict[str, Any], usd: float) -> None:
    assert monthly_cost_usd(estimate(stacks(found))) == usd


def test_first_fifty_checks_are_free_and_the_next_is_not() -> None:
    assert monthly_cost_usd(estimate(stacks(*[check("HTTP")] * 50))) == 0.0
    assert monthly_cost_usd(estimate(stacks(*[check("HTTP")] * 51))) == 0.50


def with_monitoring(**resources: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Stacks with a monitoring stack of these resources, by their type."""
    bodies = {kind: {str(index): body for index, body in enumerate(found)} for kind, found in resources.items()}
    return {**stacks(), "monitoring": {"resource": bodies}}


@pytest.mark.parametrize(
    ("resources", "usd"),
    [
        ({"aws_cloudwatch_metric_alarm": [{}] * 10}, 0.0),
        ({"aws_cloudwatch_metric_alarm": [{}] * 11}, 0.10),
        ({"aws_cloudwatch_metric_alarm": [{"metric_query": [{"expression": "a"}, *[{"metric": {}}] * 12]}]}, 0.20),
        ({"aws_cloudwatch_composite_alarm": [{}]}, 0.50),
        ({"aws_cloudwatch_dashboard": [{}] * 3}, 0.0),
        ({"aws_cloudwatch_dashboard": [{}] * 4}, 3.00),
        ({"aws_cloudfront_monitoring_subscription": [{}]}, 2.40),
        ({"aws_synthetics_canary": [{"schedule": {"expression": "rate(60 minutes)"}}]}, 0.88),
    ],
)
def test_monitoring_costs_what_is_above_the_free_part(resources: dict[str, list[dict[str, Any]]], usd: float) -> None:
    assert monthly_cost_usd(estimate(with_monitoring(**resources))) == usd


def test_probes_are_counted_per_checker() -> None:
    lines = estimate(stacks(check("HTTP", 30, regions=["a", "b", "c"])))
    (probes,) = [line for line in lines if line.item == "S3 reads by health probes"]
    assert probes.quantity == 6 * 730 * 3600 / 30


def test_traffic_above_the_free_tier_is_charged() -> None:
    terabytes = {"page_views_per_month": 1_000_000, "bytes_per_page_view": 2 * 1024**2}
    (line,) = [line for line in estimate(stacks(traffic=terabytes)) if line.item == "CloudFront data to viewers"]
    assert line.usd == pytest.approx((line.quantity - 1024) * 0.085)
    assert line.usd > 0


def test_every_price_has_a_source() -> None:
    assert all(price.source.startswith("https://aws.amazon.com/") for price in load_prices().values())


def test_objective_comes_from_the_synthesized_site() -> None:
    assert objective_usd(stacks()) == 3


def test_stacks_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingOutputError, match=r"run `python main\.py`"):
        load_stacks(tmp_path)


def test_stacks_without_the_edge_are_named() -> None:
    with pytest.raises(MissingOutputError, match="traffic"):
        estimate({"dns": {}})


@pytest.mark.parametrize(
    ("sources", "reads"), [((), 2), (("/old",), 2), (("/old", "/blog/*"), 3)], ids=["none", "of a path", "wildcard"]
)
def test_redirects_with_a_wildcard_are_a_third_read_of_every_page(sources: tuple[str, ...], reads: int) -> None:
    found = stacks(check("HTTP", regions=["a"]), traffic={"page_views_per_month": 1_000_000})
    redirects = [{"from": source, "to": "/", "status": 301} for source in sources]
    found["edge"]["output"]["content"] = {"value": {"redirect": redirects}}
    lines = {line.item: line for line in estimate(found)}
    probes = lines["S3 reads by health probes"].quantity
    assert lines["KeyValueStore reads, at most"].quantity == reads * 1_000_000 + probes


def test_checks_of_external_endpoints_cost_more() -> None:
    found = check("HTTPS_STR_MATCH", ip_address="203.0.113.1", regions=["a", "b", "c"])
    lines = {line.item: line.usd for line in estimate(stacks(found))}
    assert lines == {
        "Health checks of external endpoints, base price": 0.75,
        "Health checks of external endpoints, HTTPS": 2.00,
        "Health checks of external endpoints, string match": 2.00,
    }


@pytest.mark.parametrize("kind", ["CALCULATED", "CLOUDWATCH_METRIC"])
def test_check_without_checkers_sends_no_probe(kind: str) -> None:
    (line,) = estimate(stacks({"type": kind}))
    assert (line.item, line.usd) == ("Health checks, base price", 0.0)


def regional(**traffic: object) -> dict[str, dict[str, Any]]:
    found = stacks(traffic=traffic)
    found["edge"]["output"]["routing"] = {"value": {"entry": "regional", "policy": "latency"}}
    return found


def test_regional_entry_pays_for_requests_and_nothing_of_cloudfront() -> None:
    lines = {line.item: line for line in estimate(regional(page_views_per_month=1_000_000, bytes_per_page_view=2**20))}
    assert lines["HTTP API requests"].usd == pytest.approx(1.20)
    assert lines["Data from the regional endpoints"].usd == pytest.approx((1_000_000 / 1024 - 100) * 0.09)
    assert not [item for item in lines if "CloudFront" in item]


def test_probes_of_a_standby_with_an_exit_behind_it_are_paid_as_api_requests() -> None:
    """Three regions with two checkers each ask every 30 s: 525,600 requests a month at 1.20 USD a million."""
    asked = {"regions": ["us-east-1", "eu-west-1", "ap-southeast-1"]}
    found = stacks({**check("HTTPS", fqdn="endpoint.www.example.com"), **asked})
    lines = {line.item: line for line in estimate(found)}
    assert lines["HTTP API requests by the standby's check"].usd == pytest.approx(0.63, abs=0.005)
    assert "CloudFront requests" not in lines


@pytest.mark.parametrize(("policy", "usd"), [
    ("multivalue_answer_routing_policy", 0.40), ("latency_routing_policy", 0.60), ("geoproximity_routing_policy", 0.70),
])  # fmt: skip
def test_queries_answered_with_plain_addresses_are_priced_by_policy(policy: str, usd: float) -> None:
    found = regional(page_views_per_month=1_000_000)
    record = {"records": ["203.0.113.1"], "health_check_id": "check", policy: {}}
    found["edge"]["resource"]["aws_route53_record"] = {"one": record}
    (line,) = [line for line in estimate(found) if line.item.startswith("DNS queries")]
    assert line.usd == pytest.approx(usd)


def test_site_file_that_is_given_is_the_one_that_is_priced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def synthesize(site_file: Path, outdir: Path) -> Path:
        folder = outdir / "stacks" / "edge"
        folder.mkdir(parents=True)
        zones = len(site_file.read_text(encoding="utf-8"))
        (folder / "cdk.tf.json").write_text(json.dumps(stacks(zones=zones)["edge"]), encoding="utf-8")
        return outdir / "stacks"

    monkeypatch.setattr("scripts.commands.cost.synthesize", synthesize)
    site_file = tmp_path / "site.toml"
    for content, exit_code in (("x" * 6, 0), ("x" * 7, 1)):  # the objective is 3 USD, a zone 0.50
        site_file.write_text(content, encoding="utf-8")
        result = CliRunner().invoke(application(), ["cost", "--site-file", str(site_file)])
        assert result.exit_code == exit_code, result.output


def test_artifacts_of_a_canary_are_no_copy_of_the_site() -> None:
    site = stacks(traffic={"site_bytes": 3 * 1024**3})
    site["region"] = {"resource": {"aws_s3_bucket": {"content": {}}}}
    canary = {"schedule": {"expression": "rate(60 minutes)"}}
    site["monitoring"] = {"resource": {"aws_s3_bucket": {"artifacts": {}}, "aws_synthetics_canary": {"canary": canary}}}
    (storage,) = [line for line in estimate(site) if line.item == "S3 storage"]
    assert storage.quantity == 3


def run_cost(folder: Path, *arguments: str) -> Any:
    return CliRunner().invoke(application(), ["cost", "--stacks", str(folder), *arguments])


def test_lines_that_are_printed_add_up_to_the_total(tmp_path: Path) -> None:
    # An audit trail of 0.108 and 0.029 USD, and storage and reads of the marker of 0.004 each: 0.15 together, 0.14 line by line.
    traffic = {"page_views_per_month": 9_300, "site_bytes": 175_000_000}
    found = stacks(traffic=traffic)
    found["edge"]["resource"]["aws_s3_bucket"] = {"content": {}}
    found["audit"] = {"resource": {"aws_cloudtrail": {"trail": {}}}}
    lines = estimate(found)
    assert round(sum(line.usd for line in lines), 2) != sum(round(line.usd, 2) for line in lines)
    document = json.loads(run_cost(written(tmp_path, found), "--json").stdout)
    assert document["usd_per_month"] == round(sum(line["usd"] for line in document["lines"]), 2)
    assert monthly_cost_usd(lines) == document["usd_per_month"]


def test_type_that_no_price_is_known_for_is_named(tmp_path: Path) -> None:
    found = {**stacks(zones=1), "own": {"resource": {"aws_nat_gateway": {"a": {}, "b": {}}, "aws_iam_role": {"c": {}}}}}
    folder = written(tmp_path, found)
    assert "not priced: 2 x aws_nat_gateway" in run_cost(folder).stdout
    assert json.loads(run_cost(folder, "--json").stdout)["not_priced"] == {"aws_nat_gateway": 2}


@pytest.mark.parametrize(
    "section",
    [
        [{"aws_nat_gateway": {"a": {}}}],
        {"aws_nat_gateway": [{"a": {}}]},
        {"aws_nat_gateway": {"a": [{}]}},
        {"aws_nat_gateway": {"a": {}}, "aws_eip": None},
    ],
)
def test_resources_are_found_in_arrays_as_well(section: Any, tmp_path: Path) -> None:
    # https://developer.hashicorp.com/terraform/language/syntax/json#nested-block-mapping
    folder = written(tmp_path, {**stacks(), "own": {"resource": section}})
    assert json.loads(run_cost(folder, "--json").stdout)["not_priced"] == {"aws_nat_gateway": 1}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("aws_route53_health_check", {}),
        ("aws_route53_health_check", {"type": "HTTP", "regions": [], "request_interval": "${var.interval}"}),
        ("aws_synthetics_canary", {"schedule": [{"expression": "rate(5 minutes)"}]}),
        ("aws_synthetics_canary", {"schedule": {"expression": "rate(1 hour)"}}),
        ("aws_s3_bucket_replication_configuration", {"rule": {"destination": {}}}),
    ],
)
def test_resource_that_no_price_can_be_told_of_is_no_bill_above_the_objective(kind: str, body: Any) -> None:
    with pytest.raises(StacksError, match=r"something that `python main\.py` does not write"):
        estimate({**stacks(), "own": {"resource": {kind: {"own": body}}}})


@pytest.mark.parametrize(
    ("figure", "value"),
    [("page_views_per_month", -1), ("requests_per_page_view", float("inf")), ("site_bytes", float("nan"))],
)
def test_traffic_that_cannot_be_is_named(figure: str, value: float) -> None:
    with pytest.raises(StacksError, match=f"{figure}: Input should be"):
        estimate(stacks(traffic={figure: value}))


@pytest.mark.parametrize("objectives", [{}, {"monthly_cost_usd": "x"}, None])
def test_objective_that_is_no_figure_is_named(objectives: Any) -> None:
    found = stacks()
    found["edge"]["output"]["objectives"]["value"] = objectives
    with pytest.raises(StacksError, match="monthly_cost_usd"):
        objective_usd(found)


def test_no_type_is_both_priced_and_free() -> None:
    assert not PRICED & FREE


@pytest.mark.parametrize("text", ["", "[]", '{"output": []}', '{"output": {"traffic": {"value": {}}}}'])
def test_stacks_that_cannot_be_read_are_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge" / "cdk.tf.json").write_text(text, encoding="utf-8")
    result = run_cost(tmp_path)
    assert isinstance(result.exception, MissingOutputError)
    assert result.exception.exit_code == 2
    assert "synthesize the site again" in str(result.exception)


@pytest.mark.parametrize(("objective", "exit_code"), [(0.99, 1), (1.0, 0), (1.01, 0)])
def test_cost_at_the_objective_is_within_it(objective: float, exit_code: int, tmp_path: Path) -> None:
    found = stacks(zones=2)
    found["edge"]["output"]["objectives"]["value"]["monthly_cost_usd"] = objective
    assert run_cost(written(tmp_path, found)).exit_code == exit_code


def test_publishing_writes_to_every_bucket_and_replication_once_more() -> None:
    found = stacks(traffic={"site_bytes": 3 * 2**30})
    found["edge"]["resource"] |= {
        "aws_s3_bucket": {"a": {}, "b": {}},
        "aws_s3_bucket_replication_configuration": {name: {"rule": [{"destination": {}}]} for name in "ab"},
    }
    lines = {line.item: line for line in estimate(found)}
    assert lines["S3 writes by publishing"].quantity == pytest.approx(4 * 3 * 2**30 / 30_000)
    assert (lines["Replication between regions"].quantity, lines["Replication between regions"].usd) == (6, 0.12)
