"""What a drill proved, judged from evidence alone: each limit on both of its sides."""

from __future__ import annotations

import dataclasses

import pytest

from scripts.drill.verdict import (
    LATE_SECONDS,
    MAX_LATE_RATIO,
    MAX_OVERLOAD_RATIO,
    Evidence,
    Expectation,
    Verdict,
    judge,
)
from tests.worlds.page_views import P, S

RECOVERED = Evidence(
    recovery_time_seconds=60.0,
    has_failed_back=True,
    has_failed=True,
    has_relapsed=False,
    has_filled_page=True,
    fail_back_loss_seconds=0.0,
    wrong_content_requests=0,
    overload_ratio=0.0,
    seen=(P, S, P),
)
FAILOVER = Expectation(primary=P, secondary=S, rto_seconds=60.0, detects_by_marker=True)
SHARE = dataclasses.replace(FAILOVER, availability_ratio=0.9)
STAYS = dataclasses.replace(FAILOVER, stays=True)
UNTOUCHED = dataclasses.replace(
    RECOVERED, recovery_time_seconds=None, has_failed=False, has_failed_back=False, seen=(P,)
)
WITHIN, OUTSIDE, INCONCLUSIVE = Verdict.WITHIN, Verdict.OUTSIDE, Verdict.INCONCLUSIVE


def judged(evidence: Evidence, expected: Expectation, **changes: object) -> tuple[Verdict, tuple[str, ...]]:
    return judge(dataclasses.replace(evidence, **changes), expected)  # type: ignore[arg-type]  # each test names its fields


def test_limits_are_those_of_the_documentation() -> None:
    assert (LATE_SECONDS, MAX_LATE_RATIO, MAX_OVERLOAD_RATIO) == (0.5, 0.05, 0.01)


def test_evidence_without_more_is_of_a_machine_that_kept_up_and_a_fault_that_worked() -> None:
    assert dataclasses.asdict(RECOVERED) | {"seen": ()} == {
        "recovery_time_seconds": 60.0,
        "has_failed_back": True,
        "has_failed": True,
        "has_relapsed": False,
        "has_filled_page": True,
        "fail_back_loss_seconds": 0.0,
        "wrong_content_requests": 0,
        "overload_ratio": 0.0,
        "seen": (),
        "late_ratio": 0.0,
        "latest_seconds": 0.0,
        "failed_ratio": 0.0,
        "slow_ratio": 0.0,
        "covered_ratio": 0.0,
        "lost_page_views": 0,
        "has_effect": True,
    }
    assert (FAILOVER.fills_pages, FAILOVER.availability_ratio, FAILOVER.stays, FAILOVER.loses_nothing) == (
        False,
        None,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [
        ({}, WITHIN, "recovery took 60.0 s of 60 s"),
        ({"recovery_time_seconds": 60.1}, OUTSIDE, "recovery took 60.1 s, the objective is 60 s"),
        ({"fail_back_loss_seconds": 60.0}, WITHIN, "recovery took 60.0 s of 60 s"),
        (
            {"fail_back_loss_seconds": 60.1},
            OUTSIDE,
            "page views failed until 60.1 s after the undo, the objective is 60 s",
        ),
        ({"wrong_content_requests": 1}, OUTSIDE, "1 requests were answered with the wrong content"),
        ({"recovery_time_seconds": None}, OUTSIDE, "the secondary never took over while the fault lasted"),
        (
            {"recovery_time_seconds": None, "has_relapsed": True},
            OUTSIDE,
            "page views failed again after the secondary had taken over, and the fault ended before that did",
        ),
        (
            {"recovery_time_seconds": None, "has_failed": False},
            INCONCLUSIVE,
            "the fault had no effect that a visitor could see",
        ),
        (
            {"recovery_time_seconds": None, "has_failed": False, "seen": ()},
            INCONCLUSIVE,
            f"visitors saw nobody, expected {P} → {S} → {P}",
        ),
        ({"has_failed_back": False}, INCONCLUSIVE, "the primary was not seen serving again after the fault was undone"),
        ({"seen": (P, S)}, INCONCLUSIVE, f"visitors saw {P} → {S}, expected {P} → {S} → {P}"),
        ({"overload_ratio": 0.01}, WITHIN, "recovery took 60.0 s of 60 s"),
    ],
)
def test_verdict_of_a_failover(changes: dict[str, object], verdict: Verdict, reason: str) -> None:
    assert judged(RECOVERED, FAILOVER, **changes) == (verdict, (reason,))


def test_page_views_left_out_leave_a_recovery_unproved() -> None:
    verdict, reasons = judged(RECOVERED, FAILOVER, overload_ratio=0.011, late_ratio=0.25, latest_seconds=2.0)
    assert (verdict, len(reasons)) == (INCONCLUSIVE, 1)
    assert reasons[0].startswith(
        "this machine could not keep up: it began 25% of the page views late, by up to 2.0 s, and left 1% out"
    )


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"late_ratio": 0.05}, OUTSIDE),
        ({"late_ratio": 0.051}, INCONCLUSIVE),
        ({"overload_ratio": 0.01}, OUTSIDE),
        ({"overload_ratio": 0.011}, INCONCLUSIVE),
        ({"late_ratio": 0.5, "wrong_content_requests": 1}, OUTSIDE),
    ],
)
def test_busy_machine_excuses_lost_time_beyond_its_limits_and_nothing_else(
    changes: dict[str, object], verdict: Verdict
) -> None:
    assert judged(RECOVERED, FAILOVER, recovery_time_seconds=90.0, **changes)[0] is verdict


