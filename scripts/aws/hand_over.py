"""Moving the public name from one regional distribution to the other: AssociateAlias, a migration tool.

It is never a recovery step: it takes minutes, edges disagree meanwhile, and it needs the control plane in us-east-1
(https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html). An outage is what the origin
group, `failover evacuate` and the DNS failover records are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from botocore.config import Config

from scripts.aws.clients import client_for, translated
from scripts.errors import UnsafePlanError, WrongUsageError

if TYPE_CHECKING:
    from mypy_boto3_cloudfront.client import CloudFrontClient
    from mypy_boto3_route53.client import Route53Client

_TXT_TTL_SECONDS = 60
# Route 53 takes about 60 s to bring a change to all its servers:
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/best-practices-dns.html
_WAIT_DELAY_SECONDS = 5
_WAIT_ATTEMPTS = 60


class DistributionNames(Protocol):
    """What CloudFront calls one distribution."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def domain_name(self) -> str:
        """Its own name, under cloudfront.net."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a hand-over has to know of the site.

    Attributes:
        hostname: the public name.
        hosted_zone_id: the zone that holds it.
        entry: the site file's `routing.entry`.
        distributions: region -> its distribution; empty when the entry is regional.
    """

    hostname: str
    hosted_zone_id: str
    entry: str
    distributions: Mapping[str, DistributionNames]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverPlan:
    """A move of the public name.

    Attributes:
        hostname: the name.
        hosted_zone_id: the zone that proves to CloudFront whose name it is.
        from_region: whose distribution holds the name now.
        to_region: whose distribution shall hold it.
        target_id: that distribution's id.
        target_domain_name: its own name, which the proof names.
    """

    hostname: str
    hosted_zone_id: str
    from_region: str
    to_region: str
    target_id: str
    target_domain_name: str

    @property
    def is_empty(self) -> bool:
        """Whether the target holds the name already."""
        return self.from_region == self.to_region


def route53_client() -> Route53Client:
    """Returns a client for Route 53's API, which is global."""
    made: Route53Client = client_for("route53", region="us-east-1", config=Config(retries={"mode": "standard"}))
    return made


def plan_hand_over(client: CloudFrontClient, site: Site, region: str) -> HandOverPlan:
    """Finds who holds the public name and checks that `region`'s distribution can take it.

    Raises:
        WrongUsageError: no such region, or the site has no distributions.
        UnsafePlanError: neither distribution holds the name, or the target is still being deployed or disabled.
        AwsError: CloudFront refused or did not answer.
    """
    if not site.distributions:
        raise WrongUsageError(
            f'hand-over needs routing.entry = "cloudfront", but {site.hostname} has "{site.entry}": '
            "there is no distribution to move the name to"
        )
    if region not in site.distributions:
        allowed = ", ".join(site.distributions)
        raise WrongUsageError(f"region {region!r} is not one of this website's; allowed: {allowed}")
    found = {name: _distribution(client, each.id) for name, each in site.distributions.items()}
    target = site.distributions[region]
    _insist_on_deployed(found[region], region)
    return HandOverPlan(
        hostname=site.hostname,
        hosted_zone_id=site.hosted_zone_id,
        from_region=_holder(found, site.hostname),
        to_region=region,
        target_id=target.id,
        target_domain_name=target.domain_name,
    )


def hand_over(cloudfront: CloudFrontClient, route53: Route53Client, plan: HandOverPlan) -> None:
    """Proves the name with a TXT record, moves it, and removes the record whatever happens.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/alternate-domain-names-move-options.html

    Raises:
        AwsError: an AWS call failed; the name is where it was unless CloudFront had answered.
    """
    if plan.is_empty:
        return
    change_id = _change_proof(route53, plan, "UPSERT")
    try:
        with translated("GetChange", change_id):
            route53.get_waiter("resource_record_sets_changed").wait(
                Id=change_id, WaiterConfig={"Delay": _WAIT_DELAY_SECONDS, "MaxAttempts": _WAIT_ATTEMPTS}
            )
        with translated("AssociateAlias", f"{plan.hostname} on {plan.target_id}"):
            cloudfront.associate_alias(TargetDistributionId=plan.target_id, Alias=plan.hostname)
    finally:
        _change_proof(route53, plan, "DELETE")


def _distribution(client: CloudFrontClient, distribution_id: str) -> Any:  # noqa: ANN401  (boto3's nested answer)
    with translated("GetDistribution", distribution_id):
        return client.get_distribution(Id=distribution_id)["Distribution"]


def _insist_on_deployed(distribution: Any, region: str) -> None:  # noqa: ANN401  (boto3's nested answer)
    status, is_enabled = distribution["Status"], distribution["DistributionConfig"]["Enabled"]
    if status != "Deployed" or not is_enabled:
        state = status if is_enabled else "disabled"
        raise UnsafePlanError(
            f"the distribution of {region}, {distribution['Id']}, is {state}, so the name stays where it is: "
            "enable it, wait until its status is Deployed, then run this again"
        )


def _holder(found: dict[str, Any], hostname: str) -> str:
    for region, distribution in found.items():
        if hostname in (distribution["DistributionConfig"].get("Aliases") or {}).get("Items", ()):
            return region
    raise UnsafePlanError(
        f"neither of {', '.join(item['Id'] for item in found.values())} holds {hostname}, so nothing is moved: apply the edge "
        "stack, or find the holder with `aws cloudfront list-conflicting-aliases`"
    )


def _change_proof(client: Route53Client, plan: HandOverPlan, action: Any) -> str:  # noqa: ANN401  (a literal of the stubs)
    record: Any = {
        "Name": f"_{plan.hostname}",
        "Type": "TXT",
        "TTL": _TXT_TTL_SECONDS,
        "ResourceRecords": [{"Value": f'"{plan.target_domain_name}"'}],
    }
    with translated("ChangeResourceRecordSets", f"{action} _{plan.hostname} TXT"):
        answer = client.change_resource_record_sets(
            HostedZoneId=plan.hosted_zone_id,
            ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]},
        )
    return answer["ChangeInfo"]["Id"]
