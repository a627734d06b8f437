"""Data residency of what was synthesized: nothing that holds data lies outside `residency.allowed_regions`.

The site file's own keys are checked when it is read (`site_file/residency.py`); this looks at the result, so that a construct
which puts something into a region of its own choice is refused as well.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from constructs_lib.errors import Problem
from constructs_lib.naming import GLOBAL_REGION

# What global services keep in us-east-1, and alarms about them with their topics, whose metrics exist only there
# (https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html): configuration that names
# hosts and rules, no viewers. A kind that is not listed counts as data.
_GLOBAL_CONFIGURATION = re.compile(
    r"aws_(cloudfront|route53|acm|iam|wafv2|budgets|sns)_"
    r"|aws_(kms_key|cloudwatch_(metric_alarm|composite_alarm|dashboard|event_rule|event_target|log_resource_policy|log_delivery(_source|_destination)?))$"
)


def data_outside(stacks: Mapping[str, Mapping[str, Any]], *, allowed: Sequence[str]) -> list[Problem]:
    """Returns what holds data in a region that is not allowed. No allowed regions: everywhere is.

    Args:
        stacks: stack name -> its Terraform JSON.
        allowed: names of regions.
    """
    return [
        Problem(
            key=f"{stack}: {kind}.{logical_id}",
            value=f'in "{region}"',
            allowed=f"a region of residency.allowed_regions: {', '.join(allowed)}",
            remedy="turn off the feature that adds it, or allow the region",
        )
        for stack, document in stacks.items()
        for kind, logical_id, region in _placed(document)
        if allowed and region not in allowed and not (region == GLOBAL_REGION and _GLOBAL_CONFIGURATION.match(kind))
    ]


def _placed(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yields kind, logical id and region of every resource; `provider` is `aws` or `aws.<alias>`.

    `terraform_data` is Terraform's own: what it holds is in the state, whose region the site file's rules judge.
    """
    regions = {provider.get("alias", ""): provider["region"] for provider in document["provider"]["aws"]}
    for kind, bodies in document.get("resource", {}).items():
        if kind == "terraform_data":
            continue
        for logical_id, body in bodies.items():
            yield kind, logical_id, regions[str(body.get("provider", "aws")).partition(".")[2]]
