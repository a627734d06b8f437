"""Statements and lists of actions that several roles share."""

from typing import Any

from constructs_lib.access_policies.scope import Scope
from constructs_lib.naming import ERRORS_PREFIX, MANIFESTS_PREFIX, POINTER_KEY, RELEASES_PREFIX

# What the publisher writes.
PUBLISHED = (f"{RELEASES_PREFIX}*", f"{ERRORS_PREFIX}*", f"{MANIFESTS_PREFIX}*", POINTER_KEY)

READ_EVERYWHERE = (
    "acm:DescribeCertificate",
    "acm:ListCertificates",
    "acm:ListTagsForCertificate",
    "budgets:ViewBudget",
    "budgets:ListTagsForResource",
    "cloudfront:Describe*",
    "cloudfront:Get*",
    "cloudfront:List*",
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetTrail",
    "cloudtrail:GetTrailStatus",
    "cloudtrail:ListTags",
    "cloudwatch:Describe*",
    "cloudwatch:GetDashboard",
    "cloudwatch:List*",
    "dynamodb:Describe*",
    "dynamodb:ListTagsOfResource",
    "ec2:Describe*",
    "events:Describe*",
    "events:List*",
    "fis:GetExperimentTemplate",
    "fis:ListTagsForResource",
    "kms:Describe*",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListResourceTags",
    "lambda:GetFunction*",
    "lambda:GetLayerVersion",
    "lambda:GetPolicy",
    "lambda:List*",
    "logs:Describe*",
    "logs:GetDelivery*",
    "logs:ListTagsForResource",
    "rds:Describe*",
    "rds:ListTagsForResource",
    "route53:Get*",
    "route53:List*",
    "secretsmanager:GetRandomPassword",
    "sns:GetTopicAttributes",
    "sns:GetSubscriptionAttributes",
    "sns:ListSubscriptionsByTopic",
    "sns:ListTagsForResource",
    "synthetics:Get*",
    "wafv2:Get*",
    "wafv2:List*",
)
READ_BUCKET = (
    "s3:GetAccelerateConfiguration",
    "s3:GetBucket*",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket*",  # and versions, by which the provider deletes an object
)


def state(scope: Scope, *, write: bool) -> list[dict[str, Any]]:
    """The S3 backend's rights: https://developer.hashicorp.com/terraform/language/backend/s3#permissions-required."""
    if scope.state_bucket is None:
        return []
    bucket = f"arn:aws:s3:::{scope.state_bucket}"
    states = f"{bucket}/{scope.state_prefix}*.tfstate"
    reads: list[dict[str, Any]] = [
        {"Sid": "FindStates", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket},
        {"Sid": "ReadStates", "Effect": "Allow", "Action": "s3:GetObject", "Resource": states},
    ]
    if not write:
        return reads
    writes: list[dict[str, Any]] = [
        {
            "Sid": "WriteStates",
            "Effect": "Allow",
            "Action": "s3:PutObject",
            "Resource": [states, f"{bucket}/{_outputs(scope)}"],
        },
        {
            "Sid": "Lock",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": f"{states}.tflock",
        },
    ]
    return reads + writes


def _outputs(scope: Scope) -> str:
    """The key of the outputs that `failover outputs --keep` puts beside the states."""
    return f"{scope.state_prefix}outputs.json"


def find_outputs(scope: Scope) -> list[dict[str, Any]]:
    """What `failover outputs --fetch` reads, of the states' bucket or its replica; none of the states themselves."""
    if scope.state_bucket is None:
        return []
    kept = [f"arn:aws:s3:::{scope.state_bucket}{replica}/{_outputs(scope)}" for replica in ("", "-replica")]
    return [{"Sid": "FindOutputs", "Effect": "Allow", "Action": "s3:GetObject", "Resource": kept}]


def switch(scope: Scope) -> dict[str, Any]:
    """The active pointer behind CloudFront: which release the router serves, and which regions.

    A store's ARN holds an id that CloudFront gives it, so the one store can be named only once it is there.
    """
    return {
        "Sid": "SwitchRouting",
        "Effect": "Allow",
        "Action": [
            "cloudfront-keyvaluestore:DescribeKeyValueStore",
            "cloudfront-keyvaluestore:GetKey",
            "cloudfront-keyvaluestore:ListKeys",
            "cloudfront-keyvaluestore:PutKey",
            "cloudfront-keyvaluestore:UpdateKeys",
        ],
        "Resource": scope.key_value_store_arn or f"arn:aws:cloudfront::{scope.account_id}:key-value-store/*",
    }


def watch_alarms(scope: Scope) -> dict[str, Any]:
    """AWS asks for the right on every alarm's ARN, whatever prefix is looked for (docs/SANDBOX.md, row 45)."""
    return {
        "Sid": "WatchAlarms",
        "Effect": "Allow",
        "Action": "cloudwatch:DescribeAlarms",
        "Resource": scope.everywhere("cloudwatch", "alarm:*"),
    }
