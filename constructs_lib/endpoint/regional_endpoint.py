"""The regional endpoint: an HTTP API on the public name, with a function that serves the active release from S3.

It is the SECONDARY of the DNS failover records (layer 3), or what Route 53 chooses between when the entry is regional, and needs
nothing outside its region but Route 53's answer.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from cdktf_cdktf_provider_aws.apigatewayv2_api import Apigatewayv2Api
from cdktf_cdktf_provider_aws.apigatewayv2_route import Apigatewayv2Route
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib import policies
from constructs_lib.checkov_skips import skip
from constructs_lib.content.content_bucket import ContentBucket
from constructs_lib.endpoint import http_api
from constructs_lib.endpoint.python_function import PythonFunction, add_function, add_log_group
from constructs_lib.names.certificates import RegionalCertificate

_CODE = Path(__file__).parents[1] / "functions" / "regional_endpoint"
# HTTP APIs wait at most 30 s: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
_TIMEOUT_SECONDS = 15
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
        access_log = add_log_group(
            self, "access_log", name=f"/aws/apigateway/{name}", skips=_LOG_SKIPS, provider=provider
        )
        stage = http_api.add_stage(
            self,
            api=api,
            log_group=access_log,
            rate_requests_per_second=_RATE_REQUESTS_PER_SECOND,
            burst_requests=_BURST_REQUESTS,
            provider=provider,
        )
        self.function_name = function.function_name
        self.api_id = api.id
        self.target_domain_name, self.target_hosted_zone_id = http_api.add_domain(
            self,
            ("domain_name", "mapping"),
            name=hostname,
            certificate_arn=certificate.arn,
            stage=stage,
            provider=provider,
        )
        self.own_target: tuple[str, str] | None = None
        if own_hostname is not None:
            self.own_target = http_api.add_domain(
                self,
                ("own_domain_name", "own_mapping"),
                name=own_hostname,
                certificate_arn=certificate.arn,
                stage=stage,
                provider=provider,
            )

    def _add_function(
        self, name: str, region: str, bucket: ContentBucket, headers: Mapping[str, str]
    ) -> LambdaFunction:
        log_group = add_log_group(
            self, "function_log", name=f"/aws/lambda/{name}", skips=_LOG_SKIPS, provider=self._provider
        )
        return add_function(
            self,
            described=PythonFunction(
                name=name,
                code=_CODE,
                environment={
                    "BUCKET": bucket.name,
                    "REGION": region,
                    "SECURITY_HEADERS": json.dumps(headers, sort_keys=True),
                },
                timeout_seconds=_TIMEOUT_SECONDS,
            ),
            rights=policies.regional_endpoint(bucket.arn, log_group_arn=log_group.arn),
            log_group=log_group,
            skips=_FUNCTION_SKIPS,
            provider=self._provider,
        )

    def _add_api(self, name: str, function: LambdaFunction) -> Apigatewayv2Api:
        api = Apigatewayv2Api(
            self,
            "api",
            name=name,
            protocol_type="HTTP",
            disable_execute_api_endpoint=True,
            provider=self._provider,
        )
        target = http_api.add_integration(self, api=api, function=function, provider=self._provider)
        route = Apigatewayv2Route(
            self, "route", api_id=api.id, route_key="$default", target=target, provider=self._provider
        )
        skip(route, _ROUTE_SKIPS)
        return api