def test_page_that_only_caches_served_proves_nothing_of_the_bucket() -> None:
    fills = dataclasses.replace(FAILOVER, fills_pages=True)
    assert judged(RECOVERED, fills)[0] is WITHIN
    assert judged(RECOVERED, FAILOVER, has_filled_page=False)[0] is WITHIN
    assert judged(RECOVERED, fills, has_filled_page=False) == (
        INCONCLUSIVE,
        (f"every page came from an edge cache, so none was read from the bucket in {S}",),
    )
    untouched = judged(UNTOUCHED, fills, has_filled_page=False, seen=(P, S, P))
    assert untouched == (INCONCLUSIVE, ("the fault had no effect that a visitor could see",))


def test_lost_page_views_count_where_none_was_to_be_lost() -> None:
    assert judged(RECOVERED, FAILOVER, lost_page_views=3)[0] is WITHIN
    strict = dataclasses.replace(FAILOVER, loses_nothing=True)
    assert judged(RECOVERED, strict)[0] is WITHIN
    assert judged(RECOVERED, strict, lost_page_views=3) == (OUTSIDE, ("3 page views failed, and none was to",))


def share(**changes: object) -> tuple[Verdict, tuple[str, ...]]:
    """A tenth may fail; nobody takes over for good, and some page views were covered."""
    return judged(RECOVERED, SHARE, **{"recovery_time_seconds": None, "covered_ratio": 0.3, **changes})


@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [
        ({}, WITHIN, "0.0% of the page views failed, 0.0% were slow"),
        ({"failed_ratio": 0.09, "slow_ratio": 0.2}, WITHIN, "9.0% of the page views failed, 20.0% were slow"),
        (
            {"failed_ratio": 0.11},
            OUTSIDE,
            "11.0% of the page views failed, 0.0% were slow; objectives.availability_ratio allows 10.00% to fail",
        ),
        ({"wrong_content_requests": 2}, OUTSIDE, "2 requests were answered with the wrong content"),
        ({"covered_ratio": 0.0}, INCONCLUSIVE, "the fault had no effect that a visitor could see"),
        ({"covered_ratio": 0.0, "slow_ratio": 0.2}, WITHIN, "0.0% of the page views failed, 20.0% were slow"),
        ({"overload_ratio": 0.01}, WITHIN, "0.0% of the page views failed, 0.0% were slow"),
        (
            {"has_failed_back": False},
            INCONCLUSIVE,
            "the primary was not seen serving for good after the fault was undone",
        ),
    ],
)
def test_verdict_where_a_share_may_fail(changes: dict[str, object], verdict: Verdict, reason: str) -> None:
    assert share(**changes) == (verdict, (reason,))


def test_share_that_fails_is_judged_at_its_limit() -> None:
    half = dataclasses.replace(FAILOVER, availability_ratio=0.5)
    assert judged(RECOVERED, half, covered_ratio=0.3, failed_ratio=0.5)[0] is WITHIN
    assert judged(RECOVERED, half, covered_ratio=0.3, failed_ratio=0.501)[0] is OUTSIDE


def test_share_of_a_machine_that_left_page_views_out_is_unproved() -> None:
    verdict, reasons = share(overload_ratio=0.011)
    assert (verdict, len(reasons)) == (INCONCLUSIVE, 1)
    assert "could not keep up" in reasons[0]


@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [
        ({}, WITHIN, f"{P} served throughout, and no page view failed"),
        ({"lost_page_views": 2}, OUTSIDE, "2 page views failed, and none was to"),
        ({"wrong_content_requests": 1}, OUTSIDE, "1 requests were answered with the wrong content"),
        ({"seen": (P, S, P)}, OUTSIDE, f"visitors were moved to {S}, and nothing was to move"),
        (
            {"has_effect": False},
            INCONCLUSIVE,
            "the fault had no effect that could be seen, so that nothing moved proves nothing",
        ),
        ({"overload_ratio": 0.01}, WITHIN, f"{P} served throughout, and no page view failed"),
        ({"seen": ()}, INCONCLUSIVE, f"visitors saw nobody, expected {P}"),
    ],
)
def test_verdict_where_nothing_is_to_move(changes: dict[str, object], verdict: Verdict, reason: str) -> None:
    assert judged(UNTOUCHED, STAYS, **changes) == (verdict, (reason,))


def test_standing_still_on_a_machine_that_left_page_views_out_is_unproved() -> None:
    verdict, reasons = judged(UNTOUCHED, STAYS, overload_ratio=0.011)
    assert verdict is INCONCLUSIVE
    assert "could not keep up" in reasons[-1]


@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [
        ({}, WITHIN, "recovery took 60.0 s of 60 s"),
        ({"has_failed": False}, INCONCLUSIVE, "the fault had no effect that a visitor could see"),
        (
            {"recovery_time_seconds": None, "has_failed": False},
            INCONCLUSIVE,
            "the fault had no effect that a visitor could see",
        ),
        (
            {"recovery_time_seconds": None},
            OUTSIDE,
            "nothing ended it while the fault lasted, and page views failed until the undo",
        ),
    ],
)
def test_verdict_where_the_fault_is_to_end_by_itself(changes: dict[str, object], verdict: Verdict, reason: str) -> None:
    """Nobody else is to be seen serving."""
    heals, healed = dataclasses.replace(FAILOVER, heals=True), dataclasses.replace(RECOVERED, seen=(P,))
    assert judged(healed, heals, **changes) == (verdict, (reason,))
    assert judged(RECOVERED, heals) == (INCONCLUSIVE, (f"visitors saw {P} → {S} → {P}, expected {P}",))
