"""What the parity check's function may do, as dictionaries. Pure functions."""

from collections.abc import Sequence
from typing import Any

from constructs_lib.naming import MANIFESTS_PREFIX, POINTER_KEY, RELEASES_PREFIX


def parity_check(own_arn: str, *, other_arns: Sequence[str], namespace: str) -> list[dict[str, Any]]:
    """Returns the statements of the function of one region: reads every bucket, writes releases of its own, deletes nothing.

    Nothing about keys: with `features.kms` the content key's own policy lets it use them (protection_policies.content_key).
    A copy from a named version needs GetObjectVersion: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html

    Args:
        own_arn: bucket of the function's region.
        other_arns: buckets of the other regions.
        namespace: the only one that it may publish metrics to.
    """
    arns = [own_arn, *other_arns]
    return [
        {
            "Sid": "ListObjects",
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:ListBucketVersions"],
            "Resource": arns,
        },
        {
            "Sid": "ReadReleases",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "Resource": [
                f"{arn}/{key}" for arn in arns for key in (f"{RELEASES_PREFIX}*", f"{MANIFESTS_PREFIX}*", POINTER_KEY)
            ],
        },
        {"Sid": "PutBack", "Effect": "Allow", "Action": "s3:PutObject", "Resource": f"{own_arn}/{RELEASES_PREFIX}*"},
        {
            "Sid": "PublishMetric",
            "Effect": "Allow",
            "Action": "cloudwatch:PutMetricData",
            "Resource": "*",  # the action knows no resource; the namespace confines it
            "Condition": {"StringEquals": {"cloudwatch:namespace": namespace}},
        },
    ]
