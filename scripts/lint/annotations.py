"""Findings as the workflow commands of GitHub Actions, which shows them beside the lines of a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
"""

from __future__ import annotations

from collections.abc import Iterator

from scripts.lint.place import line_of
from scripts.lint.rule import Severity, Violation
from scripts.lint.waivers import Judgement

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def to_github(judgement: Judgement) -> str:
    """Returns one command a line; what is not read, and waivers that are wrong, too."""
    return "\n".join([*map(_of, judgement.violations), *_others(judgement)])


def _of(violation: Violation) -> str:
    rule, finding = violation.rule, violation.finding
    message = f"{finding.address}: {finding.detail}. {rule.why} {rule.remedy} ({rule.source})"
    title = f"{rule.id} {rule.slug}"
    line = line_of(finding.path, finding.address, finding.line)
    return _command(_COMMANDS[rule.severity], message, file=finding.path, line=str(line), title=title)


def _others(judgement: Judgement) -> Iterator[str]:
    for problem in judgement.unreasoned:
        yield _command("error", problem, title="failover lint: a waiver that waives nothing")
    for idle in judgement.idle:
        yield _command("error", f"{idle}: take it out", title="failover lint: a waiver that waives nothing")
    for one in judgement.unread:
        line = {"line": str(one.line)} if one.line else {}
        yield _command("notice", f"{one.address}: {one.reason}", file=one.path, **line, title="failover lint: not read")


def _command(name: str, message: str, **properties: str) -> str:
    spelled = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {spelled}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
