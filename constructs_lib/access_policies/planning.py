"""The role that plans."""

from typing import Any

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
        _never_what_others_run(scope),
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


def _never_what_others_run(scope: Scope) -> dict[str, Any]:
    """A plan reads the settings of everything, and of other programs of the account neither code nor environment nor user data.

    Lists of functions show the environment of each, and name no resource.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
    """
    return {
        "Sid": "NeverWhatOthersRun",
        "Effect": "Deny",
        "Action": [
            "cloudfront:GetFunction",
            "ec2:DescribeInstanceAttribute",
            "ec2:DescribeLaunchTemplateVersions",
            "ec2:DescribeSpotInstanceRequests",
            "lambda:GetFunction*",
            "lambda:GetLayerVersion",
            "lambda:ListFunctions",
            "lambda:ListVersionsByFunction",
        ],
        "NotResource": [
            f"arn:aws:cloudfront::{scope.account_id}:function/{scope.prefix}-*",
            scope.named("lambda", "function:"),
            *(scope.everywhere("lambda", f"{kind}:cwsyn-{scope.prefix}-*") for kind in ("function", "layer")),
        ],
    }
