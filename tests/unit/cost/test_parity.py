"""What the parity check costs, and that it costs nothing where it is not."""

from typing import Any

import pytest

from scripts.cost.estimate import load_prices
from scripts.cost.parity import parity

FUNCTION = ("aws_lambda_function", {"function_name": "site-prod-parity-eu-central-1"})
EVENTS = ("aws_s3_bucket_notification", {"eventbridge": True})


def usd(*resources: tuple[str, dict[str, Any]], site_bytes: float = 0) -> float:
    prices = load_prices()
    return sum(quantity * prices[price].usd for _, price, quantity, _ in parity(resources, site_bytes=site_bytes))


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (FUNCTION, 0.30 + 730 * (0.0000054 + 7 * 0.00000043)),
        (("aws_lambda_function", {"function_name": "site-prod-endpoint-eu-central-1"}), 0.0),
        (EVENTS, 0.0),
        (("aws_s3_bucket_notification", {"queue": []}), 0.0),
    ],
)
def test_part_costs_its_price(resource: tuple[str, dict[str, Any]], expected: float) -> None:
    assert usd(resource) == pytest.approx(expected)


def test_a_larger_site_is_listed_in_more_requests() -> None:
    assert usd(FUNCTION, site_bytes=300e6) - usd(FUNCTION) == pytest.approx(10 * 730 * 0.0000054)


def test_events_grow_with_what_is_published() -> None:
    assert usd(EVENTS, site_bytes=30e9) == pytest.approx(1e6 * 8 * 0.000001)
