"""What the extensions cost, and that they cost nothing where they are not."""

from typing import Any

import pytest

from constructs_lib.site_file.database import InstanceClass
from scripts.cost.estimate import estimate, load_prices, monthly_cost_usd
from scripts.cost.extensions import extensions
from scripts.errors import MissingOutputError
from tests.worlds.priced_stacks import check, stacks

USE = {"requests_per_month": 1_000_000, "write_ratio": 0.25, "table_bytes": 1024**3}


def api(*, is_traced: bool = False, use: dict[str, Any] | None = None) -> dict[str, Any]:
    mode = "Active" if is_traced else "PassThrough"
    function = {"aws_lambda_function": {"f": {"function_name": "x-api-y", "tracing_config": {"mode": mode}}}}
    return {
        "api-table": {"resource": {"aws_dynamodb_table": {"t": {"replica": [{"region_name": "eu-west-1"}]}}}},
        "api-eu-central-1": {"resource": function},
        "api-eu-west-1": {"resource": function},
        "api": {"resource": {}, "output": {"expected_use": {"value": use or USE}}},
    }


def usd(found: dict[str, Any], *, probes: float = 0) -> dict[str, float]:
    prices = load_prices()
    return {item: quantity * prices[price].usd for item, price, quantity, _ in extensions(found, probes=probes)}


def test_website_without_extensions_pays_for_none() -> None:
    assert usd(stacks()) == {}


def test_write_is_paid_in_every_region_and_a_read_once() -> None:
    lines = usd(api())
    assert lines["Global table, writes in every region"] == pytest.approx(2 * 250_000 * 0.7625e-6)
    assert lines["Global table, reads"] == pytest.approx(750_000 * 0.1525e-6)


def test_every_copy_is_stored_and_recoverable() -> None:
    lines = usd(api())
    assert lines["Global table, storage"] == pytest.approx(2 * 0.306)
    assert lines["Global table, point-in-time recovery"] == pytest.approx(2 * 0.2448)


def test_probes_are_requests_too() -> None:
    lines = usd(api(), probes=1_000_000)
    assert lines["API requests, probes included"] == pytest.approx(2 * 1.20)


def test_traces_are_one_a_second_and_a_twentieth_of_the_rest() -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html"""
    seconds = 730 * 3600
    assert usd(api())["API traces"] == 0
    assert usd(api(is_traced=True))["API traces"] == pytest.approx(1_000_000 * 5e-6)
    busy = usd(api(is_traced=True, use={**USE, "requests_per_month": 2 * (seconds + 1_000_000)}))
    assert busy["API traces"] == pytest.approx(2 * (seconds + 50_000) * 5e-6)


def test_checkers_of_the_api_do_not_read_the_website() -> None:
    found = {**stacks(), **api(use={**USE, "requests_per_month": 0})}
    found["api"]["resource"] = {"aws_route53_health_check": {"c": check("HTTPS", regions=["a", "b", "c"])}}
    lines = {line.item: line for line in estimate(found)}
    probes = 6 * 730 * 3600 / 30
    assert lines["API requests, probes included"].quantity == probes
    assert "S3 reads by health probes" not in lines
    assert lines["Health checks, HTTPS"].usd == 1.00


def test_what_is_free_is_free_once() -> None:
    """A regional entry and the API share Lambda's free million."""
    found = {**stacks(traffic={"page_views_per_month": 1_000_000}), **api()}
    found["edge"]["output"]["routing"] = {"value": {"entry": "regional", "policy": "latency"}}
    lines = {line.item: line.usd for line in estimate(found)}
    assert lines["Lambda requests"] == 0
    assert lines["API function, requests"] == pytest.approx(0.20)
    assert monthly_cost_usd(estimate(found)) > 0


def database(*instances: dict[str, Any]) -> dict[str, Any]:
    use = {"expected_use": {"value": {"written_gigabytes_per_month": 5}}}
    return {
        f"database-{number}": {
            "resource": {
                "aws_db_instance": {"i": {"instance_class": "db.t4g.micro", **body}},
                "aws_kms_key": {"k": {}},
            },
            "output": use,
        }
        for number, body in enumerate(instances)
    }


WRITER: dict[str, Any] = {"allocated_storage": 20}
REPLICA = {"replicate_source_db": "arn"}


@pytest.mark.parametrize(
    ("instances", "expected"),
    [
        ([WRITER], 730 * 0.018 + 20 * 0.137 + 1.00),
        ([WRITER, REPLICA], 2 * (730 * 0.018 + 20 * 0.137 + 1.00) + 5 * 0.02),
        ([{**WRITER, "multi_az": True}, REPLICA], 730 * 0.018 * 3 + 3 * 20 * 0.137 + 2.00 + 5 * 0.02),
    ],
)
def test_database_costs_its_instances_storage_keys_and_replication(
    instances: list[dict[str, Any]], expected: float
) -> None:
    total = monthly_cost_usd(estimate({**stacks(), **database(*instances)}))
    assert total == pytest.approx(expected, abs=0.01)


def test_every_class_of_the_site_file_has_a_price() -> None:
    prices = load_prices()
    for kind in InstanceClass:
        assert f"rds_hour_{kind.value.replace('.', '_')}" in prices


def test_stack_without_its_output_is_named() -> None:
    with pytest.raises(MissingOutputError, match="expected_use"):
        list(extensions({"api": {}}, probes=0))
