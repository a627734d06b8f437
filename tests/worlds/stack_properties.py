"""What holds for every synthesized site, whatever its site file says: each function returns what breaks the rule."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from scripts.lint.values import find_references

Stacks = dict[str, dict[str, Any]]

_SITE_TAGS = {"Project", "Environment", "ManagedBy", "Stack"}

# Kind of a resource -> argument -> characters that AWS takes.
_LONGEST = {
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; the account id is 12 digits.
    "aws_s3_bucket": {"bucket": 63},
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    "aws_iam_role": {"name": 64, "assume_role_policy": 2048},
    "aws_iam_role_policy": {"policy": 10_240},
    "aws_iam_policy": {"name": 128, "policy": 6_144},
    # https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    "aws_lambda_function": {"function_name": 64},
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
    "aws_cloudfront_function": {"name": 64, "code": 10_240},
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    "aws_cloudwatch_metric_alarm": {"alarm_name": 255, "alarm_description": 1024},
    # https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
    "aws_route53_record": {"set_identifier": 128},
    # https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
    "aws_route53_health_check": {"fqdn": 255, "resource_path": 255, "search_string": 255},
    # https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
    "aws_acm_certificate": {"domain_name": 64},
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    "aws_cloudwatch_log_group": {"name": 512},
    # https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    "aws_sns_topic": {"name": 256},
}
# An expression stands for a value; of those in names and policies the account id and ARNs are the longest.
_ACCOUNT_ID, _ARN_CHARACTERS = "123456789012", 90

_FILE_NAME = re.compile(r'\("[^"]*"\)')

# Kind -> the arguments that must not be equal in two resources of one region.
_IDENTITIES = {
    "aws_s3_bucket": ("bucket",),
    "aws_lambda_function": ("function_name",),
    "aws_cloudwatch_metric_alarm": ("alarm_name",),
    "aws_cloudwatch_composite_alarm": ("alarm_name",),
    "aws_cloudwatch_log_group": ("name",),
    "aws_cloudwatch_event_rule": ("name",),
    "aws_sns_topic": ("name",),
}
# Kind -> the arguments that must not be equal in two resources of the account.
_GLOBAL_IDENTITIES = {
    "aws_iam_role": ("name",),
    "aws_iam_policy": ("name",),
    "aws_cloudfront_function": ("name",),
    "aws_cloudwatch_dashboard": ("dashboard_name",),
    "aws_route53_record": ("zone_id", "name", "type", "set_identifier"),
}


def resources(stacks: Stacks) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yields stack, kind, logical id and body of every resource."""
    for stack, document in stacks.items():
        for kind, bodies in document.get("resource", {}).items():
            for logical_id, body in bodies.items():
                yield stack, kind, logical_id, body


def unresolved_references(stacks: Stacks) -> list[str]:
    """References to what the stack does not have, and to outputs that the other stack does not have."""
    return [
        f"{stack}: {reference.address} {reference.attribute}"
        for stack, document in stacks.items()
        for text in _expressions({key: document.get(key) for key in ("resource", "data", "output", "provider")})
        for reference in find_references(_FILE_NAME.sub("()", text))
        if not _is_there(stacks, document, reference.address, reference.output)
    ]


def _is_there(stacks: Stacks, document: dict[str, Any], address: str, output: str | None) -> bool:
    section, parts = "resource", address.split(".")
    if parts[0] == "data":
        section, parts = "data", parts[1:]
    kind, name = parts
    body = document.get(section, {}).get(kind, {}).get(name)
    if body is None or kind != "terraform_remote_state":
        return body is not None
    other = next(stack for stack in stacks if name.endswith(f"cross-stack-reference-input-{stack}"))
    return output in stacks[other]["output"] and _same_state(body, stacks[other])


