"""Streaks of good page views, and who served."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.drill.streaks import STREAK_LENGTH, served_by, streak_at
from scripts.probe.samples import ErrorKind
from tests.worlds.page_views import P, S, a_sample, in_order

OUTCOMES = st.sampled_from([P, S, None])


def test_page_view_still_under_way_breaks_the_streak() -> None:
    samples = in_order((S, 15))
    del samples[7]
    assert streak_at(samples, region=S) is None


def test_overloaded_view_neither_extends_nor_breaks_the_streak() -> None:
    samples = in_order((S, 10))
    samples[5] = a_sample(5, None, error=ErrorKind.OVERLOAD)
    assert streak_at(samples, region=S) is None
    assert streak_at([*samples, a_sample(10, S)], region=S) == pytest.approx(0.05)


@given(st.lists(OUTCOMES, max_size=60))
def test_streak_begins_at_the_first_ten_alike(regions: list[str | None]) -> None:
    samples = [a_sample(sequence, region) for sequence, region in enumerate(regions)]
    starts = [i for i in range(len(regions)) if regions[i : i + STREAK_LENGTH] == [S] * STREAK_LENGTH]
    found = streak_at(samples, region=S)
    assert found == (samples[starts[0]].finished_at_seconds if starts else None)


@given(st.lists(OUTCOMES, max_size=80), st.randoms())
def test_served_by_has_no_equal_neighbours_and_does_not_depend_on_arrival(
    regions: list[str | None],
    random: st.randoms,  # type: ignore[valid-type]  # hypothesis' own Random
) -> None:
    samples = [a_sample(sequence, region) for sequence, region in enumerate(regions)]
    seen = served_by(samples)
    assert all(before != after for before, after in itertools.pairwise(seen))
    random.shuffle(samples)  # type: ignore[attr-defined]  # hypothesis' own Random
    assert served_by(samples) == seen


@given(st.lists(OUTCOMES, max_size=60))
def test_failures_do_not_change_who_served(regions: list[str | None]) -> None:
    samples = [a_sample(sequence, region) for sequence, region in enumerate(regions)]
    assert served_by(samples) == served_by(sample for sample in samples if sample.is_good)


@given(st.integers(10, 40), st.integers(0, 100), st.integers(10, 40), st.integers(0, 100), st.integers(10, 40))
def test_half_and_half_at_the_changes_is_smoothed_over(a: int, first: int, b: int, second: int, c: int) -> None:
    samples = in_order((P, a), *[(P, 1), (S, 1)] * first, (S, b), *[(S, 1), (P, 1)] * second, (P, c))
    assert served_by(samples) == (P, S, P)


@given(st.lists(st.tuples(OUTCOMES, st.integers(0, 7)), max_size=30))
def test_region_with_fewer_than_eight_answers_is_never_listed(stretches: list[tuple[str | None, int]]) -> None:
    samples = in_order(*stretches)
    answers = [sample.region for sample in samples]
    assert all(answers.count(region) >= 8 for region in served_by(samples))
