"""What a rule is, and how rules are run. No rule lives here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scripts.lint.model import Configuration, Document, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place where a rule is broken; `detail` is what is there, with the values."""

    document: str
    path: str
    address: str
    detail: str
    line: int | None = None


class Severity(StrEnum):
    """How bad a trap is, the worst first.

    error    it fails over wrongly, or AWS refuses it at apply
    warning  it works until the outage, or recovery is slower or harder than it looks
    note     money, or a habit
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    def is_at_least(self, other: Severity) -> bool:
        """Whether it is as bad as another, or worse."""
        order = list(Severity)
        return order.index(self) <= order.index(other)


Check = Callable[[Configuration], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A trap that Terraform does not see.

    `id` is stable: FW, the number of the trap in the list the rules come from, and one digit within it. `source` is the
    page that documents the behaviour in `why`; `remedy` says what to write instead.
    """

    id: str
    slug: str
    title: str
    why: str
    source: str
    remedy: str
    check: Check
    severity: Severity = Severity.ERROR

    @property
    def trap(self) -> int:
        """Number of the trap that this rule is part of."""
        return int(self.id[2:4])


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A finding and the rule it breaks."""

    rule: Rule
    finding: Finding

    @property
    def place(self) -> tuple[str, str, str]:
        """(document, address, rule id)."""
        return self.finding.document, self.finding.address, self.rule.id


def at(resource: Resource, detail: str) -> Finding:
    """Returns a finding about a resource."""
    return Finding(
        document=resource.document, path=resource.path, address=resource.address, detail=detail, line=resource.line
    )


def at_backend(document: Document, detail: str) -> Finding:
    """Returns a finding about where a document's state lies."""
    kind = document.backend[0] if document.backend else ""
    address = f"terraform.backend.{kind}"
    return Finding(
        document=document.name, path=document.path, address=address, detail=detail, line=document.backend_line
    )


def lint(configuration: Configuration, rules: Sequence[Rule]) -> list[Violation]:
    """Returns what breaks the rules, in the order of the rules, each place once.

    A finding has to hold whether what may be there is there or not, so that nothing unknown makes one.
    """
    found = _found(configuration, rules)
    if not found or not configuration.has_doubts:
        return found
    broken = {violation.rule.id for violation in found}
    doubtful = _found(configuration.with_doubtful(), [rule for rule in rules if rule.id in broken])
    certain = {violation.place for violation in doubtful}
    return [violation for violation in found if violation.place in certain]


def _found(configuration: Configuration, rules: Sequence[Rule]) -> list[Violation]:
    return [
        Violation(rule=rule, finding=finding) for rule in rules for finding in dict.fromkeys(rule.check(configuration))
    ]
