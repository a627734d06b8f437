"""What probers cost, and that they cost nothing where they are not."""

from typing import Any

import pytest

from scripts.cost.estimate import load_prices
from scripts.cost.prober import looks_of_probers, probers

RUNS = 730 * 60


def function(*, has_path_object: str = "true", name: str = "site-prod-prober-eu-west-1") -> tuple[str, dict[str, Any]]:
    variables = {"REGIONS": '["a", "b"]', "ENDPOINTS": '{"a": "x", "b": "y"}', "HAS_PATH_OBJECT": has_path_object}
    return "aws_lambda_function", {"function_name": name, "environment": {"variables": variables}}


def test_looks_count_the_requests_of_every_run() -> None:
    looks = looks_of_probers([function()])
    # Two for a page view of the public name and of each region's; a marker and a path object of each region; two an endpoint.
    assert (looks.names / RUNS, looks.endpoints / RUNS, looks.reads / RUNS) == (10, 4, 9)


def test_site_without_cloudfront_has_no_path_object() -> None:
    assert looks_of_probers([function(has_path_object="false")]).names / RUNS == 8


def test_other_functions_look_at_nothing() -> None:
    other = function(name="site-prod-parity-eu-west-1")
    assert looks_of_probers([other]).names == 0
    assert sum(quantity for _, _, quantity, _ in probers([other])) == 0


@pytest.mark.parametrize("count", [1, 2])
def test_each_region_costs_its_metrics_runs_and_calls(count: int) -> None:
    prices = load_prices()
    resources = [function() for _ in range(count)]
    found = sum(quantity * prices[price].usd for _, price, quantity, _ in probers(resources))
    a_run = 0.0000002 + 0.25 * 0.0000133334 + 0.00001 + 9 * 0.00000043
    assert found == pytest.approx(count * (1.50 + RUNS * a_run))
