"""Findings for people: text for a terminal or a log, and one JSON document."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TextIO

from scripts.lint.configuration import HOW_A_PLAN_SETTLES_IT
from scripts.lint.place import line_of
from scripts.lint.rule import Severity, Violation
from scripts.lint.unread import Unread
from scripts.lint.waivers import Judgement

_Show = Callable[[str, str], None]
_MOST_PLACES = 5
_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}


def location(violation: Violation, *, with_document: bool) -> str:
    """Returns the resource's address, with its document before it when there are several."""
    finding = violation.finding
    return f"{finding.document}: {finding.address}" if with_document else finding.address


def print_text(
    judgement: Judgement, *, rules_count: int, resources_count: int, documents_count: int, file: TextIO
) -> None:
    """Prints each finding, what is waived and why, then one line that sums up.

    Errors and warnings come with why, source and remedy; a note names the call that tells them.
    """
    show = _printer(file)
    has_several = documents_count > 1
    worst_first = sorted(judgement.violations, key=lambda one: one.rule.severity is Severity.NOTE)
    for _, found in groupby(worst_first, key=lambda one: one.rule.id):
        _print_rule(list(found), show, with_document=has_several)
    if noted := sorted({one.rule.id for one in worst_first if one.rule.severity is Severity.NOTE}):
        show(f"why, and what to write instead: {', '.join(f'failover lint --explain {one}' for one in noted)}\n", "")
    for violation, reason in judgement.waived:
        show(f"waived: {violation.rule.id} {location(violation, with_document=has_several)}: {reason}", "")
    for problem in judgement.unreasoned:
        show(f"{problem}: it waives nothing", "bold red")
    for idle in judgement.idle:
        show(f"a waiver waives nothing: {idle}: take it out", "bold red")
    for line in _unread(judgement.unread, with_document=has_several):
        show(line, "yellow")
    show(_summary(judgement, f"{resources_count} resources against {rules_count} rules"), "")


def _print_rule(found: Sequence[Violation], show: _Show, *, with_document: bool) -> None:
    """Prints the findings of one rule, and once what they have in common; of a note that is left to `--explain`."""
    rule = found[0].rule
    for violation in found:
        finding = violation.finding
        where = location(violation, with_document=with_document)
        show(f"{rule.severity} {rule.id} {rule.slug}  {where}", _COLOURS[rule.severity])
        show(f"  {finding.path}:{line_of(finding.path, finding.address, finding.line)}: {finding.detail}", "")
    if rule.severity is not Severity.NOTE:
        show(f"  why:    {rule.why}\n  source: {rule.source}\n  remedy: {rule.remedy}\n", "")


def _unread(left_out: Sequence[Unread], *, with_document: bool) -> Iterator[str]:
    """Yields a line for each reason, with the places that it is given for, and once how a plan settles it."""
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in left_out:
        places[one.document, _without_plan(one.reason)].append(one.address)
    for (document, reason), addresses in places.items():
        shown = ", ".join(addresses[:_MOST_PLACES])
        more = f" and {len(addresses) - _MOST_PLACES} more" if len(addresses) > _MOST_PLACES else ""
        yield f"not read: {f'{document}: ' if with_document else ''}{shown}{more}: {reason}"
    if any(HOW_A_PLAN_SETTLES_IT in one.reason for one in left_out):
        yield HOW_A_PLAN_SETTLES_IT


def _without_plan(reason: str) -> str:
    return reason.removesuffix(HOW_A_PLAN_SETTLES_IT).removesuffix("or ").rstrip(", ;")


def _printer(file: TextIO) -> _Show:
    """Returns what prints a text in a style: in colours on a terminal alone, since to load what does it takes 0.1 s."""
    if not file.isatty():
        return lambda text, _: print(text, file=file)
    from rich.console import Console  # as above
    from rich.text import Text

    console = Console(file=file)
    return lambda text, style: console.print(Text(text, style=style), soft_wrap=True)


def _summary(judgement: Judgement, checked: str) -> str:
    if judgement.accepted:
        checked += f"; accepted by the baseline: {judgement.accepted}"
    if judgement.unread:
        checked += f"; not read: {len(judgement.unread)}"
    if judgement.is_clean:
        return f"clean: {checked}"
    counted = [f"{count} {severity}" for severity in Severity if (count := _count(judgement, severity))]
    listed = f" ({', '.join(counted)})" if counted else ""
    return f"{len(judgement.violations)} finding{'' if len(judgement.violations) == 1 else 's'}{listed} in {checked}"


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
