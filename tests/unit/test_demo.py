"""The demo deletes what an earlier demo left in its folder, and nothing else."""

from pathlib import Path

import pytest

from scripts.demo import Demo, refuse_foreign_folder
from scripts.errors import WrongUsageError


def test_folder_that_no_demo_made_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(WrongUsageError, match=r"holds what no demo made \(thesis\.txt\)"):
        Demo(site_file=Path("none"), folder=tmp_path, speed=5, any_port=True).run(keep=False)
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("names", [(), (".lock",), (".made-by-failover-demo", "outputs.json")])
def test_folder_that_is_empty_or_of_a_demo_is_taken(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / name).touch()
    refuse_foreign_folder(tmp_path)
    refuse_foreign_folder(tmp_path / "new")
