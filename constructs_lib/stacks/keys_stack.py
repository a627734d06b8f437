"""A keys stack: what encrypts the content of one region, in a state of its own, so that nothing else can take it away."""

from collections.abc import Mapping

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from constructs import Construct

from constructs_lib import naming
from constructs_lib.content.content_keys import ContentKey
from constructs_lib.outputs import add_output
from constructs_lib.providers import add_provider
from constructs_lib.site_file.models import SiteFile
from constructs_lib.state_backend import add_state_backend


class KeysStack(TerraformStack):
    """The content key of one region. There with `features.kms`; applied before the region, the primary's first.

    A site file without the feature has no such stack, and Terraform leaves alone what no stack names: what was encrypted stays
    readable until somebody destroys this state on purpose (docs/PROTECTION.md).
    """

    def __init__(self, scope: Construct, *, site: SiteFile, region: str, primary: "KeysStack | None" = None) -> None:
        super().__init__(scope, naming.keys_stack(region))
        add_state_backend(self, site=site)
        provider = add_provider(self, site=site, region=region)
        account = DataAwsCallerIdentity(self, "account", provider=provider)
        self.key_arn: str = ContentKey(
            self,
            "content_keys",
            prefix=site.prefix,
            account_id=account.account_id,
            region=region,
            primary_key_arn=None if primary is None else primary.key_arn,
            provider=provider,
        ).arn
        add_output(self, "key_arn", self.key_arn)


def add_keys(scope: Construct, *, site: SiteFile) -> Mapping[str, KeysStack]:
    """Adds a key for each region, the primary's first; returns region -> stack, empty without `features.kms`."""
    if not site.features.kms:
        return {}
    primary = KeysStack(scope, site=site, region=site.primary.name)
    others = [region.name for region in site.region if region.name != site.primary.name]
    return {
        site.primary.name: primary,
        **{region: KeysStack(scope, site=site, region=region, primary=primary) for region in others},
    }
