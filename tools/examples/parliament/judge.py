"""Runs parliament over policies; started by `tools/examples/policies_check.py` with the Python of parliament's own environment.

Reads {name: policy document as text} from stdin and prints a JSON list of {"policy", "issue", "title", "details"}.
"""

import json
import sys
import warnings

warnings.simplefilter("ignore")  # parliament 1.6.4 imports pkg_resources, which warns

from parliament import analyze_policy_string, enhance_finding, expand_action  # type: ignore[import-not-found]  # noqa: E402

MISMATCH = "RESOURCE_MISMATCH"


def main() -> None:
    """Judge what stdin holds."""
    found = []
    for name, text in json.load(sys.stdin).items():
        for finding in analyze_policy_string(text).findings:
            if finding.issue != MISMATCH:
                found.append(described(name, finding, [str(finding.detail)]))
            elif unused := rights_without_effect(json.loads(text)):
                found.append(described(name, finding, unused))
    print(json.dumps([each for number, each in enumerate(found) if each not in found[:number]]))


def described(name: str, finding: object, details: list[str]) -> dict[str, object]:
    """Return a finding as it is printed."""
    return {"policy": name, "issue": finding.issue, "title": enhance_finding(finding).title, "details": details}  # type: ignore[attr-defined]


def rights_without_effect(policy: dict[str, object]) -> list[str]:
    """Return which actions that the policy names get a kind of resource that they do not take, in each of its statements.

    parliament looks at each statement alone, and at all that a wildcard such as s3:Get* brings: there it is no mistake.
    """
    parts = [part(each) for each in policy["Statement"] if each["Effect"] == "Allow"]  # type: ignore[attr-defined]
    wanting = {one for named, _, wanted in parts for one in wanted if one[0] in named}
    return [
        f"{action} wants {kind}"
        for action, kind in sorted(wanting)
        if all((action, kind) in wanted for _, allowed, wanted in parts if action in allowed)
    ]


def part(statement: dict[str, object]) -> tuple[set[str], set[str], set[tuple[str, str]]]:
    """Return a statement's actions as written, all that they bring, and (action, kind of resource) that it lacks."""
    written = statement.get("Action", [])
    named = {written} if isinstance(written, str) else set(written)  # type: ignore[call-overload]
    allowed = {
        f"{each['service']}:{each['action']}" for pattern in named if pattern != "*" for each in expand_action(pattern)
    }
    alone = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    lacking = [
        each
        for finding in analyze_policy_string(alone).findings
        if finding.issue == MISMATCH
        for each in finding.detail
    ]
    return named, allowed, {(each["action"], each["required_format"]) for each in lacking}


main()
