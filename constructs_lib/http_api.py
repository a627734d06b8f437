"""What every HTTP API with a function has, added beside it: log groups, the function's role, stage, permission, domain names.

Functions and not constructs, so that the children keep the ids of the construct that calls them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cdktf import AssetType, Fn, TerraformAsset
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
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.lambda_function import (
    LambdaFunction,
    LambdaFunctionEnvironment,
    LambdaFunctionTracingConfig,
)
from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib import policies
from constructs_lib.archive import zipped
from constructs_lib.checkov_skips import skip
from constructs_lib.policies import PolicyDocument

_RUNTIME = "python3.13"
_MEMORY_MEGABYTES = 512
# A year, so that an outage can still be looked into at the yearly review; 0.03 USD per GB and month.
# The access log names no viewer.
_LOG_RETENTION_DAYS = 365
_ACCESS_LOG_FIELDS = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "latencyMilliseconds": "$context.responseLatency",
    "error": "$context.integrationErrorMessage",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiFunction:
    """The function behind an API, as its construct describes it.

    Attributes:
        name: of function, role and log.
        code: folder with handler.py.
        environment: its variables.
        timeout_seconds: below the 30 s that an HTTP API waits.
        tracing: X-Ray's mode, "Active" or "PassThrough"; None leaves Lambda's default, which is the latter.
    """

    name: str
    code: Path
    environment: Mapping[str, str]
    timeout_seconds: int
    tracing: str | None = None


def add_log_group(
    scope: Construct, id_: str, *, name: str, skips: Mapping[str, str], provider: AwsProvider
) -> CloudwatchLogGroup:
    """Adds a log group of a year."""
    log_group = CloudwatchLogGroup(scope, id_, name=name, retention_in_days=_LOG_RETENTION_DAYS, provider=provider)
    skip(log_group, skips)
    return log_group


def add_function(
    scope: Construct,
    *,
    described: ApiFunction,
    rights: PolicyDocument,
    log_group: CloudwatchLogGroup,
    skips: Mapping[str, str],
    provider: AwsProvider,
) -> LambdaFunction:
    """Adds `role`, `policy`, `code` and `function`."""
    role = IamRole(
        scope,
        "role",
        name=described.name,
        assume_role_policy=policies.to_json(policies.assume_role("lambda.amazonaws.com")),
        provider=provider,
    )
    policy = IamRolePolicy(scope, "policy", role=role.id, policy=policies.to_json(rights), provider=provider)
    code = TerraformAsset(scope, "code", path=str(zipped(described.code)), type=AssetType.FILE)
    function = LambdaFunction(
        scope,
        "function",
        function_name=described.name,
        role=role.arn,
        runtime=_RUNTIME,
        architectures=["arm64"],
        handler="handler.handler",
        filename=code.path,
        source_code_hash=Fn.filebase64sha256(code.path),
        memory_size=_MEMORY_MEGABYTES,
        timeout=described.timeout_seconds,
        tracing_config=None if described.tracing is None else LambdaFunctionTracingConfig(mode=described.tracing),
        environment=LambdaFunctionEnvironment(variables=dict(described.environment)),
        depends_on=[log_group, policy],
        provider=provider,
    )
    skip(function, skips)
    return function


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
