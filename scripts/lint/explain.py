"""`failover lint --explain FW123`: what a rule is about. Examples are in docs/LINT_RULES.md."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.errors import WrongUsageError
from scripts.lint.rule import Rule


class UnknownRuleError(WrongUsageError):
    """There is no rule of this id."""


def explained(rule_id: str, rules: Sequence[Rule]) -> str:
    """Returns a rule as text.

    Raises:
        UnknownRuleError: there is none of this id or slug.
    """
    wanted = rule_id.strip().lower()
    rule = next((one for one in rules if wanted in (one.id.lower(), one.slug)), None)
    if rule is None:
        near = [one.id for one in rules if one.id.lower().startswith(wanted[:4])]
        raise UnknownRuleError(
            f"there is no rule {rule_id}: {', '.join(near) or 'rules are called FW011 and the like'}"
        )
    lines = [
        f"{rule.id} {rule.slug} ({rule.severity})",
        f"{rule.title}.",
        "",
        f"why:    {rule.why}",
        f"remedy: {rule.remedy}",
        f"source: {rule.source}",
        f"waive:  # failover:ignore {rule.id} the reason   (above the resource in HCL; see docs/LINT_RULES.md for the rest)",
    ]
    return "\n".join(lines)
