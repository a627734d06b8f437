"""The watch of a canary: what ends it, what does not, and that another canary than its own stays."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from scripts.errors import AwsError, MissingOutputError
from scripts.release.canary_guard import end_canary, watch_canary
from scripts.release.switching import RollbackPlan, Switcher
from tests.worlds.manual_clock import ManualClock


def views(answers: Iterable[str]) -> tuple[Callable[[], Awaitable[str]], list[str]]:
    made: list[str] = []
    left = iter(answers)

    async def view() -> str:
        made.append(next(left, ""))
        return made[-1]

    return view, made


def watched(answers: Iterable[str], *, seconds: float = 60) -> tuple[str, int]:
    view, made = views(answers)

    async def run() -> str:
        return await watch_canary(view, ManualClock(), seconds=seconds)

    return asyncio.run(run()), len(made)


@pytest.mark.parametrize(
    ("answers", "ends_after"),
    [
        (["bad"] * 10, 3),
        (["", "bad", "", "bad", "", "bad"], 6),
        (["bad", "bad", *[""] * 8, "bad", *[""] * 20], None),  # two are out of the last ten by then
        (["bad", "bad"], None),
        ([], None),
    ],
)
def test_three_bad_page_views_of_the_last_ten_end_a_canary(answers: list[str], ends_after: int | None) -> None:
    reason, made = watched(answers)
    assert bool(reason) is (ends_after is not None)
    assert made == (ends_after or 60)


def test_watch_lasts_as_long_as_it_was_asked_for() -> None:
    assert watched([], seconds=5) == ("", 5)


@dataclass
class FakeSwitcher:
    leaves: str | None = "c1"
    cancels: bool = True
    conflicts: int = 0
    is_gone: bool = False
    rolled_back: list[object] = field(default_factory=list)

    def plan_rollback(self, release_id: str | None) -> Any:
        assert release_id is None
        if self.is_gone:
            raise MissingOutputError("no previous release")
        return type("Plan", (), {"cancels_canary": self.cancels, "leaves": self.leaves})()

    def rollback(self, plan: RollbackPlan) -> None:
        if self.conflicts:
            self.conflicts -= 1
            raise AwsError(operation="UpdateKeys", resource="arn", code="ConflictException")
        self.rolled_back.append(plan)


def ended(fake: FakeSwitcher) -> bool:
    return end_canary(cast("Switcher", fake), "c1") is not None


def test_canary_is_ended_also_when_others_write_in_between() -> None:
    fake = FakeSwitcher(conflicts=2)
    assert ended(fake)
    assert len(fake.rolled_back) == 1


@pytest.mark.parametrize("fake", [FakeSwitcher(leaves="c2"), FakeSwitcher(cancels=False), FakeSwitcher(is_gone=True)])
def test_another_canary_or_release_stays(fake: FakeSwitcher) -> None:
    assert not ended(fake)
    assert fake.rolled_back == []


def test_writers_that_never_stop_are_told() -> None:
    with pytest.raises(AwsError, match="ConflictException"):
        ended(FakeSwitcher(conflicts=9))
