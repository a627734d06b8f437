"""The parity check of one region: a function that compares the bucket with its releases, and puts back what is missing.

EventBridge wakes it, in its own region only, so that it works while the other one is down: when the pointer is written (a release
was switched to), when an object is deleted, and every hour. It needs no Terraform state of another region: a bucket's name
follows from the site file and the account.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktf_cdktf_provider_aws.cloudwatch_event_target import CloudwatchEventTarget
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib import naming
from constructs_lib.content.content_bucket import ContentBucket
from constructs_lib.monitoring.alarms.metrics import PROBER_NAMESPACE
from constructs_lib.monitoring.small_function import FUNCTION_SKIPS, Capacity, SmallFunction
from constructs_lib.parity import policies as parity_policies
from constructs_lib.site_file.models import SiteFile

_CODE = Path(__file__).parents[1] / "functions" / "parity_check"
# Manifests and the listing of 100,000 objects fit in.
_MEMORY_MEGABYTES = 512
# Four minutes of copying; the handler leaves the last one for what has begun.
_TIMEOUT_SECONDS = 300
# One at a time: ten thousand deletions at once then cost a few comparisons, two runs never copy the same
# object, and the account's other executions, the regional endpoint's among them, are left alone. Lambda keeps the events
# that wait: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
_RUNS_AT_ONCE = 1
_SKIPS = {
    **{check: reason for check, reason in FUNCTION_SKIPS.items() if check != "CKV_AWS_115"},
    "CKV_AWS_50": "X-Ray costs 5.00 USD per million traces; the function calls S3 alone and logs what it found.",
    "CKV_AWS_116": "Each run compares everything anew, so an event that is lost costs an hour at most; an alarm tells when no "
    "run succeeds.",
}


class ParityCheck(Construct):
    """The function, its rules and its schedule. The bucket must send its events to EventBridge.

    Attributes:
        function_name: name of the function.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        site: SiteFile,
        region: str,
        account_id: str,
        bucket: ContentBucket,
        provider: AwsProvider,
    ) -> None:
        super().__init__(scope, id_)
        others = {
            other.name: naming.bucket(site, other.name, account_id) for other in site.region if other.name != region
        }
        function = SmallFunction(
            self,
            "function",
            name=f"{site.prefix}-parity-{region}",
            code=_CODE,
            environment={
                "BUCKET": bucket.name,
                "REGION": region,
                "OTHERS": json.dumps(others, sort_keys=True),
                "HOSTNAME": site.site.hostname,
                "NAMESPACE": PROBER_NAMESPACE,
                **({"COMPARES_ETAGS": "false"} if site.features.kms else {}),
            },
            statements=parity_policies.parity_check(
                bucket.arn,
                other_arns=[f"arn:aws:s3:::{name}" for name in others.values()],
                namespace=PROBER_NAMESPACE,
            ),
            timeout_seconds=_TIMEOUT_SECONDS,
            capacity=Capacity(memory_megabytes=_MEMORY_MEGABYTES, reserved_concurrency=_RUNS_AT_ONCE, skips=_SKIPS),
            provider=provider,
        )
        self.function_name = function.name
        for id_, wakes in _rules(bucket.name).items():
            rule = CloudwatchEventRule(self, id_, name=f"{site.prefix}-parity-{id_}", provider=provider, **wakes)
            CloudwatchEventTarget(self, f"{id_}_target", rule=rule.name, arn=function.arn, provider=provider)
            function.allow_invocation(f"from_{id_}", service="events.amazonaws.com", source_arn=rule.arn)


def _rules(bucket_name: str) -> Mapping[str, Mapping[str, Any]]:
    """Returns id -> arguments of each rule. Objects of a release that is being published wake nobody."""
    return {
        "switched": {
            "description": "The pointer to the active release was written",
            "event_pattern": _pattern("Object Created", bucket_name, [naming.POINTER_KEY]),
        },
        "deleted": {
            "description": "An object of a release, a manifest or the pointer was deleted",
            "event_pattern": _pattern(
                "Object Deleted",
                bucket_name,
                [{"prefix": naming.RELEASES_PREFIX}, {"prefix": naming.MANIFESTS_PREFIX}, naming.POINTER_KEY],
            ),
        },
        "hourly": {"description": "Compares the region with its releases", "schedule_expression": "rate(1 hour)"},
    }


def _pattern(detail_type: str, bucket_name: str, keys: list[Any]) -> str:
    """Returns the pattern of S3's events about these keys of one bucket.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    return json.dumps(
        {
            "source": ["aws.s3"],
            "detail-type": [detail_type],
            "detail": {"bucket": {"name": [bucket_name]}, "object": {"key": keys}},
        },
        sort_keys=True,
    )
