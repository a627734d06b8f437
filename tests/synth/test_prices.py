"""Every resource type that a site may have is priced, or known to be free."""

from pathlib import Path

import pytest

from scripts.cost.coverage import not_priced
from scripts.cost.estimate import estimate, monthly_cost_usd
from tests.worlds.synthesized import Stacks, example_text, stacks_of

# What no example has switched on.
_MORE = ("canary", "certificate_alarms", "composite_alarms", "origin_latency", "parity", "replication_metrics")


def test_every_type_of_an_example_is_priced_or_free(stacks: Stacks) -> None:
    assert not_priced(stacks) == {}


@pytest.mark.parametrize("feature", _MORE)
def test_every_type_of_a_feature_is_priced_or_free(feature: str) -> None:
    stacks = stacks_of(f"{example_text('demo')}\n[features]\n{feature} = true\n")
    assert not_priced(stacks) == {}


def documented(path: str) -> str:
    return (Path(__file__).parents[2] / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("example", ["prod.example", "demo"])
def test_readme_says_what_an_example_costs(example: str) -> None:
    assert f"{monthly_cost_usd(estimate(stacks_of(example_text(example)))):.2f} USD" in documented("README.md")


@pytest.mark.parametrize(
    ("example", "more", "price"),
    [
        ("demo", "certificate_alarms = true", "0.30"),
        ("demo", "composite_alarms = true", "0.50"),
        ("demo", "canary = true", "3.70"),
        ("demo", "origin_latency = true", "2.50"),
        ("demo", "replication_metrics = true", "2.80"),
        ("demo", "parity = true", "1.05"),
        ("latency.example", "api = true", "3.72"),
    ],
)
def test_documented_price_of_a_feature_is_what_it_adds(example: str, more: str, price: str) -> None:
    without, with_it = (example_text(example), f"{example_text(example)}\n[features]\n{more}\n")
    added = monthly_cost_usd(estimate(stacks_of(with_it))) - monthly_cost_usd(estimate(stacks_of(without)))
    assert (f"{added:.2f}", price in documented("docs/ARCHITECTURE.md")) == (price, True)


def test_documented_price_of_tracing_is_the_estimates() -> None:
    (traces,) = [line.usd for line in estimate(stacks_of(example_text("extensions.example"))) if "traces" in line.item]
    assert f"X-Ray, {traces:.2f} USD a month" in documented("docs/ARCHITECTURE.md")
