"""A plan beside its own configuration is one site, not two."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.lint.model import Configuration
from scripts.lint.reading import read_paths
from scripts.lint.rules import ALL_RULES
from scripts.lint.waivers import judge
from tests.unit.lint import examples as e
from tests.unit.lint.shapes import as_plan, as_state

SITE = {**e.site(), **e.BOTH_POLICIES}
BACKEND = {
    "terraform": {"backend": {"s3": {"bucket": "s", "key": "k", "region": "eu-west-3", "dynamodb_table": "locks"}}}
}


def read(folder: Path, configuration: dict[str, Any], shown: dict[str, Any]) -> Configuration:
    (folder / "main.tf.json").write_text(json.dumps(configuration), encoding="utf-8")
    (folder / "shown.json").write_text(json.dumps(shown), encoding="utf-8")
    return read_paths([folder, folder / "shown.json"])


def rule_ids(configuration: Configuration) -> set[str]:
    return {violation.rule.id for violation in judge(configuration, ALL_RULES).violations}


@pytest.mark.parametrize("shape", [as_plan, as_state])
def test_configuration_beside_its_own_plan_or_state_is_read_once(shape: Any, tmp_path: Path) -> None:
    document = e.document(SITE, **BACKEND)
    configuration = read(tmp_path, document, shape(document))
    assert len(configuration.of_type("aws_cloudfront_distribution")) == 1
    assert "FW011" not in rule_ids(configuration)
    assert "FW292" in rule_ids(configuration)  # the backend, which no plan knows


def test_plan_of_another_deployment_is_read_beside_the_configuration(tmp_path: Path) -> None:
    other = e.document({**SITE, "aws_s3_bucket.a": {"bucket": "another"}})
    assert "FW011" in rule_ids(read(tmp_path, e.document(SITE), as_plan(other)))


def test_waiver_of_the_configuration_counts_for_its_plan(tmp_path: Path) -> None:
    resources = e.site(custom_error_response=e.error(403, response_code=200))
    waived = {"failover_lint": {"waive": [{"id": "FW171", "comment": "a single-page application"}]}}
    document = e.document({**resources, e.D1: {**resources[e.D1], "//": waived}})
    judgement = judge(read(tmp_path, document, as_plan(e.document(resources))), ALL_RULES)
    assert "FW171" in {one[0].rule.id for one in judgement.waived}
    assert "FW171" not in {violation.rule.id for violation in judgement.violations}
