"""Taking the public name from a distribution that is none of the site's: its alias, then its records in one change.

The alias moves by AssociateAlias, which needs a TXT record as its proof and leaves both distributions enabled; both are of one
account (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/alternate-domain-names-move-options.html).
CloudFront finds the distribution by the name that a viewer asks for, so from then on the new one serves, wherever DNS leads.

The records then change in one batch, which Route 53 carries out as a whole: a name has simple records or failover records, never
both, and in between it would have none
(https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripts.aws.clients import translated
from scripts.aws.hand_over import HandOverPlan, hand_over
from scripts.errors import UnsafePlanError

if TYPE_CHECKING:
    from mypy_boto3_cloudfront.client import CloudFrontClient
    from mypy_boto3_route53.client import Route53Client

_ADDRESSES = ("A", "AAAA", "CNAME")
"""Types of records that lead viewers somewhere."""

Record = dict[str, Any]
"""A record set as Route 53's API has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamePlan:
    """How the public name is taken.

    Attributes:
        hostname: the name.
        hosted_zone_id: the zone that holds it.
        holder: id of the distribution that has the name as an alias; the target's own, where a run before this one got so far.
        target_id: id of the distribution that takes it.
        target_domain_name: its own name.
        deletes: records of the name that go.
        creates: address in Terraform -> the record that comes.
        are_there: whether those are there already: a run before this one got so far.
    """

    hostname: str
    hosted_zone_id: str
    holder: str
    target_id: str
    target_domain_name: str
    deletes: Sequence[Record]
    creates: Mapping[str, Record]
    are_there: bool = False

    @property
    def moves_alias(self) -> bool:
        """Whether another distribution has the alias."""
        return self.holder != self.target_id

    @property
    def changes_records(self) -> bool:
        """Whether records are still to be changed."""
        return bool(self.deletes) or not self.are_there


def find_holder(client: CloudFrontClient, hostname: str, target_id: str) -> str:
    """Returns the id of the distribution that has a name as an alias.

    Raises:
        UnsafePlanError: none of this account has it, or one serves it by a wildcard.
        AwsError: CloudFront refused or did not answer.
    """
    with translated("ListDistributions", hostname):
        pages = list(client.get_paginator("list_distributions").paginate())
    aliases = {
        str(each["Id"]): set(each.get("Aliases", {}).get("Items", ()))
        for page in pages
        for each in page["DistributionList"].get("Items", ())
    }
    if hostname in aliases.get(target_id, ()):
        return target_id
    holders = [name for name, held in aliases.items() if hostname in held]
    if holders:
        return holders[0]
    wildcard = f"*.{hostname.partition('.')[2]}"
    if covering := [name for name, held in aliases.items() if wildcard in held]:
        raise UnsafePlanError(
            f"distribution {covering[0]} serves {hostname} by its alias {wildcard}, and AssociateAlias moves exact names: add "
            f"{hostname} to the aliases of {covering[0]} beside the wildcard, then run this again"
        )
    raise UnsafePlanError(
        f"no distribution of this account has {hostname} as an alias, so there is none to move it from. If one of another "
        "account has it, see docs/MIGRATING.md, Another account; if nobody has it, apply edge. Ask AWS who has it: "
        f"aws cloudfront list-conflicting-aliases --distribution-id {target_id} --alias {hostname}"
    )


def records_of_name(client: Route53Client, zone_id: str, hostname: str) -> list[Record]:
    """Returns the records that lead viewers of a name somewhere.

    Raises:
        AwsError: Route 53 refused or did not answer.
    """
    with translated("ListResourceRecordSets", zone_id):
        pages = list(client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id))
    return [
        dict(each)
        for page in pages
        for each in page["ResourceRecordSets"]
        if each["Name"].rstrip(".") == hostname and each["Type"] in _ADDRESSES
    ]


def records_to_delete(found: Iterable[Record], wanted: Iterable[Record]) -> list[Record]:
    """Returns which records go; none where exactly the wanted ones are there.

    Raises:
        UnsafePlanError: the name has records of a routing policy that are not the wanted ones: somebody's plan that is not known.
    """
    ours = {_key(each) for each in wanted}
    left = [each for each in found if _key(each) not in ours]
    if routed := [each for each in left if "SetIdentifier" in each]:
        names = ", ".join(f"{each['Type']} {each['SetIdentifier']}" for each in routed)
        raise UnsafePlanError(
            f"the name has records of a routing policy ({names}), and this command replaces simple ones: bring the name back to "
            "one record a type that leads to its distribution, then run this again"
        )
    return left


def are_there(found: Iterable[Record], wanted: Iterable[Record]) -> bool:
    """Returns whether the wanted records are there."""
    return {_key(each) for each in wanted} <= {_key(each) for each in found}


def _key(record: Mapping[str, Any]) -> tuple[str, str]:
    return str(record["Type"]), str(record.get("SetIdentifier", ""))


def record_of_plan(values: Mapping[str, Any]) -> Record:
    """Returns a record as Route 53 takes it, from what Terraform plans for an `aws_route53_record` with an alias.

    Raises:
        UnsafePlanError: the plan does not know it yet.
    """
    try:
        (alias,), (policy,) = values["alias"], values["failover_routing_policy"]
        record: Record = {
            "Name": values["name"],
            "Type": values["type"],
            "SetIdentifier": values["set_identifier"],
            "Failover": policy["type"],
            "AliasTarget": {
                "DNSName": alias["name"],
                "HostedZoneId": alias["zone_id"],
                "EvaluateTargetHealth": alias["evaluate_target_health"],
            },
        }
    except (KeyError, TypeError, ValueError) as error:
        raise UnsafePlanError(
            "the plan does not say yet what the name leads to: apply every stack with takes_name = false in [site] first"
        ) from error
    if values.get("health_check_id"):
        record["HealthCheckId"] = values["health_check_id"]
    return record


def take_name(cloudfront: CloudFrontClient, route53: Route53Client, plan: NamePlan) -> None:
    """Moves the alias, then changes the records in one batch. What was done already is left out.

    Raises:
        AwsError: an AWS call failed; the name is served by the old distribution or by the new one, never by none.
    """
    if plan.moves_alias:
        hand_over(
            cloudfront,
            route53,
            HandOverPlan(
                hostname=plan.hostname,
                hosted_zone_id=plan.hosted_zone_id,
                from_region=plan.holder,
                to_region=plan.target_id,
                target_id=plan.target_id,
                target_domain_name=plan.target_domain_name,
            ),
        )
    if plan.changes_records:
        changes: list[Any] = [
            *({"Action": "DELETE", "ResourceRecordSet": each} for each in plan.deletes),
            *({"Action": "CREATE", "ResourceRecordSet": each} for each in plan.creates.values()),
        ]
        with translated("ChangeResourceRecordSets", plan.hostname):
            route53.change_resource_record_sets(HostedZoneId=plan.hosted_zone_id, ChangeBatch={"Changes": changes})


def import_id(record: Mapping[str, Any], zone_id: str) -> str:
    """Returns the id under which Terraform imports a record.

    https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/route53_record#import
    """
    return f"{zone_id}_{record['Name']}_{record['Type']}_{record['SetIdentifier']}"
