"""One site's scope, ARNs and policies, and IAM's answer to a request, for tests of who may do what."""

from typing import Any

from constructs_lib.access_policies import (
    daily_work,
    deployment,
    deployment_database,
    deployment_limits,
    planning,
)
from constructs_lib.access_policies.scope import Scope
from tools.examples.access_check import evaluation
from tools.examples.access_check.evaluation import together

ACCOUNT = "123456789012"
SCOPE = Scope(
    prefix="site-prod",
    project="site",
    account_id=ACCOUNT,
    regions=("eu-central-1", "us-east-1"),
    state_region="eu-west-1",
    state_bucket="states",
    state_prefix="site/prod/",
    hosted_zone_id=None,
)
INLINE = {
    "plan": planning.plan,
    "deploy": deployment.deploy,
    "content": daily_work.content,
    "drill": daily_work.drill,
    "takedown": daily_work.takedown,
}
POLICIES = {name: policy(SCOPE) for name, policy in INLINE.items()}
POLICIES["deploy"] = together(POLICIES["deploy"], deployment_limits.deploy_limits(SCOPE))
BUCKET = f"arn:aws:s3:::site-prod-eu-central-1-{ACCOUNT}"


def allows(policy: dict[str, Any], action: str, resource: str, **context: str) -> bool:
    """Evaluates one identity policy as IAM does; the keys of the context have `__` for `:` where Python wants it."""
    keys = {"aws:RequestedRegion": "eu-central-1"} | {name.replace("__", ":"): value for name, value in context.items()}
    return evaluation.allows(policy, action, resource, keys)


def with_database() -> dict[str, Any]:
    scope = Scope(**{**{name: getattr(SCOPE, name) for name in Scope.__slots__}, "has_database": True})
    made = (deployment.deploy, deployment_database.deploy_database, deployment_limits.deploy_limits)
    return together(*(each(scope) for each in made))
