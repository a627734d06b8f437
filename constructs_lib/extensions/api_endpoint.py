"""The API in one region: an HTTP API with a function, at the API's name and at the region's own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cdktf_cdktf_provider_aws.apigatewayv2_api import Apigatewayv2Api, Apigatewayv2ApiCorsConfiguration
from cdktf_cdktf_provider_aws.apigatewayv2_authorizer import (
    Apigatewayv2Authorizer,
    Apigatewayv2AuthorizerJwtConfiguration,
)
from cdktf_cdktf_provider_aws.apigatewayv2_route import Apigatewayv2Route
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.checkov_skips import skip
from constructs_lib.endpoint import http_api
from constructs_lib.endpoint.python_function import PythonFunction, add_function, add_log_group
from constructs_lib.extensions.policies import api_function

HEALTH_PATH = "/health"
"""What Route 53 asks in each region: 200 when the function has read its table."""

_CODE = Path(__file__).parents[1] / "functions" / "api"
# Two tries of 4 s each at the table, and a cold start.
_TIMEOUT_SECONDS = 10
# Of the account's 10,000 a second and region: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
_RATE_REQUESTS_PER_SECOND = 500
_BURST_REQUESTS = 250
_CORS_MAX_AGE_SECONDS = 600
_FUNCTION_SKIPS = {
    "CKV_AWS_115": "Reserved concurrency is taken from the account's pool, which new accounts have 10 of, and the apply would "
    "fail there. The stage's throttling bounds the calls.",
    "CKV_AWS_116": "API Gateway invokes it synchronously; only asynchronous invocations reach a dead letter queue.",
    "CKV_AWS_117": "It calls DynamoDB over its public endpoint by IAM. In a VPC it would need a gateway endpoint, one "
    "more part that can fail.",
    "CKV_AWS_173": "The variables are a table name, a region and public response headers; Lambda encrypts them by itself.",
    "CKV_AWS_272": "The code is in this repository and goes to Lambda by the deploy role alone; a signing profile would be "
    "held by the same role.",
}
_UNTRACED = {"CKV_AWS_50": "X-Ray costs 5.00 USD per million traces, of health checks too; api.tracing adds it."}
_HEALTH_ROUTE_SKIPS = {
    "CKV_AWS_309": "Route 53's checkers carry no credentials; the route names the region and whether its table answers."
}
_LOG_SKIPS = {
    "CKV_AWS_158": "CloudWatch Logs encrypts with its own key; the lines hold ids of notes and statuses, no texts. A KMS key "
    "costs 1 USD a month and region.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtAuthorization:
    """Who may call: bearers of a token of this issuer for one of these audiences.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
    """

    issuer: str
    audiences: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """The replica of the global table that a region's function uses: its name and its ARN in that region."""

    name: str
    arn: str


