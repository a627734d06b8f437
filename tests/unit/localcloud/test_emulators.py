"""The page of other emulators: every area of the black-box tests has its row, and each behaviour is counted once."""

from pathlib import Path

from tests.documented import behaviours
from tests.emulators import AREAS, page

TESTS = Path(__file__).parents[2]


def test_every_file_of_black_box_tests_is_an_area() -> None:
    assert {path.stem for path in (TESTS / "conformance").glob("test_*.py")} == set(AREAS)


def test_page_counts_each_behaviour_once() -> None:
    found = [each for each in behaviours(TESTS) if "/conformance/" in each.test]
    documents = {
        name: [{"test": each.test, "passed": passes} for each in found] for name, passes in (("a", True), ("b", False))
    }
    assert f"| **all** | {len(found)} of {len(found)} | 0 of {len(found)} |" in page(documents, "")
