"""`python -m localcloud conformance`: every documented behaviour of AWS that a test states, its page, and whether it passes.

The tests are the repository's, marked by `tests/documented.py`; they run as a process of their own, as any user of it does.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

PASSED, FAILED, NOTHING_RAN = 0, 1, 3
ROOT = Path(__file__).parents[1]
MOTO = "moto"
PATIENCE_WITH_OTHERS = "3"
"""Seconds that a test waits for what another emulator may never do."""
START_LIMIT_SECONDS = 60.0
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


def conformance(arguments: Sequence[str], *, is_json: bool, against: str | None = None, root: Path = ROOT) -> int:
    """Run the tests and print one line a behaviour; return the exit code: 0 all pass, 1 some fail, 3 nothing could be run.

    Args:
        arguments: For pytest: paths, or `-k` with words. Default: every marked test.
        is_json: Print one JSON document instead of lines.
        against: `moto`, or the URL of another emulator; the environment names its further addresses (tests/conformance/cloud.py).
            Only the black-box tests are run then. Default: localcloud.
        root: The repository.
    """
    if not (root / "tests" / "documented.py").exists():
        return _nothing(f"there are no conformance tests at {root}; run it in a checkout of the repository")
    with tempfile.TemporaryDirectory(prefix="localcloud-conformance-") as folder:
        results = Path(folder) / "results.json"
        chosen = list(arguments) or (["tests/conformance"] if against else ["tests/conformance", "tests/local"])
        command = [sys.executable, "-m", "pytest", *_SELECTION, "-n", str(PROCESSES), f"--conformance={results}"]
        try:
            with _asked(against, Path(folder)) as environment:
                subprocess.run([*command, *chosen], cwd=root, env=environment, stdout=sys.stderr, check=False)
        except _NotStarted as error:
            return _nothing(str(error))
        found: list[Behaviour] = json.loads(results.read_text()) if results.exists() else []
    if not found:
        return _nothing(f"no marked test ran with {' '.join(chosen)}; the lines above say why")
    failed = [each for each in found if not each["passed"]]
    print(_document(found) if is_json else _lines(found))
    print(f"{len(found) - len(failed)} of {len(found)} documented behaviours pass", file=sys.stderr)
    return FAILED if failed else PASSED


class _NotStarted(Exception):  # noqa: N818  what happened
    """An emulator did not start."""


@contextmanager
def _asked(against: str | None, folder: Path) -> Iterator[dict[str, str]]:
    """Yield the environment by which the tests find whom they ask; moto is started for as long."""
    if against is None:
        yield dict(os.environ)
    elif against != MOTO:
        yield {**os.environ, "CONFORMANCE_PATIENCE": PATIENCE_WITH_OTHERS, "CONFORMANCE_AWS_ENDPOINT": against}
    else:
        with _moto(folder) as url:
            yield {**os.environ, "CONFORMANCE_PATIENCE": PATIENCE_WITH_OTHERS, "CONFORMANCE_AWS_ENDPOINT": url}


@contextmanager
def _moto(folder: Path) -> Iterator[str]:
    """Run moto's server, the one that this environment has, as it comes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (folder / "moto.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise _NotStarted(f"moto's server does not start: {(folder / 'moto.log').read_text()[-500:]}")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


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
