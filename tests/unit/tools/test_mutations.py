"""The mutants of a module: each says one thing differently, and nothing that decides nothing is changed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tools.mutants.javascript import javascript_mutants
from tools.mutants.mutations import Mutant, mutants
from tools.mutants.subjects import SUBJECTS, Subject

ROOT = Path(__file__).parents[3]

SOURCE = '''
"""Says 1."""
LIMIT: int = 3


def is_small(value: int, *, strict: bool = True) -> bool:
    """Whether it is below 3."""
    if not strict:
        raise ValueError(f"{value} < {1 + 1}")
    return value < LIMIT and value + 1 != 0
'''


def _dump(mutant: Mutant) -> str:
    made = mutant.make()
    assert isinstance(made, ast.Module)
    return ast.dump(made)


def _text(mutant: Mutant) -> str:
    made = mutant.make()
    assert isinstance(made, ast.Module)
    return ast.unparse(made)


def test_every_mutant_differs_from_the_module_in_one_place() -> None:
    found = mutants(SOURCE)
    assert {mutant.name for mutant in found} >= {
        "value < LIMIT -> value <= LIMIT",
        "3 -> 4 in LIMIT: int = 3",
        "True -> False in def is_small(value: int, *, strict: bool=True) -> bool:",
        "not strict -> strict",
    }
    assert all(_dump(mutant) != ast.dump(ast.parse(SOURCE)) for mutant in found)
    assert len({_dump(mutant) for mutant in found}) == len(found)


def test_texts_and_annotations_stay() -> None:
    assert not any("1 + 1" in mutant.before for mutant in mutants(SOURCE))
    assert all("int" in _text(mutant) for mutant in mutants(SOURCE))


JAVASCRIPT = """// é < 1
function isSmall(value) {
  if (!value) return null;
  return value < 3 &&
    value + 1 !== 0.5 ? true : null;
}
"""


def test_mutants_of_javascript_are_those_of_python() -> None:
    assert [(mutant.line, mutant.name) for mutant in javascript_mutants(JAVASCRIPT)] == [
        (3, "if (!value) -> if (!((!value)))"),
        (3, "!value -> value"),
        (4, "return value < 3 && value + 1 !== 0.5 ? true : null; -> return null;"),
        (4, "value < 3 && value + 1 !== 0.5 ? true : null -> (!(value < 3 && value + 1 !== 0.5)) ? true : null"),
        (4, "value < 3 && value + 1 !== 0.5 -> value < 3 || value + 1 !== 0.5"),
        (4, "value < 3 -> value <= 3"),
        (4, "3 -> 4 in return value < 3 &&"),
        (5, "value + 1 !== 0.5 -> value + 1 === 0.5"),
        (5, "value + 1 -> value - 1"),
        (5, "1 -> 2 in return value < 3 &&"),
        (5, "0.5 -> 1.5 in return value < 3 &&"),
        (5, "true -> false in return value < 3 &&"),
    ]


def test_mutant_of_javascript_is_the_file_with_one_place_changed() -> None:
    made = {mutant.name: mutant.make() for mutant in javascript_mutants(JAVASCRIPT)}
    assert made["value + 1 -> value - 1"] == JAVASCRIPT.replace("value + 1", "value - 1")
    assert made["!value -> value"] == JAVASCRIPT.replace("!value", "value")
    assert JAVASCRIPT not in made.values()


def test_what_is_no_javascript_has_no_mutants() -> None:
    with pytest.raises(ValueError, match="no JavaScript"):
        javascript_mutants("function (")


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.module)
def test_every_subject_has_twenty_mutants_and_tests_that_are_there(subject: Subject) -> None:
    source = (ROOT / subject.module).read_text(encoding="utf-8")
    found = javascript_mutants(source) if subject.module.endswith(".js") else mutants(source)
    assert len(found) >= 20
    assert all((ROOT / path).exists() for path in subject.tests)
    assert set(subject.reasons) <= {mutant.name for mutant in found}, "a reason for a mutant that is no more"


def test_no_subject_is_loaded_before_a_mutant_is_put_in_its_place() -> None:
    """It would be loaded already, and every mutant would survive or, worse, none be tried."""
    program = (
        "import sys, tools.mutants.__main__; print(*(getattr(each, '__file__', '') for each in sys.modules.values()))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {Path(file) for file in done.stdout.split() if file.startswith("/")}
    assert len(loaded) > 100
    assert not loaded & {ROOT / subject.module for subject in SUBJECTS}
