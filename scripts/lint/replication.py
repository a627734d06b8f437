"""Replication rules as S3 reads them: which keys a rule copies."""

from __future__ import annotations

from scripts.lint.values import Block


def is_enabled(rule: Block) -> bool:
    """Whether a rule is certainly switched on."""
    return rule.text("status") == "Enabled"


def replicates(rule: Block, key: str) -> bool:
    """Whether an enabled rule certainly copies an object of this key, whatever its tags."""
    if not is_enabled(rule) or filters_tags(rule):
        return False
    scope = rule.block("filter")
    if not all(block.is_known("prefix") for block in (rule, scope, scope.block("and"))):
        return False
    prefix = scope.text("prefix") or scope.block("and").text("prefix") or rule.text("prefix") or ""
    return key.startswith(prefix)


def filters_tags(rule: Block) -> bool:
    """Whether a rule is limited by object tags, or its filter is unknown."""
    scope = rule.block("filter")
    return bool(scope.blocks("tag")) or not scope.block("and").is_unset("tags") or not rule.is_known("filter")
