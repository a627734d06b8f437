"""Emptying a distribution's edge caches, so that its next page views are filled from an origin."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from botocore.config import Config

from scripts.aws.clients import client_for, translated

if TYPE_CHECKING:
    from mypy_boto3_cloudfront.client import CloudFrontClient

_CONNECT_TIMEOUT_SECONDS = 5
_READ_TIMEOUT_SECONDS = 10
_ATTEMPTS = 3


def cloudfront_client() -> CloudFrontClient:
    """Returns a client for CloudFront's API, which is global; short of patience, because a fault is in force meanwhile."""
    config = Config(
        connect_timeout=_CONNECT_TIMEOUT_SECONDS,
        read_timeout=_READ_TIMEOUT_SECONDS,
        retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
    )
    made: CloudFrontClient = client_for("cloudfront", region="us-east-1", config=config)
    return made


def invalidate_all(client: CloudFrontClient, distribution_id: str) -> None:
    """Asks for an invalidation of `/*`; the edges follow a little later. It counts as one path, of 1,000 free ones a month.

    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PayingForInvalidation.html

    Raises:
        AwsError: CloudFront refused or did not answer.
    """
    with translated("CreateInvalidation", distribution_id):
        client.create_invalidation(
            DistributionId=distribution_id,
            InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": str(uuid.uuid4())},
        )
