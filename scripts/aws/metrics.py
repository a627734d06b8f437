"""Publishing the prober's metrics to CloudWatch, and its alerts to SNS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scripts.aws.clients import aws_client, translated

NAMESPACE = "FailoverSite"
"""What the monitoring stack's output `custom_metrics_namespace` says; docs/MONITORING.md lists the metrics."""
_LONGEST_SUBJECT = 99
"""SNS takes fewer than 100 characters: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""


def put_metrics(region: str, data: Sequence[dict[str, Any]]) -> None:
    """Publishes metrics in a region, in one call.

    Raises:
        AwsError: CloudWatch refused, or does not answer.
    """
    with translated("PutMetricData", f"{NAMESPACE} in {region}", region=region):
        aws_client("cloudwatch", region=region, is_hasty=True).put_metric_data(
            Namespace=NAMESPACE, MetricData=list(data)
        )


def publish_alert(topic_arn: str, subject: str, text: str) -> None:
    """Publishes a message to an SNS topic.

    Raises:
        AwsError: SNS refused, or does not answer.
    """
    region = topic_arn.split(":")[3]
    with translated("Publish", topic_arn, region=region):
        aws_client("sns", region=region, is_hasty=True).publish(
            TopicArn=topic_arn, Subject=subject[:_LONGEST_SUBJECT], Message=text
        )
