"""The comment on a pull request: counts, cost, and what a reviewer must not miss."""

from pathlib import Path
from typing import Any

import pytest

from tests.worlds.priced_stacks import stacks, written
from tools.plan_comment import MAXIMUM_CHARACTERS, comment, kinds_of, main


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


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "No such file or directory"),
        ("", "not JSON"),
        ("[]", "is no plan"),
        ('{"values": {}}', "is no plan"),
    ],
)
def test_stack_without_its_plan_is_named(
    text: str | None, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan_file = written(tmp_path, stacks()) / "edge" / "plan.json"
    if text is not None:
        plan_file.write_text(text, encoding="utf-8")
    assert main([str(tmp_path)]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith(f"plan_comment: {plan_file}")
    assert reason in errors
    assert errors.count("\n") == 1


def test_folder_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "absent")]) == 2
    assert capsys.readouterr().err.startswith(f"plan_comment: {tmp_path / 'absent'} is no folder")


def test_comment_is_printed_for_a_folder_with_stacks_and_plans(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan_file = written(tmp_path, stacks()) / "edge" / "plan.json"
    plan_file.write_text('{"planned_values": {}, "resource_changes": []}', encoding="utf-8")
    assert main([str(tmp_path)]) == 0
    assert "| edge | 0 | 0 | 0 | 0 |" in capsys.readouterr().out
