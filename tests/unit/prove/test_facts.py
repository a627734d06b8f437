"""The facts: each is proven in one way that exists, and docs/SANDBOX.md says what they say."""

import pytest
from pydantic import ValidationError

from scripts.drill.lever_scenarios import LEVER_SCENARIOS
from scripts.prove.checks import AFTER_DRILLS, CHECKS
from scripts.prove.facts import Fact, load_facts
from tools.sandbox_doc import PAGE, render


def test_page_is_written_from_the_facts() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run `python -m tools.sandbox_doc`"


def test_every_fact_of_the_page_is_numbered_once() -> None:
    ids = [fact.id for fact in load_facts()]
    assert ids == list(range(1, len(ids) + 1))


def test_every_check_and_drill_of_a_fact_exists_and_every_check_proves_something() -> None:
    facts = load_facts()
    assert {fact.check for fact in facts if fact.check} == set(CHECKS)
    assert {fact.drill for fact in facts if fact.drill} <= set(LEVER_SCENARIOS)
    assert set(CHECKS) >= AFTER_DRILLS


@pytest.mark.parametrize(
    "how",
    [{}, {"check": "vary_once", "drill": "origin-denied"}, {"check": "vary_once", "needs": "a bill"}],
    ids=["no way", "two ways", "a check and by hand"],
)
def test_fact_rejects_another_number_of_ways_than_one(how: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="exactly one"):
        Fact(
            id=1,
            statement="s",
            command="c",
            check=how.get("check", ""),
            drill=how.get("drill", ""),
            needs=how.get("needs", ""),
        )


def test_fact_rejects_that_what_is_proven_by_hand_is_emulated() -> None:
    with pytest.raises(ValidationError, match="by hand"):
        Fact(id=1, statement="s", command="c", needs="a bill", emulated=True)
