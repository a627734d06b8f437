"""A small Python function with its role and log group: what the monitoring part runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib import policies
from constructs_lib.endpoint.python_function import PythonFunction, add_function, add_log_group

FUNCTION_SKIPS = {
    "CKV_AWS_50": "X-Ray costs 5.00 USD per million traces; the function makes two calls and logs its failures.",
    "CKV_AWS_115": "Reserved concurrency is taken from the account's pool, which new accounts have 10 of, and the apply would "
    "fail there. Alarms and a five-minute schedule bound the calls.",
    "CKV_AWS_116": "Lambda tries twice more, and what is lost stays in the event timeline and in the alarm's state; a queue that "
    "nobody reads would keep it no better.",
    "CKV_AWS_117": "It calls AWS's public endpoints by IAM. In a VPC it would need endpoints, paid by the hour, that can fail in "
    "the outage it is there for.",
    "CKV_AWS_173": "The variables are names, ARNs and paths, none secret; Lambda encrypts them by itself.",
    "CKV_AWS_272": "The code is in this repository and goes to Lambda by the deploy role alone; a signing profile would be "
    "held by the same role.",
}
LOG_SKIPS = {
    "CKV_AWS_158": "CloudWatch Logs encrypts with its own key; the lines hold alarm names and states. A KMS key costs 1 USD a "
    "month and region.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """How much of Lambda a function takes.

    Attributes:
        memory_megabytes: its memory, which also decides its share of a processor.
        reserved_concurrency: how many runs at once, taken from the account's; None: what the account has left.
        skips: checkov's findings that hold for such a function, with the reason.
    """

    memory_megabytes: int = 128
    reserved_concurrency: int | None = None
    skips: Mapping[str, str] = field(default_factory=lambda: FUNCTION_SKIPS)


_SMALLEST = Capacity()


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
        capacity: Capacity = _SMALLEST,
        provider: AwsProvider,
    ) -> None:
        super().__init__(scope, id_)
        self._provider = provider
        log_group = add_log_group(self, "log", name=f"/aws/lambda/{name}", skips=LOG_SKIPS, provider=provider)
        function = add_function(
            self,
            described=PythonFunction(
                name=name,
                code=code,
                environment=environment,
                timeout_seconds=timeout_seconds,
                memory_megabytes=capacity.memory_megabytes,
                reserved_concurrency=capacity.reserved_concurrency,
            ),
            rights=policies.document(*statements, policies.write_log(log_group.arn)),
            log_group=log_group,
            skips=capacity.skips,
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
