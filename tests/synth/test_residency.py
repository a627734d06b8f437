"""Where a site with `[residency]` puts what, told from the synthesized JSON alone and not by the code that refuses at synthesis.

Whatever holds data lies in an allowed region, and every region that the JSON names anywhere is an allowed one or has a reason
here; docs/SECURITY.md, "Data residency", tells users the same.
"""

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest

from constructs_lib.site_file.aws_regions import REGIONS
from constructs_lib.site_file.security import Features
from tests.worlds.stack_properties import resources
from tests.worlds.synthesized import Stacks, stacks_of

SERVING = ("eu-central-1", "eu-west-1", "eu-south-2")
ALLOWED = (*SERVING, "eu-west-3", "eu-north-1")

# What AWS keeps in us-east-1 for its global services, and alarms about them with their topics.
GLOBAL_KINDS = {
    f"aws_{kind}"
    for service, kinds in {
        "acm": "certificate certificate_validation",
        "budgets": "budget",
        "cloudfront": "cache_policy distribution function key_value_store monitoring_subscription origin_access_control "
        "origin_request_policy response_headers_policy",
        "cloudwatch": "composite_alarm dashboard log_delivery log_delivery_destination log_delivery_source metric_alarm",
        "iam": "openid_connect_provider policy role role_policy role_policy_attachment",
        "kms": "key",
        "route53": "health_check hosted_zone_dnssec key_signing_key record zone",
        "sns": "topic topic_policy topic_subscription",
        "wafv2": "web_acl",
    }.items()
    for kind in (f"{service}_{name}" for name in kinds.split(" "))
}
# Kind and argument -> why it names a region where nothing of the site lies.
ELSEWHERE = {
    "aws_cloudwatch_dashboard.dashboard_body": "graphs of global services' metrics",
    "aws_iam_policy.policy": "the regions in which the deploy role is not denied to work, as what is global is set up there",
    "aws_iam_role_policy.policy": "rights to read the alarms there, and to set up what is global",
    "aws_lambda_function.environment": "the region that is watched from outside",
    "aws_lambda_permission.source_arn": "the topic there whose alarms are worded here",
    "aws_route53_health_check.cloudwatch_alarm_region": "the alarm on a metric of CloudFront's",
    "aws_route53_health_check.regions": "where Route 53's checkers ask from; they read public markers",
    "aws_s3_bucket_policy.policy": "CloudFront's log delivery, which is set up there and writes here",
}
PROSE = ("alarm_description", "comment", "description")
# Maps by region of the topics that GLOBAL_KINDS allows.
TOPICS = ("alarm_topic_arns", "alert_topic_arns")

_NAME = re.compile(rf"(?<![a-z0-9])({'|'.join(REGIONS)})(?![a-z0-9])")
# What it points at is looked at by itself.
_REFERENCE = re.compile(r"\$\{[^}]*\}")


def outside(stacks: Stacks, allowed: tuple[str, ...] = ALLOWED) -> list[str]:
    """Returns what lies, or is named, outside the allowed regions without a reason."""
    places = [*_misplaced(stacks, allowed), *_named(stacks, allowed)]
    return sorted(set(places))


def _misplaced(stacks: Stacks, allowed: tuple[str, ...]) -> Iterator[str]:
    for stack, kind, logical_id, body in resources(stacks):
        if kind == "terraform_data":  # in the state, whose region is the backend's
            continue
        providers = {one.get("alias", ""): one["region"] for one in stacks[stack]["provider"]["aws"]}
        region = providers[body["provider"].partition(".")[2]]
        if region not in allowed and not (region == "us-east-1" and kind in GLOBAL_KINDS):
            yield f"{stack}: {kind}.{logical_id} in {region}"


def _named(stacks: Stacks, allowed: tuple[str, ...]) -> Iterator[str]:
    for stack, kind, _, body in resources(stacks):
        for argument, value in body.items():
            where = f"{kind}.{argument}"
            if argument not in PROSE and argument != "//" and where not in ELSEWHERE:
                yield from (f"{stack}: {where} names {name}" for name in _regions(value) if name not in allowed)
    for stack, document in stacks.items():
        for name, output in document.get("output", {}).items():
            if name not in TOPICS:
                yield from (f"{stack}: output {name} names {r}" for r in _regions(output["value"]) if r not in allowed)
        state = {"backend": document["terraform"]["backend"], "data": document.get("data", {})}
        yield from (f"{stack}: the state is in {name}" for name in _regions(state) if name not in allowed)


