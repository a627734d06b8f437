"""What CloudFront takes from us-east-1 only, beside certificates, and what its edge functions may not have (trap 32)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.lint.distributions import DISTRIBUTION
from scripts.lint.model import Configuration, Resource
from scripts.lint.regions import VIRGINIA
from scripts.lint.rule import Finding, Rule, at
from scripts.lint.sources import cloudfront
from scripts.lint.values import Block, Expression, Value

_SCOPED = ("aws_wafv2_web_acl", "aws_wafv2_ip_set", "aws_wafv2_rule_group", "aws_wafv2_regex_pattern_set")
_WEB_ACL, _LAMBDA = "aws_wafv2_web_acl", "aws_lambda_function"
_DISTRIBUTIONS = (DISTRIBUTION, "aws_cloudfront_multitenant_distribution")
_ARN = re.compile(r"arn:aws[a-z-]*:(?P<service>[a-z0-9]+):(?P<region>[a-z0-9-]+):[^:]*:(?P<rest>.+)")
_NUMBERED = re.compile(r"function:[^:]+:\d+")
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-at-edge-function-restrictions.html
_NOT_AT_EDGE = ("environment", "vpc_config", "layers", "dead_letter_config", "file_system_config")


def _scope_outside(configuration: Configuration) -> Iterator[Finding]:
    for resource in configuration.of_type(*_SCOPED):
        if resource.body.text("scope") == "CLOUDFRONT" and resource.region not in (None, VIRGINIA):
            yield at(resource, f"scope CLOUDFRONT in {resource.region}")
    for resource in configuration.of_type(*_DISTRIBUTIONS):
        if reason := _regional_web_acl(configuration, resource):
            yield at(resource, reason)


def _regional_web_acl(configuration: Configuration, distribution: Resource) -> str | None:
    value = distribution.body.value("web_acl_id")
    found = configuration.resource(value, distribution, _WEB_ACL)
    if found is not None and found.body.text("scope") == "REGIONAL":
        return f"web ACL {found.address} is REGIONAL"
    match = _ARN.match(value) if isinstance(value, str) else None
    if match and match["service"] == "wafv2" and match["rest"].startswith("regional/"):
        return f"web ACL {value} is regional"
    return None


def _edge_functions(configuration: Configuration) -> Iterator[tuple[Resource, Value, Resource | None]]:
    """Yields (distribution, function's ARN, function when it is among what was given)."""
    for resource in configuration.of_type(*_DISTRIBUTIONS):
        for key in ("default_cache_behavior", "ordered_cache_behavior", "cache_behavior"):
            for behaviour in resource.body.blocks(key):
                for association in behaviour.blocks("lambda_function_association"):
                    value = association.value("lambda_arn")
                    yield resource, value, configuration.resource(value, resource, _LAMBDA)


def _edge_outside(configuration: Configuration) -> Iterator[Finding]:
    for distribution, value, function in _edge_functions(configuration):
        match = _ARN.match(value) if isinstance(value, str) else None
        region = match["region"] if match else None if function is None or function.is_data else function.region
        if region not in (None, VIRGINIA):
            yield at(function or distribution, f"runs at the edge of {distribution.address}, and is in {region}")


def _edge_unpublished(configuration: Configuration) -> Iterator[Finding]:
    for distribution, value, function in _edge_functions(configuration):
        if isinstance(value, str):
            match = _ARN.match(value)
            if match and match["service"] == "lambda" and not _NUMBERED.fullmatch(match["rest"]):
                yield at(distribution, f"{value} names no numbered version")
        elif _names_no_version(configuration, value, distribution):
            yield at(distribution, f"takes {function.address if function else value} without a version")
        elif function and not function.is_data and _is_unpublished(function.body):
            yield at(function, f"runs at the edge of {distribution.address}, and publish is not true")


def _names_no_version(configuration: Configuration, value: Value, near: Resource) -> bool:
    target = configuration.target(value, near, _LAMBDA)
    is_alone = isinstance(value, Expression) and len(value.references) == 1
    return is_alone and target is not None and target.attribute in ("arn", "invoke_arn", "function_name")


def _is_unpublished(body: Block) -> bool:
    return body.is_unset("publish") or body.flag("publish") is False


def _edge_refused(configuration: Configuration) -> Iterator[Finding]:
    for distribution, _, function in _edge_functions(configuration):
        if function is not None and not function.is_data and (reason := _refused(function.body)):
            yield at(function, f"runs at the edge of {distribution.address}, and has {reason}")


def _refused(body: Block) -> str | None:
    if "arm64" in body.texts("architectures"):
        return "architecture arm64"
    if body.text("package_type") == "Image":
        return "a container image"
    return next((key for key in _NOT_AT_EDGE if body.blocks(key) or body.texts(key)), None)


_RESTRICTIONS = cloudfront("lambda-at-edge-function-restrictions")

RULES = (
    Rule(
        id="FW321",
        slug="web-acl-outside-virginia",
        title="A web ACL for CloudFront that is not in us-east-1",
        why="Web ACLs, and what they use, of scope CLOUDFRONT exist in us-east-1 only, and a distribution takes no regional "
        "one; plan accepts both, apply fails.",
        source="https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html",
        remedy='Make it with a provider for us-east-1 and scope = "CLOUDFRONT".',
        check=_scope_outside,
    ),
    Rule(
        id="FW322",
        slug="edge-function-outside-virginia",
        title="A Lambda@Edge function outside us-east-1",
        why="CloudFront copies functions to the edges from us-east-1 only; plan accepts any ARN, apply fails.",
        source=_RESTRICTIONS,
        remedy="Make the function with a provider for us-east-1.",
        check=_edge_outside,
    ),
    Rule(
        id="FW323",
        slug="edge-function-without-version",
        title="A Lambda@Edge function without a numbered version",
        why="CloudFront takes a published version only, neither $LATEST nor an alias; plan accepts any ARN, apply fails.",
        source=_RESTRICTIONS,
        remedy="Set publish = true and take qualified_arn.",
        check=_edge_unpublished,
    ),
    Rule(
        id="FW324",
        slug="edge-function-refused",
        title="A Lambda@Edge function with what only regional functions may have",
        why="At the edge there are no environment variables, VPC, layers, arm64 and container images: apply fails, plan does "
        "not.",
        source=_RESTRICTIONS,
        remedy="Leave them out; put settings into the code, or decide in a CloudFront function with a key value store.",
        check=_edge_refused,
    ),
)
