"""The saved outputs as the commands read them: what is not ours, or not whole, is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.errors import MissingOutputError
from scripts.terraform.outputs import load_deployment, load_other_outputs

EDGE: dict[str, Any] = {
    "hostname": "www.example.com",
    "hosted_zone_id": "Z1",
    "key_value_store_arn": "arn",
    "health_check_ids": {},
    "buckets": {},
    "roles": {"eu-central-1": "primary", "us-east-1": "secondary"},
    "distributions": {},
    "objectives": {"rto_seconds": 1, "rpo_seconds": 1, "availability_ratio": 0.9, "monthly_cost_usd": 1},
}


def saved(folder: Path, **stacks: Any) -> Path:
    path = folder / "outputs.json"
    path.write_text(json.dumps({"edge": EDGE, **stacks}), encoding="utf-8")
    return path


def test_whole_outputs_are_read(tmp_path: Path) -> None:
    monitoring = {"alarm_names": ["a", "b"], "alarm_topic_arns": {"us-east-1": "arn"}, "dashboards": 5}
    path = saved(tmp_path, monitoring=monitoring, shop={"orders_url": "https://"})
    assert load_deployment(path).primary == "eu-central-1"
    found = load_other_outputs(path)
    assert (found.alarm_names, found.alarm_regions) == (("a", "b"), ("us-east-1",))


@pytest.mark.parametrize("stack", ["monitoring", "region-eu-central-1", "shop"])
@pytest.mark.parametrize("outputs", [5, "x", None, [], True])
def test_stack_without_a_table_of_outputs_is_no_file_of_ours(tmp_path: Path, stack: str, outputs: object) -> None:
    with pytest.raises(MissingOutputError, match="is not a file of `failover outputs`"):
        load_other_outputs(saved(tmp_path, **{stack: outputs}))


@pytest.mark.parametrize(
    ("output", "value"),
    [
        ("alarm_names", 5),
        ("alarm_names", ["a", 5]),
        ("alarm_names", ["a", {}]),
        ("alarm_topic_arns", True),
        ("alarm_topic_arns", ["us-east-1"]),
    ],
)
def test_output_of_the_monitoring_that_it_does_not_write_is_named(tmp_path: Path, output: str, value: object) -> None:
    with pytest.raises(MissingOutputError, match=rf"\({output}\): run `failover outputs` again"):
        load_other_outputs(saved(tmp_path, monitoring={output: value}))


def test_site_without_a_primary_region_is_not_whole(tmp_path: Path) -> None:
    edge = EDGE | {"roles": {"us-east-1": "secondary"}}
    with pytest.raises(MissingOutputError, match=r"lacks outputs of the edge stack \(roles\)"):
        load_deployment(saved(tmp_path, edge=edge))
