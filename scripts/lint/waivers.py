"""Waivers: a finding that is meant, accepted on its resource with the reason.

They are read from the resource's `//`, which Terraform ignores
(https://developer.hashicorp.com/terraform/language/syntax/json#comment-properties):

    "//": {"failover_lint": {"waive": [{"id": "FW311", "comment": "why it is meant"}]}}

A waiver without a comment waives nothing, and neither does one on another resource. A plan and a state hold no comments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.lint.model import Configuration, Resource
from scripts.lint.rule import Rule, Severity, Violation, lint
from scripts.lint.unread import Unread, unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the rules say of a configuration.

    Attributes:
        violations: what breaks a rule and is not waived.
        waived: waived violation -> the reason given.
        idle: what waives nothing, as `document: address: rule`; the trap is gone, so the waiver should go.
        unread: what no rule could look into; no finding, but no all-clear either.
    """

    violations: Sequence[Violation]
    waived: Sequence[tuple[Violation, str]]
    idle: Sequence[str]
    unread: Sequence[Unread]

    def fails(self, threshold: Severity | None) -> bool:
        """Whether something is as bad as the threshold, or a waiver waives nothing; None lets all pass."""
        if threshold is None:
            return False
        return bool(self.idle) or any(one.rule.severity.is_at_least(threshold) for one in self.violations)

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to mend."""
        return not self.violations and not self.idle


def judge(configuration: Configuration, rules: Sequence[Rule]) -> Judgement:
    """Runs the rules and sorts out what is waived."""
    reasons = {
        (*resource.key, rule_id): reason
        for resource in configuration.resources
        for rule_id, reason in _waivers(resource).items()
    }
    found = [(_place(violation), violation) for violation in lint(configuration, rules)]
    used = {place for place, _ in found}
    return Judgement(
        violations=[violation for place, violation in found if place not in reasons],
        waived=[(violation, reasons[place]) for place, violation in found if place in reasons],
        idle=[f"{document}: {address}: {rule_id}" for document, address, rule_id in reasons.keys() - used],
        unread=list(unread(configuration)),
    )


def _waivers(resource: Resource) -> dict[str, str]:
    """Returns rule id -> reason."""
    waivers = resource.body.block("//").block("failover_lint").blocks("waive")
    return {waiver.text("id") or "": reason for waiver in waivers if (reason := waiver.text("comment"))}


def _place(violation: Violation) -> tuple[str, str, str]:
    return violation.finding.document, violation.finding.address, violation.rule.id
