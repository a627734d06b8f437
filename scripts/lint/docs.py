"""The table of rules as a page, with the examples that the tests lint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from scripts.lint.not_checkable import NOT_CHECKABLE
from scripts.lint.rule import Rule
from scripts.lint.rules import ALL_RULES

PAGE = Path(__file__).parents[2] / "docs" / "LINT_RULES.md"

_INTRODUCTION = """# The rules of `failover lint`

Written from `scripts/lint/rules` and the examples of the tests by `pytest tests/unit/lint/test_page.py --update-snapshots`; edit
those, not this page.

    failover lint                                   # the synthesized stacks in cdktf.out/stacks
    failover lint FOLDER_OR_FILE ...                # anybody's *.tf.json, or `terraform show -json` of a plan or a state
    terraform show -json plan.bin | failover lint - # the same, from stdin
    failover lint --format json|sarif PATH ...      # for programs, and for code scanning

Severity: `error` fails over wrongly, or is refused at apply; `warning` works until the outage; `note` is about money or habits.
Exit code 0: no error; 1: an error, or from what `--fail-on warning|note|never` says; 2: wrong usage or an input that cannot be
read. Give stacks that belong together in one
call: references between them are followed. A value that is not known never makes a finding; a state knows all of them.
Only configuration tells the backend (FW291 to FW295), only a plan tells FW101, and a state tells no provider version (FW231)
and no order (FW212).

What no rule can look into is named as `not read`, without changing the exit code: a policy or a function's code that Terraform
computes (`jsonencode(...)`, `file(...)`, known after apply), the modules that a configuration calls, `*.tf` files beside its
JSON, what a plan lacks that failed or had a `-target`. A plan reads through modules and functions, a state knows everything.

Every synth (`python main.py`, `cdktf synth`, `cdktf deploy`) ends with it: a finding makes it exit with 1. What is meant is
waived on its resource, with the reason, by `waive(resource, {"FW311": "why"})` of `constructs_lib/lint_waivers.py`; in JSON
written by hand, by `"//": {"failover_lint": {"waive": [{"id": "FW311", "comment": "why"}]}}` in the resource. A waiver that
waives nothing is a finding. Plans and states hold no comments, so they hold no waivers either.
"""

_EACH = """## Each rule

Examples are cut down to what matters for the rule, so most lack arguments that Terraform wants; what passes is shown as far as
it differs from what fails. Their providers are `aws` in us-east-1, `aws.eu` in eu-central-1 and `aws.zurich` in eu-central-2.
Whole, in JSON, as plans and as states: `tests/unit/lint/examples.py`.
"""


class Examples(NamedTuple):
    """HCL that breaks a rule, and what of it is otherwise, or more, where it does not; "" for what is only left out."""

    failing: str
    passing: str


def render(examples: Mapping[str, Examples]) -> str:
    """Returns the whole page.

    Args:
        examples: rule id -> examples; a rule that a configuration cannot break (FW101) has none.
    """
    sections = [_section(rule, examples.get(rule.id)) for rule in ALL_RULES]
    return "\n".join([_INTRODUCTION, _table(), _EACH, *sections, _not_checkable()])


def _table() -> str:
    rows = [
        f"| [{rule.id}](#{_anchor(rule)}) | {rule.slug} | {rule.severity} | {_cell(rule.title)} | {rule.trap} |"
        for rule in ALL_RULES
    ]
    return "\n".join(["| Rule | Slug | Severity | Trap | No. |", "|---|---|---|---|---|", *rows, ""])


def _section(rule: Rule, examples: Examples | None) -> str:
    reasons = f"- Severity: {rule.severity}\n- Why: {rule.why}\n- Remedy: {rule.remedy}\n- Source: <{rule.source}>\n"
    shown = f"\n{_example('Fails', examples.failing)}\n{_example('Passes', examples.passing)}" if examples else ""
    return f"### {rule.id} {rule.slug}\n\n{rule.title}.\n\n{reasons}{shown}"


def _example(verdict: str, code: str) -> str:
    if not code:
        return f"{verdict}: without the last of these resources.\n"
    return f"{verdict}:\n\n```hcl\n{code}```\n"


def _not_checkable() -> str:
    rows = [f"| {one.trap} | {one.what} | {one.because} | {one.instead} |" for one in NOT_CHECKABLE]
    head = ["## Not checkable from JSON\n", "| No. | Trap | Because | Instead |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def _anchor(rule: Rule) -> str:
    return f"{rule.id.lower()}-{rule.slug}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
