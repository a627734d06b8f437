"""`failover lint --explain FW123`: what a rule is about, with an example that fails and one that passes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.errors import WrongUsageError
from scripts.lint.rules import ALL_RULES

EXAMPLES = Path(__file__).parent / "examples.json"
"""Written by `pytest tests/unit/lint/test_page.py --update-snapshots`: rule id -> {"failing": HCL, "passing": HCL}."""


class UnknownRuleError(WrongUsageError):
    """There is no rule of this id."""


def explained(rule_id: str) -> str:
    """Returns a rule as text.

    Raises:
        UnknownRuleError: there is none of this id or slug.
    """
    wanted = rule_id.strip().lower()
    rule = next((one for one in ALL_RULES if wanted in (one.id.lower(), one.slug)), None)
    if rule is None:
        near = [one.id for one in ALL_RULES if one.id.lower().startswith(wanted[:4])]
        raise UnknownRuleError(
            f"there is no rule {rule_id}: {', '.join(near) or 'rules are called FW011 and the like'}"
        )
    examples: Mapping[str, Mapping[str, str]] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    lines = [
        f"{rule.id} {rule.slug} ({rule.severity})",
        f"{rule.title}.",
        "",
        f"why:    {rule.why}",
        f"remedy: {rule.remedy}",
        f"source: {rule.source}",
        f"waive:  # failover:ignore {rule.id} the reason   (above the resource in HCL; see docs/LINT_RULES.md for the rest)",
        *_shown(examples.get(rule.id)),
    ]
    return "\n".join(lines)


def _shown(examples: Mapping[str, str] | None) -> Iterator[str]:
    if examples is None:
        yield from ("", "Only a plan can break it, so there is no example in HCL.")
        return
    yield from ("", "fails:", "", _indented(examples["failing"]))
    if examples["passing"]:
        yield from ("", "passes, with what differs:", "", _indented(examples["passing"]))
    else:
        yield from ("", "passes: without the last of these resources.")


def _indented(code: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in code.rstrip().splitlines())
