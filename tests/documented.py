"""A mark for tests that state a behaviour of AWS: the rule in our words, and the page that says it.

`python -m localcloud conformance` runs them all and prints one line for each; docs/CONFORMANCE.md is made from the marks.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

_GUIDES = {
    "CF": "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/",
    "CFAPI": "https://docs.aws.amazon.com/cloudfront/latest/APIReference/",
    "R53": "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/",
    "R53API": "https://docs.aws.amazon.com/Route53/latest/APIReference/",
    "S3": "https://docs.aws.amazon.com/AmazonS3/latest/userguide/",
    "S3API": "https://docs.aws.amazon.com/AmazonS3/latest/API/",
    "GW": "https://docs.aws.amazon.com/apigateway/latest/developerguide/",
    "LAMBDA": "https://docs.aws.amazon.com/lambda/latest/dg/",
    "CW": "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/",
    "CWAPI": "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/",
    "ACM": "https://docs.aws.amazon.com/acm/latest/userguide/",
    "ACMAPI": "https://docs.aws.amazon.com/acm/latest/APIReference/",
    "KMS": "https://docs.aws.amazon.com/kms/latest/developerguide/",
    "DDB": "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/",
    "EB": "https://docs.aws.amazon.com/eventbridge/latest/userguide/",
    "WAF": "https://docs.aws.amazon.com/waf/latest/APIReference/",
    "RDS": "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/",
    "IAM": "https://docs.aws.amazon.com/IAM/latest/UserGuide/",
}
_RFC = "https://www.rfc-editor.org/rfc/rfc"


def documented(page: str, rule: str) -> pytest.MarkDecorator:
    """Marks a test, or a row of its table.

    Args:
        page: Guide and page, such as `CF/Expiration`, `RFC/1035`, or a whole address.
        rule: What AWS does, a whole sentence in our words; no two tests state the same.
    """
    return pytest.mark.documented(page=page, rule=rule)


def stated(page: str, rule: str, *values: object) -> ParameterSet:
    """Returns one row of a table of tests, marked as `documented` marks a test."""
    return pytest.param(*values, id=rule, marks=documented(page, rule))


def source_of(page: str) -> str:
    """Returns the address of a page."""
    guide, _, name = page.partition("/")
    if page.startswith("https://"):
        return page
    return f"{_RFC}{name}" if guide == "RFC" else f"{_GUIDES[guide]}{name}.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One documented behaviour, and the test that states it (`file::function`)."""

    rule: str
    page: str
    test: str


def behaviours(root: Path) -> list[Behaviour]:
    """Returns every behaviour that a test below `root` is marked with, read from the source without importing it."""
    files = sorted(root.rglob("test_*.py"))
    return [behaviour for file in files for behaviour in _in_file(file, root)]


def _in_file(file: Path, root: Path) -> Iterator[Behaviour]:
    text = file.read_text(encoding="utf-8")
    if "documented" not in text:
        return
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            test = f"{file.relative_to(root.parent)}::{node.name}"
            for call in (each for decorator in node.decorator_list for each in ast.walk(decorator)):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") in {"documented", "stated"}:
                    page, rule = (ast.literal_eval(argument) for argument in call.args[:2])
                    yield Behaviour(rule=rule, page=page, test=test)


_PAGE = """# Documented behaviours that localcloud is tested by

`failover localcloud conformance` (or `make conformance`) runs the test of each and prints what passes. This page is made from
the tests' marks: `.venv/bin/python -m tests.documented > docs/CONFORMANCE.md`.

Most of the tests, those in `tests/conformance`, speak AWS's APIs, DNS and HTTPS alone, so they can ask
[another emulator](EMULATORS.md) too.

{count} behaviours.

| Behaviour | Source | Test |
|---|---|---|
{rows}
"""


def page(found: Sequence[Behaviour]) -> str:
    """Returns docs/CONFORMANCE.md."""
    rows = "\n".join(
        f"| {_cell(each.rule)} | [{_cell(each.page.removeprefix('https://'))}]({source_of(each.page)}) | `{each.test}` |"
        for each in sorted(found, key=lambda each: (each.test, each.rule))
    )
    return _PAGE.format(count=len(found), rows=rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


if __name__ == "__main__":
    print(page(behaviours(Path(__file__).parent)), end="")
