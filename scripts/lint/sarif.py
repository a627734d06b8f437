"""Findings as SARIF 2.1.0, the form that code scanning reads.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

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
                    *map(_not_read, judgement.unread),
                ],
            }
        ],
        "results": [_result(violation, index[violation.rule.id]) for violation in judgement.violations],
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


def _result(violation: Violation, rule_index: int) -> dict[str, Any]:
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
                    "region": {"startLine": _line(finding.path, finding.address)},
                },
                "logicalLocations": [
                    {"fullyQualifiedName": f"{finding.document}/{finding.address}", "kind": "resource"}
                ],
            }
        ],
        # The same finding keeps its identity when its file moves or its text changes.
        "partialFingerprints": {"ruleAndAddress/v1": f"{violation.rule.id}/{finding.document}/{finding.address}"},
    }


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": text}}


def _not_read(one: Unread) -> dict[str, Any]:
    place = {"physicalLocation": {"artifactLocation": {"uri": _uri(one.path)}}}
    return {**_notification("warning", f"{one.address}: {one.reason}"), "locations": [place]}


def _line(path: str, address: str) -> int:
    """Returns the line of a resource's name below its type, 1 when it is not there, as in a plan or from stdin.

    GitHub tells the alerts of one rule in one file apart by their lines:
    https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support#fingerprint-generation
    """
    *_, type_, name = ("", *address.split("."))
    text = _text(path)
    match = re.search(rf'"{re.escape(type_)}"\s*:.*?"{re.escape(name)}"\s*:', text, re.DOTALL)
    return text.count("\n", 0, match.end()) + 1 if match else 1


@lru_cache(maxsize=8)
def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8") if Path(path).is_file() else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _uri(path: str) -> str:
    """A relative path stays relative, with forward slashes and escapes; an absolute one becomes a file: URI."""
    absolute = Path(path).is_absolute()
    return Path(path).as_uri() if absolute else quote(Path(path).as_posix())
