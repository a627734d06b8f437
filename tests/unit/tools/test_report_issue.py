"""One open issue of a label: opened, added to, closed when it is over."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tools.report_issue import report


class FakeGh:
    def __init__(self, *open_numbers: int) -> None:
        self.open_numbers = open_numbers
        self.calls: list[list[str]] = []

    def __call__(self, arguments: Sequence[str]) -> str:
        self.calls.append(list(arguments))
        return json.dumps([{"number": number} for number in self.open_numbers]) if arguments[1] == "list" else ""

    def last(self) -> list[str]:
        return self.calls[-1]


def run(gh: FakeGh, body: Path, outcome: str = "success") -> str:
    return report(
        gh, label="drift", title="Drift", body=body, outcome=outcome, run_url="https://github.com/o/r/actions/runs/7"
    )


@pytest.fixture
def body(tmp_path: Path) -> Path:
    path = tmp_path / "drift.md"
    path.write_text("**edge**: 1 to update\n", encoding="utf-8")
    return path


def test_first_finding_opens_an_issue_with_its_run(body: Path) -> None:
    gh = FakeGh()
    assert run(gh, body) == "opened an issue"
    assert gh.last()[:6] == ["issue", "create", "--label", "drift", "--title", "Drift"]
    assert gh.last()[-1] == "**edge**: 1 to update\n\nThe run: https://github.com/o/r/actions/runs/7\n"


def test_next_finding_is_a_comment(body: Path) -> None:
    gh = FakeGh(12)
    assert run(gh, body) == "commented on issue 12"
    assert gh.last()[:3] == ["issue", "comment", "12"]


def test_nothing_found_closes_the_open_issue(tmp_path: Path) -> None:
    gh = FakeGh(12)
    assert run(gh, tmp_path / "none.md") == "closed issue 12"
    assert gh.last()[:3] == ["issue", "close", "12"]


@pytest.mark.parametrize("outcome", ["failure", "skipped", "cancelled", ""])
def test_run_that_could_not_look_closes_nothing(tmp_path: Path, outcome: str) -> None:
    gh = FakeGh(12)
    assert run(gh, tmp_path / "none.md", outcome) == "nothing to tell"
    assert len(gh.calls) == 1


def test_nothing_found_and_none_open_is_silence(tmp_path: Path) -> None:
    gh = FakeGh()
    assert run(gh, tmp_path / "none.md") == "nothing to tell"
    assert len(gh.calls) == 1


def test_text_fits_what_github_takes(tmp_path: Path) -> None:
    long = tmp_path / "drift.md"
    long.write_text("x" * 100_000, encoding="utf-8")
    gh = FakeGh()
    run(gh, long)
    assert len(gh.last()[-1]) < 65_536
