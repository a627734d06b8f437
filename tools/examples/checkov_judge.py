"""What checkov found against the reasons that stand on the resources. Pure: no checkov and no Terraform here.

checkov 3.3.30 names a resource of Terraform JSON `resource.<logical id>` in its Python checks and `<type>.<logical id>` in its
graph checks; logical ids are unique in a stack that cdktf made, so a resource is known by stack and logical id.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """A check that a resource fails."""

    stack: str
    logical_id: str
    check_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What remains after the reasons.

    Attributes:
        failed: findings without a reason.
        skipped: findings with one, and the reason.
        stale: reasons whose check the resource does not fail.
        titles: check id -> what it asks for.
    """

    failed: tuple[Finding, ...]
    skipped: Mapping[Finding, str]
    stale: tuple[Finding, ...]
    titles: Mapping[str, str]

    @property
    def is_clean(self) -> bool:
        """Whether every finding has a reason and every reason a finding."""
        return not self.failed and not self.stale


def for_checkov(stack: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the stack without its `terraform` block.

    checkov 3.3.30 takes every member of a block for a block (`terraform_json/parser.py`, hclify), so the string
    `required_version` makes it drop the whole file as a parsing error.
    """
    return {name: block for name, block in stack.items() if name != "terraform"}


def read_skips(stacks: Mapping[str, Mapping[str, Any]], *, planned: Container[str] = ()) -> dict[Finding, str]:
    """Returns the reasons that `constructs_lib/checkov_skips.py` left in the stacks; those for plans of `planned`."""
    return {
        Finding(stack=stack, logical_id=logical_id, check_id=skip["id"]): skip["comment"]
        for stack, document in stacks.items()
        for bodies in document.get("resource", {}).values()
        for logical_id, body in bodies.items()
        for skip in body.get("//", {}).get("checkov", {}).get("skip", [])
        if skip.get("framework") != "terraform_plan" or stack in planned
    }


def judge(reports: Iterable[Mapping[str, Any]], skips: Mapping[Finding, str]) -> Verdict:
    """Returns what checkov's reports (`-o json`, over files `<stack>/<any name>.json`) mean with these reasons.

    Raises:
        ValueError: checkov could not read a file, or read none.
    """
    found: dict[Finding, str] = {}
    for report in reports:
        if report["summary"]["parsing_errors"] or not report["summary"]["passed"]:
            errors = report["results"].get("parsing_errors") or "it passed no check at all"
            raise ValueError(f"checkov did not read the {report['check_type']} files: {errors}")
        found |= {_finding(record): record["check_name"] for record in report["results"]["failed_checks"]}
    return Verdict(
        failed=tuple(sorted(set(found) - set(skips))),
        skipped={finding: skips[finding] for finding in sorted(set(found) & set(skips))},
        stale=tuple(sorted(set(skips) - set(found))),
        titles={finding.check_id: title for finding, title in found.items()},
    )


def _finding(record: Mapping[str, Any]) -> Finding:
    stack = str(record["file_path"]).strip("/").split("/")[-2]
    return Finding(stack=stack, logical_id=str(record["resource"]).rpartition(".")[2], check_id=record["check_id"])
