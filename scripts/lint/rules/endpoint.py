"""The regional endpoint: API Gateway's HTTP APIs and their domain names (trap 26)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.lint.model import Configuration
from scripts.lint.rule import Finding, Rule, Severity, at
from scripts.lint.sources import api_gateway
from scripts.lint.values import Expression, Value

_S3_INTEGRATION = re.compile(r"arn:[^:]*:apigateway:[^:]*:s3:")
# API type -> (mapping that gives it a domain name, attribute that names the API)
_MAPPINGS = {
    "aws_apigatewayv2_api": ("aws_apigatewayv2_api_mapping", "api_id"),
    "aws_api_gateway_rest_api": ("aws_api_gateway_base_path_mapping", "api_id"),
}


def _s3_integration(configuration: Configuration) -> Iterator[Finding]:
    for integration in configuration.of_type("aws_apigatewayv2_integration"):
        subtype = integration.body.text("integration_subtype") or ""
        uri = _spelled(integration.body.value("integration_uri"))
        if subtype.upper().startswith("S3-") or _S3_INTEGRATION.match(uri):
            yield at(integration, f"integration with S3: {subtype or uri}")


def _spelled(value: Value) -> str:
    text = value.text if isinstance(value, Expression) else value
    return text if isinstance(text, str) else ""


def _rest_tls_policy(configuration: Configuration) -> Iterator[Finding]:
    for name in configuration.of_type("aws_apigatewayv2_domain_name"):
        policy = name.body.block("domain_name_configuration").text("security_policy")
        if policy and policy != "TLS_1_2":
            yield at(name, f"security_policy {policy}, allowed TLS_1_2")


def _open_default_endpoint(configuration: Configuration) -> Iterator[Finding]:
    for type_, (mapping, key) in _MAPPINGS.items():
        for api in configuration.of_type(type_):
            is_open = api.body.is_unset("disable_execute_api_endpoint")
            is_open = is_open or api.body.flag("disable_execute_api_endpoint") is False
            if is_open and configuration.users(api, mapping, key):
                yield at(api, "has a domain name, and its execute-api endpoint is open as well")


def _text_only(configuration: Configuration) -> Iterator[Finding]:
    for integration in configuration.of_type("aws_api_gateway_integration"):
        uri = _spelled(integration.body.value("uri"))
        api = configuration.resource(integration.body.value("rest_api_id"), integration, "aws_api_gateway_rest_api")
        if api is None or not _S3_INTEGRATION.match(uri) or not api.body.is_known("binary_media_types"):
            continue
        if "*/*" not in api.body.texts("binary_media_types") and api.body.is_unset("body"):
            yield at(api, f"binary_media_types has no */*, and {integration.address} reads S3")


RULES = (
    Rule(
        id="FW261",
        slug="http-api-s3-integration",
        title="An HTTP API that integrates with S3",
        why="HTTP APIs have no S3 integration; REST APIs have.",
        source=api_gateway("http-api-develop-integrations-aws-services-reference"),
        remedy="Put a Lambda function in front of the bucket, or use a REST API.",
        check=_s3_integration,
    ),
    Rule(
        id="FW262",
        slug="http-api-tls-policy",
        title="A TLS policy of REST APIs on an HTTP API's name",
        why="Domain names of HTTP APIs take TLS_1_2 only.",
        source=api_gateway("apigateway-custom-domain-tls-version"),
        remedy='Set security_policy = "TLS_1_2".',
        check=_rest_tls_policy,
    ),
    Rule(
        id="FW263",
        severity=Severity.WARNING,
        slug="open-default-endpoint",
        title="A default endpoint beside the domain name",
        why="It answers around DNS failover, WAF and certificate, in a region that was left on purpose.",
        source=api_gateway("how-to-custom-domains"),
        remedy="Set disable_execute_api_endpoint = true.",
        check=_open_default_endpoint,
    ),
    Rule(
        id="FW264",
        slug="text-only-rest-api",
        title="A REST API that reads S3 as text",
        why="Without the binary type */* images and fonts come out broken: a browser's Accept begins with another type, and "
        "only the first counts.",
        source=api_gateway("api-gateway-payload-encodings"),
        remedy='Set binary_media_types = ["*/*"].',
        check=_text_only,
    ),
)
