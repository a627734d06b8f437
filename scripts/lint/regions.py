"""In which regions a site is served: what stands behind origins and records."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.lint.distributions import distributions
from scripts.lint.model import Configuration, Resource
from scripts.lint.values import Expression, Value

VIRGINIA = "us-east-1"
# What answers in one region, and may be an origin or the target of a record.
_REGIONAL = (
    "aws_api_gateway_domain_name",
    "aws_api_gateway_rest_api",
    "aws_api_gateway_stage",
    "aws_apigatewayv2_api",
    "aws_apigatewayv2_domain_name",
    "aws_alb",
    "aws_elb",
    "aws_lambda_function_url",
    "aws_lb",
    "aws_s3_bucket",
    "aws_s3_bucket_website_configuration",
)
_ENDPOINTS = (
    "aws_apigatewayv2_api",
    "aws_api_gateway_rest_api",
    "aws_lb",
    "aws_alb",
    "aws_elb",
    "aws_lambda_function_url",
)
_REGION = r"[a-z]{2}(?:-[a-z]+){1,2}-\d"
# b.s3.REGION.amazonaws.com, b.s3-website-REGION..., x.REGION.elb..., x.execute-api.REGION..., x.lambda-url.REGION.on.aws
_NAME = re.compile(rf"(?:^|[.-])(?P<region>{_REGION})\.(?:elb\.)?(?:amazonaws\.com(?:\.cn)?|on\.aws)\.?$")


def region_behind(configuration: Configuration, value: Value, near: Resource) -> str | None:
    """Returns the region that a domain name, or a reference to one, belongs to; None when unknown, or of all regions."""
    found = configuration.resource(value, near, *_REGIONAL)
    if found is not None:
        return None if found.is_data else found.region
    spelled = value.text if isinstance(value, Expression) and value.is_whole else value
    match = _NAME.search(spelled.lower()) if isinstance(spelled, str) else None
    return match["region"] if match else None


def serving_regions(configuration: Configuration) -> set[str]:
    """Returns the regions that certainly serve users: of origins, APIs and load balancers."""
    return configuration.once("serving regions", lambda: {region for region in _serving(configuration) if region})


def known_regions(configuration: Configuration) -> set[str]:
    """Returns the regions that anything here is certainly in, or could be: those of providers too."""
    resources = {resource.region for resource in configuration.resources if resource.region}
    return resources.union(*(document.provider_regions for document in configuration.documents))


def _serving(configuration: Configuration) -> Iterator[str | None]:
    for endpoint in configuration.of_type(*_ENDPOINTS):
        yield endpoint.region
    for distribution in distributions(configuration):
        for origin in distribution.origins.values():
            if (bucket := distribution.bucket_of(origin)) and not bucket.is_data:
                yield bucket.region
            else:
                yield region_behind(configuration, origin.value("domain_name"), distribution.resource)
