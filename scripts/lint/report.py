"""Findings for people: text for a terminal or a log, and one JSON document."""

from __future__ import annotations

import json
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape

from scripts.lint.place import line_of
from scripts.lint.rule import Severity, Violation
from scripts.lint.waivers import Judgement

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}


def location(violation: Violation, *, with_document: bool) -> str:
    """Returns the resource's address, with its document before it when there are several."""
    finding = violation.finding
    return f"{finding.document}: {finding.address}" if with_document else finding.address


def print_text(
    judgement: Judgement, *, rules_count: int, resources_count: int, documents_count: int, console: Console
) -> None:
    """Prints each finding with why, source and remedy, what is waived and why, then one line that sums up."""
    violations = judgement.violations
    for violation in violations:
        rule = violation.rule
        where = location(violation, with_document=documents_count > 1)
        colour = _COLOURS[rule.severity]
        console.print(
            f"[{colour}]{rule.severity}[/] [{colour}]{rule.id}[/] [bold]{rule.slug}[/]  {escape(where)}", soft_wrap=True
        )
        finding = violation.finding
        place = f"{finding.path}:{line_of(finding.path, finding.address, finding.line)}"
        lines = (
            f"{place}: {finding.detail}",
            f"why:    {rule.why}",
            f"source: {rule.source}",
            f"remedy: {rule.remedy}",
        )
        for line in lines:
            console.print(f"  {escape(line)}", soft_wrap=True, highlight=False)
        console.print()
    for violation, reason in judgement.waived:
        where = location(violation, with_document=documents_count > 1)
        console.print(escape(f"waived: {violation.rule.id} {where}: {reason}"), soft_wrap=True, highlight=False)
    for problem in judgement.unreasoned:
        console.print(escape(f"{problem}: it waives nothing"), style="bold red", soft_wrap=True, highlight=False)
    for idle in judgement.idle:
        console.print(
            escape(f"a waiver waives nothing: {idle}: take it out"), style="bold red", soft_wrap=True, highlight=False
        )
    for one in judgement.unread:
        where = f"{one.document}: {one.address}" if documents_count > 1 else one.address
        console.print(escape(f"not read: {where}: {one.reason}"), style="yellow", soft_wrap=True, highlight=False)
    checked = f"{resources_count} resources against {rules_count} rules"
    if judgement.accepted:
        checked += f"; accepted by the baseline: {judgement.accepted}"
    if judgement.unread:
        checked += f"; not read: {len(judgement.unread)}"
    verdict = f"{len(violations)} findings" if len(violations) != 1 else "1 finding"
    counted = [f"{count} {severity}" for severity in Severity if (count := _count(judgement, severity))]
    verdict += f" ({', '.join(counted)})" if counted else ""
    console.print(f"clean: {checked}" if judgement.is_clean else f"{verdict} in {checked}", highlight=False)


def _count(judgement: Judgement, severity: Severity) -> int:
    return sum(violation.rule.severity is severity for violation in judgement.violations)


def to_json(judgement: Judgement) -> str:
    """Returns one document: `findings` and `waived`, lists of objects with the rule's and the place's fields; `idle_waivers`.

    `not_read` lists places with the reason, which no rule could look into.
    """
    waived = [{**_as_json(violation), "comment": reason} for violation, reason in judgement.waived]
    findings = [_as_json(violation) for violation in judgement.violations]
    return json.dumps(
        {
            "findings": findings,
            "waived": waived,
            "idle_waivers": list(judgement.idle),
            "waivers_without_reason": list(judgement.unreasoned),
            "accepted_by_baseline": judgement.accepted,
            "not_read": [asdict(one) for one in judgement.unread],
        },
        indent=2,
    )


def _as_json(violation: Violation) -> dict[str, str | int]:
    return {
        "rule_id": violation.rule.id,
        "severity": violation.rule.severity.value,
        "slug": violation.rule.slug,
        "document": violation.finding.document,
        "path": violation.finding.path,
        "line": line_of(violation.finding.path, violation.finding.address, violation.finding.line),
        "address": violation.finding.address,
        "detail": violation.finding.detail,
        "why": violation.rule.why,
        "source": violation.rule.source,
        "remedy": violation.rule.remedy,
    }
