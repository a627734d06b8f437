"""What visitors saw, from samples."""

import dataclasses

import pytest

from scripts.probe.samples import ErrorKind
from scripts.replay.arithmetic import Expected
from scripts.replay.views import Minute, View, outcome_of
from tests.worlds.page_views import P, S, a_sample, in_order

VIEW = View(name="v", title="V", hostname="www.example.test", marker_path="/m")

EXPECTED = Expected(low_ratio=0.5, high_ratio=0.5)


def test_outcome_counts_from_the_first_fault_on_and_by_the_minute() -> None:
    samples = in_order((P, 600), (None, 300), (S, 300))
    outcome = outcome_of(VIEW, samples, expected=EXPECTED, fault_at_seconds=60, duration_seconds=120)
    assert outcome.failed_ratio == 0.5
    assert outcome.last_failure_seconds == pytest.approx(29.95)
    assert outcome.minutes == (Minute(good=600, slow=0, failed=0), Minute(good=300, slow=0, failed=300))


def test_outcome_without_failure_says_so() -> None:
    outcome = outcome_of(VIEW, in_order((P, 1200)), expected=EXPECTED, fault_at_seconds=60, duration_seconds=120)
    assert (outcome.failed_ratio, outcome.last_failure_seconds, outcome.slow_ratio) == (0, None, 0)


def test_outcome_calls_slow_what_takes_a_second_longer_than_usual() -> None:
    samples = in_order((P, 600)) + [a_sample(600 + i, S, took_seconds=2 if i % 4 == 0 else 0.05) for i in range(600)]
    outcome = outcome_of(VIEW, samples, expected=EXPECTED, fault_at_seconds=60, duration_seconds=120)
    assert (outcome.slow_ratio, outcome.failed_ratio) == (0.25, 0)


def test_outcome_says_how_late_this_machine_was_and_what_it_left_out() -> None:
    samples = [
        dataclasses.replace(each, started_at_seconds=each.scheduled_at_seconds + 0.4) for each in in_order((P, 99))
    ]
    samples.append(a_sample(99, P, error=ErrorKind.OVERLOAD))
    outcome = outcome_of(VIEW, samples, expected=EXPECTED, fault_at_seconds=1, duration_seconds=60)
    assert outcome.late_seconds == pytest.approx(0.4)
    assert (outcome.overloaded, outcome.failed_ratio) == (1, 0)
