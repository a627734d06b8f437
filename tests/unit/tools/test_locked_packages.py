"""Packages with a lock file of their own, with a shell script in Python's place."""

from pathlib import Path

import pytest

from scripts.errors import EnvironmentFailureError
from tools.setup.locked_packages import LockedPackages
from tools.setup.locked_packages import install as install_packages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "requirements.lock").write_text("checkov==1\n", encoding="utf-8")
    return tmp_path


def packages(folder: Path, *, is_environment: bool = True) -> LockedPackages:
    target = folder / ".venv"
    return LockedPackages(
        name="checkov", folder=folder, target=target, is_environment=is_environment, make="make checkov"
    )


def install(folder: Path, *, python: Path) -> None:
    install_packages(packages(folder), python=python)


@pytest.fixture
def python(folder: Path) -> Path:
    """Return a program that notes its arguments, makes the folder that venv makes, and fails when told to."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\necho $* >>{folder}/calls\nmkdir -p {folder}/.venv/bin\n[ ! -e {folder}/fail ]\n")
    path.chmod(0o755)
    return path


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text(encoding="utf-8").splitlines()


def test_installation_checks_hashes_and_is_done_once(folder: Path, python: Path) -> None:
    install(folder, python=python)
    install(folder, python=python)
    made, installed = calls(folder)
    assert made.startswith("-m venv")
    assert "--require-hashes" in installed


def test_changed_lock_file_installs_again(folder: Path, python: Path) -> None:
    install(folder, python=python)
    (folder / "requirements.lock").write_text("checkov==2\n", encoding="utf-8")
    install(folder, python=python)
    assert len(calls(folder)) == 4


def test_failed_installation_is_told_and_tried_again(folder: Path, python: Path) -> None:
    (folder / "fail").touch()
    with pytest.raises(EnvironmentFailureError, match="could not be installed"):
        install(folder, python=python)
    (folder / "fail").unlink()
    install(folder, python=python)
    assert len(calls(folder)) == 3


def test_command_before_installation_tells_what_to_do(folder: Path) -> None:
    with pytest.raises(EnvironmentFailureError, match="Run `make checkov`"):
        packages(folder).program("checkov")


def test_a_folder_of_packages_gets_no_environment_and_nothing_that_they_need(folder: Path, python: Path) -> None:
    install_packages(packages(folder, is_environment=False), python=python)
    (installed,) = calls(folder)
    assert f"install --no-deps --target {folder}/.venv" in installed and "--require-hashes" in installed
