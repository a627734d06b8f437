"""What is deployed of an example: a site of several accounts is not, for localcloud keeps one."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.examples.deployed_example import takes_roles

ROLE = {"assume_role": [{"role_arn": "arn:aws:iam::123456789012:role/zone"}]}


@pytest.mark.parametrize(("second", "is_several"), [({}, False), (ROLE, True)])
def test_provider_that_takes_a_role_means_several_accounts(
    second: dict[str, Any], is_several: bool, tmp_path: Path
) -> None:
    stack = {"provider": {"aws": [{"region": "eu-central-1"}, {"region": "us-east-1", **second}]}}
    (tmp_path / "dns").mkdir()
    (tmp_path / "dns" / "cdk.tf.json").write_text(json.dumps(stack), encoding="utf-8")
    assert takes_roles(tmp_path) is is_several
