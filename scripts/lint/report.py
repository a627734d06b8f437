"""Findings for people: text for a terminal or a log, and one JSON document."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from scripts.lint.rule import Violation


def location(violation: Violation, *, with_document: bool) -> str:
    """Returns the resource's address, with its document before it when there are several."""
    finding = violation.finding
    return f"{finding.document}: {finding.address}" if with_document else finding.address


def print_text(
    violations: Sequence[Violation], *, rules_count: int, resources_count: int, documents_count: int, console: Console
) -> None:
    """Prints each finding with why, source and remedy, then one line that sums up."""
    for violation in violations:
        rule = violation.rule
        where = location(violation, with_document=documents_count > 1)
        console.print(f"[bold red]{rule.id}[/] [bold]{rule.slug}[/]  {escape(where)}", soft_wrap=True)
        lines = (violation.finding.detail, f"why:    {rule.why}", f"source: {rule.source}", f"remedy: {rule.remedy}")
        for line in lines:
            console.print(f"  {escape(line)}", soft_wrap=True, highlight=False)
        console.print()
    checked = f"{resources_count} resources against {rules_count} rules"
    verdict = f"{len(violations)} findings" if len(violations) != 1 else "1 finding"
    console.print(f"{verdict} in {checked}" if violations else f"clean: {checked}", highlight=False)


def to_json(violations: Sequence[Violation]) -> str:
    """Returns one document: `findings`, a list of objects with the rule's and the place's fields."""
    findings = [
        {
            "rule_id": violation.rule.id,
            "slug": violation.rule.slug,
            "document": violation.finding.document,
            "path": violation.finding.path,
            "address": violation.finding.address,
            "detail": violation.finding.detail,
            "why": violation.rule.why,
            "source": violation.rule.source,
            "remedy": violation.rule.remedy,
        }
        for violation in violations
    ]
    return json.dumps({"findings": findings}, indent=2)
