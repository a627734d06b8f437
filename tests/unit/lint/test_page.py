"""docs/LINT_RULES.md, which holds the examples that the tests lint."""

import json
import re

import pytest
from typer.testing import CliRunner

from scripts.cli import application
from scripts.lint import explain
from scripts.lint.docs import PAGE, Examples, render
from scripts.lint.rule import Rule
from scripts.lint.rules import ALL_RULES
from tests.unit.lint.examples import EXAMPLES
from tests.unit.lint.hcl_spelling import to_hcl, what_differs
from tests.unit.lint.minimal import minimal

RULES = {rule.id: rule for rule in ALL_RULES}


@pytest.fixture(scope="module")
def shown() -> dict[str, Examples]:
    least = {example.rule_id: minimal(RULES[example.rule_id], example) for example in EXAMPLES}
    return {
        rule_id: Examples(failing=to_hcl(one.failing), passing=to_hcl(what_differs(one.failing, one.passing)))
        for rule_id, one in least.items()
    }


def test_page_of_rules_is_current(shown: dict[str, Examples], request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-snapshots"):
        PAGE.write_text(render(shown), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == render(shown), f"run `pytest {__file__} --update-snapshots`"


def test_explained_examples_are_the_ones_of_the_page(
    shown: dict[str, Examples], request: pytest.FixtureRequest
) -> None:
    spelled = json.dumps({rule_id: one._asdict() for rule_id, one in shown.items()}, indent=1) + "\n"
    if request.config.getoption("--update-snapshots"):
        explain.EXAMPLES.write_text(spelled, encoding="utf-8")
    assert explain.EXAMPLES.read_text(encoding="utf-8") == spelled, f"run `pytest {__file__} --update-snapshots`"


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.id)
def test_explain_shows_an_example_that_fails_and_one_that_passes(rule: Rule, shown: dict[str, Examples]) -> None:
    told = CliRunner().invoke(application(["lint"]), ["lint", "--explain", rule.id]).stdout
    if rule.id not in shown:
        assert rule.id == "FW101"
        assert "Only a plan can break it" in told
        return
    failing, passing = shown[rule.id]
    assert all(line in told for line in (*failing.splitlines(), *passing.splitlines()))
    assert "fails:" in told
    assert "passes" in told


def test_page_shows_severity_and_both_examples_of_each_rule() -> None:
    page = PAGE.read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### (FW\d+) [^\n]*\n(.*?)(?=^### |^## )", page, re.DOTALL | re.MULTILINE))
    assert sections.keys() == {rule.id for rule in ALL_RULES}
    for rule in ALL_RULES:
        assert f"Severity: {rule.severity}" in sections[rule.id]
        assert rule.id == "FW101" or ("Fails:" in sections[rule.id] and "Passes:" in sections[rule.id]), rule.id
