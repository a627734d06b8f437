"""Findings as JUnit's XML, which most CI systems show as tests: one test a rule, failed where it found something.

https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from scripts.lint.place import line_of
from scripts.lint.rule import Rule, Severity, Violation
from scripts.lint.waivers import Judgement

_WAIVERS = "waivers"


def to_junit(judgement: Judgement, rules: Sequence[Rule], threshold: Severity | None) -> str:
    """Returns one test suite; findings below the threshold are in the output of their test, and do not fail it."""
    by_rule: dict[str, list[Violation]] = defaultdict(list)
    for violation in judgement.violations:
        by_rule[violation.rule.id].append(violation)
    suite = Element("testsuite", name="failover lint")
    for rule in rules:
        case = SubElement(suite, "testcase", classname=f"failover lint.{rule.severity}", name=f"{rule.id} {rule.slug}")
        fails = threshold is not None and rule.severity.is_at_least(threshold)
        _add(case, rule, by_rule[rule.id], fails=fails)
    _add_waivers(suite, judgement, fails=threshold is not None)
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(sum(case.find("failure") is not None for case in suite)))
    root = Element("testsuites", name="failover lint", tests=suite.get("tests", ""), failures=suite.get("failures", ""))
    root.append(suite)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")


def _add(case: Element, rule: Rule, violations: Sequence[Violation], *, fails: bool) -> None:
    if not violations:
        return
    lines = [_told(violation) for violation in violations]
    text = _characters("\n".join([*lines, f"why: {rule.why}", f"source: {rule.source}", f"remedy: {rule.remedy}"]))
    if fails:
        message = _characters(f"{len(violations)} x {rule.title}")
        SubElement(case, "failure", type=rule.severity.value, message=message).text = text
    else:
        SubElement(case, "system-out").text = text


def _told(violation: Violation) -> str:
    finding = violation.finding
    return f"{finding.path}:{line_of(finding.path, finding.address, finding.line)}: {finding.address}: {finding.detail}"


def _add_waivers(suite: Element, judgement: Judgement, *, fails: bool) -> None:
    case = SubElement(suite, "testcase", classname="failover lint", name=_WAIVERS)
    problems = [*judgement.unreasoned, *(f"{idle} waives nothing" for idle in judgement.idle)]
    if problems and fails:
        SubElement(case, "failure", type="error", message="waivers that waive nothing").text = "\n".join(problems)


def _characters(text: str) -> str:
    """XML 1.0 has no place for most control characters: https://www.w3.org/TR/xml/#charsets."""
    return "".join(character for character in text if character >= " " or character in "\t\n\r")
