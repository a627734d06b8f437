"""The most that any role of the stacks can do."""

from constructs_lib.access_policies.scope import Scope
from constructs_lib.access_policies.statements import watch_alarms
from constructs_lib.policies import PolicyDocument, document


def permissions_boundary(scope: Scope) -> PolicyDocument:
    """Returns the most that any role of the stacks can do, whatever the deploy role writes into its policy.

    No IAM and no STS, so a role of the site cannot make another one.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    return document(
        {
            "Sid": "OwnBuckets",
            "Effect": "Allow",
            "Action": ["s3:Get*", "s3:List*", "s3:PutObject", "s3:Replicate*", "s3:PauseReplication"],
            "Resource": [*scope.buckets, *scope.objects("*"), f"arn:aws:s3:::{scope.prefix}-c-*"],
        },
        {
            # Whether a role may is in its own policy; the condition is AWS's own, and is absent from an experiment's other calls.
            "Sid": "PauseReplication",
            "Effect": "Allow",
            "Action": "s3:PutReplicationConfiguration",
            "Resource": scope.buckets,
            "Condition": {"BoolIfExists": {"s3:IsReplicationPauseRequest": "true"}},
        },
        {
            "Sid": "OwnParts",
            "Effect": "Allow",
            "Action": ["lambda:InvokeFunction", "sns:Publish", "dynamodb:*Item", "dynamodb:Query", "ssm:GetParameter"],
            "Resource": [
                scope.named("lambda", "function:"),
                scope.named("sns", ""),
                scope.named("dynamodb", "table/"),
                scope.everywhere("ssm", f"parameter/{scope.prefix}/*"),
            ],
        },
        watch_alarms(scope),
        {
            "Sid": "SeeHealthChecks",
            "Effect": "Allow",
            "Action": "route53:GetHealthCheckStatus",
            "Resource": "arn:aws:route53:::healthcheck/*",
        },
        {
            "Sid": "WriteLogs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents", "logs:CreateLogGroup"],
            "Resource": scope.everywhere("logs", "log-group:*"),
        },
        {
            "Sid": "Observe",
            "Effect": "Allow",
            "Action": [
                "cloudwatch:PutMetricData",
                "s3:ListAllMyBuckets",
                "tag:GetResources",
                "xray:PutTraceSegments",
                "xray:PutTelemetryRecords",
            ],
            "Resource": "*",
        },
        {
            "Sid": "UseKeys",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"],
            "Resource": scope.everywhere("kms", "key/*"),
            "Condition": {"StringEquals": {"aws:ResourceTag/Project": scope.project}},
        },
    )
