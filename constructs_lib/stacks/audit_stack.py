"""The audit stack: the record of who changed what. An administrator applies it; GitHub's roles cannot touch it."""

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from constructs import Construct

from constructs_lib import naming
from constructs_lib.access.audit_trail import AuditTrail
from constructs_lib.outputs import add_output
from constructs_lib.providers import add_provider
from constructs_lib.site_file.models import SiteFile
from constructs_lib.state_backend import add_state_backend


class AuditStack(TerraformStack):
    """The trail, in the state's region where there is one, else in the primary's. There with `features.audit`."""

    def __init__(self, scope: Construct, *, site: SiteFile) -> None:
        super().__init__(scope, naming.AUDIT_STACK)
        add_state_backend(self, site=site)
        region = site.state.region or site.primary.name
        provider = add_provider(self, site=site, region=region)
        account = DataAwsCallerIdentity(self, "account", provider=provider)
        name = f"{site.prefix}-audit"
        trail = AuditTrail(
            self,
            "audit_trail",
            trail_name=name,
            trail_arn=f"arn:aws:cloudtrail:{region}:{account.account_id}:trail/{name}",
            bucket_name=naming.audit_bucket(site.prefix, account.account_id),
            content_bucket_names=[
                naming.bucket(site, each.name, account.account_id)
                for each in site.region
                if site.account_of(each.name) == site.account_of(region)
            ],
            provider=provider,
        )
        add_output(self, "trail_arn", trail.trail_arn)
        add_output(self, "bucket_name", trail.bucket_name)
        add_output(self, "region", region)
