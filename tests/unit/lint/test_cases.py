"""Whole inputs, each for its kind, with the result that `failover lint` has to give: one folder each.

cases/ holds inputs that were once judged wrongly, hcl/ folders as teams write them, with modules, variables and loops.

A folder holds configuration (`*.tf`, `*.tf.json`) or a plan (`*.json`), or both, and expected.txt with one expectation a line:

    FW021 aws_route53_record.a    this finding; an address without [...] stands for every instance
    no FW052                      no finding of this rule
    silent                        no error and no warning at all
    waived FW292 ADDRESS          found, and waived
    says TEXT                     the text report holds it
    exit 1                        the exit code
    with --strict                 one more argument of the command
    # ...                         why

Configuration is linted as a folder; a plan beside it once more, by itself, and has to give the same, unless a line says
"folder alone".
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.cli import application
from scripts.lint.template_files import templates_in

ARGUMENTS = ("with", "folder")
CASES = Path(__file__).parent / "cases"
HCL = Path(__file__).parent / "hcl"
FOLDERS = sorted(path for path in (*CASES.iterdir(), *HCL.iterdir()) if path.is_dir() and path.name != "__pycache__")


def expectations(folder: Path) -> list[tuple[str, str]]:
    lines = (folder / "expected.txt").read_text(encoding="utf-8").splitlines()
    parts = [line.strip().partition(" ") for line in lines if line.strip() and not line.startswith("#")]
    return [(verb, rest.strip()) for verb, _, rest in parts]


def inputs(folder: Path) -> Iterator[Path]:
    configuration = [*folder.glob("*.tf"), *folder.glob("*.tf.json")]
    if configuration:
        yield folder
    if not configuration and templates_in(folder):
        yield folder
    if ("folder", "alone") not in expectations(folder):
        yield from (path for path in sorted(folder.glob("*.json")) if not path.name.endswith(".tf.json"))


CALLS = [(folder, given) for folder in FOLDERS for given in inputs(folder)]


def run(*arguments: str) -> Any:
    return CliRunner().invoke(application(), ["lint", *arguments])


def is_met(verb: str, rest: str, found: dict[str, Any], text: str, exit_code: int) -> bool:
    match verb:
        case "no":
            return rest not in {one["rule_id"] for one in found["findings"]}
        case "silent":
            return {one["severity"] for one in found["findings"]} <= {"note"}
        case "says":
            return rest in text
        case "exit":
            return exit_code == int(rest)
        case "waived":
            rule_id, _, address = rest.partition(" ")
            return is_found(found["waived"], rule_id, address)
        case _ if re.fullmatch(r"FW\d{3}", verb):
            return is_found(found["findings"], verb, rest)
    raise AssertionError(f"expected.txt: {verb} is no expectation")


def is_found(findings: list[dict[str, Any]], rule_id: str, address: str) -> bool:
    at = {one["address"] for one in findings if one["rule_id"] == rule_id}
    return address in at | {re.sub(r"\[[^\]]*\]", "", one) for one in at}


@pytest.mark.parametrize(("folder", "given"), CALLS, ids=[f"{folder.name}-{given.name}" for folder, given in CALLS])
def test_case_gives_its_expected_result(folder: Path, given: Path) -> None:
    expected = expectations(folder)
    arguments = [str(given), *(part for verb, rest in expected if verb == "with" for part in rest.split())]
    text = run(*arguments)
    assert text.exit_code in (0, 1), text.output
    found = json.loads(run(*arguments, "--format", "json").stdout)
    unmet = [
        f"{verb} {rest}"
        for verb, rest in expected
        if verb not in ARGUMENTS and not is_met(verb, rest, found, text.stdout, text.exit_code)
    ]
    assert unmet == [], text.stdout


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_case_has_an_input_and_an_expectation(folder: Path) -> None:
    assert any(inputs(folder))
    assert [verb for verb, _ in expectations(folder) if verb not in ARGUMENTS]
