"""The keys stack: what encrypts the content, in a state of its own, so that nothing else can take it away."""

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from constructs import Construct

from constructs_lib import naming
from constructs_lib.content.content_keys import ContentKeys
from constructs_lib.outputs import add_output
from constructs_lib.providers import add_provider
from constructs_lib.site_file.models import SiteFile
from constructs_lib.state_backend import add_state_backend


class KeysStack(TerraformStack):
    """The content key in every region. There with `features.kms`; applied before the regions.

    A site file without the feature has no such stack, and Terraform leaves alone what no stack names: what was encrypted stays
    readable until somebody destroys this state on purpose (docs/PROTECTION.md).
    """

    def __init__(self, scope: Construct, *, site: SiteFile) -> None:
        super().__init__(scope, naming.KEYS_STACK)
        add_state_backend(self, site=site)
        providers = {
            region.name: add_provider(self, site=site, region=region.name, alias=region.name.replace("-", "_"))
            for region in site.region
        }
        account = DataAwsCallerIdentity(self, "account", provider=providers[site.primary.name])
        keys = ContentKeys(
            self,
            "content_keys",
            prefix=site.prefix,
            account_id=account.account_id,
            primary_region=site.primary.name,
            providers=providers,
        )
        self.key_arns = keys.arns
        add_output(self, "key_arns", keys.arns)
