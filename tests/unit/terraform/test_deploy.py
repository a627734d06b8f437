"""The order in which stacks are applied."""

from pathlib import Path

import pytest

from scripts.errors import MissingOutputError
from scripts.terraform.deploy import stack_order


def synthesized(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).mkdir()
        (folder / name / "cdk.tf.json").write_text("{}", encoding="utf-8")
    return folder


def test_monitoring_is_applied_last_and_regions_together(tmp_path: Path) -> None:
    folder = synthesized(tmp_path, "monitoring", "edge", "region-us-east-1", "dns", "region-eu-central-1")
    waves = [["dns"], ["region-eu-central-1", "region-us-east-1"], ["edge"], ["monitoring"]]
    assert stack_order(folder) == waves


def test_nothing_synthesized_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingOutputError, match=r"run `python main\.py`"):
        stack_order(tmp_path)
