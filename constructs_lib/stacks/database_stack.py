"""A database stack: the instance of one region, with its network and key. Off unless `features.database`.

One stack a region, and a replica names its source by an ARN that needs no state, so that after the loss of the writer's region
everything about the promoted replica still plans.
"""

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from constructs import Construct

from constructs_lib import naming
from constructs_lib.extensions.database_network import DatabaseNetwork
from constructs_lib.extensions.postgres_instance import PostgresInstance
from constructs_lib.outputs import add_output
from constructs_lib.providers import add_provider
from constructs_lib.site_file.models import Region, SiteFile
from constructs_lib.state_backend import add_state_backend


class DatabaseStack(TerraformStack):
    """The writer or a replica."""

    def __init__(self, scope: Construct, *, site: SiteFile, region: Region, number: int) -> None:
        super().__init__(scope, naming.database_stack(region.name))
        add_state_backend(self, site=site)
        provider = add_provider(self, site=site, region=region.name)
        name = naming.database_instance(site)
        network = DatabaseNetwork(
            self,
            "network",
            name=name,
            region=region.name,
            number=number,
            network=site.database.network.get(region.name),
            provider=provider,
        )
        writer = writer_region(site)
        source_arn = None
        if region.name != writer:
            account = DataAwsCallerIdentity(self, "account", provider=provider)
            source_arn = f"arn:aws:rds:{writer}:{account.account_id}:db:{name}"
        instance = PostgresInstance(
            self,
            "database",
            name=name,
            settings=site.database,
            network=network,
            source_arn=source_arn,
            provider=provider,
        )
        add_output(self, "region", region.name)
        add_output(self, "role", "writer" if source_arn is None else "replica")
        add_output(self, "identifier", instance.identifier)
        add_output(self, "arn", instance.arn)
        add_output(self, "endpoint", instance.endpoint)
        add_output(self, "vpc_id", network.vpc_id)
        add_output(self, "security_group_id", network.security_group_id)
        use = site.database.model_dump(mode="json", include={"written_gigabytes_per_month"})
        add_output(self, "expected_use", use)


def writer_region(site: SiteFile) -> str:
    """Returns the region whose instance is written to."""
    return site.database.writer_region or site.primary.name


def add_database(scope: Construct, *, site: SiteFile) -> None:
    """Adds the database's stacks, the writer's first: a replica is made of an instance that is there."""
    stacks = {
        region.name: DatabaseStack(scope, site=site, region=region, number=number)
        for number, region in enumerate(site.region, start=1)
    }
    writer = stacks.pop(writer_region(site))
    for replica in stacks.values():
        replica.add_dependency(writer)
