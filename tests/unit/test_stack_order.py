"""In which order `failover` applies the stacks."""

from pathlib import Path

import pytest

from scripts.deploy import stack_order
from scripts.errors import MissingOutputError


def folder_of(tmp_path: Path, *names: str) -> Path:
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "cdk.tf.json").touch()
    return tmp_path


def test_regions_come_after_dns_and_before_the_edge(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "edge", "region-b", "region-a", "dns")
    assert stack_order(folder) == [["dns"], ["region-a", "region-b"], ["edge"]]


def test_keys_are_there_before_what_they_encrypt(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "dns", "edge", "keys", "region-a")
    assert stack_order(folder)[:2] == [["dns", "keys"], ["region-a"]]


def test_boundary_is_there_before_the_roles_that_carry_it(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "access", "audit", "dns", "edge", "region-a")
    assert stack_order(folder)[0] == ["access", "audit", "dns"]


def test_folder_without_stacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingOutputError, match=r"run `python main\.py`"):
        stack_order(tmp_path)
