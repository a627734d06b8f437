"""Reads what is regional: buckets and their policies, ACM certificates, API Gateway domains, Lambda functions."""

import json
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localcloud.dataplane.configuration import ApiDomain, Bucket, LambdaFunction, RegionalState
from localcloud.dataplane.readers.clients import Clients
from localcloud.model.errors import UnsupportedResource
from localcloud.model.http_routes import checked_route

if TYPE_CHECKING:
    from mypy_boto3_acm import ACMClient
    from mypy_boto3_s3 import S3Client

logger = logging.getLogger(__name__)

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
MAXIMUM_INTEGRATION_TIMEOUT_SECONDS = 30.0


def read_buckets(clients: Clients) -> dict[str, Bucket]:
    """Return all buckets by name, with region and policy."""
    client: S3Client = clients.get("s3")
    names = [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]
    return {name: _bucket(client, name) for name in names}


def _bucket(client: "S3Client", name: str) -> Bucket:
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


def read_certificates(clients: Clients, regions: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the names of each ACM certificate by its ARN."""
    return {
        arn: names
        for region in sorted({*regions, "us-east-1"})
        for arn, names in _region_certificates(clients.get("acm", region)).items()
    }


def _region_certificates(client: "ACMClient") -> dict[str, tuple[str, ...]]:
    pages = client.get_paginator("list_certificates").paginate()
    arns = [item["CertificateArn"] for page in pages for item in page["CertificateSummaryList"]]
    certificates = (client.describe_certificate(CertificateArn=arn)["Certificate"] for arn in arns)
    return {
        item["CertificateArn"]: tuple(dict.fromkeys([item["DomainName"], *item.get("SubjectAlternativeNames", [])]))
        for item in certificates
    }


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
    return {item["FunctionArn"]: _function(client, item, region) for item in items}


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
        reserved_concurrency=found.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
    )


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
    return [_domain(client, item, region) for item in client.get_domain_names().get("Items", [])]


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
