"""Streaks of good page views, and who served."""

from __future__ import annotations

import dataclasses
import itertools
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.drill.streaks import has_filled_page, lasting_streak_at, scheduled_since, served_by, streak_at
from scripts.probe.samples import ErrorKind, Sample
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


def test_ten_in_a_row_are_a_streak_and_nine_are_none() -> None:
    assert streak_at(in_order((S, 9)), region=S) is None
    assert streak_at(in_order((P, 3), (S, 10)), region=S) == pytest.approx(0.35)


def test_lasting_streak_begins_right_after_the_last_failure() -> None:
    assert lasting_streak_at(in_order((S, 20), (None, 1), (S, 10)), region=S) == pytest.approx(2.15)
    assert lasting_streak_at(in_order((S, 20), (None, 1), (S, 9)), region=S) is None
    assert lasting_streak_at(in_order((S, 10)), region=S) == pytest.approx(0.05)
    assert lasting_streak_at([], region=S) is None


def test_samples_since_a_moment_begin_with_the_one_whose_turn_came_then() -> None:
    samples = in_order((P, 3))
    turn = samples[1].scheduled_at_seconds
    assert list(scheduled_since(samples, turn)) == samples[1:]
    assert list(scheduled_since(samples, turn + 0.001)) == samples[2:]
    assert list(scheduled_since(samples, 1e9)) == []


class _CountedSamples(list[Sample]):
    looked_at = 0

    def __getitem__(self, key: Any) -> Any:
        self.looked_at += 1
        return super().__getitem__(key)


def test_an_hour_without_recovery_is_not_read_again_at_every_look() -> None:
    samples = _CountedSamples(in_order((P, 10), (None, 36_000)))
    assert lasting_streak_at(samples, region=S) is None
    scheduled_since(samples, samples[-1].scheduled_at_seconds)
    assert samples.looked_at < 50


@pytest.mark.parametrize(
    ("region", "cache", "error", "is_filled"),
    [
        (S, "Miss from cloudfront", None, True),
        (S, "Hit from cloudfront", None, False),
        (S, None, None, False),
        (P, "Miss from cloudfront", None, False),
        (S, "Miss from cloudfront", ErrorKind.BAD_STATUS, False),
    ],
)
def test_page_is_filled_by_a_good_miss_of_that_region(
    region: str, cache: str | None, error: ErrorKind | None, is_filled: bool
) -> None:
    assert has_filled_page([a_sample(0, region, cache=cache, error=error)], region=S) is is_filled


def test_bad_answers_of_a_region_do_not_serve() -> None:
    samples = in_order((P, 10), (S, 30))
    samples[10:] = [dataclasses.replace(sample, error=ErrorKind.BAD_STATUS) for sample in samples[10:]]
    assert served_by(samples) == (P,)


# Stretches, because single views of three outcomes make a streak of ten in no example of 500.
STRETCHES = st.lists(st.tuples(OUTCOMES, st.integers(6, 25)), min_size=2, max_size=8)


def reaches(least: int, examples: list[bool]) -> None:
    """Fails when fewer than `least` examples reached what the property is about: it would hold of nothing."""
    assert sum(examples) >= least, "examples that reach no assertion prove nothing"


def test_streak_begins_at_the_first_ten_alike() -> None:
    has_streak = []

    @given(STRETCHES)
    def holds(stretches: list[tuple[str | None, int]]) -> None:
        samples = in_order(*stretches)
        regions = [sample.region for sample in samples]
        starts = [i for i in range(len(regions)) if regions[i : i + 10] == [S] * 10]
        found = streak_at(samples, region=S)
        assert found == (samples[starts[0]].finished_at_seconds if starts else None)
        has_streak.append(found is not None)

    holds()
    reaches(10, has_streak)


def test_served_by_has_no_equal_neighbours_and_does_not_depend_on_arrival() -> None:
    has_two = []

    @given(STRETCHES, st.randoms())
    def holds(stretches: list[tuple[str | None, int]], random: Random) -> None:
        samples = in_order(*stretches)
        seen = served_by(samples)
        assert all(before != after for before, after in itertools.pairwise(seen))
        random.shuffle(samples)
        assert served_by(samples) == seen
        has_two.append(len(seen) > 1)

    holds()
    reaches(10, has_two)


def test_failures_do_not_change_who_served() -> None:
    has_failures = []

    @given(STRETCHES)
    def holds(stretches: list[tuple[str | None, int]]) -> None:
        samples = in_order(*stretches)
        seen = served_by(samples)
        assert seen == served_by(sample for sample in samples if sample.is_good)
        has_failures.append(bool(seen) and not all(sample.is_good for sample in samples))

    holds()
    reaches(10, has_failures)


def test_region_in_service_changes_at_eight_of_the_last_ten() -> None:
    """The window is ten: eight with two others at its ends are enough, and so are eight in a window that two others leave."""
    assert served_by(in_order((P, 1), (S, 8), (P, 1))) == (S,)
    assert served_by(in_order((P, 2), (S, 7), (P, 1))) == ()
    assert served_by(in_order((P, 8), (S, 7), (P, 1), (S, 1))) == (P, S)
    assert served_by(in_order((P, 10), (S, 7), (P, 3), (S, 1))) == (P,)
    assert served_by(in_order((S, 1), (P, 1), (S, 6), (P, 1), (S, 1))) == (S,)
    assert served_by(in_order((S, 1), (P, 1), (S, 6), (P, 2), (S, 1))) == ()


@given(st.integers(10, 40), st.integers(0, 100), st.integers(10, 40), st.integers(0, 100), st.integers(10, 40))
def test_half_and_half_at_the_changes_is_smoothed_over(a: int, first: int, b: int, second: int, c: int) -> None:
    samples = in_order((P, a), *[(P, 1), (S, 1)] * first, (S, b), *[(S, 1), (P, 1)] * second, (P, c))
    assert served_by(samples) == (P, S, P)


@given(st.lists(st.tuples(OUTCOMES, st.integers(0, 7)), max_size=30))
def test_region_with_fewer_than_eight_answers_is_never_listed(stretches: list[tuple[str | None, int]]) -> None:
    samples = in_order(*stretches)
    answers = [sample.region for sample in samples]
    assert all(answers.count(region) >= 8 for region in served_by(samples))
