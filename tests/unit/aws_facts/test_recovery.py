import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_facts.health_checks import HEALTHY_CHECKERS_RATIO, healthy_votes, unhealthy_votes
from aws_facts.recovery import SILENT_SECONDS, DnsFailover, order_statistic_quantile


@given(st.integers(1, 200))
def test_votes_are_the_fewest_that_turn_the_share_of_healthy_checkers(checkers: int) -> None:
    healthy = checkers - unhealthy_votes(checkers)
    assert healthy / checkers <= HEALTHY_CHECKERS_RATIO < (healthy + 1) / checkers
    assert healthy_votes(checkers) / checkers > HEALTHY_CHECKERS_RATIO >= (healthy_votes(checkers) - 1) / checkers


def test_one_checker_begins_at_any_moment_and_the_last_of_two_later() -> None:
    assert order_statistic_quantile(1, 1, 0.95) == pytest.approx(0.95)
    assert order_statistic_quantile(2, 2, 0.95) == pytest.approx(math.sqrt(0.95))
    assert order_statistic_quantile(1, 2, 0.95) == pytest.approx(1 - math.sqrt(0.05))


@pytest.mark.parametrize(("rank", "count", "ratio"), [(0, 3, 0.5), (4, 3, 0.5), (1, 3, 1.1), (1, 3, -0.1)])
def test_order_statistic_rejects_what_no_draw_has(rank: int, count: int, ratio: float) -> None:
    with pytest.raises(ValueError, match="rank"):
        order_statistic_quantile(rank, count, ratio)


@pytest.mark.parametrize(
    ("failover", "longest"),
    [
        (DnsFailover(interval_seconds=10), 2 * 10 + 10 + 60),
        (DnsFailover(interval_seconds=30), 2 * 30 + 30 + 60),
        (DnsFailover(interval_seconds=10, failure_threshold=1), 10 + 60),
        (DnsFailover(interval_seconds=30, failure_threshold=10, ttl_seconds=300), 9 * 30 + 30 + 300),
    ],
)
def test_no_recovery_is_longer_than_all_rounds_and_the_ttl(failover: DnsFailover, longest: float) -> None:
    assert failover.recovery_seconds(1.0) == pytest.approx(longest)
    assert failover.recovery_seconds(0.95) < longest


def test_silent_endpoint_costs_its_timeout_in_every_round() -> None:
    failover = DnsFailover(interval_seconds=10)
    assert failover.recovery_seconds(0.5, SILENT_SECONDS) - failover.recovery_seconds(0.5) == pytest.approx(3 * 4)


def test_arithmetic_adds_up_to_its_own_sum() -> None:
    text = DnsFailover(interval_seconds=10).arithmetic(0.95)
    assert text == (
        "2 x 10 s between 3 failed probes + 9.4 s until 5 of 6 checkers have begun + 60 s that resolvers keep an answer = 89.4 s"
    )
