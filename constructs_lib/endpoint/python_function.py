"""A Lambda function in Python with its role, rights and log group, added beside whatever calls it.

Functions and not constructs, so that the children keep the ids of the construct that calls them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cdktf import AssetType, Fn, TerraformAsset
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.lambda_function import (
    LambdaFunction,
    LambdaFunctionEnvironment,
    LambdaFunctionTracingConfig,
)
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib import policies
from constructs_lib.checkov_skips import skip
from constructs_lib.endpoint.archive import zipped
from constructs_lib.policies import PolicyDocument

_RUNTIME = "python3.13"
# A year, so that an outage can still be looked into at the yearly review; 0.03 USD per GB and month.
_LOG_RETENTION_DAYS = 365
MEMORY_MEGABYTES = 512
"""Of a function that does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonFunction:
    """A function, as its construct describes it.

    Attributes:
        name: of function and role.
        code: folder with handler.py.
        environment: its variables.
        timeout_seconds: the longest that a run may take.
        memory_megabytes: its memory, which also decides its share of a processor.
        reserved_concurrency: how many runs at once, taken from the account's; None: what the account has left.
        tracing: X-Ray's mode, "Active" or "PassThrough"; None leaves Lambda's default, which is the latter.
    """

    name: str
    code: Path
    environment: Mapping[str, str]
    timeout_seconds: int
    memory_megabytes: int = MEMORY_MEGABYTES
    reserved_concurrency: int | None = None
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
    described: PythonFunction,
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
        memory_size=described.memory_megabytes,
        timeout=described.timeout_seconds,
        reserved_concurrent_executions=described.reserved_concurrency,
        tracing_config=None if described.tracing is None else LambdaFunctionTracingConfig(mode=described.tracing),
        environment=LambdaFunctionEnvironment(variables=dict(described.environment)),
        depends_on=[log_group, policy],
        provider=provider,
    )
    skip(function, skips)
    return function
