"""What optional protection costs, and that it costs nothing where it is not."""

from typing import Any

import pytest

from scripts.cost.estimate import load_prices
from scripts.cost.protection import protection


def usd(*resources: tuple[str, dict[str, Any]], page_views: float = 0, requests: float = 0, probes: float = 0) -> float:
    prices = load_prices()
    lines = protection(resources, page_views=page_views, requests=requests, probes=probes)
    return sum(quantity * prices[price].usd for _, price, quantity, _ in lines)


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (("aws_kms_key", {}), 1.00),
        (("aws_kms_replica_key", {}), 1.00),
        (("aws_fis_experiment_template", {"action": [{"parameter": [{"key": "duration", "value": "PT30M"}]}]}), 1.00),
        (("aws_wafv2_web_acl", {"rule": [{}, {}]}), 7.00),
        (("aws_route53_query_log", {}), 0.0),
        (("aws_cloudtrail", {}), 0.1384),
        (("aws_s3_bucket", {}), 0.0),
    ],
)
def test_part_costs_its_price(resource: tuple[str, dict[str, Any]], expected: float) -> None:
    assert usd(resource) == pytest.approx(expected)


def test_firewall_looks_at_probes_too() -> None:
    assert usd(("aws_wafv2_web_acl", {"rule": []}), requests=1e6, probes=1e6) == pytest.approx(5.00 + 2 * 0.60)


def test_query_log_grows_with_its_queries() -> None:
    assert usd(("aws_route53_query_log", {}), page_views=1e6, probes=1e6) == pytest.approx(3e6 * 150 / 1024**3 * 0.50)


def test_traffic_costs_nothing_without_firewall_and_log() -> None:
    assert usd(page_views=1e9, requests=1e9, probes=1e9) == 0


def test_time_control_costs_by_what_is_copied() -> None:
    rules = [{"destination": {"replication_time": {"status": "Enabled"}}}, {"destination": {}}]
    lines = protection(
        [("aws_s3_bucket_replication_configuration", {"rule": rules})],
        page_views=0,
        requests=0,
        probes=0,
        site_bytes=1024**3,
    )
    assert {name: quantity for _, name, quantity, _ in lines if quantity} == {"replication_time_control_gigabyte": 1.0}


def test_access_logs_grow_with_what_they_record() -> None:
    logged: list[tuple[str, dict[str, Any]]] = [("aws_s3_bucket_logging", {}), ("aws_cloudwatch_log_delivery", {})]
    once, twice = (usd(*logged, page_views=views, requests=views, probes=views) for views in (1e6, 2e6))
    assert 0 < once == pytest.approx(twice / 2)