def _same_state(remote_state: dict[str, Any], other: dict[str, Any]) -> bool:
    ((kind, settings),) = other["terraform"]["backend"].items()
    config = remote_state["config"]
    keys = ("path",) if kind == "local" else ("bucket", "key", "region")
    return remote_state["backend"] == kind and all(config[key] == settings[key] for key in keys)


def _expressions(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _expressions(item)
    elif isinstance(value, list):
        for item in value:
            yield from _expressions(item)
    elif isinstance(value, str) and "${" in value:
        yield value


def untagged(stacks: Stacks) -> list[str]:
    """Providers without the site's default tags, and resources of the AWS provider that none of the stack's providers makes."""
    found = []
    for stack, document in stacks.items():
        providers = {}
        for provider in document["provider"]["aws"]:
            alias = f"aws.{provider['alias']}" if "alias" in provider else "aws"
            providers[alias] = provider
            (tags,) = provider.get("default_tags", [{}])
            if not set(tags.get("tags", {})) >= _SITE_TAGS:
                found.append(f"{stack}: provider {alias}")
        found += [
            f"{stack}: {kind}.{logical_id} {body.get('provider')}"
            for _, kind, logical_id, body in resources({stack: document})
            if kind.startswith("aws_")
            and (body.get("provider") not in providers or set(body.get("tags", {})) & _SITE_TAGS)
        ]
    return found


def over_quota(stacks: Stacks) -> list[str]:
    """Names, policies and sources that are longer than AWS takes."""
    return [
        f"{stack}: {kind}.{logical_id}.{argument} has {len(text)} characters, AWS takes {longest}"
        for stack, kind, logical_id, body in resources(stacks)
        for argument, longest in _LONGEST.get(kind, {}).items()
        if len(text := _as_long_as_planned(body.get(argument) or "")) > longest
    ]


def _as_long_as_planned(text: str) -> str:
    """Returns the text with a value of the usual length for each expression; IAM does not count white space."""
    pieces = text.split("${")
    planned = [pieces[0]]
    for piece in pieces[1:]:
        expression, _, rest = piece.partition("}")
        planned.append(_ACCOUNT_ID if expression.endswith("account_id") else "x" * _ARN_CHARACTERS)
        planned.append(rest)
    joined = "".join(planned)
    return json.dumps(json.loads(joined), separators=(",", ":")) if joined.startswith('{"Statement"') else joined


def same_names(stacks: Stacks) -> list[str]:
    """Resources that AWS would take for one and the same."""
    seen: Counter[tuple[object, ...]] = Counter()
    for stack, kind, _, body in resources(stacks):
        place = _region(stacks[stack], body) if kind in _IDENTITIES else ""
        for key in (_IDENTITIES.get(kind), _GLOBAL_IDENTITIES.get(kind)):
            if key is not None:
                seen[kind, place, *(_identity(stack, body.get(argument)) for argument in key)] += 1
    return [str(identity) for identity, count in seen.items() if count > 1]


def _identity(stack: str, value: Any) -> str:
    """Returns the value as it is in every stack; what a resource of the stack itself gives is another value in another stack."""
    text = json.dumps(value)
    is_own = any(not found.address.startswith("data.") for found in find_references(text))
    return f"{stack}: {text}" if is_own else text


def _region(document: dict[str, Any], body: dict[str, Any]) -> str:
    alias = str(body.get("provider", "aws")).partition(".")[2]
    return str(next(one["region"] for one in document["provider"]["aws"] if one.get("alias", "") == alias))


def unfinished_values(stacks: Stacks) -> list[str]:
    """Stacks that hold a token of cdktf's which nothing resolved."""
    return [stack for stack, document in stacks.items() if "TfToken[" in json.dumps(document)]


RULES = (unresolved_references, untagged, over_quota, same_names, unfinished_values)


def broken(stacks: Stacks) -> dict[str, list[str]]:
    """Returns rule -> what breaks it."""
    return {rule.__name__: found for rule in RULES if (found := rule(stacks))}