def _regions(value: Any) -> Iterator[str]:
    """Yields the regions named in a value's texts and keys."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _NAME.findall(key)
            yield from _regions(item)
    elif isinstance(value, list):
        for item in value:
            yield from _regions(item)
    elif isinstance(value, str):
        yield from _NAME.findall(_REFERENCE.sub("", value))


SITE = """
[site]
domain_name = "example.com"
hostname = "www.example.com"
environment = "test"
project = "failover-site"
{regions}
[routing]
entry = "{entry}"
policy = "{policy}"
[health_check]
region_check_protocol = "https"
alarm_check = true
[alerts]
email = "oncall@example.com"
webhook_url = "ssm:/failover-site-test/webhook"
[features]
{features}
[github]
subjects = ["repo:example-org/website", "repo:example-org@1/website@2"]
[residency]
allowed_regions = [{allowed}]
[state]
{state}
"""
ABROAD = 'backend = "s3"\nbucket = "states"\nregion = "eu-west-3"\nreplica_region = "eu-north-1"'


def site_text(entry: str, policy: str, count: int, state: str = ABROAD) -> str:
    """Everything that residency does not rule out, in `count` regions."""
    roles = ["primary"] + ["secondary"] * (count - 1)
    keys = {"weighted": ["weight = 1"] * count, "geolocation": ["is_default_location = true", 'countries = ["US"]']}
    more = keys.get(policy, [""] * count)
    without = {"query_log", "multi_account", "prober", *(["waf", "origin_latency"] if entry == "regional" else [])}
    return SITE.format(
        entry=entry,
        policy=policy,
        state=state,
        regions="\n".join(
            f'[[region]]\nname = "{name}"\nrole = "{role}"\n{extra}'
            for name, role, extra in zip(SERVING, roles, more, strict=False)
        ),
        features="\n".join(
            ['prober = ["eu-west-3"]', *(f"{name} = true" for name in Features.model_fields if name not in without)]
        ),
        allowed=", ".join(f'"{name}"' for name in ALLOWED),
    )


CLOUDFRONT = site_text("cloudfront", "failover", 2)
VARIANTS = {
    "cloudfront": CLOUDFRONT,
    "cloudfront geolocation": site_text("cloudfront", "geolocation", 2),
    "local state": site_text("cloudfront", "failover", 2, 'backend = "local"'),
    "regional": site_text("regional", "failover", 2),
    "three regions": site_text("regional", "weighted", 3),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_nothing_lies_outside_the_allowed_regions(name: str) -> None:
    assert outside(stacks_of(VARIANTS[name])) == []


def test_every_reason_is_needed() -> None:
    """A reason for what no longer happens would hide what begins to happen."""
    stacks = [stacks_of(text) for text in VARIANTS.values()]
    kinds = {kind for each in stacks for _, kind, _, _ in resources(each)}
    assert kinds >= GLOBAL_KINDS
    named = {
        f"{kind}.{argument}"
        for each in stacks
        for _, kind, _, body in resources(each)
        for argument, value in body.items()
        if set(_regions(value)) - set(ALLOWED)
    }
    assert named >= set(ELSEWHERE)


def moved(stack: str, kind: str, *path: str, to: str) -> Stacks:
    """Returns the stacks with one argument of the first resource of a kind changed."""
    stacks = copy.deepcopy(stacks_of(CLOUDFRONT))
    holder: Any = next(iter(stacks[stack]["resource"][kind].values()))
    for part in path[:-1]:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]
    assert path[-1] in holder
    holder[path[-1]] = to
    return stacks


@pytest.mark.parametrize(("path", "to", "found"), [
    ("api-table.aws_dynamodb_table.replica.0.region_name", "us-west-2", "replica names us-west-2"),
    (f"attachment-{SERVING[0]}.aws_synthetics_canary.artifact_s3_location", "s3://canary-us-east-1-1/", "names us-east-1"),
    (f"keys-{SERVING[1]}.aws_kms_replica_key.primary_key_arn", "arn:aws:kms:us-east-1:1:key/1", "names us-east-1"),
])  # fmt: skip
def test_what_lies_elsewhere_is_found(path: str, to: str, found: str) -> None:
    stack, kind, *argument = path.split(".")
    assert any(found in place for place in outside(moved(stack, kind, *argument, to=to)))


def test_stack_elsewhere_is_found() -> None:
    stacks = copy.deepcopy(stacks_of(CLOUDFRONT))
    stack = f"attachment-{SERVING[0]}"
    stacks[stack]["provider"]["aws"][0]["region"] = "us-east-1"
    assert any(place.startswith(f"{stack}: aws_cloudwatch_log_group.") for place in outside(stacks))


def test_state_elsewhere_is_found() -> None:
    stacks = stacks_of(CLOUDFRONT)
    without = tuple(name for name in ALLOWED if name != "eu-west-3")
    assert "edge: the state is in eu-west-3" in outside(stacks, without)
    assert any(place.startswith("audit: aws_s3_bucket.") for place in outside(stacks, without))
