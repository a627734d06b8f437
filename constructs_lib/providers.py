"""AWS providers of a stack: one alias per region and one for the global zone.

The bindings write the version of their own schema (6.x); the synthesized JSON is meant for 5.100 and 6.x, so the range is
widened here, in one place.
"""

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider, AwsProviderDefaultTags

from constructs_lib.site_file import SiteFile

AWS_PROVIDER_VERSIONS = ">= 5.100.0, < 7.0.0"
TERRAFORM_VERSIONS = ">= 1.11.0"


def add_provider(stack: TerraformStack, *, site: SiteFile, region: str, alias: str | None = None) -> AwsProvider:
    """Adds the provider for `region`; every resource it makes carries the site's tags."""
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
    )
    stack.add_override("terraform.required_providers.aws.version", AWS_PROVIDER_VERSIONS)
    stack.add_override("terraform.required_version", TERRAFORM_VERSIONS)
    return provider
