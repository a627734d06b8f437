"""What every HTTP API with a function has, added beside it: integration, permission, stage, domain names.

Functions and not constructs, so that the children keep the ids of the construct that calls them.
"""

import json
from collections.abc import Mapping

from cdktf_cdktf_provider_aws.apigatewayv2_api import Apigatewayv2Api
from cdktf_cdktf_provider_aws.apigatewayv2_api_mapping import Apigatewayv2ApiMapping
from cdktf_cdktf_provider_aws.apigatewayv2_domain_name import (
    Apigatewayv2DomainName,
    Apigatewayv2DomainNameDomainNameConfiguration,
)
from cdktf_cdktf_provider_aws.apigatewayv2_integration import Apigatewayv2Integration
from cdktf_cdktf_provider_aws.apigatewayv2_stage import (
    Apigatewayv2Stage,
    Apigatewayv2StageAccessLogSettings,
    Apigatewayv2StageDefaultRouteSettings,
)
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.lambda_function import (
    LambdaFunction,
)
from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

# No viewer is named.
_ACCESS_LOG_FIELDS = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "latencyMilliseconds": "$context.responseLatency",
    "error": "$context.integrationErrorMessage",
}


def add_integration(scope: Construct, *, api: Apigatewayv2Api, function: LambdaFunction, provider: AwsProvider) -> str:
    """Adds `integration` and `permission`; returns the target of a route."""
    integration = Apigatewayv2Integration(
        scope,
        "integration",
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_uri=function.invoke_arn,
        payload_format_version="2.0",
        provider=provider,
    )
    LambdaPermission(
        scope,
        "permission",
        function_name=function.function_name,
        action="lambda:InvokeFunction",
        principal="apigateway.amazonaws.com",
        source_arn=f"{api.execution_arn}/*",
        provider=provider,
    )
    return f"integrations/{integration.id}"


def add_stage(
    scope: Construct,
    *,
    api: Apigatewayv2Api,
    log_group: CloudwatchLogGroup,
    rate_requests_per_second: int,
    burst_requests: int,
    provider: AwsProvider,
    more_log_fields: Mapping[str, str] | None = None,
) -> Apigatewayv2Stage:
    """Adds `stage`: the default one, deployed by itself, throttled and logged."""
    return Apigatewayv2Stage(
        scope,
        "stage",
        api_id=api.id,
        name="$default",
        auto_deploy=True,
        access_log_settings=Apigatewayv2StageAccessLogSettings(
            destination_arn=log_group.arn, format=json.dumps({**_ACCESS_LOG_FIELDS, **(more_log_fields or {})})
        ),
        default_route_settings=Apigatewayv2StageDefaultRouteSettings(
            throttling_burst_limit=burst_requests, throttling_rate_limit=rate_requests_per_second
        ),
        provider=provider,
    )


def add_domain(
    scope: Construct,
    ids: tuple[str, str],
    *,
    name: str,
    certificate_arn: str,
    stage: Apigatewayv2Stage,
    provider: AwsProvider,
) -> tuple[str, str]:
    """Adds a custom domain name and its mapping, of these ids; returns domain name and hosted zone id for its alias."""
    domain = Apigatewayv2DomainName(
        scope,
        ids[0],
        domain_name=name,
        # Dual stack, because the AAAA records need a healthy target as well.
        domain_name_configuration=Apigatewayv2DomainNameDomainNameConfiguration(
            certificate_arn=certificate_arn,
            endpoint_type="REGIONAL",
            security_policy="TLS_1_2",
            ip_address_type="dualstack",
        ),
        provider=provider,
    )
    Apigatewayv2ApiMapping(
        scope,
        ids[1],
        api_id=stage.api_id,
        domain_name=domain.domain_name,
        stage=stage.name,
        provider=provider,
    )
    target = domain.domain_name_configuration
    return target.target_domain_name, target.hosted_zone_id
