"""Each rule finds its failing example and lets the passing one be, in HCL and in each of Terraform's three JSON shapes."""

from pathlib import Path
from typing import Any

import pytest

from scripts.lint.model import Configuration
from scripts.lint.not_checkable import NOT_CHECKABLE
from scripts.lint.reading import read_document, read_paths
from scripts.lint.rule import lint
from scripts.lint.rules import ALL_RULES
from tests.unit.lint.examples import CHECK, EXAMPLES, Example, check, document
from tests.unit.lint.hcl_spelling import with_providers
from tests.unit.lint.shapes import as_plan, as_state

NOT_IN_PLAN = {"FW291", "FW292", "FW293", "FW294", "FW295"}
NOT_IN_STATE = {*NOT_IN_PLAN, "FW134", "FW212", "FW225", "FW226", "FW231", "FW323"}
# A plan has the instances of what for_each makes, not the block: test_validation.py has these.
MADE_BY_FOR_EACH = {"FW226"}
# A policy that names what is not made yet is known as a whole only after apply, and shapes.py resolves no references in text.
NOT_YET_KNOWN = {"FW199"}
TRAPS = 36
RULES = {rule.id: rule for rule in ALL_RULES}


def findings(raw: dict[str, Any], rule_id: str = "FW") -> set[tuple[str, str, str]]:
    violations = lint(Configuration([read_document("site", raw)]), ALL_RULES)
    return {
        (violation.rule.id, violation.finding.address, violation.finding.detail)
        for violation in violations
        if violation.rule.id.startswith(rule_id)
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule_id)
def test_rule_finds_its_failing_example(example: Example) -> None:
    assert findings(example.failing, example.rule_id)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule_id)
def test_rule_lets_its_passing_example_be(example: Example) -> None:
    assert not findings(example.passing, example.rule_id)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule_id)
def test_rule_finds_the_same_in_a_plan_and_in_a_state(example: Example) -> None:
    for raw in (example.failing, example.passing):
        expected = findings(raw, example.rule_id)
        if example.rule_id not in NOT_IN_PLAN | MADE_BY_FOR_EACH | NOT_YET_KNOWN:
            assert findings(as_plan(raw), example.rule_id) == expected
        if example.rule_id not in NOT_IN_STATE | NOT_YET_KNOWN:
            assert findings(as_state(raw), example.rule_id) == expected


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule_id)
def test_rule_finds_the_same_in_hcl(example: Example, tmp_path: Path) -> None:
    for raw in (example.failing, example.passing):
        (tmp_path / "main.tf").write_text(with_providers(raw), encoding="utf-8")
        found = {violation.finding.address for violation in lint(read_paths([tmp_path]), [RULES[example.rule_id]])}
        assert found == {address for _, address, _ in findings(raw, example.rule_id)}


@pytest.mark.parametrize(
    ("actions", "is_found"),
    [(["delete", "create"], True), (["create", "delete"], False), (["create"], False), (["update"], False)],
)
def test_rule_fw101_finds_a_replaced_check_in_a_plan(actions: list[str], is_found: bool) -> None:
    plan = as_plan(document({CHECK: check()}))
    plan["resource_changes"][0]["change"]["actions"] = actions
    assert bool(findings(plan, "FW101")) is is_found


def test_every_rule_has_an_example() -> None:
    assert {rule.id for rule in ALL_RULES} == {example.rule_id for example in EXAMPLES} | {"FW101"}


def test_every_trap_has_a_rule_or_is_named_as_not_checkable() -> None:
    covered = {rule.trap for rule in ALL_RULES} | {one.trap for one in NOT_CHECKABLE}
    assert covered == set(range(1, TRAPS + 1))


def test_rules_have_ids_and_slugs_of_their_own_and_a_source() -> None:
    assert len({rule.id for rule in ALL_RULES}) == len({rule.slug for rule in ALL_RULES}) == len(ALL_RULES)
    assert all(rule.source.startswith("https://") for rule in ALL_RULES)
