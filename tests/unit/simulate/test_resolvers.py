"""The simulator's resolvers against the prober's: page views of one visitor, in virtual time."""

import asyncio
import contextlib
import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.probe.resolver import CachingResolver, NegativeAnswerError, ResolutionError
from scripts.probe.samples import Family
from scripts.simulate.conditions import Conditions, viewers_near
from scripts.simulate.resolvers import Answers, draw_answers
from tests.worlds.manual_clock import ManualClock

PLACES = viewers_near({"eu-central-1": 1}, primary="eu-central-1", secondary="us-east-1")
CONDITIONS = Conditions(places=PLACES, clients=5)


def one(expiry: int, *, ttl_seconds: int = 60, keeps_errors: bool = True) -> Answers:
    return Answers(
        views=np.array([[0.0]]),
        expiries=np.array([[float(expiry)]]),
        rounds=np.array([[ttl_seconds + 1.0]]),
        keeps_errors=np.array([[keeps_errors]]),
        view_interval_seconds=1.0,
    )


class ScriptedResolver(CachingResolver):
    """The prober's resolver; what it is answered until a moment, and that the new address is there from then on."""

    def __init__(self, clock: ManualClock, moment: float, before: ResolutionError | int, *, keeps_errors: bool) -> None:
        super().__init__(nameservers=[], clock=clock, keeps_errors=keeps_errors)
        self._now, self._moment, self._before = clock, moment, before

    async def _ask_in_turn(self, hostname: str, family: Family) -> tuple[tuple[str, ...], int]:  # noqa: ARG002  as the prober calls it
        self._now.seconds += 0.01  # an answer comes a little after its question
        if self._now.now_seconds() - 0.01 >= self._moment:
            return ("new",), 60
        if isinstance(self._before, int):
            return ("old",), self._before
        raise self._before


def asked_again(expiry: int, moment: float, before: ResolutionError | int, *, keeps_errors: bool = True) -> float:
    """Returns the page view, one a second from the first question on, that the prober's resolver gives the new address."""

    async def browse() -> float:
        clock = ManualClock()
        resolver = ScriptedResolver(clock, moment, before, keeps_errors=keeps_errors)
        for view in itertools.count(expiry):
            clock.seconds = float(view)
            with contextlib.suppress(ResolutionError):
                if await resolver.addresses("www.example.test", Family.IPV4) == ("new",):
                    return view
        raise AssertionError

    return asyncio.run(browse())


NO_SUCH_NAME = {ttl: NegativeAnswerError("gone", is_of_name=True, ttl_seconds=ttl) for ttl in (60, 900)}
FEW = settings(max_examples=40, deadline=None)


@FEW
@given(st.integers(0, 60), st.floats(0, 400))
def test_answer_changes_at_the_first_question_after_the_records_did(expiry: int, moment: float) -> None:
    assert one(expiry).changed_after(np.array([[moment]]))[0, 0] == asked_again(expiry, moment, 60)


@FEW
@given(st.integers(0, 60), st.floats(0, 400), st.sampled_from([60, 900]))
def test_negative_answer_is_kept_for_its_own_ttl(expiry: int, moment: float, ttl: int) -> None:
    found = one(expiry).changed_after_negatives(np.array([[moment]]), ttl)
    assert found[0, 0] == asked_again(expiry, moment, NO_SUCH_NAME[ttl])


@FEW
@given(st.integers(0, 60), st.floats(0, 1500))
def test_failure_is_kept_twice_as_long_each_time(expiry: int, moment: float) -> None:
    found = one(expiry).changed_after_failures(np.array([[moment]]))
    assert found[0, 0] == asked_again(expiry, moment, ResolutionError("SERVFAIL"))


@FEW
@given(st.integers(0, 60), st.floats(0, 400))
def test_who_keeps_no_errors_follows_with_the_next_page_view(expiry: int, moment: float) -> None:
    found = one(expiry, keeps_errors=False).changed_after_negatives(np.array([[moment]]), 900)
    assert found[0, 0] == asked_again(expiry, moment, NO_SUCH_NAME[900], keeps_errors=False)


def test_answers_are_of_every_age_and_alike_for_both_families() -> None:
    answers = draw_answers(np.random.default_rng(1), CONDITIONS, 500, 60)
    assert answers.expiries.shape == (500, 10)
    assert answers.expiries.min() >= 0
    assert answers.expiries.max() <= 62
    apart = np.abs(answers.expiries[:, ::2] - answers.expiries[:, 1::2])
    assert np.minimum(apart, 61 - apart).max() <= 0.2  # one after the other, within a round
    assert answers.expiries.mean() == pytest.approx(31, abs=1)


def test_overstaying_resolvers_keep_what_they_have() -> None:
    lazy = dataclasses.replace(CONDITIONS, overstay_ratio=1.0, overstay_seconds=300)
    assert draw_answers(np.random.default_rng(1), lazy, 10, 60).rounds.min() == 361
    some = dataclasses.replace(CONDITIONS, overstay_ratio=0.25, overstay_seconds=300)
    assert (draw_answers(np.random.default_rng(1), some, 2000, 60).rounds > 61).mean() == pytest.approx(0.25, abs=0.02)


def test_share_that_keeps_errors_is_spread_over_the_clients() -> None:
    few = dataclasses.replace(CONDITIONS, error_keeping_ratio=0.4)
    assert draw_answers(np.random.default_rng(1), few, 1, 60).keeps_errors.sum() == 4
