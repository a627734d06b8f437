"""Where a database instance lies: a VPC of its own, or subnets of the team's."""

from collections.abc import Sequence

from cdktf import Fn, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_availability_zones import (
    DataAwsAvailabilityZones,
    DataAwsAvailabilityZonesFilter,
)
from cdktf_cdktf_provider_aws.db_subnet_group import DbSubnetGroup
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.subnet import Subnet
from cdktf_cdktf_provider_aws.vpc import Vpc
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct

from constructs_lib.checkov_skips import skip
from constructs_lib.site_file.database import Network

POSTGRES_PORT = 5432

# RDS wants two zones; a network of 64 addresses is more than one instance and its standby ever use.
_ZONES = 2
# An account sees two of these at least; local zones have longer names.
_ZONE_LETTERS = "abcdef"
_SUBNET_BITS = 2
_VPC_SKIPS = {
    "CKV2_AWS_11": "Nothing leads out of the VPC or into it until a team peers with it, and its log would list the team's own "
    "addresses at 0.50 USD per GB; the peering team logs at its side.",
    "CKV2_AWS_12": "The default group lets its members alone in, and it has none: the instance names its own. To adopt it the "
    "deploy role would need a right to tag what it has not made, and so to take it over.",
}


class DatabaseNetwork(Construct):
    """A subnet group and a security group; without `network` also a VPC that has no way in or out.

    Attributes:
        vpc_id: the VPC.
        subnet_group_name: name of the DB subnet group.
        security_group_id: the group of the instance.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        region: str,
        number: int,
        network: Network | None,
        provider: AwsProvider,
    ) -> None:
        """`number` of the region gives its VPC addresses of its own, 10.73.<number>.0/24, so that the VPCs can be peered."""
        super().__init__(scope, id_)
        self._name = name
        self._region = region
        self._provider = provider
        vpc_cidr = f"10.73.{number}.0/24"
        subnet_ids: Sequence[str]
        if network is None:
            vpc, subnet_ids = self._add_vpc(vpc_cidr)
            self.vpc_id = vpc.id
        else:
            self.vpc_id, subnet_ids = network.vpc_id, network.subnet_ids
        self.subnet_group_name = DbSubnetGroup(
            self, "subnet_group", name=name, subnet_ids=list(subnet_ids), provider=provider
        ).name
        group = SecurityGroup(
            self,
            "security_group",
            name=name,
            description="PostgreSQL of the site, from the named clients",
            vpc_id=self.vpc_id,
            tags={"Name": name},
            provider=provider,
        )
        self.security_group_id = group.id
        clients = () if network is None else network.client_security_group_ids
        self._allow(group, clients, None if network is not None else vpc_cidr)

    def _add_vpc(self, cidr: str) -> tuple[Vpc, list[str]]:
        vpc = Vpc(
            self,
            "vpc",
            cidr_block=cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": self._name},
            provider=self._provider,
        )
        skip(vpc, _VPC_SKIPS)
        zones = DataAwsAvailabilityZones(
            self,
            "zones",
            state="available",
            filter=[
                DataAwsAvailabilityZonesFilter(
                    name="zone-name", values=[f"{self._region}{letter}" for letter in _ZONE_LETTERS]
                )
            ],
            provider=self._provider,
        )
        subnets = [
            Subnet(
                self,
                f"subnet_{index + 1}",
                vpc_id=vpc.id,
                cidr_block=Fn.cidrsubnet(cidr, _SUBNET_BITS, index),
                availability_zone=Fn.element(zones.names, index),
                map_public_ip_on_launch=False,
                # A zone that AWS adds must not move a subnet, which would replace it.
                lifecycle=TerraformResourceLifecycle(ignore_changes=["availability_zone"]),
                tags={"Name": f"{self._name}-{index + 1}"},
                provider=self._provider,
            )
            for index in range(_ZONES)
        ]
        return vpc, [subnet.id for subnet in subnets]

    def _allow(self, group: SecurityGroup, client_group_ids: Sequence[str], cidr: str | None) -> None:
        """Lets the clients in; answers need no rule, and the instance calls nobody."""
        sources: list[tuple[str | None, str | None]] = [(client, None) for client in client_group_ids]
        for number, (client_group_id, addresses) in enumerate(sources if cidr is None else [(None, cidr)], start=1):
            VpcSecurityGroupIngressRule(
                self,
                f"clients_{number}",
                security_group_id=group.id,
                description="PostgreSQL",
                ip_protocol="tcp",
                from_port=POSTGRES_PORT,
                to_port=POSTGRES_PORT,
                referenced_security_group_id=client_group_id,
                cidr_ipv4=addresses,
                provider=self._provider,
            )
