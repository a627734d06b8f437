"""The simulator's checkers against localcloud's model, which drives real probes: the same phases, the same moment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_facts.recovery import DnsFailover
from localcloud.model.health import CheckerState, after_probe, is_endpoint_healthy
from scripts.simulate.checkers import (
    draw_first_probes,
    draw_known_losses,
    draw_probes_to_health,
    healthy_after,
    unhealthy_after,
)

PHASES = st.lists(st.floats(0, 10), min_size=3, max_size=16)


def flip_by_the_model(phases: list[float], *, threshold: int, probe_seconds: float, is_success: bool) -> float:
    """Returns when the check turns, probe by probe."""
    states = [CheckerState(is_healthy=not is_success) for _ in phases]
    ends = [phase + probe_seconds for phase in phases]
    while is_endpoint_healthy(states) != is_success:
        number = min(range(len(ends)), key=ends.__getitem__)
        now = ends[number]
        states[number] = after_probe(states[number], is_success=is_success, failure_threshold=threshold)
        ends[number] += 10 + probe_seconds
    return now


@given(PHASES, st.integers(1, 10), st.sampled_from([0.0, 4.0]))
def test_check_turns_unhealthy_when_the_model_says(phases: list[float], threshold: int, probe_seconds: float) -> None:
    dns = DnsFailover(interval_seconds=10, failure_threshold=threshold, checkers=len(phases))
    found = unhealthy_after(dns, probe_seconds, np.array([phases]), np.zeros((1, len(phases))))
    expected = flip_by_the_model(phases, threshold=threshold, probe_seconds=probe_seconds, is_success=False)
    assert found[0] == pytest.approx(expected)


@given(PHASES, st.integers(1, 10))
def test_check_turns_healthy_when_the_model_says(phases: list[float], threshold: int) -> None:
    dns = DnsFailover(interval_seconds=10, failure_threshold=threshold, checkers=len(phases))
    found = healthy_after(dns, np.array([phases]), np.full((1, len(phases)), float(threshold)))
    assert found[0] == pytest.approx(flip_by_the_model(phases, threshold=threshold, probe_seconds=0, is_success=True))


def test_lost_probes_put_off_the_way_back_and_give_detection_a_start() -> None:
    dns, random = DnsFailover(interval_seconds=10), np.random.default_rng(1)
    assert draw_probes_to_health(random, dns, 1000, 0.0).max() == 3
    lossy = draw_probes_to_health(random, dns, 1000, 0.3)
    # The mean wait for three good ones in a row at 0.7: (1 - p^3) / ((1 - p) p^3)
    assert lossy.mean() == pytest.approx((1 - 0.7**3) / (0.3 * 0.7**3), rel=0.05)
    losses = draw_known_losses(random, dns, 1000, 0.3)
    assert set(np.unique(losses)) == {0.0, 1.0, 2.0}
    assert (losses >= 1).mean() == pytest.approx(0.3, abs=0.02)


def test_probe_under_way_at_the_end_of_a_silence_ends_there_and_the_next_comes_an_interval_later() -> None:
    dns = DnsFailover(interval_seconds=10)
    first = draw_first_probes(np.random.default_rng(1), dns, 5000, 4.0)
    assert first.max() == 10
    assert (first == 10).mean() == pytest.approx(4 / 14, abs=0.02)
