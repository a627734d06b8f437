"""The parity check's rights: enough to deploy and to run inside the boundary, and no more."""

from typing import Any

import pytest

from constructs_lib.access_policies import deployment, planning
from constructs_lib.access_policies.boundary import permissions_boundary
from constructs_lib.parity import policies as parity_policies
from constructs_lib.policies import document
from tests.worlds.access_scope import ACCOUNT, BUCKET, SCOPE, allows
from tools.examples.access_check.evaluation import listed

OTHER = f"arn:aws:s3:::site-prod-us-east-1-{ACCOUNT}"
STATEMENTS = parity_policies.parity_check(BUCKET, other_arns=[OTHER], namespace="FailoverSite")
ROLE_POLICY = document(*STATEMENTS)


@pytest.mark.parametrize(
    ("action", "resource", "is_allowed"),
    [
        ("s3:GetObject", f"{OTHER}/releases/1/index.html", True),
        ("s3:GetObjectVersion", f"{OTHER}/releases/1/index.html", True),
        ("s3:ListBucketVersions", OTHER, True),
        ("s3:GetObject", f"{OTHER}/control/manifests/1.json", True),
        ("s3:PutObject", f"{BUCKET}/releases/1/index.html", True),
        ("s3:PutObject", f"{OTHER}/releases/1/index.html", False),
        ("s3:PutObject", f"{BUCKET}/control/active.json", False),
        ("s3:PutObject", f"{BUCKET}/control/manifests/1.json", False),
        ("s3:PutObject", f"{BUCKET}/health/region.json", False),
        ("s3:DeleteObject", f"{BUCKET}/releases/1/index.html", False),
        ("s3:DeleteObjectVersion", f"{BUCKET}/releases/1/index.html", False),
        ("cloudfront-keyvaluestore:PutKey", "arn:aws:cloudfront::1:key-value-store/1", False),
    ],
)
def test_function_may_only_put_back(action: str, resource: str, is_allowed: bool) -> None:
    assert allows(ROLE_POLICY, action, resource) is is_allowed


def test_metric_goes_to_our_namespace_only() -> None:
    for namespace, is_allowed in (("FailoverSite", True), ("AWS/S3", False)):
        context = {"cloudwatch__namespace": namespace}
        assert allows(ROLE_POLICY, "cloudwatch:PutMetricData", "*", **context) is is_allowed


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: str(statement["Sid"]))
def test_boundary_admits_every_right(statement: dict[str, Any]) -> None:
    boundary = permissions_boundary(SCOPE)
    for action in listed(statement["Action"]):
        for resource in listed(statement["Resource"]):
            assert allows(boundary, action, resource), (action, resource)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:PutBucketNotification", BUCKET),
        ("s3:GetBucketNotification", BUCKET),
        ("lambda:CreateFunction", f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:site-prod-parity-eu-central-1"),
        (
            "lambda:PutFunctionConcurrency",
            f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:site-prod-parity-eu-central-1",
        ),
        ("events:PutTargets", f"arn:aws:events:eu-central-1:{ACCOUNT}:rule/site-prod-parity-deleted"),
        ("logs:CreateLogGroup", f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:/aws/lambda/site-prod-parity-x"),
        ("cloudwatch:PutMetricAlarm", f"arn:aws:cloudwatch:eu-central-1:{ACCOUNT}:alarm:site-prod-alarm-parity-lost.x"),
    ],
)
def test_deploy_role_can_make_it(action: str, resource: str) -> None:
    assert allows(deployment.deploy(SCOPE), action, resource)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetBucketNotification", BUCKET),
        (
            "lambda:GetFunctionConcurrency",
            f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:site-prod-parity-eu-central-1",
        ),
        ("events:ListTargetsByRule", "*"),
    ],
)
def test_plan_role_can_read_it(action: str, resource: str) -> None:
    assert allows(planning.plan(SCOPE), action, resource)
