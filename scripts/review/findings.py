"""Findings of the trap linter, waivers and skips: which are new and which are gone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scripts.lint.reading import read_paths
from scripts.lint.rules import ALL_RULES
from scripts.lint.waivers import judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """Lines that came and lines that went, each in order."""

    new: tuple[str, ...]
    gone: tuple[str, ...]


def lint_delta(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> Delta:
    """Compares the linter's findings of two sets of stacks."""
    return _delta(_findings(before), _findings(after))


def waiver_delta(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> Delta:
    """Compares the linter's waivers and checkov's skips, with their reasons."""
    return _delta(set(_waivers(before)), set(_waivers(after)))


def _delta(before: set[str], after: set[str]) -> Delta:
    return Delta(new=tuple(sorted(after - before)), gone=tuple(sorted(before - after)))


def _findings(stacks: Mapping[str, Mapping[str, Any]]) -> set[str]:
    if not stacks:
        return set()
    with TemporaryDirectory() as folder:
        for name, stack in stacks.items():
            path = Path(folder) / "stacks" / name / "cdk.tf.json"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(stack), encoding="utf-8")
        judgement = judge(read_paths([Path(folder) / "stacks"]), ALL_RULES)
    return {
        f"{one.rule.severity} {one.rule.id} `{one.finding.address}`: {one.finding.detail}"
        for one in judgement.violations
    }


def _waivers(stacks: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for stack, document in stacks.items():
        for type_, resources in document.get("resource", {}).items():
            for name, body in resources.items():
                comment = body.get("//", {})
                skips = comment.get("checkov", {}).get("skip", [])
                waived = comment.get("failover_lint", {}).get("waive", [])
                for each in (*skips, *waived):
                    yield f"{each['id']} at `{type_}.{name}` ({stack}): {each['comment']}"
