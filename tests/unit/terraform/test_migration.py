"""What `failover migrate-states` applies, and what it leaves to the operator."""

from typing import Any

import pytest

from scripts.terraform.migration import foreign_changes


def plan(actions: list[str], before: dict[str, Any], after: dict[str, Any], **unknown: Any) -> dict[str, Any]:
    change = {"actions": actions, "before": before, "after": after, "after_unknown": unknown}
    return {"resource_changes": [{"address": "aws_sns_topic.a", "change": change}]}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"output_changes": {"a": {"actions": ["create"]}}},
        plan(["no-op"], {"name": "a"}, {"name": "a"}),
        plan(["read"], {}, {"name": "a"}),
        plan(["update"], {"tags_all": {"Stack": "edge"}, "name": "a"}, {"tags_all": {"Stack": "region"}, "name": "a"}),
        plan(["update"], {"dashboard_body": "1"}, {"dashboard_body": "2"}),
    ],
)
def test_outputs_tags_and_dashboards_come_with_the_layout(document: dict[str, Any]) -> None:
    assert list(foreign_changes(document)) == []


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (plan(["create"], {}, {"name": "a"}), "create aws_sns_topic.a"),
        (plan(["delete", "create"], {"tags": {}}, {"tags": {"a": "b"}}), "delete and create aws_sns_topic.a"),
        (plan(["update"], {"tags": {}, "policy": "1"}, {"tags": {"a": "b"}, "policy": "2"}), "update aws_sns_topic.a"),
        (plan(["update"], {"policy": "1"}, {}, policy=True), "update aws_sns_topic.a"),
    ],
)
def test_any_other_change_is_left_to_the_operator_by_name(document: dict[str, Any], said: str) -> None:
    assert list(foreign_changes(document)) == [said]
