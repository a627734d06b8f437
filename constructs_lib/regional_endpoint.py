"""The regional endpoint: an HTTP API on the public name, with a function that serves the active release from S3.

It is the SECONDARY of the DNS failover records (layer 3), or what Route 53 chooses between when the entry is regional, and needs
nothing outside its region but Route 53's answer.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from cdktf import AssetType, Fn, TerraformAsset
from cdktf_cdktf_provider_aws.apigatewayv2_api import Apigatewayv2Api
from cdktf_cdktf_provider_aws.apigatewayv2_api_mapping import Apigatewayv2ApiMapping
from cdktf_cdktf_provider_aws.apigatewayv2_domain_name import (
    Apigatewayv2DomainName,
    Apigatewayv2DomainNameDomainNameConfiguration,
)
from cdktf_cdktf_provider_aws.apigatewayv2_integration import Apigatewayv2Integration
from cdktf_cdktf_provider_aws.apigatewayv2_route import Apigatewayv2Route
from cdktf_cdktf_provider_aws.apigatewayv2_stage import (
    Apigatewayv2Stage,
    Apigatewayv2StageAccessLogSettings,
    Apigatewayv2StageDefaultRouteSettings,
)
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction, LambdaFunctionEnvironment
from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib import policies
from constructs_lib.archive import zipped
from constructs_lib.certificates import RegionalCertificate
from constructs_lib.checkov_skips import skip
from constructs_lib.content_bucket import ContentBucket

_CODE = Path(__file__).parent / "functions" / "regional_endpoint"
_RUNTIME = "python3.13"
_MEMORY_MEGABYTES = 512
# HTTP APIs wait at most 30 s: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
_TIMEOUT_SECONDS = 15
# A year, so that an outage can still be looked into at the yearly review; 0.03 USD per GB and month, and the endpoint writes only
# while it serves. The access log names no viewer.
_LOG_RETENTION_DAYS = 365
_BURST_REQUESTS = 500
_RATE_REQUESTS_PER_SECOND = 1000
_FUNCTION_SKIPS = {
    "CKV_AWS_50": "X-Ray costs 5.00 USD per million traces; the function makes one call, to S3, and logs its failures.",
    "CKV_AWS_115": "Reserved concurrency is taken from the account's pool, which new accounts have 10 of, and the apply would "
    "fail there. The stage's throttling bounds the calls.",
    "CKV_AWS_116": "API Gateway invokes it synchronously; only asynchronous invocations reach a dead letter queue.",
    "CKV_AWS_117": "It reads one bucket over S3's public endpoint by IAM. In a VPC it would need a gateway endpoint and one more "
    "part that can fail during the outage it is there for.",
    "CKV_AWS_173": "The variables are a bucket name, a region and public response headers; Lambda encrypts them by itself.",
    "CKV_AWS_272": "The code is in this repository and goes to Lambda by the deploy role alone; a signing profile would be "
    "held by the same role.",
}
_ROUTE_SKIPS = {"CKV_AWS_309": "The website is public, so is its standby."}
_LOG_SKIPS = {
    "CKV_AWS_158": "CloudWatch Logs encrypts with its own key; the lines hold public paths and statuses. A KMS key costs 1 USD a "
    "month and region.",
}
_ACCESS_LOG_FIELDS = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "latencyMilliseconds": "$context.responseLatency",
    "error": "$context.integrationErrorMessage",
}


class RegionalEndpoint(Construct):
    """Serves the active release at the public name from one region.

    Attributes:
        function_name: name of the function.
        api_id: id of the HTTP API, the dimension of its metrics.
        target_domain_name: what an alias record points at, `d-....execute-api.<region>.amazonaws.com`.
        target_hosted_zone_id: hosted zone of that name.
        own_target: the same two of the region's own name, `own_hostname`; None without it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        region: str,
        hostname: str,
        own_hostname: str | None = None,
        headers: Mapping[str, str],
        bucket: ContentBucket,
        certificate: RegionalCertificate,
        provider: AwsProvider,
    ) -> None:
        """Adds the endpoint.

        Args:
            scope: the stack, or a construct in it.
            id_: the construct's id.
            name: of function, role and API; IAM and Lambda allow 64 characters.
            region: the provider's region.
            hostname: the public name, which it answers at.
            own_hostname: a second name that leads to this region only; default: none.
            headers: sent with every answer, such as `security_headers.as_http_headers`.
            bucket: what it serves from.
            certificate: of both names.
            provider: the AWS provider of that region.
        """
        super().__init__(scope, id_)
        self._provider = provider
        function = self._add_function(name, region, bucket, headers)
        api = self._add_api(name, function)
        stage = self._add_stage(name, api)
        domain = self._add_domain("domain_name", "mapping", hostname, certificate, stage)
        self.function_name = function.function_name
        self.api_id = api.id
        self.target_domain_name = domain.domain_name_configuration.target_domain_name
        self.target_hosted_zone_id = domain.domain_name_configuration.hosted_zone_id
        self.own_target: tuple[str, str] | None = None
        if own_hostname is not None:
            own = self._add_domain("own_domain_name", "own_mapping", own_hostname, certificate, stage)
            target = own.domain_name_configuration
            self.own_target = (target.target_domain_name, target.hosted_zone_id)

    def _add_domain(
        self, id_: str, mapping_id: str, name: str, certificate: RegionalCertificate, stage: Apigatewayv2Stage
    ) -> Apigatewayv2DomainName:
        domain = Apigatewayv2DomainName(
            self,
            id_,
            domain_name=name,
            # Dual stack, because the AAAA records need a healthy target as well.
            domain_name_configuration=Apigatewayv2DomainNameDomainNameConfiguration(
                certificate_arn=certificate.arn,
                endpoint_type="REGIONAL",
                security_policy="TLS_1_2",
                ip_address_type="dualstack",
            ),
            provider=self._provider,
        )
        Apigatewayv2ApiMapping(
            self,
            mapping_id,
            api_id=stage.api_id,
            domain_name=domain.domain_name,
            stage=stage.name,
            provider=self._provider,
        )
        return domain

    def _add_function(
        self, name: str, region: str, bucket: ContentBucket, headers: Mapping[str, str]
    ) -> LambdaFunction:
        log_group = self._add_log_group("function_log", f"/aws/lambda/{name}")
        role = IamRole(
            self,
            "role",
            name=name,
            assume_role_policy=policies.to_json(policies.assume_role("lambda.amazonaws.com")),
            provider=self._provider,
        )
        policy = IamRolePolicy(
            self,
            "policy",
            role=role.id,
            policy=policies.to_json(policies.regional_endpoint(bucket.arn, log_group_arn=log_group.arn)),
            provider=self._provider,
        )
        code = TerraformAsset(self, "code", path=str(zipped(_CODE)), type=AssetType.FILE)
        function = LambdaFunction(
            self,
            "function",
            function_name=name,
            role=role.arn,
            runtime=_RUNTIME,
            architectures=["arm64"],
            handler="handler.handler",
            filename=code.path,
            source_code_hash=Fn.filebase64sha256(code.path),
            memory_size=_MEMORY_MEGABYTES,
            timeout=_TIMEOUT_SECONDS,
            environment=LambdaFunctionEnvironment(
                variables={
                    "BUCKET": bucket.name,
                    "REGION": region,
                    "SECURITY_HEADERS": json.dumps(headers, sort_keys=True),
                }
            ),
            depends_on=[log_group, policy],
            provider=self._provider,
        )
        skip(function, _FUNCTION_SKIPS)
        return function

    def _add_api(self, name: str, function: LambdaFunction) -> Apigatewayv2Api:
        api = Apigatewayv2Api(
            self,
            "api",
            name=name,
            protocol_type="HTTP",
            disable_execute_api_endpoint=True,
            provider=self._provider,
        )
        integration = Apigatewayv2Integration(
            self,
            "integration",
            api_id=api.id,
            integration_type="AWS_PROXY",
            integration_uri=function.invoke_arn,
            payload_format_version="2.0",
            provider=self._provider,
        )
        route = Apigatewayv2Route(
            self,
            "route",
            api_id=api.id,
            route_key="$default",
            target=f"integrations/{integration.id}",
            provider=self._provider,
        )
        skip(route, _ROUTE_SKIPS)
        LambdaPermission(
            self,
            "permission",
            function_name=function.function_name,
            action="lambda:InvokeFunction",
            principal="apigateway.amazonaws.com",
            source_arn=f"{api.execution_arn}/*",
            provider=self._provider,
        )
        return api

    def _add_stage(self, name: str, api: Apigatewayv2Api) -> Apigatewayv2Stage:
        log_group = self._add_log_group("access_log", f"/aws/apigateway/{name}")
        return Apigatewayv2Stage(
            self,
            "stage",
            api_id=api.id,
            name="$default",
            auto_deploy=True,
            access_log_settings=Apigatewayv2StageAccessLogSettings(
                destination_arn=log_group.arn, format=json.dumps(_ACCESS_LOG_FIELDS)
            ),
            default_route_settings=Apigatewayv2StageDefaultRouteSettings(
                throttling_burst_limit=_BURST_REQUESTS, throttling_rate_limit=_RATE_REQUESTS_PER_SECOND
            ),
            provider=self._provider,
        )

    def _add_log_group(self, id_: str, name: str) -> CloudwatchLogGroup:
        log_group = CloudwatchLogGroup(
            self, id_, name=name, retention_in_days=_LOG_RETENTION_DAYS, provider=self._provider
        )
        skip(log_group, _LOG_SKIPS)
        return log_group
