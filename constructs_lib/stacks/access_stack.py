"""The access stack: who may change the site from GitHub. An administrator applies it; the roles in it cannot."""

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from constructs import Construct

from constructs_lib import naming
from constructs_lib.access.github_access import GithubAccess
from constructs_lib.access_policies.scope import Scope
from constructs_lib.outputs import add_output
from constructs_lib.providers import add_provider
from constructs_lib.site_file.models import SiteFile
from constructs_lib.state_backend import add_state_backend, state_prefix


class AccessStack(TerraformStack):
    """Roles for GitHub Actions. There when the site file's `[github]` names subjects."""

    def __init__(self, scope: Construct, *, site: SiteFile) -> None:
        super().__init__(scope, naming.ACCESS_STACK)
        add_state_backend(self, site=site)
        provider = add_provider(self, site=site, region=naming.GLOBAL_REGION)
        account = DataAwsCallerIdentity(self, "account", provider=provider)
        reach = Scope(
            prefix=site.prefix,
            project=site.site.project,
            account_id=account.account_id,
            regions=tuple(region.name for region in site.region),
            prober_regions=site.features.prober,
            state_region=site.state.region,
            state_bucket=site.state.bucket,
            state_prefix=state_prefix(site),
            hosted_zone_id=site.site.hosted_zone_id,
            key_value_store_arn=site.github.key_value_store_arn,
            has_database=site.features.database,
        )
        access = GithubAccess(self, "github", github=site.github, reach=reach, provider=provider)
        add_output(self, "role_arns", access.role_arns)
        add_output(self, "boundary_arn", access.boundary_arn)
