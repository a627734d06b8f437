"""The role that changes the site's stacks."""

from typing import Any

from constructs_lib.access_policies.deployment_edge import names_and_edge, tagged_when_made
from constructs_lib.access_policies.deployment_roles import roles_with_boundary
from constructs_lib.access_policies.scope import Scope, apis, other_buckets
from constructs_lib.access_policies.statements import READ_BUCKET, READ_EVERYWHERE, state
from constructs_lib.naming import HEALTH_PREFIX
from constructs_lib.policies import PolicyDocument, document

_WRITE_BUCKET = (
    "s3:CreateBucket",
    "s3:PutBucket*",
    "s3:DeleteBucketPolicy",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
)


def deploy(scope: Scope) -> PolicyDocument:
    """Returns what applying the site's stacks needs, but for access and audit, which are an administrator's."""
    return document(
        *state(scope, write=True),
        *_site_settings(scope),
        *names_and_edge(scope),
        *roles_with_boundary(scope),
    )


def _site_settings(scope: Scope) -> list[dict[str, Any]]:
    """Buckets without their deletion, the regional endpoints, and what watches the site."""
    return [
        {
            "Sid": "BucketSettings",
            "Effect": "Allow",
            "Action": [*READ_BUCKET, *_WRITE_BUCKET],
            "Resource": [*scope.buckets, *other_buckets(scope)],
        },
        {
            "Sid": "HealthObjects",
            "Effect": "Allow",
            "Action": [
                "s3:GetObject*",
                "s3:PutObject",
                "s3:PutObjectTagging",
                "s3:DeleteObject",
                "s3:DeleteObjectVersion",
            ],
            "Resource": scope.objects(f"{HEALTH_PREFIX}*"),
        },
        {"Sid": "Apis", "Effect": "Allow", "Action": "apigateway:*", "Resource": apis(["*"])},
        {
            "Sid": "OwnParts",
            "Effect": "Allow",
            "Action": [
                "lambda:*",
                "sns:*",
                "logs:*",
                "cloudwatch:*",
                "events:*",
                "synthetics:*",
                "budgets:*",
                "ssm:*",
                "dynamodb:*",
            ],
            "Resource": [
                scope.named("lambda", "function:"),
                scope.named("sns", ""),
                scope.everywhere("logs", f"log-group:/aws/*/{scope.prefix}-*"),
                scope.everywhere("logs", f"log-group:{scope.prefix}-*"),
                scope.named("cloudwatch", "alarm:"),
                f"arn:aws:cloudwatch::{scope.account_id}:dashboard/{scope.prefix}-*",
                scope.named("events", "rule/"),
                scope.named("synthetics", "canary:"),
                *_canary_parts(scope),
                f"arn:aws:budgets::{scope.account_id}:budget/{scope.prefix}-*",
                scope.everywhere("ssm", f"parameter/{scope.prefix}/*"),
                scope.named("dynamodb", "table/"),
            ],
        },
        *_without_resource(scope),
        *_viewer_logs(scope),
        {
            "Sid": "Experiments",
            "Effect": "Allow",
            "Action": [
                "fis:*ExperimentTemplate",
                "fis:TagResource",
                "fis:UntagResource",
            ],
            "Resource": [scope.everywhere("fis", "experiment-template/*"), "arn:aws:fis:*:*:action/*"],
        },
        {
            "Sid": "Certificates",
            "Effect": "Allow",
            "Action": ["acm:AddTagsToCertificate", "acm:DeleteCertificate", "acm:RemoveTagsFromCertificate"],
            "Resource": scope.everywhere("acm", "certificate/*"),
            "Condition": {"StringEquals": {"aws:ResourceTag/Project": scope.project}},
        },
        {
            "Sid": "RequestCertificates",
            "Effect": "Allow",
            "Action": ["acm:RequestCertificate", "acm:AddTagsToCertificate"],
            "Resource": "*",
            "Condition": tagged_when_made(scope),
        },
        {"Sid": "ReadSettings", "Effect": "Allow", "Action": list(READ_EVERYWHERE), "Resource": "*"},
    ]


def _without_resource(scope: Scope) -> list[dict[str, Any]]:
    """What has no resource to name: access logs of an HTTP API, subscriptions of a topic, and a canary that is made.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchsynthetics.html
    """
    return [
        {
            "Sid": "LogDeliveryAndSubscriptions",
            "Effect": "Allow",
            "Action": [
                "logs:*LogDelivery",
                "logs:DeleteResourcePolicy",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "sns:SetSubscriptionAttributes",
                "sns:Unsubscribe",
            ],
            "Resource": "*",
        },
        {
            "Sid": "MakeCanaries",
            "Effect": "Allow",
            "Action": "synthetics:CreateCanary",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestTag/Project": scope.project}},
        },
    ]


def _canary_parts(scope: Scope) -> list[str]:
    """The function and the layer that Synthetics makes of a canary with its caller's rights: cwsyn- and the canary's name.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Synthetics_Canaries_Roles.html, the policy
    CloudWatchSyntheticsFullAccess; the runtime's own layer, which is read, belongs to an account of AWS.
    """
    return [scope.everywhere("lambda", f"{kind}:cwsyn-{scope.prefix}-*") for kind in ("function", "layer")]


def _viewer_logs(scope: Scope) -> list[dict[str, Any]]:
    """CloudFront's standard logs (v2): https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html."""
    return [
        {
            "Sid": "ViewerLogs",
            "Effect": "Allow",
            "Action": [
                "logs:CreateDelivery",
                "logs:DeleteDelivery*",
                "logs:PutDelivery*",
                "logs:TagResource",
                "logs:UntagResource",
                "logs:UpdateDeliveryConfiguration",
            ],
            "Resource": [
                scope.everywhere("logs", f"{kind}:*")
                for kind in ("delivery", "delivery-source", "delivery-destination")
            ],
        },
        {
            "Sid": "ViewerLogsOfDistributions",
            "Effect": "Allow",
            "Action": "cloudfront:AllowVendedLogDeliveryForResource",
            "Resource": f"arn:aws:cloudfront::{scope.account_id}:distribution/*",
        },
    ]
