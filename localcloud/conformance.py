"""`python -m localcloud conformance`: every documented behaviour of AWS that a test states, its page, and whether it passes.

The tests are the repository's, marked by `tests/documented.py`; they run as a process of their own, as any user of it does.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

PASSED, FAILED, NOTHING_RAN = 0, 1, 3
ROOT = Path(__file__).parents[1]
PROCESSES = 2
"""Two cores work while one waits for AWS time to pass."""

_SELECTION = ("-m", "documented", "-p", "tests.conformance_report", "-p", "no:cacheprovider", "-q")


class Behaviour(TypedDict):
    """One documented behaviour.

    Attributes:
        behaviour: What AWS does, in our words.
        source: The page that says so.
        test: The test that states it, `file::function`.
        passed: Whether every case of the test passed.
    """

    behaviour: str
    source: str
    test: str
    passed: bool


def conformance(arguments: Sequence[str], *, is_json: bool, root: Path = ROOT) -> int:
    """Run the tests and print one line a behaviour; return the exit code: 0 all pass, 1 some fail, 3 nothing could be run.

    Args:
        arguments: For pytest: paths, or `-k` with words. Default: every marked test.
        is_json: Print one JSON document instead of lines.
        root: The repository.
    """
    if not (root / "tests" / "documented.py").exists():
        return _nothing(f"there are no conformance tests at {root}; run it in a checkout of the repository")
    with tempfile.TemporaryDirectory(prefix="localcloud-conformance-") as folder:
        results = Path(folder) / "results.json"
        command = [sys.executable, "-m", "pytest", *_SELECTION, "-n", str(PROCESSES), f"--conformance={results}"]
        chosen = list(arguments) or ["tests/conformance", "tests/local"]
        subprocess.run([*command, *chosen], cwd=root, stdout=sys.stderr, check=False)
        found: list[Behaviour] = json.loads(results.read_text()) if results.exists() else []
    if not found:
        return _nothing(f"no marked test ran with {' '.join(chosen)}; the lines above say why")
    failed = [each for each in found if not each["passed"]]
    print(_document(found) if is_json else _lines(found))
    print(f"{len(found) - len(failed)} of {len(found)} documented behaviours pass", file=sys.stderr)
    return FAILED if failed else PASSED


def _nothing(message: str) -> int:
    print(f"localcloud: {message}", file=sys.stderr)
    return NOTHING_RAN


def _document(found: Sequence[Behaviour]) -> str:
    return json.dumps({"behaviours": found, "passed": sum(each["passed"] for each in found)}, indent=2)


def _lines(found: Sequence[Behaviour]) -> str:
    words = {True: "pass", False: "FAIL"}
    return "\n".join(
        f"{words[each['passed']]}  {each['behaviour']}\n      {each['source']}\n      {each['test']}" for each in found
    )
