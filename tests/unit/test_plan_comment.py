"""The comment on a pull request: counts, cost, and what a reviewer must not miss."""

from typing import Any

import pytest

from tools.plan_comment import MAXIMUM_CHARACTERS, comment, kinds_of


def plan(**actions: list[str]) -> dict[str, Any]:
    return {"resource_changes": [{"address": name, "change": {"actions": each}} for name, each in actions.items()]}


@pytest.mark.parametrize(
    ("actions", "kind"),
    [
        (["create"], "create"),
        (["update"], "update"),
        (["delete"], "delete"),
        (["delete", "create"], "replace"),
        (["create", "delete"], "replace"),
    ],
)
def test_change_has_one_kind(actions: list[str], kind: str) -> None:
    assert kinds_of(plan(a=actions)) == {"a": kind}


@pytest.mark.parametrize("actions", [["no-op"], ["read"]])
def test_what_changes_nothing_is_not_counted(actions: list[str]) -> None:
    assert kinds_of(plan(a=actions)) == {}


def test_replacement_is_named_with_its_stack() -> None:
    text = comment({"edge": plan(bucket=["delete", "create"], role=["update"])}, usd=2.0, objective_usd=3.3)
    assert "- replace `bucket` (edge)" in text
    assert "role" not in text
    assert "| edge | 0 | 1 | 1 | 0 |" in text


def test_harmless_plan_says_so() -> None:
    text = comment({"dns": plan(a=["create"])}, usd=2.0, objective_usd=3.3)
    assert "Nothing is replaced or deleted." in text
    assert "**2.00 USD a month**" in text


def test_comment_fits_what_github_takes() -> None:
    many = {f"resource_{number:06}": ["delete"] for number in range(3000)}
    text = comment({"edge": plan(**many)}, usd=0, objective_usd=1)
    assert len(text) == MAXIMUM_CHARACTERS
    assert text.endswith("has all of it)")
