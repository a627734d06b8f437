"""In which order `failover` applies the stacks."""

import json
from pathlib import Path

import pytest

from scripts.errors import MissingOutputError
from scripts.terraform.deploy import stack_order


def folder_of(tmp_path: Path, *names: str) -> Path:
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "cdk.tf.json").touch()
    return tmp_path


def test_regions_come_after_dns_and_before_the_edge(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "edge", "region-b", "region-a", "dns")
    assert stack_order(folder) == [["dns"], ["region-a", "region-b"], ["edge"]]


def test_keys_are_there_before_what_they_encrypt(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "dns", "edge", "keys-a", "keys-b", "region-a")
    for name, kind in (("keys-a", "aws_kms_replica_key"), ("keys-b", "aws_kms_key")):
        (folder / name / "cdk.tf.json").write_text(json.dumps({"resource": {kind: {}}}), encoding="utf-8")
    assert stack_order(folder) == [["dns", "keys-b"], ["keys-a"], ["region-a"], ["edge"]]


def test_attachments_come_after_the_edge_and_before_what_watches_all(tmp_path: Path) -> None:
    """A bucket's policy names the distributions, and the monitoring names the alarms of the regions."""
    folder = folder_of(tmp_path, "attachment-a", "attachment-b", "dns", "edge", "monitoring", "region-a", "region-b")
    assert stack_order(folder)[2:] == [["edge"], ["attachment-a", "attachment-b"], ["monitoring"]]


def test_own_stacks_of_a_team_come_last_each_after_what_it_reads(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "a-shop", "b-orders", "c-mail", "dns", "edge", "monitoring")
    for name, read in (("a-shop", ["b-orders", "edge"]), ("b-orders", ["edge"]), ("c-mail", [])):
        states: dict[str, object] = {f"cross-stack-reference-input-{each}": {} for each in read}
        document = {"data": {"terraform_remote_state": states}}
        (folder / name / "cdk.tf.json").write_text(json.dumps(document), encoding="utf-8")
    assert stack_order(folder)[2:] == [["monitoring"], ["b-orders", "c-mail"], ["a-shop"]]


def test_boundary_is_there_before_the_roles_that_carry_it(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "access", "audit", "dns", "edge", "region-a")
    assert stack_order(folder)[0] == ["access", "audit", "dns"]


def test_table_of_the_api_is_there_before_its_regions_and_they_before_its_name(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "api", "api-eu-west-1", "api-table", "dns", "edge", "region-eu-west-1")
    assert stack_order(folder) == [
        ["api-table", "dns"],
        ["api-eu-west-1", "region-eu-west-1"],
        ["api", "edge"],
    ]


def test_replica_of_the_database_comes_after_its_writer(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "database-eu-west-1", "database-us-east-1", "dns", "edge")
    for region, role in (("eu-west-1", "replica"), ("us-east-1", "writer")):
        document = {"output": {"role": {"value": role}}}
        (folder / f"database-{region}" / "cdk.tf.json").write_text(json.dumps(document), encoding="utf-8")
    assert stack_order(folder) == [["database-us-east-1", "dns"], ["database-eu-west-1"], ["edge"]]


def test_folder_without_stacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingOutputError, match=r"run `python main\.py`"):
        stack_order(tmp_path)
