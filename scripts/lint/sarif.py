"""Findings as SARIF 2.1.0, the form that code scanning reads.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scripts.lint.place import line_of
from scripts.lint.rule import Rule, Violation
from scripts.lint.unread import Unread
from scripts.lint.waivers import Judgement

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def to_sarif(judgement: Judgement, rules: Sequence[Rule]) -> str:
    """Returns a log with one run; every rule is listed, so that a viewer can close what is no longer found.

    What is waived is no result: code scanning would show it as found. Waivers that waive nothing, and what could not be read, are
    notifications of the run.
    """
    index = {rule.id: position for position, rule in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "failover lint", "rules": [_rule(rule) for rule in rules]}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    *(_notification("error", f"a waiver waives nothing: {idle}") for idle in judgement.idle),
                    *(_notification("error", problem) for problem in judgement.unreasoned),
                    *map(_not_read, judgement.unread),
                ],
            }
        ],
        "results": _results(judgement.violations, index),
        "columnKind": "utf16CodeUnits",
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.slug,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "helpUri": rule.source,
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _results(violations: Sequence[Violation], index: Mapping[str, int]) -> list[dict[str, Any]]:
    """Returns the results; findings of one rule at one place are counted, so that each keeps an identity of its own."""
    seen: Counter[tuple[str, str, str]] = Counter()
    results = []
    for violation in violations:
        seen[violation.place] += 1
        results.append(_result(violation, index[violation.rule.id], seen[violation.place]))
    return results


def _result(violation: Violation, rule_index: int, number: int) -> dict[str, Any]:
    finding = violation.finding
    return {
        "ruleId": violation.rule.id,
        "ruleIndex": rule_index,
        "level": violation.rule.severity.value,
        "message": {"text": f"{finding.address}: {finding.detail}. {violation.rule.remedy}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(finding.path)},
                    "region": {"startLine": line_of(finding.path, finding.address, finding.line)},
                },
                "logicalLocations": [
                    {
                        "name": finding.address,
                        "fullyQualifiedName": f"{finding.document}/{finding.address}",
                        "kind": "resource",
                    }
                ],
            }
        ],
        "partialFingerprints": _fingerprints(violation, number),
    }


def _fingerprints(violation: Violation, number: int) -> dict[str, str]:
    """The same finding keeps its identity when its file moves or its text changes.

    GitHub reads primaryLocationLineHash alone, and computes it from the line's text where it is missing, which in a plan of one
    line makes one alert of all findings of a rule:
    https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support#fingerprint-generation
    """
    identity = f"{violation.rule.id}/{violation.finding.document}/{violation.finding.address}"
    if number > 1:
        identity += f"#{number}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
    return {"ruleAndAddress/v1": identity, "primaryLocationLineHash": f"{digest}:1"}


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": text}}


def _not_read(one: Unread) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(one.path)}}
    if one.line:
        physical["region"] = {"startLine": one.line}
    place = {"physicalLocation": physical}
    return {**_notification("warning", f"{one.address}: {one.reason}"), "locations": [place]}


def _uri(path: str) -> str:
    """A relative path stays relative, with forward slashes and escapes; an absolute one becomes a file: URI."""
    absolute = Path(path).is_absolute()
    return Path(path).as_uri() if absolute else quote(Path(path).as_posix())
