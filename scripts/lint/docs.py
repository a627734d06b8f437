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

    pipx install "git+https://github.com/OWNER/REPO@SHA"   # no Terraform, no bindings, no AWS account needed
    failover lint                                   # the synthesized stacks in cdktf.out/stacks, or else the current folder
    failover lint FOLDER_OR_FILE ...                # anybody's *.tf and *.tf.json, or `terraform show -json` of a plan or a state
    terraform show -json plan.bin | failover lint - # the same, from stdin
    failover lint --explain FW021                   # what a rule is about
    failover lint --format json|sarif|github|junit  # for programs, code scanning, annotations and CI systems

Give stacks that belong together in one call: references between them are followed.

## What is read

Of a folder every module in it that no other calls, with what it calls by a local source: variables with their defaults and
types, `terraform.tfvars`, `*.auto.tfvars`, a single other `*.tfvars`, or `--var-file FILE`; locals, outputs, `for_each`, `count`,
`dynamic`, templates, heredocs, and Terraform's functions but for those of a run or of a provider (docs/adr/0021-reading-hcl.md).
A file named by `file()` is read. Instances that are known are expanded: `for_each = toset(["A", "AAAA"])` is two records.

A value that is not known never makes a finding. A resource whose `count` or `for_each` is not known may be there or not, and so
may what a module from a registry makes: a finding has to hold both ways. What was not read or is not known is named once, as
`not read`, and a plan settles it: `terraform plan -out=p && terraform show -json p | failover lint -`. `--strict` makes the exit
code 1 of it. A plan reads through modules and functions, a state knows everything; only configuration tells the backend (FW291
to FW295), only a plan tells FW101, and a state tells no provider version (FW231) and no order (FW212, FW225). A
configuration beside its own plan or state is read once, and its waivers count for both.

Templates of CloudFormation are read too, in JSON or YAML with short forms such as `!Ref`: `failover lint cdk.out`, or a folder
or file by name. Read are the resource types that Terraform has under other names: buckets and their policies, distributions,
functions, records and their groups, zones, health checks, alarms and certificates. Findings name them as Terraform would
(`aws_route53_record.LOGICALID`); what is of another type is named as not read.

## Severity and exit codes

`error` fails over wrongly, or is refused at apply; `warning` works until the outage; `note` is about money or habits. Exit code
0: no error; 1: an error, or from what `--fail-on warning|note|never` says, or a waiver that waives nothing; 2: wrong usage or an
input that cannot be read.

## Waivers

What is meant is waived where it is, with the reason; a waiver without a reason, or that waives nothing, is named and fails.

    # failover:ignore FW311 the whole domain is ours      in HCL: above a block, in it, or behind its first line; a module's too
    "//": {"failover_lint": {"waive": [{"id": "FW311", "comment": "the whole domain is ours"}]}}      in JSON, in the block

For plans, states, and many places at once a committed file, `.failover-lint.toml`, in the folder that is linted, above it, or
where the command runs:

    [[waive]]
    rule = "FW292"
    address = "terraform.backend.s3"  # * and ? match; without it any address; without [...] every instance
    path = "infra/prod/*"             # of the file, seen from this one; without it any
    reason = "we move to lock files in January"
    expires = 2027-01-31              # if it is to end

`--baseline lint-baseline.json` writes today's findings into the file where there is none, and accepts them from then on: a large
code base starts with what is new. Commit the file, and delete lines as they are mended.

## In a repository

pre-commit: `repo: https://github.com/OWNER/REPO`, `rev: SHA`, `hooks: [{id: failover-lint, args: [infra]}]`. GitHub Actions:
`uses: OWNER/REPO/lint@SHA` with `paths: infra`, which annotates the pull request and uploads SARIF (it takes
`security-events: write`; `upload: "false"` goes without). Elsewhere `--format junit`.

Every synth of this repository (`python main.py`, `cdktf synth`, `cdktf deploy`) ends with it: a finding of any severity makes it
exit with 1; constructs are waived by `waive(resource, {"FW311": "why"})` of `constructs_lib/lint_waivers.py`.
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
