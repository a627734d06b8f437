"""Waivers: a finding that is meant, accepted where it is, with the reason.

On the resource itself, in HCL a comment above it, in it or behind its first line, in JSON its `//`, which Terraform ignores
(https://developer.hashicorp.com/terraform/language/syntax/json#comment-properties):

    # failover:ignore FW311 why it is meant
    "//": {"failover_lint": {"waive": [{"id": "FW311", "comment": "why it is meant"}]}}

Or for any place, also of a plan or a state, in a committed file: see waiver_file.py. A waiver without a reason waives nothing,
and neither does one at another place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scripts.lint.model import Configuration, Document, Waiver
from scripts.lint.rule import Rule, Severity, Violation, lint
from scripts.lint.unread import Unread, unread
from scripts.lint.waiver_file import FileWaiver

Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the rules say of a configuration.

    Attributes:
        violations: what breaks a rule and is not waived.
        waived: waived violation -> the reason given.
        idle: what waives nothing, as `document: address: rule`; the trap is gone, so the waiver should go.
        unread: what no rule could look into; no finding, but no all-clear either.
        unreasoned: waivers without a reason or past their day, each as a sentence.
        accepted: how many violations a baseline took.
    """

    violations: Sequence[Violation]
    waived: Sequence[tuple[Violation, str]]
    idle: Sequence[str]
    unread: Sequence[Unread]
    unreasoned: Sequence[str] = ()
    accepted: int = 0

    def fails(self, threshold: Severity | None) -> bool:
        """Whether something is as bad as the threshold, or a waiver is wrong; None lets all pass."""
        if threshold is None:
            return False
        is_bad = any(one.rule.severity.is_at_least(threshold) for one in self.violations)
        return is_bad or bool(self.idle) or bool(self.unreasoned)

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to mend."""
        return not self.violations and not self.idle and not self.unreasoned


def judge(
    configuration: Configuration,
    rules: Sequence[Rule],
    *,
    file_waivers: Sequence[FileWaiver] = (),
    baseline: Iterable[Place] = (),
) -> Judgement:
    """Runs the rules and sorts out what is waived.

    Args:
        configuration: what to look at.
        rules: what to look for.
        file_waivers: the waivers of a committed file.
        baseline: the places of findings that were accepted when the linter came.
    """
    written = [(place, waiver) for place, waiver in _written(configuration) if waiver.reason]
    reasons = {place: waiver.reason for place, waiver in written}
    found = lint(configuration, rules)
    by_file = {waiver: [one for one in found if waiver.is_for(one)] for waiver in file_waivers if waiver.is_valid}
    reasons |= {one.place: waiver.reason for waiver, waived in by_file.items() for one in waived}
    old = set(baseline)
    left = [one for one in found if one.place not in reasons]
    places = {one.place for one in found}
    used = {_by_hand(waiver) for place, waiver in written if place in places}
    return Judgement(
        violations=[one for one in left if one.place not in old],
        waived=[(one, reasons[one.place]) for one in found if one.place in reasons],
        idle=[
            *dict.fromkeys(
                ": ".join(_block(place)) for place, waiver in _first_of_each(written) if _by_hand(waiver) not in used
            ),
            *(waiver.name for waiver, waived in by_file.items() if not waived and waiver.is_about(configuration)),
        ],
        unread=list(unread(configuration)),
        unreasoned=[*_without_reason(configuration), *(one.problem for one in file_waivers if not one.is_valid)],
        accepted=sum(one.place in old for one in left),
    )


def _by_hand(waiver: Waiver) -> tuple[str, str]:
    """Returns what tells a waiver as it is written; of the resources that its block makes, one that breaks is enough."""
    return waiver.where, waiver.rule_id


def _first_of_each(written: Sequence[tuple[Place, Waiver]]) -> list[tuple[Place, Waiver]]:
    return list({_by_hand(waiver): (place, waiver) for place, waiver in reversed(written)}.values())[::-1]


def _block(place: Place) -> Place:
    """Returns the place of the block that a waiver is written on."""
    document, address, rule_id = place
    return document, re.sub(r"\[[^\]]*\]", "", address), rule_id


def _written(configuration: Configuration) -> Iterator[tuple[Place, Waiver]]:
    for document in configuration.documents:
        for resource in document.resources:
            for waiver in resource.waivers:
                yield (document.name, resource.address, waiver.rule_id), waiver
        for waiver in document.backend_waivers:
            yield (document.name, _backend(document), waiver.rule_id), waiver
        for waiver in document.loose_waivers:
            yield (document.name, waiver.where, waiver.rule_id), waiver


def _backend(document: Document) -> str:
    return f"terraform.backend.{document.backend[0]}" if document.backend else "terraform"


def _without_reason(configuration: Configuration) -> list[str]:
    found = [
        f"the waiver of {place[2] or 'no rule'} at {waiver.where} "
        + ("names no rule" if not waiver.rule_id else "has no comment that says why")
        for place, waiver in _written(configuration)
        if not waiver.reason or not waiver.rule_id
    ]
    return list(dict.fromkeys(found))
