"""Durations in buckets: what percentiles say, and that text and back changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.probe.histogram import GROWTH, SMALLEST_SECONDS, Histogram

DURATIONS = st.lists(st.floats(min_value=SMALLEST_SECONDS, max_value=100), min_size=1, max_size=50)


def histogram(*seconds: float) -> Histogram:
    made = Histogram()
    for each in seconds:
        made.add(each)
    return made


@given(DURATIONS, st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_percentile_is_at_most_a_tenth_above_the_nearest_rank(durations: list[float], ratio: float) -> None:
    exact = sorted(durations)[max(0, -int(-ratio * len(durations) // 1) - 1)]
    found = histogram(*durations).percentile(ratio)
    assert found is not None
    assert exact * 0.999999 <= found <= exact * GROWTH * 1.000001


@given(DURATIONS, DURATIONS)
def test_merged_histogram_counts_both(left: list[float], right: list[float]) -> None:
    merged = histogram(*left)
    merged.merge(histogram(*right))
    assert merged.to_text() == histogram(*left, *right).to_text()


@given(DURATIONS)
def test_text_and_back_is_the_same(durations: list[float]) -> None:
    text = histogram(*durations).to_text()
    assert Histogram.from_text(text).to_text() == text


def test_nothing_counted_has_no_percentile() -> None:
    assert Histogram().percentile(0.5) is None


@pytest.mark.parametrize("seconds", [0.0, -0.001])
def test_what_took_no_time_counts_as_the_smallest(seconds: float) -> None:
    assert histogram(seconds).percentile(1.0) == SMALLEST_SECONDS
