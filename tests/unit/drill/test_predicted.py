"""What a report predicts for a drill, from the synthesized health checks."""

from typing import Any

import pytest

from scripts.drill.lever_scenarios import LEVER_SCENARIOS
from scripts.drill.prediction import predicted
from scripts.drill.request import DrillSettings
from scripts.drill.scenarios import EDGE_OUTAGE, ORIGIN_OUTAGE

CHECK = {"request_interval": 10, "failure_threshold": 3}
STACKS: dict[str, dict[str, Any]] = {"edge": {"resource": {"aws_route53_health_check": {"path": CHECK}}}}


def test_switch_of_dns_is_predicted_by_detection_and_lifetime() -> None:
    found = predicted(EDGE_OUTAGE, STACKS)
    assert found is not None
    assert found[0] == pytest.approx(2 * 10 + 8.2 + 5 + 60 - 12)
    assert found[1] > found[0]


def test_inverted_check_needs_no_detection() -> None:
    assert predicted(LEVER_SCENARIOS["path-check-inverted"], STACKS) == (48, 65)


@pytest.mark.parametrize("name", ["origin-denied", "region-marker-missing", "bad-release", "alarm-path"])
def test_what_no_health_check_decides_is_not_predicted(name: str) -> None:
    assert predicted(LEVER_SCENARIOS[name], STACKS) is None
    assert predicted(ORIGIN_OUTAGE, STACKS) is None


def test_site_without_a_probed_check_is_not_predicted() -> None:
    assert predicted(EDGE_OUTAGE, {}) is None


def test_visitors_of_the_prediction_are_those_of_a_drill() -> None:
    from scripts.drill.prediction import VISITORS

    assert DrillSettings().clients == VISITORS
