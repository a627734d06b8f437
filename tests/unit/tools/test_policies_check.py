"""Which policies parliament gets, what Terraform's references become, and what is explained. `make policies` runs it for real."""

import json
from typing import Any

import pytest

from scripts.errors import EnvironmentFailureError
from tools.examples.policies_check import ACCOUNT, EXPLAINED, Finding, filled_in, policies_of

STATEMENT = {"Effect": "Allow", "Action": "sts:AssumeRole"}


def stack(**resources: Any) -> dict[str, Any]:
    return {"resource": resources}


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("${data.aws_caller_identity.account.account_id}", ACCOUNT),
        ("${aws_s3_bucket.content_bucket_1.arn}/releases/*", "arn:aws:s3:::example/releases/*"),
        ("${data.terraform_remote_state.x.outputs.cross-stack-output-aws_kms_replica_keykeyarn}", "arn:aws:kms:"),
        ("${aws_route53_health_check.path.id}", "11111111-2222"),
    ],
)
def test_reference_becomes_a_value_of_its_kind(reference: str, value: str) -> None:
    assert filled_in(reference).startswith(value)


def test_reference_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(EnvironmentFailureError, match=r"aws_new_thing\.x\.arn: add an ARN"):
        filled_in("${aws_new_thing.x.arn}")


def test_every_policy_is_found_wherever_it_lies() -> None:
    text = json.dumps({"Statement": [STATEMENT]})
    stacks = {
        "edge": stack(aws_iam_role={"a": {"assume_role_policy": text, "inline_policy": [{"policy": text}]}}, aws_x={})
    }
    found = dict(policies_of(stacks))
    assert list(found) == ["edge aws_iam_role.a.assume_role_policy", "edge aws_iam_role.a.inline_policy.policy"]
    trust, inline = map(json.loads, found.values())
    assert trust["Statement"][0]["Resource"] == f"arn:aws:iam::{ACCOUNT}:role/example", "it is the role's own"
    assert "Resource" not in inline["Statement"][0]


def finding(issue: str, policy: str, *details: str) -> Finding:
    return {"issue": issue, "policy": policy, "title": "", "details": list(details)}


def test_explanation_takes_no_more_than_what_it_is_about() -> None:
    claim = "Unknown condition token.actions.githubusercontent.com:aud for action sts:AssumeRoleWithWebIdentity"
    trust = "access aws_iam_role.github_plan_role_1.assume_role_policy"
    known = finding("UNKNOWN_CONDITION_FOR_ACTION", trust, claim)
    assert any(one.takes(known) for one in EXPLAINED)
    for other in (
        finding("UNKNOWN_CONDITION_FOR_ACTION", "edge aws_iam_role_policy.x.policy", claim),
        finding("UNKNOWN_CONDITION_FOR_ACTION", trust, claim, "Unknown condition aws:SuorceArn"),
        finding("RESOURCE_MISMATCH", trust, claim),
    ):
        assert not any(one.takes(other) for one in EXPLAINED)
