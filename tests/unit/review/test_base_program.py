"""Which program writes the stacks of the revision that a pull request starts from."""

from pathlib import Path

import pytest

from scripts.review.base import _program_in
from scripts.terraform.synthesis import MAIN


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    return tmp_path / "tree"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose team has a program of its own."""
    (tmp_path / "root").mkdir()
    program = tmp_path / "root" / "shop.py"
    program.touch()
    monkeypatch.setenv("FAILOVER_PROGRAM", str(program))
    return program.parent


def test_base_is_written_by_the_teams_program_of_its_time(tree: Path, root: Path) -> None:
    (tree / "main.py").touch()
    (tree / "shop.py").touch()
    assert _program_in(tree, root) == tree / "shop.py"


def test_base_from_before_the_teams_program_is_written_by_main(tree: Path, root: Path) -> None:
    (tree / "main.py").touch()
    assert _program_in(tree, root) == tree / "main.py"


def test_base_with_site_files_alone_is_written_by_what_is_installed(
    tree: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FAILOVER_PROGRAM")
    assert _program_in(tree, root) == MAIN
