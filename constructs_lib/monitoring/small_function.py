"""A small Python function with its role and log group: what the monitoring part runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cdktf import AssetType, Fn, TerraformAsset
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction, LambdaFunctionEnvironment
from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib import policies
from constructs_lib.archive import zipped
from constructs_lib.monitoring.policies import write_log

_RUNTIME = "python3.13"
_MEMORY_MEGABYTES = 128
_LOG_RETENTION_DAYS = 30


class SmallFunction(Construct):
    """Runs `handler.handler` of one folder with the given environment and rights.

    A few thousand runs a month stay within Lambda's permanent free tier (https://aws.amazon.com/lambda/pricing/).

    Attributes:
        arn: its ARN.
        name: its name.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        code: Path,
        environment: Mapping[str, str],
        statements: Sequence[dict[str, object]],
        timeout_seconds: int,
        provider: AwsProvider,
    ) -> None:
        super().__init__(scope, id_)
        self._provider = provider
        log_group = CloudwatchLogGroup(
            self, "log", name=f"/aws/lambda/{name}", retention_in_days=_LOG_RETENTION_DAYS, provider=provider
        )
        role = IamRole(
            self,
            "role",
            name=name,
            assume_role_policy=policies.to_json(policies.assume_role("lambda.amazonaws.com")),
            provider=provider,
        )
        policy = IamRolePolicy(
            self,
            "policy",
            role=role.id,
            policy=policies.to_json(policies.document(*statements, write_log(log_group.arn))),
            provider=provider,
        )
        asset = TerraformAsset(self, "code", path=str(zipped(code)), type=AssetType.FILE)
        function = LambdaFunction(
            self,
            "function",
            function_name=name,
            role=role.arn,
            runtime=_RUNTIME,
            architectures=["arm64"],
            handler="handler.handler",
            filename=asset.path,
            source_code_hash=Fn.filebase64sha256(asset.path),
            memory_size=_MEMORY_MEGABYTES,
            timeout=timeout_seconds,
            environment=LambdaFunctionEnvironment(variables=dict(environment)),
            depends_on=[log_group, policy],
            provider=provider,
        )
        self.arn = function.arn
        self.name = function.function_name

    def allow_invocation(self, id_: str, *, service: str, source_arn: str) -> None:
        """Lets one resource of an AWS service invoke the function."""
        LambdaPermission(
            self,
            id_,
            function_name=self.name,
            action="lambda:InvokeFunction",
            principal=service,
            source_arn=source_arn,
            provider=self._provider,
        )
