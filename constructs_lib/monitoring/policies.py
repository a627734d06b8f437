"""Policies of the monitoring part as dictionaries. Pure functions."""

from collections.abc import Sequence

from constructs_lib.policies import PolicyDocument, document


def alarm_topic(topic_arn: str, *, account_id: str) -> PolicyDocument:
    """Returns the policy of a topic that this account's CloudWatch alarms publish to.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html#sns-publish-from-cloudwatch-alarms
    """
    return document(
        {
            "Sid": "PublishAlarms",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": topic_arn,
            "Condition": {"StringEquals": {"AWS:SourceAccount": account_id}},
        }
    )


def alert_formatter(
    *, alert_topic_arn: str, webhook_parameter_arn: str | None, health_check_arns: Sequence[str]
) -> list[dict[str, object]]:
    """Returns what the formatter may do: publish alerts, see the health checks, and read the webhook's URL if there is one.

    No KMS action: the keys alias/aws/sns and alias/aws/ssm admit every principal of the account that comes through their
    service (https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key).
    """
    statements: list[dict[str, object]] = [
        {"Sid": "SendAlerts", "Effect": "Allow", "Action": "sns:Publish", "Resource": alert_topic_arn},
        {
            "Sid": "SeeHealthChecks",
            "Effect": "Allow",
            "Action": "route53:GetHealthCheckStatus",
            "Resource": list(health_check_arns),
        },
    ]
    if webhook_parameter_arn is not None:
        statements.append(
            {"Sid": "ReadWebhook", "Effect": "Allow", "Action": "ssm:GetParameter", "Resource": webhook_parameter_arn}
        )
    return statements


def outside_watch(*, alarms_arn: str) -> list[dict[str, object]]:
    """Returns what the watcher may do: look at the alarms."""
    return [{"Sid": "SeeAlarms", "Effect": "Allow", "Action": "cloudwatch:DescribeAlarms", "Resource": alarms_arn}]


def outside_prober(*, namespace: str) -> list[dict[str, object]]:
    """Returns what the prober may do: publish metrics to one namespace. It looks at the site as anybody may."""
    return [
        {
            "Sid": "PublishMetrics",
            "Effect": "Allow",
            "Action": "cloudwatch:PutMetricData",
            "Resource": "*",  # the action knows no resource; the namespace confines it
            "Condition": {"StringEquals": {"cloudwatch:namespace": namespace}},
        }
    ]


def events_to_log(log_group_arn: str, *, rule_arn: str) -> PolicyDocument:
    """Returns the resource policy with which one EventBridge rule writes into one log group.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-cloudwatchlogs-permissions
    """
    services = {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]}
    return document(
        {
            "Sid": "CreateStreams",
            "Effect": "Allow",
            "Principal": services,
            "Action": "logs:CreateLogStream",
            "Resource": f"{log_group_arn}:*",
        },
        {
            "Sid": "WriteAlarmEvents",
            "Effect": "Allow",
            "Principal": services,
            "Action": "logs:PutLogEvents",
            "Resource": f"{log_group_arn}:*",
            "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
        },
    )


def canary(*, artifacts_arn: str, log_groups_arn: str) -> PolicyDocument:
    """Returns what a canary's role may do, as AWS documents it, without X-Ray and VPC.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Synthetics_Canaries_CanaryPermissions.html
    """
    return document(
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"{artifacts_arn}/*"},
        {"Effect": "Allow", "Action": "s3:GetBucketLocation", "Resource": artifacts_arn},
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": log_groups_arn,
        },
        {
            "Effect": "Allow",
            "Action": "cloudwatch:PutMetricData",
            "Resource": "*",  # the action knows no resource; the namespace confines it
            "Condition": {"StringEquals": {"cloudwatch:namespace": "CloudWatchSynthetics"}},
        },
        # Asked to find the artifacts' bucket; the action knows no resource.
        {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"},
    )


def private_bucket(bucket_arn: str) -> PolicyDocument:
    """Returns the policy of a bucket that is reached over TLS only."""
    return document(
        {
            "Sid": "DenyInsecureTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket_arn, f"{bucket_arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )
