"""What the deploy role must never do."""

from typing import Any

from constructs_lib import naming
from constructs_lib.access_policies.scope import Scope, apis, audit_bucket
from constructs_lib.naming import CONTROL_PREFIX, RELEASES_PREFIX
from constructs_lib.policies import PolicyDocument, document


def deploy_limits(scope: Scope) -> PolicyDocument:
    """Returns what the deploy role must never do, whatever `deploy` and `deploy_database` allow.

    A policy of its own, because the ones inside a role hold 10,240 characters together
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
    """
    return document(*_never(scope))


def _never(scope: Scope) -> list[dict[str, Any]]:
    """What an Allow above might reach, and must not: its own rights, the audit trail, and other regions."""
    regions = sorted({*scope.regions, *scope.prober_regions, naming.GLOBAL_REGION, *filter(None, [scope.state_region])})
    states = [
        f"arn:aws:s3:::{scope.state_bucket}/{scope.state_prefix}{stack}.tfstate"
        for stack in naming.ADMINISTRATORS_STACKS
    ]
    return [
        {
            "Sid": "NeverItsOwnRights",
            "Effect": "Deny",
            "Action": "iam:*",
            "Resource": [
                f"arn:aws:iam::{scope.account_id}:role/{naming.ci_role(scope.prefix, '*')}",
                f"arn:aws:iam::{scope.account_id}:policy/{naming.ci_role(scope.prefix, '*')}",
                scope.boundary_arn,
                f"arn:aws:iam::{scope.account_id}:oidc-provider/*",
            ],
        },
        {
            "Sid": "NeverWithoutBoundary",
            "Effect": "Deny",
            "Action": "iam:DeleteRolePermissionsBoundary",
            "Resource": "*",
        },
        {
            "Sid": "NeverTheAuditTrail",
            "Effect": "Deny",
            "Action": ["s3:*", "cloudtrail:*"],
            "Resource": [
                *audit_bucket(scope),
                *(f"{arn}/*" for arn in audit_bucket(scope)),
                f"arn:aws:cloudtrail:*:{scope.account_id}:trail/{scope.prefix}-*",
            ],
        },
        *(
            [{"Sid": "NeverTheAdministratorsStates", "Effect": "Deny", "Action": "s3:PutObject", "Resource": states}]
            if scope.state_bucket
            else []
        ),
        {
            # A bucket policy, which it may write, could otherwise grant it the same.
            "Sid": "NeverTheReleases",
            "Effect": "Deny",
            "Action": ["s3:PutObject*", "s3:DeleteObject*"],
            "Resource": scope.objects(f"{RELEASES_PREFIX}*", f"{CONTROL_PREFIX}*"),
        },
        {
            "Sid": "NeverTheBuckets",
            "Effect": "Deny",
            "Action": "s3:DeleteBucket",
            "Resource": [*scope.buckets, *(f"arn:aws:s3:::{name}" for name in [scope.state_bucket] if name)],
        },
        {
            # What is being made has no tag yet, so what has none stays within reach.
            "Sid": "NeverOfAnotherProject",
            "Effect": "Deny",
            "Action": [
                "apigateway:*",
                "cloudfront:*Distribution*",
                "cloudfront:TagResource",
                "cloudfront:UntagResource",
            ],
            "Resource": [*apis(["*"]), f"arn:aws:cloudfront::{scope.account_id}:distribution/*"],
            "Condition": {
                "StringNotEquals": {"aws:ResourceTag/Project": scope.project},
                "Null": {"aws:ResourceTag/Project": "false"},
            },
        },
        {
            "Sid": "NeverTheData",
            "Effect": "Deny",
            "Action": ["dynamodb:DeleteTable", "dynamodb:DeleteTableReplica"],
            "Resource": scope.named("dynamodb", "table/"),
        },
        {
            "Sid": "NeverElsewhere",
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": regions}},
        },
    ]
