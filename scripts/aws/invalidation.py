"""Emptying a distribution's edge caches, of everything or of some paths: the next page views are filled from an origin."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.config import Config

from scripts.aws.clients import client_for, translated

if TYPE_CHECKING:
    from mypy_boto3_cloudfront.client import CloudFrontClient

_CONNECT_TIMEOUT_SECONDS = 5
_READ_TIMEOUT_SECONDS = 10
_ATTEMPTS = 3
FREE_PATHS = 1000
"""A month: https://aws.amazon.com/cloudfront/pricing/"""


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
    invalidate_paths(client, distribution_id, ["/*"])


def invalidate_paths(client: CloudFrontClient, distribution_id: str, paths: Sequence[str]) -> str:
    """Asks for an invalidation of paths as they stand in addresses; returns its id.

    More of them than are free in a month are asked for as `/*`, one path: caches fill again, and nobody pays 0.005 USD for each.
    Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PayingForInvalidation.html

    Raises:
        AwsError: CloudFront refused or did not answer.
    """
    items = ["/*"] if len(paths) > FREE_PATHS else list(paths)
    with translated("CreateInvalidation", distribution_id):
        answer = client.create_invalidation(
            DistributionId=distribution_id,
            InvalidationBatch={
                "Paths": {"Quantity": len(items), "Items": items},
                "CallerReference": str(uuid.uuid4()),
            },
        )
    return answer["Invalidation"]["Id"]