class ApiEndpoint(Construct):
    """Reads and writes notes in its own region's replica (functions/api/handler.py says what it answers).

    `/health` is open; everything else wants a token (`jwt`) or, without one, AWS IAM's signature. HTTP APIs have no X-Ray tracing
    of their own, so `is_traced` traces the function
    (https://docs.aws.amazon.com/xray/latest/devguide/xray-services-apigateway.html).

    Attributes:
        api_id: id of the HTTP API, the dimension of its metrics.
        function_name: name of the function.
        targets: host name -> (domain name, hosted zone id) that an alias record of it points at.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        region: str,
        hostnames: Sequence[str],
        certificate_arn: str,
        replica: Replica,
        security_headers: Mapping[str, str],
        allowed_origins: Sequence[str] = (),
        jwt: JwtAuthorization | None = None,
        is_traced: bool = False,
        provider: AwsProvider,
    ) -> None:
        """`hostnames` are all in the certificate; `allowed_origins` are sites whose pages may call (CORS), none by default."""
        super().__init__(scope, id_)
        self._name = name
        self._provider = provider
        function = self._add_function(region, replica, security_headers, is_traced)
        api = self._add_api(allowed_origins)
        self._add_routes(api, function, jwt)
        access_log = add_log_group(
            self, "access_log", name=f"/aws/apigateway/{name}", skips=_LOG_SKIPS, provider=provider
        )
        stage = http_api.add_stage(
            self,
            api=api,
            log_group=access_log,
            rate_requests_per_second=_RATE_REQUESTS_PER_SECOND,
            burst_requests=_BURST_REQUESTS,
            more_log_fields={"authorizerError": "$context.authorizer.error"},
            provider=provider,
        )
        self.api_id = api.id
        self.function_name = function.function_name
        self.targets = {
            hostname: http_api.add_domain(
                self,
                (f"domain_name_{number}", f"mapping_{number}"),
                name=hostname,
                certificate_arn=certificate_arn,
                stage=stage,
                provider=provider,
            )
            for number, hostname in enumerate(hostnames, start=1)
        }

    def _add_function(
        self, region: str, replica: Replica, security_headers: Mapping[str, str], is_traced: bool
    ) -> LambdaFunction:
        log_group = add_log_group(
            self, "function_log", name=f"/aws/lambda/{self._name}", skips=_LOG_SKIPS, provider=self._provider
        )
        return add_function(
            self,
            described=PythonFunction(
                name=self._name,
                code=_CODE,
                environment={
                    "TABLE": replica.name,
                    "REGION": region,
                    "SECURITY_HEADERS": json.dumps(dict(security_headers), sort_keys=True),
                },
                timeout_seconds=_TIMEOUT_SECONDS,
                tracing="Active" if is_traced else "PassThrough",
            ),
            rights=api_function(table_arn=replica.arn, log_group_arn=log_group.arn, is_traced=is_traced),
            log_group=log_group,
            skips=_FUNCTION_SKIPS if is_traced else {**_FUNCTION_SKIPS, **_UNTRACED},
            provider=self._provider,
        )

    def _add_api(self, allowed_origins: Sequence[str]) -> Apigatewayv2Api:
        cors = Apigatewayv2ApiCorsConfiguration(
            allow_origins=list(allowed_origins),
            allow_methods=["GET", "HEAD", "PUT"],
            allow_headers=["authorization", "content-type", "if-match", "if-none-match"],
            expose_headers=["etag", "x-served-by-region"],
            max_age=_CORS_MAX_AGE_SECONDS,
        )
        return Apigatewayv2Api(
            self,
            "api",
            name=self._name,
            protocol_type="HTTP",
            disable_execute_api_endpoint=True,
            cors_configuration=cors if allowed_origins else None,
            provider=self._provider,
        )

    def _add_routes(self, api: Apigatewayv2Api, function: LambdaFunction, jwt: JwtAuthorization | None) -> None:
        target = http_api.add_integration(self, api=api, function=function, provider=self._provider)
        health = Apigatewayv2Route(
            self, "health", api_id=api.id, route_key=f"GET {HEALTH_PATH}", target=target, provider=self._provider
        )
        skip(health, _HEALTH_ROUTE_SKIPS)
        authorizer_id = None if jwt is None else self._add_authorizer(api, jwt)
        for method in ("GET", "HEAD", "PUT"):
            Apigatewayv2Route(
                self,
                f"notes_{method.lower()}",
                api_id=api.id,
                route_key=f"{method} /v1/notes/{{id}}",
                target=target,
                authorization_type="AWS_IAM" if authorizer_id is None else "JWT",
                authorizer_id=authorizer_id,
                provider=self._provider,
            )

    def _add_authorizer(self, api: Apigatewayv2Api, jwt: JwtAuthorization) -> str:
        return Apigatewayv2Authorizer(
            self,
            "authorizer",
            api_id=api.id,
            name="tokens",
            authorizer_type="JWT",
            identity_sources=["$request.header.Authorization"],
            jwt_configuration=Apigatewayv2AuthorizerJwtConfiguration(issuer=jwt.issuer, audience=list(jwt.audiences)),
            provider=self._provider,
        ).id
