"""What the deploy role may do to the roles of the stacks: only inside the boundary."""

from typing import Any

from constructs_lib.access_policies.scope import Scope

# The roles of the stacks are passed to these services only.
_PASSED_TO = (
    "lambda.amazonaws.com",
    "s3.amazonaws.com",
    "synthetics.amazonaws.com",
    "events.amazonaws.com",
    "fis.amazonaws.com",
)
# https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-security.html
# https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-auth-slr.html
_SERVICE_LINKED = (
    "ops.apigateway.amazonaws.com",
    "replication.dynamodb.amazonaws.com",
    "rds.amazonaws.com",
    "mrk.kms.amazonaws.com",
)


def roles_with_boundary(scope: Scope) -> list[dict[str, Any]]:
    """The roles that the stacks make, which only services of AWS take."""
    roles = f"arn:aws:iam::{scope.account_id}:role/{scope.prefix}-*"
    return [
        {
            "Sid": "RolesInsideTheBoundary",
            "Effect": "Allow",
            "Action": ["iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary"],
            "Resource": roles,
            "Condition": {"StringEquals": {"iam:PermissionsBoundary": scope.boundary_arn}},
        },
        {
            "Sid": "RoleSettings",
            "Effect": "Allow",
            "Action": [
                "iam:GetRole*",
                "iam:ListRole*",
                "iam:ListAttachedRolePolicies",
                "iam:ListInstanceProfilesForRole",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:DeleteRole",
                "iam:UpdateAssumeRolePolicy",
            ],
            "Resource": roles,
        },
        {
            "Sid": "PassRoles",
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": roles,
            "Condition": {"StringEquals": {"iam:PassedToService": list(_PASSED_TO)}},
        },
        {
            "Sid": "ServiceLinkedRoles",
            "Effect": "Allow",
            "Action": "iam:CreateServiceLinkedRole",
            "Resource": f"arn:aws:iam::{scope.account_id}:role/aws-service-role/*",
            "Condition": {"StringEquals": {"iam:AWSServiceName": list(_SERVICE_LINKED)}},
        },
    ]
