"""Which IAM actions a call needs, by AWS's Service Authorization Reference. Pure functions.

An operation needs the action of its name, but for the exceptions here. Lists by service:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tools.examples.access_check.calls import Call

PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
"""Signing name -> prefix of the actions, where they differ."""

# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html and, by operation,
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_S3 = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjects": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
# The same operation on a version is another action: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_S3_OF_A_VERSION = {
    "DeleteObject": "DeleteObjectVersion",
    "GetObject": "GetObjectVersion",
    "GetObjectTagging": "GetObjectVersionTagging",
}
_OTHERS = {
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudfront.html
    "cloudfront:CreateDistributionWithTags": "cloudfront:CreateDistribution",
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbudgetservice.html
    "budgets:CreateBudget": "budgets:ModifyBudget",
    "budgets:CreateNotification": "budgets:ModifyBudget",
    "budgets:CreateSubscriber": "budgets:ModifyBudget",
    "budgets:DeleteBudget": "budgets:ModifyBudget",
    "budgets:DeleteNotification": "budgets:ModifyBudget",
    "budgets:DeleteSubscriber": "budgets:ModifyBudget",
    "budgets:DescribeBudget": "budgets:ViewBudget",
    "budgets:DescribeNotificationsForBudget": "budgets:ViewBudget",
    "budgets:DescribeSubscribersForNotification": "budgets:ViewBudget",
    "budgets:UpdateBudget": "budgets:ModifyBudget",
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
    "lambda:Invoke": "lambda:InvokeFunction",
}
GLOBAL_REGION = "us-east-1"
_GLOBAL = {"budgets", "cloudfront", "cloudfront-keyvaluestore", "iam", "route53"}
"""Services with one endpoint; the provider signs for its own region where an endpoint is configured, as it is for localcloud.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A right that a call needs.

    Attributes:
        context: condition keys with their values, as far as the call tells them.
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def action_of(call: Call) -> str:
    """Returns the action of the call itself."""
    if call.service == "apigateway":
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html
        return f"apigateway:{call.method}"
    if call.service == "s3":
        renamed = _S3.get(call.operation, call.operation)
        return f"s3:{_S3_OF_A_VERSION.get(renamed, renamed) if call.get('versionId') else renamed}"
    action = f"{PREFIXES.get(call.service, call.service)}:{call.operation}"
    return _OTHERS.get(action, action)


def context_of(call: Call) -> dict[str, str]:
    """The condition keys that a request brings along.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    found = {"aws:RequestedRegion": GLOBAL_REGION if call.service in _GLOBAL else call.region}
    if "Project" in call.tags:
        found["aws:RequestTag/Project"] = call.tags["Project"]
    if boundary := call.get("PermissionsBoundary"):
        found["iam:PermissionsBoundary"] = boundary
    if call.operation == "PutMetricData":
        found["cloudwatch:namespace"] = str(call.get("Namespace"))
    return found
