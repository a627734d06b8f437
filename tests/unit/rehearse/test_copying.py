"""The copy has what the module reads, and neither state nor caches."""

from pathlib import Path

import pytest

from scripts.errors import WrongUsageError
from scripts.rehearse.copying import copy_of


def test_copy_reaches_modules_above_and_leaves_state_behind(tmp_path: Path) -> None:
    root = tmp_path / "repository" / "envs" / "prod"
    module = tmp_path / "repository" / "modules" / "site"
    for folder in (root / ".terraform", module):
        folder.mkdir(parents=True)
    (root / "main.tf").write_text('module "site" {\n  source = "../../modules/site"\n}\n')
    (root / "terraform.tfstate").write_text("{}")
    (root / ".terraform.lock.hcl").write_text("")
    (module / "main.tf").write_text('locals { x = file("${path.module}/page.html") }\n')
    (module / "page.html").write_text("x")
    copied = copy_of(root, tmp_path / "copy")
    assert copied == tmp_path / "copy" / "envs" / "prod"
    assert (tmp_path / "copy" / "modules" / "site" / "page.html").exists()
    assert sorted(path.name for path in copied.iterdir()) == ["main.tf"]


def test_copy_reaches_files_above(tmp_path: Path) -> None:
    root = tmp_path / "site" / "infrastructure"
    root.mkdir(parents=True)
    (root / "main.tf").write_text('locals { x = fileset("${path.module}/../public", "**") }\n')
    assert copy_of(root, tmp_path / "copy") == tmp_path / "copy" / "infrastructure"


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_copy_rejects_a_folder_without_terraform(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(WrongUsageError, match="the folder"):
        copy_of(tmp_path / name, tmp_path / "copy")
