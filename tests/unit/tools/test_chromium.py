"""Finding and installing the browser of the tests of pages, on machines made of scripts."""

import os
from pathlib import Path

import pytest

from scripts.errors import EnvironmentFailureError
from tests.worlds import fake_machine
from tools.setup import chromium


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns the one folder of PATH, empty, on a machine without Chrome for macOS."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv(chromium.VARIABLE, raising=False)
    monkeypatch.setattr(chromium, "_MAC", tmp_path / "none")
    return folder


@pytest.mark.parametrize("name", chromium.NAMES)
def test_browser_in_path_is_found(programs: Path, name: str) -> None:
    browser = fake_machine.program(programs / name, "")
    assert chromium.install() == browser


def test_named_browser_goes_before_the_one_in_path(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_machine.program(programs / "chromium", "")
    own = fake_machine.program(tmp_path / "own", "")
    monkeypatch.setenv(chromium.VARIABLE, str(own))
    assert chromium.install() == own


def test_named_browser_that_is_none_is_refused(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(chromium.VARIABLE, str(programs / "absent"))
    with pytest.raises(EnvironmentFailureError, match="absent, which is no program"):
        chromium.install()


def apt_get(programs: Path, *, works_after_update: bool) -> None:
    """Puts an apt-get in PATH that installs a browser, at once or when the package lists have been read."""
    script = programs / "apt-get"
    needs_update = f"[ -e {programs}/lists ] || exit 100" if works_after_update else ":"
    script.write_text(
        f"#!/bin/sh\ncase $1 in\nupdate) : >{programs}/lists ;;\n"
        f"install) {needs_update}\n: >{programs}/chromium; /bin/chmod +x {programs}/chromium ;;\nesac\n",
        encoding="utf-8",
    )
    script.chmod(0o755)


@pytest.mark.parametrize("works_after_update", [False, True])
def test_root_gets_the_distribution_s_package(
    programs: Path, monkeypatch: pytest.MonkeyPatch, *, works_after_update: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    apt_get(programs, works_after_update=works_after_update)
    assert chromium.install() == programs / "chromium"


def test_other_users_are_told_what_to_install(
    programs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    apt_get(programs, works_after_update=False)
    assert chromium.main() == EnvironmentFailureError.exit_code
    assert "apt-get install chromium" in capsys.readouterr().err
