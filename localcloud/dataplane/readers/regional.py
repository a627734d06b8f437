"""Reads what is regional: buckets and their policies, ACM certificates, API Gateway domains, Lambda functions."""

import json
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localcloud.dataplane.configuration import ApiDomain, Bucket, LambdaFunction, RegionalState
from localcloud.dataplane.readers.clients import Clients
from localcloud.dataplane.readers.versioned import present
from localcloud.model.errors import UnsupportedResource
from localcloud.model.http_routes import checked_route

if TYPE_CHECKING:
    from mypy_boto3_acm import ACMClient
    from mypy_boto3_s3 import S3Client

logger = logging.getLogger(__name__)

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
MAXIMUM_INTEGRATION_TIMEOUT_SECONDS = 30.0


def read_bucket(clients: Clients, name: str) -> Bucket:
    """Return a bucket with its region and policy."""
    client: S3Client = clients.get("s3")
    # A bucket in us-east-1 has no location constraint:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
    location = client.get_bucket_location(Bucket=name).get("LocationConstraint") or "us-east-1"
    try:
        policy = json.loads(client.get_bucket_policy(Bucket=name)["Policy"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
            raise
        policy = None
    return Bucket(name=name, region=str(location), policy=policy)


def read_certificate_names(clients: Clients, arn: str) -> tuple[str, ...]:
    """Return the names of an ACM certificate."""
    client: ACMClient = clients.get("acm", arn.split(":")[3])
    found = client.describe_certificate(CertificateArn=arn)["Certificate"]
    return tuple(dict.fromkeys([found["DomainName"], *found.get("SubjectAlternativeNames", [])]))


def read_regional(clients: Clients, regions: Iterable[str]) -> RegionalState:
    """Return the API Gateway domains and the Lambda functions of these regions."""
    domains: list[ApiDomain] = []
    functions: dict[str, LambdaFunction] = {}
    for region in regions:
        functions.update(_functions(clients.get("lambda", region), region))
        domains.extend(_domains(clients.get("apigatewayv2", region), region))
    return RegionalState(domains=tuple(domains), functions=functions)


def _functions(client: Any, region: str) -> dict[str, LambdaFunction]:  # noqa: ANN401  boto3 client
    pages = client.get_paginator("list_functions").paginate()
    items = [item for page in pages for item in page["Functions"]]
    return {function.arn: function for function in present(items, lambda item: _function(client, item, region))}


def _function(client: Any, item: Mapping[str, Any], region: str) -> LambdaFunction:  # noqa: ANN401  boto3 client
    found = client.get_function(FunctionName=item["FunctionName"])
    code = found["Code"]
    return LambdaFunction(
        name=item["FunctionName"],
        arn=item["FunctionArn"],
        region=region,
        runtime=item.get("Runtime", ""),
        handler=item.get("Handler", ""),
        code_url=code.get("Location", ""),
        code_sha256=item["CodeSha256"],
        timeout_seconds=float(item.get("Timeout", 3)),
        memory_megabytes=int(item.get("MemorySize", 128)),
        environment=dict((item.get("Environment") or {}).get("Variables") or {}),
        api_source_arns=_api_permissions(client, item["FunctionName"]),
        reserved_concurrency=_reserved_concurrency(client, item["FunctionName"]),
    )


def _reserved_concurrency(client: Any, name: str) -> int | None:  # noqa: ANN401  boto3 client
    """Return it as GetFunctionConcurrency does: moto's GetFunction leaves a 0 out."""
    reserved = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
    return None if reserved is None else int(reserved)


def _api_permissions(client: Any, name: str) -> tuple[str, ...]:  # noqa: ANN401  boto3 client
    """Return the source ARN patterns that may invoke; `*` for a statement without a condition."""
    try:
        policy = json.loads(client.get_policy(FunctionName=name)["Policy"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return ()
    return tuple(
        _source_arn(statement.get("Condition") or {})
        for statement in policy.get("Statement", [])
        if statement.get("Effect") == "Allow"
        and (statement.get("Principal") or {}).get("Service") == "apigateway.amazonaws.com"
    )


def _source_arn(condition: Mapping[str, Any]) -> str:
    for keys in condition.values():
        for key, value in keys.items():
            if key.lower() == "aws:sourcearn":
                return str(value)
    return "*"


def _domains(client: Any, region: str) -> list[ApiDomain]:  # noqa: ANN401  boto3 client
    return list(present(client.get_domain_names().get("Items", []), lambda item: _domain(client, item, region)))


def _domain(client: Any, item: Mapping[str, Any], region: str) -> ApiDomain:  # noqa: ANN401  boto3 client
    configuration = item["DomainNameConfigurations"][0]
    common: dict[str, Any] = {
        "domain_name": item["DomainName"].lower(),
        "region": region,
        "target_domain_name": configuration["ApiGatewayDomainName"].lower(),
        "is_dualstack": configuration.get("IpAddressType") == "dualstack",
        "certificate_arn": configuration.get("CertificateArn"),
    }
    try:
        return ApiDomain(**common, **_integration(client, item["DomainName"]))
    except UnsupportedResource as error:
        logger.error("API Gateway domain %s: %s", item["DomainName"], error)
        return ApiDomain(**common, unsupported=str(error))


def _integration(client: Any, domain_name: str) -> dict[str, Any]:  # noqa: ANN401  boto3 client
    """Return where the domain's root mapping leads: only HTTP APIs with one integration, to Lambda, are modelled."""
    mappings = client.get_api_mappings(DomainName=domain_name).get("Items", [])
    root = [mapping for mapping in mappings if mapping.get("ApiMappingKey") in (None, "", "(none)")]
    if len(mappings) > len(root):
        raise UnsupportedResource("API mapping with a key", reason="only the root mapping is modelled")
    if not root:
        return {}
    api_id, stage = root[0]["ApiId"], root[0]["Stage"]
    api = client.get_api(ApiId=api_id)
    routes = client.get_routes(ApiId=api_id).get("Items", [])
    if api["ProtocolType"] != "HTTP" or len({route["Target"] for route in routes}) != 1:
        raise UnsupportedResource(f"API {api_id}", reason="only HTTP APIs with one integration are modelled")
    return {
        "api_id": api_id,
        "stage": stage,
        "routes": tuple(checked_route(route["RouteKey"], route.get("AuthorizationType", "NONE")) for route in routes),
        "has_cors": bool((api.get("CorsConfiguration") or {}).get("AllowOrigins")),
        **_lambda_target(client, api_id, routes[0]),
    }


def _lambda_target(client: Any, api_id: str, route: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401  boto3 client
    integration_id = route["Target"].removeprefix("integrations/")
    integration = client.get_integration(ApiId=api_id, IntegrationId=integration_id)
    is_modelled = integration["IntegrationType"] == "AWS_PROXY" and integration.get("PayloadFormatVersion") == "2.0"
    if not is_modelled:
        raise UnsupportedResource(
            f"API {api_id} integration {integration_id}", reason="only AWS_PROXY with payload 2.0 is modelled"
        )
    uri = integration["IntegrationUri"]
    arn = uri.split("/functions/", 1)[-1].removesuffix("/invocations") if "/functions/" in uri else uri
    milliseconds = integration.get("TimeoutInMillis") or MAXIMUM_INTEGRATION_TIMEOUT_SECONDS * 1000
    return {
        "function_arn": arn,
        "account_id": arn.split(":")[4],
        "integration_timeout_seconds": milliseconds / 1000,
    }
