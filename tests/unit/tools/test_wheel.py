"""What the wheel holds, and that it takes one name in site-packages."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGED = ("aws_facts", "config", "constructs_lib", "localcloud", "scripts", "site/src")


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_wheel_takes_one_name_in_site_packages(names: set[str]) -> None:
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"failover_website"}


def test_wheel_holds_every_file_of_the_packages(names: set[str]) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", *PACKAGED, "main.py", ".terraform.lock.hcl"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()  # fmt: skip
    files = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    assert len(files) > 700
    assert {name for name in files if f"failover_website/{name}" not in names} == set()


def test_wheel_holds_nothing_that_was_made_by_running(names: set[str]) -> None:
    assert [name for name in names if "__pycache__" in name or name.endswith(".pyc")] == []
