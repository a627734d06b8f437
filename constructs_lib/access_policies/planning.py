"""The role that plans."""

from constructs_lib import naming
from constructs_lib.access_policies.scope import Scope, apis, audit_bucket, other_buckets
from constructs_lib.access_policies.statements import READ_BUCKET, READ_EVERYWHERE, state
from constructs_lib.access_policies.trust import GITHUB_ISSUER
from constructs_lib.naming import HEALTH_PREFIX
from constructs_lib.policies import PolicyDocument, document


def plan(scope: Scope) -> PolicyDocument:
    """Returns what `terraform plan -lock=false` needs: settings and states to read, nothing to write, no content, no logs."""
    return document(
        *state(scope, write=False),
        {"Sid": "ReadSettings", "Effect": "Allow", "Action": list(READ_EVERYWHERE), "Resource": "*"},
        {
            "Sid": "ReadBucketSettings",
            "Effect": "Allow",
            "Action": list(READ_BUCKET),
            "Resource": [*scope.buckets, *audit_bucket(scope), *other_buckets(scope)],
        },
        {
            "Sid": "ReadHealthObjects",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:GetObjectTagging"],
            "Resource": scope.objects(f"{HEALTH_PREFIX}*"),
        },
        {
            "Sid": "ReadApis",
            "Effect": "Allow",
            "Action": "apigateway:GET",
            "Resource": apis(scope.regions),
        },
        {
            "Sid": "ReadRoles",
            "Effect": "Allow",
            "Action": ["iam:GetRole", "iam:GetRolePolicy", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies"],
            "Resource": f"arn:aws:iam::{scope.account_id}:role/{scope.prefix}-*",
        },
        {
            "Sid": "ReadAccess",
            "Effect": "Allow",
            "Action": ["iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetOpenIDConnectProvider"],
            "Resource": [
                scope.boundary_arn,
                *(
                    f"arn:aws:iam::{scope.account_id}:policy/{naming.ci_deploy_policy(scope.prefix, part)}"
                    for part in ("limits", "database")
                ),
                f"arn:aws:iam::{scope.account_id}:oidc-provider/{GITHUB_ISSUER}",
            ],
        },
    )
