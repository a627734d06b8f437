"""Rights of what protects content: enough inside the boundary and for the deploy role, and no more."""

import pytest

from constructs_lib.access_policies import boundary, deployment
from constructs_lib.content import protection_policies
from tests.worlds.access_scope import ACCOUNT, BUCKET, SCOPE, allows

PAUSE = protection_policies.replication_pause(BUCKET, destination_regions=["us-east-1"])
IN_PAUSE = {"s3__IsReplicationPauseRequest": "true"}
TO_DESTINATION = {"s3__DestinationRegion": "us-east-1"}


@pytest.mark.parametrize(
    ("action", "context", "is_allowed"),
    [
        ("s3:PauseReplication", TO_DESTINATION, True),
        ("s3:PauseReplication", {"s3__DestinationRegion": "eu-west-1"}, False),
        ("s3:PutReplicationConfiguration", IN_PAUSE, True),
        ("s3:PutReplicationConfiguration", {"s3__IsReplicationPauseRequest": "false"}, False),
        ("s3:DeleteObject", {}, False),
        ("s3:PutBucketPolicy", {}, False),
    ],
)
def test_experiment_may_pause_replication_of_its_bucket_only(
    action: str, context: dict[str, str], is_allowed: bool
) -> None:
    assert allows(PAUSE, action, BUCKET, **context) is is_allowed
    assert allows(PAUSE, action, f"{BUCKET}-other", **context) is False


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("s3:PauseReplication", BUCKET, TO_DESTINATION),
        ("s3:GetReplicationConfiguration", BUCKET, IN_PAUSE),
        ("s3:PutReplicationConfiguration", BUCKET, IN_PAUSE),
        ("s3:ListAllMyBuckets", "*", {}),
        ("tag:GetResources", "*", {}),
    ],
)
def test_boundary_admits_what_an_experiment_does(action: str, resource: str, context: dict[str, str]) -> None:
    assert allows(boundary.permissions_boundary(SCOPE), action, resource, **context)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("fis:CreateExperimentTemplate", f"arn:aws:fis:eu-central-1:{ACCOUNT}:experiment-template/*"),
        ("fis:CreateExperimentTemplate", "arn:aws:fis:eu-central-1:aws:action/aws:s3:bucket-pause-replication"),
        ("logs:PutDeliverySource", f"arn:aws:logs:us-east-1:{ACCOUNT}:delivery-source:site-prod-eu-central-1"),
        ("cloudfront:AllowVendedLogDeliveryForResource", f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"),
        ("s3:PutBucketLogging", BUCKET),
        ("s3:PutBucketPolicy", f"arn:aws:s3:::site-prod-l-eu-central-1-{ACCOUNT}"),
    ],
)
def test_deploy_role_makes_what_protects(action: str, resource: str) -> None:
    assert allows(deployment.deploy(SCOPE), action, resource)


@pytest.mark.parametrize("action", ["kms:ReplicateKey", "kms:EnableKeyRotation", "kms:PutKeyPolicy"])
@pytest.mark.parametrize(("project", "is_allowed"), [("site", True), ("other", False)])
def test_deploy_role_manages_keys_of_the_project_only(action: str, project: str, is_allowed: bool) -> None:
    key = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/mrk-1"
    context = {"aws__ResourceTag/Project": project}
    assert allows(deployment.deploy(SCOPE), action, key, **context) is is_allowed


def test_deploy_role_starts_no_experiment() -> None:
    template = f"arn:aws:fis:eu-central-1:{ACCOUNT}:experiment-template/EXT1"
    assert not allows(deployment.deploy(SCOPE), "fis:StartExperiment", template)
