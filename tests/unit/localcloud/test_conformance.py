"""The conformance command: what it counts, what it says, and that the documents' table is the tests' own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.conformance import FAILED, NOTHING_RAN, PASSED, conformance
from tests.documented import behaviours, page, source_of

ROOT = Path(__file__).parents[3]
LEAST_BEHAVIOURS = 250

TESTS = """
import pytest
from tests.documented import documented, stated

@documented("CF/Expiration", "A holds.")
def test_a():
    pass

@pytest.mark.parametrize("value", [stated("RFC/1035", "One is one.", 1), stated("RFC/1035", "Two is one.", 2)])
def test_table(value):
    assert value == 1

@documented("CF/Expiration", "A broken fixture is a failure.")
def test_fixture(broken):
    pass

@pytest.fixture
def broken():
    raise RuntimeError("on purpose")
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "__init__.py").touch()
    for name in ("documented.py", "conformance_report.py"):
        (tests / name).write_text((ROOT / "tests" / name).read_text(encoding="utf-8"), encoding="utf-8")
    (tests / "test_few.py").write_text(TESTS, encoding="utf-8")
    settings = '[tool.pytest.ini_options]\nmarkers = ["documented(page, rule): x"]\n'
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    return tmp_path


def test_conformance_prints_behaviour_source_test_and_result(
    repository: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert conformance(["tests"], is_json=True, root=repository) == FAILED
    document = json.loads(capfd.readouterr().out)
    assert {each["behaviour"]: each["passed"] for each in document["behaviours"]} == {
        "A holds.": True,
        "One is one.": True,
        "Two is one.": False,
        "A broken fixture is a failure.": False,
    }
    assert document["passed"] == 2
    first = next(each for each in document["behaviours"] if each["behaviour"] == "One is one.")
    assert first["source"] == "https://www.rfc-editor.org/rfc/rfc1035"
    assert first["test"] == "tests/test_few.py::test_table"


def test_conformance_of_tests_that_pass_exits_0(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert conformance(["tests", "-k", "test_a"], is_json=False, root=repository) == PASSED
    shown = capfd.readouterr()
    assert shown.out.splitlines()[0] == "pass  A holds."
    assert "1 of 1 documented behaviours pass" in shown.err


def test_conformance_that_runs_nothing_says_so(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert conformance(["tests", "-k", "nothing"], is_json=False, root=repository) == NOTHING_RAN
    assert "no marked test ran" in capfd.readouterr().err


def test_conformance_outside_the_repository_says_what_to_do(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert conformance([], is_json=False, root=tmp_path) == NOTHING_RAN
    assert "checkout of the repository" in capfd.readouterr().err


def test_behaviours_are_many_and_each_is_stated_once() -> None:
    found = behaviours(ROOT / "tests")
    rules = [each.rule for each in found]
    assert len(found) >= LEAST_BEHAVIOURS
    assert sorted(rules) == sorted(set(rules))
    assert all(
        rule.endswith(".") and source_of(each.page).startswith("https://")
        for rule, each in zip(rules, found, strict=True)
    )


def test_table_of_the_documents_is_the_tests_own() -> None:
    written = (ROOT / "docs" / "CONFORMANCE.md").read_text(encoding="utf-8")
    assert written == page(behaviours(ROOT / "tests")), "make it anew: python -m tests.documented > docs/CONFORMANCE.md"


def test_failover_hands_everything_to_localcloud() -> None:
    command = [sys.executable, "-m", "scripts.cli", "localcloud", "env", "--state-dir", "nowhere/at/all"]
    code = "import sys; from scripts.cli import main; sys.argv = ['failover', *sys.argv[1:]]; main()"
    done = subprocess.run([sys.executable, "-c", code, *command[3:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 3
    assert "nothing runs with the state folder nowhere/at/all" in done.stderr
