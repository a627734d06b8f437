"""Addresses of the pages that rules cite."""

from __future__ import annotations


def cloudfront(page: str) -> str:
    """Returns a page of CloudFront's developer guide."""
    return f"https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/{page}.html"


def cloudfront_api(page: str) -> str:
    """Returns a page of CloudFront's API reference."""
    return f"https://docs.aws.amazon.com/cloudfront/latest/APIReference/{page}.html"


def route53(page: str) -> str:
    """Returns a page of Route 53's developer guide."""
    return f"https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/{page}.html"


def route53_api(page: str) -> str:
    """Returns a page of Route 53's API reference."""
    return f"https://docs.aws.amazon.com/Route53/latest/APIReference/{page}.html"


def s3(page: str) -> str:
    """Returns a page of S3's user guide."""
    return f"https://docs.aws.amazon.com/AmazonS3/latest/userguide/{page}.html"


def s3_api(page: str) -> str:
    """Returns a page of S3's API reference."""
    return f"https://docs.aws.amazon.com/AmazonS3/latest/API/{page}.html"


def api_gateway(page: str) -> str:
    """Returns a page of API Gateway's developer guide."""
    return f"https://docs.aws.amazon.com/apigateway/latest/developerguide/{page}.html"
