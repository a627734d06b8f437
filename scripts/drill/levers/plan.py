"""What a lever drill will do, before it does it: the words, the policy that it needs, and who must agree."""

from __future__ import annotations

import json
from collections.abc import Sequence

from scripts.aws.clients import aws_client, caller_account, translated
from scripts.drill.levers.lever import Json, Lever, statement
from scripts.errors import UnsafePlanError
from scripts.terraform.outputs import Deployment


def policy_for(levers: Sequence[Lever], deployment: Deployment) -> Json:
    """Return the least that a role needs for these levers and for looking at their effect, as an IAM policy document."""
    checks = [f"arn:aws:route53:::healthcheck/{each}" for each in deployment.health_check_ids.values()]
    distributions = [each.arn for each in deployment.distributions.values()]
    buckets = [f"arn:aws:s3:::{bucket}" for bucket in deployment.buckets.values()]
    looking = [
        statement("route53:GetHealthCheck", "route53:GetHealthCheckStatus", resource=checks),
        statement("s3:ListBucket", resource=buckets),
        statement("s3:GetObject", resource=[f"{bucket}/*" for bucket in buckets]),
        statement(
            "cloudfront-keyvaluestore:DescribeKeyValueStore",
            "cloudfront-keyvaluestore:GetKey",
            "cloudfront-keyvaluestore:ListKeys",
            resource=deployment.key_value_store_arn,
        ),
    ]
    if distributions:
        actions = ("cloudfront:CreateInvalidation", "cloudfront:GetInvalidation", "cloudfront:GetDistribution")
        looking.append(statement(*actions, resource=distributions))
    own = [each for lever in levers for each in lever.statements()]
    distinct = {json.dumps(each, sort_keys=True): each for each in [*own, *looking]}
    return {"Version": "2012-10-17", "Statement": list(distinct.values())}


def confirmation_of(deployment: Deployment) -> str:
    """Return what the operator must say: account and hostname, so that no other site is broken by mistake."""
    return f"{caller_account('us-east-1')}:{deployment.hostname}"


def insist_on_own_site(deployment: Deployment) -> None:
    """Refuse a hostname that the account's own distribution does not hold.

    Raises:
        UnsafePlanError: it does not.
        AwsError: the distribution is not this account's.
    """
    distribution = deployment.distributions[deployment.primary]
    with translated("GetDistribution", distribution.id):
        answer = aws_client("cloudfront", region="us-east-1").get_distribution(Id=distribution.id)
    aliases = answer["Distribution"]["DistributionConfig"].get("Aliases", {}).get("Items", [])
    if deployment.hostname not in aliases:
        held = ", ".join(aliases) or "no name"
        raise UnsafePlanError(
            f"{deployment.hostname} is not served by this account's distribution {distribution.id}, which holds {held}: save the"
            " outputs of the right deployment (`failover outputs`), or sign in to the account that owns the site"
        )
