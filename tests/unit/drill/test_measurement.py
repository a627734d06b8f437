"""Figures and verdicts of one fault."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.drill.measurement import Marks, Measurement, measure, percentile
from scripts.drill.verdict import Expectation, Verdict
from scripts.probe.samples import ErrorKind, Sample
from tests.worlds.page_views import P, S, a_sample, in_order

EXPECTED = Expectation(primary=P, secondary=S, rto_seconds=60.0, detects_by_marker=True)
OUTCOMES = st.sampled_from([P, S, None])


def an_outage(**changes: object) -> Measurement:
    """10 s primary, fault, 5 s of failures, secondary for 15 s, undo, 3 s later primary again."""
    samples = in_order((P, 100), (None, 50), (S, 150), (S, 30), (P, 100))
    marks = Marks(fault_at_seconds=10.0, undo_at_seconds=30.0)
    expected = dataclasses.replace(EXPECTED, **changes)  # type: ignore[arg-type]  # each test names fields of its own
    return measure(samples, marks, expected)


def test_recovery_counts_from_the_fault_to_the_answer_of_the_first_view_of_the_streak() -> None:
    assert an_outage().recovery_time_seconds == pytest.approx(5.05)


def test_failing_back_counts_from_the_undo() -> None:
    assert an_outage().time_to_fail_back_seconds == pytest.approx(3.05)


def test_detection_by_marker_is_the_first_answer_of_the_secondary_even_a_bad_one() -> None:
    samples = in_order((P, 100), (None, 50), (S, 150), (P, 100))
    samples[120] = a_sample(120, S, error=ErrorKind.BAD_STATUS)
    measured = measure(samples, Marks(fault_at_seconds=10.0, undo_at_seconds=30.0), EXPECTED)
    assert measured.time_to_detect_seconds == pytest.approx(2.05)
    assert measured.time_to_switch_seconds == pytest.approx(3.0)


def test_detection_by_health_check_is_its_flip_and_the_switch_counts_from_there() -> None:
    samples = in_order((P, 100), (None, 50), (S, 150), (P, 100))
    marks = Marks(fault_at_seconds=10.0, undo_at_seconds=30.0, detected_at_seconds=13.0)
    measured = measure(samples, marks, dataclasses.replace(EXPECTED, detects_by_marker=False))
    assert measured.time_to_detect_seconds == pytest.approx(3.0)
    assert measured.time_to_switch_seconds == pytest.approx(2.05)


def test_switch_noted_before_the_polled_detection_takes_no_time() -> None:
    samples = in_order((P, 100), (None, 50), (S, 150), (P, 100))
    marks = Marks(fault_at_seconds=10.0, undo_at_seconds=30.0, detected_at_seconds=15.2)
    measured = measure(samples, marks, dataclasses.replace(EXPECTED, detects_by_marker=False))
    assert measured.time_to_switch_seconds == 0.0


def test_requests_are_summed_over_the_whole_drill() -> None:
    measured = an_outage()
    assert (measured.requests, measured.failed_requests) == (2 * 380 + 50, 50)


def test_primary_answers_after_the_fault_are_not_recovery() -> None:
    """The fault may act a little after it was injected."""
    samples = in_order((P, 130), (None, 30), (S, 140), (P, 100))
    measured = measure(samples, Marks(fault_at_seconds=10.0, undo_at_seconds=30.0), EXPECTED)
    assert measured.recovery_time_seconds == pytest.approx(6.05)


def test_miss_cost_is_what_the_marker_took_longer_than_usual() -> None:
    samples = in_order((P, 100))
    samples += [a_sample(100 + i, S, took_seconds=2.05 if i < 98 else 2.35) for i in range(100)]
    samples += [a_sample(200 + i, P) for i in range(50)]
    cost = measure(samples, Marks(fault_at_seconds=10.0, undo_at_seconds=20.0), EXPECTED).miss_cost
    assert cost is not None
    assert cost.steady_p50_seconds == pytest.approx(0.05)
    assert (cost.p50_seconds, cost.p95_seconds) == pytest.approx((2.0, 2.0))
    assert cost.max_seconds == pytest.approx(2.3)


def test_miss_cost_is_not_given_where_dns_leaves_cloudfront() -> None:
    assert an_outage(detects_by_marker=False).miss_cost is None


def test_verdict_within() -> None:
    measured = an_outage()
    assert measured.verdict is Verdict.WITHIN
    assert measured.served_by == (P, S, P)


def test_verdict_outside_when_recovery_is_slower_than_the_objective() -> None:
    measured = an_outage(rto_seconds=5.0)
    assert measured.verdict is Verdict.OUTSIDE
    assert "objective is 5 s" in measured.reasons[0]


UNTIL_UNDO = Marks(fault_at_seconds=10.0, undo_at_seconds=30.0)


@pytest.mark.parametrize(
    ("samples", "verdict", "reason"),
    [
        (in_order((P, 100), (None, 200), (P, 50)), Verdict.OUTSIDE, "never took over"),
        (in_order((P, 100), (None, 191), (S, 9), (P, 50)), Verdict.OUTSIDE, "never took over"),
        (in_order((P, 350)), Verdict.INCONCLUSIVE, "visitors saw eu-central-1, expected"),
        (in_order((P, 100), (S, 250)), Verdict.INCONCLUSIVE, "primary was not seen serving again"),
        (in_order((S, 300), (P, 50)), Verdict.INCONCLUSIVE, "visitors saw us-east-1 → eu-central-1"),
        ([], Verdict.INCONCLUSIVE, "visitors saw nobody"),
    ],
    ids=["never recovered", "streak too short", "no effect", "never failed back", "not from primary", "no samples"],
)
def test_verdict_of_a_drill_that_did_not_go_as_expected(samples: list[Sample], verdict: Verdict, reason: str) -> None:
    measured = measure(samples, UNTIL_UNDO, EXPECTED)
    assert measured.verdict is verdict
    assert reason in " ".join(measured.reasons)


def test_recovery_counts_from_the_streak_after_the_last_failure_of_the_fault() -> None:
    samples = in_order((P, 100), (S, 40), (None, 60), (S, 100), (P, 100))
    measured = measure(samples, UNTIL_UNDO, EXPECTED)
    assert measured.recovery_time_seconds == pytest.approx(10.05)
    assert measured.verdict is Verdict.WITHIN


@pytest.mark.parametrize("lost_views", [1, 100])
def test_verdict_outside_when_page_views_fail_again_until_the_undo(lost_views: int) -> None:
    samples = in_order((P, 100), (None, 20), (S, 180 - lost_views), (None, lost_views), (P, 100))
    measured = measure(samples, UNTIL_UNDO, EXPECTED)
    assert measured.verdict is Verdict.OUTSIDE
    assert "failed again after the secondary had taken over" in measured.reasons[0]


def test_contiguous_outage_of_visitors_with_old_answers_is_one_recovery() -> None:
    """Layer 3: each of ten visitors fails until its own DNS answer has run out."""
    regions = [S if i >= 300 + 60 * (i % 10) else None for i in range(1200)]
    samples = in_order((P, 100)) + [a_sample(100 + i, region) for i, region in enumerate(regions)]
    samples += [a_sample(1300 + i, P) for i in range(50)]
    marks = Marks(fault_at_seconds=10.0, undo_at_seconds=130.0, detected_at_seconds=38.0)
    expected = dataclasses.replace(EXPECTED, rto_seconds=120.0, detects_by_marker=False)
    measured = measure(samples, marks, expected)
    assert measured.recovery_time_seconds == pytest.approx(84.05)
    assert measured.verdict is Verdict.WITHIN


@pytest.mark.parametrize(
    ("lost_views", "verdict"), [(590, Verdict.WITHIN), (610, Verdict.OUTSIDE)], ids=["in time", "too long"]
)
def test_failing_back_that_loses_page_views_is_held_against_the_objective(lost_views: int, verdict: Verdict) -> None:
    samples = in_order((P, 100), (S, 200), (None, lost_views), (P, 50))
    measured = measure(samples, UNTIL_UNDO, EXPECTED)
    assert measured.verdict is verdict
    assert ("after the undo" in measured.reasons[0]) is (verdict is Verdict.OUTSIDE)


def test_verdict_outside_when_failing_back_never_ends_and_loses_page_views() -> None:
    measured = measure(in_order((P, 100), (S, 200), (None, 700)), UNTIL_UNDO, EXPECTED)
    assert measured.verdict is Verdict.OUTSIDE


def test_failing_back_counts_to_the_streak_after_the_last_failure() -> None:
    samples = in_order((P, 100), (S, 200), (P, 20), (None, 30), (P, 50))
    assert measure(samples, UNTIL_UNDO, EXPECTED).time_to_fail_back_seconds == pytest.approx(5.05)


@pytest.mark.parametrize(
    ("cache", "verdict"),
    [("Miss from cloudfront", Verdict.WITHIN), ("Hit from cloudfront", Verdict.INCONCLUSIVE)],
)
def test_verdict_needs_a_page_that_the_secondary_filled_where_caches_are_emptied(cache: str, verdict: Verdict) -> None:
    samples = in_order((P, 100), (S, 200), (P, 50))
    samples[120] = a_sample(120, S, cache=cache)
    samples[320] = a_sample(320, P, cache="Miss from cloudfront")
    measured = measure(samples, UNTIL_UNDO, dataclasses.replace(EXPECTED, fills_pages=True))
    assert measured.verdict is verdict


def test_verdict_outside_when_content_was_wrong() -> None:
    samples = in_order((P, 100), (S, 200), (P, 50))
    samples[110] = a_sample(110, S, error=ErrorKind.WRONG_CONTENT, wrong_content_requests=1)
    measured = measure(samples, UNTIL_UNDO, EXPECTED)
    assert measured.verdict is Verdict.OUTSIDE
    assert measured.wrong_content_requests == 1


def test_verdict_inconclusive_when_the_prober_was_overloaded() -> None:
    samples = in_order((P, 100), (S, 200), (P, 50))
    for sequence in range(50, 60):
        samples[sequence] = a_sample(sequence, None, error=ErrorKind.OVERLOAD, requests=0, failed_requests=0)
    measured = measure(samples, UNTIL_UNDO, EXPECTED)
    assert measured.verdict is Verdict.INCONCLUSIVE
    assert measured.overloaded_page_views == 10
    assert measured.failed_requests == 0


def late(samples: list[Sample], *, every: int, by_seconds: float) -> list[Sample]:
    """Let this machine begin every so many page views late."""
    return [
        dataclasses.replace(
            s, started_at_seconds=s.scheduled_at_seconds + (by_seconds if s.sequence % every == 0 else 0)
        )
        for s in samples
    ]


TOO_SLOW = [(P, 100), (None, 150), (S, 50), (P, 100)]
NEVER = [(P, 100), (None, 200), (P, 50)]


@pytest.mark.parametrize("stretches", [TOO_SLOW, NEVER], ids=["too slow", "never recovered"])
def test_machine_that_cannot_keep_up_makes_a_miss_inconclusive_and_says_so_first(
    stretches: list[tuple[str | None, int]],
) -> None:
    expected = dataclasses.replace(EXPECTED, rto_seconds=5.0)
    quiet = measure(in_order(*stretches), UNTIL_UNDO, expected)
    busy = measure(late(in_order(*stretches), every=10, by_seconds=1.5), UNTIL_UNDO, expected)
    assert (quiet.verdict, busy.verdict) == (Verdict.OUTSIDE, Verdict.INCONCLUSIVE)
    assert busy.reasons[0].startswith(
        "this machine could not keep up: it began 10% of the page views late, by up to 1.5 s"
    )
    assert busy.reasons[1:] == quiet.reasons
    assert busy.prober_lateness_p95_seconds == pytest.approx(1.5)


@pytest.mark.parametrize(("every", "by_seconds"), [(10, 0.4), (30, 1.5)], ids=["a little late", "few of them"])
def test_usual_delays_of_a_machine_excuse_nothing(every: int, by_seconds: float) -> None:
    samples = late(in_order(*TOO_SLOW), every=every, by_seconds=by_seconds)
    assert measure(samples, UNTIL_UNDO, dataclasses.replace(EXPECTED, rto_seconds=5.0)).verdict is Verdict.OUTSIDE


def test_machine_that_cannot_keep_up_takes_nothing_from_a_recovery_in_time() -> None:
    samples = late(in_order((P, 100), (None, 50), (S, 180), (P, 100)), every=2, by_seconds=1.5)
    assert measure(samples, Marks(fault_at_seconds=10.0, undo_at_seconds=33.0), EXPECTED).verdict is Verdict.WITHIN


def test_machine_that_cannot_keep_up_is_no_excuse_for_wrong_content() -> None:
    samples = late(in_order((P, 100), (S, 200), (P, 50)), every=2, by_seconds=1.5)
    samples[110] = a_sample(110, S, error=ErrorKind.WRONG_CONTENT, wrong_content_requests=1)
    assert measure(samples, UNTIL_UNDO, EXPECTED).verdict is Verdict.OUTSIDE


def test_page_that_the_primary_filled_within_the_outage_is_not_the_secondarys() -> None:
    samples = in_order((P, 100), (S, 200), (P, 50))
    samples[105] = a_sample(105, P, cache="Miss from cloudfront")
    measured = measure(samples, UNTIL_UNDO, dataclasses.replace(EXPECTED, fills_pages=True))
    assert measured.verdict is Verdict.INCONCLUSIVE


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0, 1), st.floats(0, 1))
def test_percentiles_are_among_the_values_and_rise(values: list[float], low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert percentile(values, low) in values
    assert percentile(values, low) <= percentile(values, high) <= max(values) == percentile(values, 1)


@pytest.mark.parametrize(("values", "ratio"), [([], 0.5), ([1.0], 1.5)])
def test_percentile_rejects_what_has_none(values: list[float], ratio: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, ratio)


def a_share(*outage: Sample, steady_seconds: float = 0.05) -> Measurement:
    """Ten page views of the primary, the fault from 1 s to the undo at 2 s, ten more of the primary."""
    samples = [a_sample(i, P, took_seconds=steady_seconds) for i in range(10)]
    samples += outage
    samples += [a_sample(20 + i, P) for i in range(10)]
    return measure(samples, Marks(fault_at_seconds=1.0, undo_at_seconds=2.0), EXPECTED)


def test_page_view_that_is_scheduled_at_the_fault_is_in_it_and_one_at_the_undo_is_not() -> None:
    shares = a_share(*in_order((P, 10), (None, 1), (P, 9))[10:]).shares
    assert (shares.failed_ratio, shares.covered_ratio, shares.slow_ratio) == (0.1, 0.0, 0.0)
    samples = in_order((P, 10), (S, 10), (None, 1), (P, 30))
    measured = measure(samples, Marks(fault_at_seconds=1.0, undo_at_seconds=2.0), EXPECTED)
    assert (measured.shares.failed_ratio, measured.shares.covered_ratio) == (0.0, 1.0)
    assert measured.time_to_fail_back_seconds == pytest.approx(0.15)


def test_covered_are_the_good_page_views_of_the_secondary() -> None:
    outage = in_order((P, 12), (S, 8))[10:]
    outage[4] = a_sample(14, S, error=ErrorKind.BAD_STATUS)
    assert a_share(*outage).shares.covered_ratio == 0.7


def test_no_page_view_in_the_fault_is_no_share_of_anything() -> None:
    shares = a_share().shares
    assert (shares.failed_ratio, shares.covered_ratio, shares.slow_ratio) == (0.0, 0.0, 0.0)


def test_slow_is_a_second_more_than_the_steady_median() -> None:
    outage = [a_sample(10 + i, S, took_seconds=0.4 + i * 0.5) for i in range(10)]  # 0.4, 0.9, ... 4.9 s
    assert a_share(*outage, steady_seconds=0.5).shares.slow_ratio == 0.7  # from 1.9 s
    failed = dataclasses.replace(outage[-1], error=ErrorKind.BAD_STATUS)
    assert a_share(*outage[:-1], failed, steady_seconds=0.5).shares.slow_ratio == 0.6


def test_nothing_is_slow_where_nothing_was_measured_before() -> None:
    samples = [a_sample(i, S, took_seconds=9.0) for i in range(10)]
    measured = measure(samples, Marks(fault_at_seconds=0.0, undo_at_seconds=1.0), EXPECTED)
    assert measured.shares.slow_ratio == 0.0
    assert measured.miss_cost is None


def test_what_ends_at_the_fault_is_not_steady_any_more() -> None:
    """The steady median is that of the page views that were over before the fault."""
    samples = [a_sample(0, P, took_seconds=0.05), a_sample(1, P, took_seconds=0.9), a_sample(2, P, took_seconds=0.8)]
    samples += [a_sample(10 + i, S, took_seconds=1.5) for i in range(10)]
    measured = measure(samples, Marks(fault_at_seconds=1.0, undo_at_seconds=2.0), EXPECTED)
    assert measured.miss_cost is not None
    assert measured.miss_cost.steady_p50_seconds == pytest.approx(0.05)
    assert measured.shares.slow_ratio == 1.0


HEALS = dataclasses.replace(EXPECTED, heals=True)


def test_fault_that_ends_by_itself_is_over_at_the_first_good_page_view_after_the_last_that_failed() -> None:
    samples = in_order((P, 100), (None, 50), (P, 20), (None, 1), (P, 129), (P, 50))
    marks = Marks(fault_at_seconds=10.0, undo_at_seconds=30.0, detected_at_seconds=13.0)
    measured = measure(samples, marks, HEALS)
    assert measured.verdict is Verdict.WITHIN
    assert (measured.time_to_detect_seconds, measured.time_to_switch_seconds) == pytest.approx((3.0, 4.15))
    assert measured.recovery_time_seconds == pytest.approx(7.15)


def test_fault_that_failed_nobody_did_not_end_by_itself() -> None:
    measured = measure(in_order((P, 350)), UNTIL_UNDO, HEALS)
    assert measured.verdict is Verdict.INCONCLUSIVE
    assert (measured.recovery_time_seconds, measured.moments.switched_at_seconds) == (None, None)


def test_failing_back_begins_with_the_page_view_that_is_scheduled_at_the_undo() -> None:
    measured = measure(in_order((P, 100), (S, 200), (P, 50)), UNTIL_UNDO, EXPECTED)
    assert measured.time_to_fail_back_seconds == pytest.approx(0.05)


def test_lateness_of_nobody_is_none() -> None:
    assert measure([], UNTIL_UNDO, EXPECTED).prober_lateness_p95_seconds == 0.0


@pytest.mark.parametrize(
    ("effect_at_seconds", "verdict"), [(None, Verdict.INCONCLUSIVE), (12.0, Verdict.WITHIN)], ids=["unseen", "seen"]
)
def test_standing_still_proves_something_only_of_a_fault_that_was_seen(
    effect_at_seconds: float | None, verdict: Verdict
) -> None:
    marks = dataclasses.replace(UNTIL_UNDO, effect_at_seconds=effect_at_seconds)
    assert measure(in_order((P, 350)), marks, dataclasses.replace(EXPECTED, stays=True)).verdict is verdict


def test_page_view_lost_at_the_fault_or_after_the_undo_counts_where_none_is_to_be_lost() -> None:
    marks = dataclasses.replace(UNTIL_UNDO, effect_at_seconds=12.0)
    stays = dataclasses.replace(EXPECTED, stays=True)
    for lost_at, verdict in ((99, Verdict.WITHIN), (100, Verdict.OUTSIDE), (340, Verdict.OUTSIDE)):
        samples = in_order((P, 350))
        samples[lost_at] = a_sample(lost_at, None)
        assert measure(samples, marks, stays).verdict is verdict, lost_at


@pytest.mark.parametrize(("ratio", "value"), [(0.0, 1), (0.5, 2), (0.51, 3), (0.75, 3), (0.76, 4), (1.0, 4)])
def test_percentile_is_the_nearest_rank(ratio: float, value: float) -> None:
    assert percentile([4, 2, 3, 1], ratio) == value


# Stretches long enough for streaks of ten; single views make none.
PRIMARY_AT_FIRST = st.integers(10, 60)
OUTAGE = st.lists(st.tuples(OUTCOMES, st.integers(1, 40)), max_size=4)
RECOVERED = st.tuples(st.sampled_from([S, S, S, P, None]), st.integers(5, 60))
AFTERWARDS = st.tuples(st.sampled_from([P, P, P, S, None]), st.integers(5, 60))
_VERDICTS: Counter[Verdict] = Counter()


@settings(max_examples=300)
@given(PRIMARY_AT_FIRST, OUTAGE, RECOVERED, AFTERWARDS)
def _verdict_within_means_primary_secondary_primary_was_seen(
    before: int,
    outage: list[tuple[str | None, int]],
    recovered: tuple[str | None, int],
    afterwards: tuple[str | None, int],
) -> None:
    samples = in_order((P, before), *outage, recovered, afterwards)
    undo = len(samples) - afterwards[1]
    marks = Marks(fault_at_seconds=before / 10, undo_at_seconds=undo / 10)
    measured = measure(samples, marks, EXPECTED)
    _VERDICTS[measured.verdict] += 1
    assert measured.requests >= measured.failed_requests + measured.wrong_content_requests
    if measured.verdict is not Verdict.WITHIN:
        return
    assert measured.served_by == (P, S, P)
    assert measured.recovery_time_seconds is not None
    assert measured.recovery_time_seconds <= EXPECTED.rto_seconds
    assert measured.time_to_fail_back_seconds is not None
    recovered_at_seconds = measured.moments.recovered_at_seconds or 0.0
    rest = [s for s in samples if recovered_at_seconds <= s.scheduled_at_seconds < marks.undo_at_seconds]
    assert all(s.is_good for s in rest)


def test_verdict_within_means_primary_secondary_primary_was_seen() -> None:
    _VERDICTS.clear()
    _verdict_within_means_primary_secondary_primary_was_seen()
    assert set(_VERDICTS) == set(Verdict)
    assert _VERDICTS[Verdict.WITHIN] >= 15, "examples that reach no assertion prove nothing"
