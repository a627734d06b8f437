"""AWS providers of a stack: one alias per region and one for the global zone.

The bindings write the version of their own schema (6.x); the synthesized JSON is meant for 5.100 and 6.x, so the range is
widened here, in one place.
"""

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider, AwsProviderAssumeRole, AwsProviderDefaultTags

from constructs_lib.site_file.models import SiteFile

AWS_PROVIDER_VERSIONS = ">= 5.100.0, < 7.0.0"
VERSIONS_WITH_ACCELERATED_RECOVERY = ">= 6.25.0, < 7.0.0"
"""The bindings, of the schema of 6.25.0, know `enable_accelerated_recovery`; provider 5.100.0 does not."""
TERRAFORM_VERSIONS = ">= 1.11.0"


def add_provider(stack: TerraformStack, *, site: SiteFile, region: str, alias: str | None = None) -> AwsProvider:
    """Adds the provider for `region`; every resource it makes carries the site's tags.

    With `features.multi_account` it takes the role that `[accounts]` names for the region, us-east-1 the zone's.
    """
    tags = {
        "Project": site.site.project,
        "Environment": site.site.environment,
        "ManagedBy": "terraform",
        "Stack": stack.node.id,
    }
    provider = AwsProvider(
        stack,
        "aws" if alias is None else f"aws_{alias}",
        region=region,
        alias=alias,
        default_tags=[AwsProviderDefaultTags(tags=tags)],
        assume_role=_assume_role(site, region),
    )
    stack.add_override("terraform.required_providers.aws.version", AWS_PROVIDER_VERSIONS)
    stack.add_override("terraform.required_version", TERRAFORM_VERSIONS)
    return provider


def _assume_role(site: SiteFile, region: str) -> list[AwsProviderAssumeRole] | None:
    account = site.account_of(region)
    if account is None:
        return None
    return [AwsProviderAssumeRole(role_arn=account.role_arn, external_id=account.external_id)]
