"""The API's stacks: the global table, the API in each region, and its name. Off unless `features.api`.

Three kinds, because each fails with something else: Terraform reaches every region to plan the table, one region to plan its API,
and Route 53 alone to plan the name. None reads the table's state, so a dead region blocks its own API's plan and the table's.
"""

from collections.abc import Sequence

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from constructs import Construct

from constructs_lib import naming
from constructs_lib.edge import security_headers
from constructs_lib.extensions.api_endpoint import ApiEndpoint, JwtAuthorization, Replica
from constructs_lib.extensions.api_name import ApiName, ApiRegion
from constructs_lib.extensions.global_table import GlobalTable
from constructs_lib.names.certificates import RegionalCertificate
from constructs_lib.outputs import add_output
from constructs_lib.providers import add_provider
from constructs_lib.site_file.models import Policy, Region, SiteFile
from constructs_lib.stacks.dns_stack import DnsStack
from constructs_lib.state_backend import add_state_backend

# Answers are data for programs, never pages.
_CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'"


class ApiTableStack(TerraformStack):
    """The global table, made in the primary region."""

    def __init__(self, scope: Construct, *, site: SiteFile) -> None:
        super().__init__(scope, naming.API_TABLE_STACK)
        add_state_backend(self, site=site)
        table = GlobalTable(
            self,
            "global_table",
            name=_table_name(site),
            replica_regions=[region.name for region in site.region if region.name != site.primary.name],
            is_deletion_protected=site.api.deletion_protection,
            provider=add_provider(self, site=site, region=site.primary.name),
        )
        add_output(self, "table_name", table.name)
        add_output(self, "regions", [region.name for region in site.region])


class ApiRegionStack(TerraformStack):
    """The API in one region. One class, once per region."""

    def __init__(
        self, scope: Construct, *, site: SiteFile, region: Region, dns: DnsStack, table: ApiTableStack
    ) -> None:
        super().__init__(scope, naming.api_region_stack(region.name))
        self.region = region
        add_state_backend(self, site=site)
        self.add_dependency(dns)  # ACM finds the validation records there
        self.add_dependency(table)
        provider = add_provider(self, site=site, region=region.name)
        account = DataAwsCallerIdentity(self, "account", provider=provider)
        name = _table_name(site)
        names = [naming.api_hostname(site), naming.api_regional_hostname(site, region.name)]
        certificate = RegionalCertificate(
            self, "certificate", hostname=names[0], own_names=names[1:], provider=provider
        )
        self.endpoint = ApiEndpoint(
            self,
            "api",
            name=f"{site.prefix}-api-{region.name}",
            region=region.name,
            hostnames=names,
            certificate_arn=certificate.arn,
            replica=Replica(name=name, arn=f"arn:aws:dynamodb:{region.name}:{account.account_id}:table/{name}"),
            security_headers={
                **security_headers.as_http_headers(site.headers),
                "content-security-policy": _CONTENT_SECURITY_POLICY,
            },
            allowed_origins=[f"https://{site.site.hostname}"],
            jwt=_jwt(site),
            is_traced=site.api.tracing,
            provider=provider,
        )
        add_output(self, "region", region.name)
        add_output(self, "api_id", self.endpoint.api_id)
        add_output(self, "function_name", self.endpoint.function_name)


class ApiStack(TerraformStack):
    """The API's name: health checks and records."""

    def __init__(self, scope: Construct, *, site: SiteFile, dns: DnsStack, regions: Sequence[ApiRegionStack]) -> None:
        super().__init__(scope, naming.API_STACK)
        add_state_backend(self, site=site)
        policy = Policy(site.api.policy.value) if site.api.policy is not None else site.routing.policy
        own_names = {stack.region.name: naming.api_regional_hostname(site, stack.region.name) for stack in regions}
        hostname = naming.api_hostname(site)
        name = ApiName(
            self,
            "name",
            prefix=site.prefix,
            zone_id=dns.zone.zone_id,
            hostname=hostname,
            policy=policy,
            health_check=site.health_check,
            regions=[
                ApiRegion(
                    region=stack.region,
                    own_name=own_names[stack.region.name],
                    own_target=stack.endpoint.targets[own_names[stack.region.name]],
                    public_target=stack.endpoint.targets[hostname],
                )
                for stack in regions
            ],
            provider=add_provider(self, site=site, region=naming.GLOBAL_REGION),
        )
        add_output(self, "hostname", hostname)
        add_output(self, "regional_hostnames", own_names)
        add_output(self, "health_check_ids", name.health_check_ids)
        add_output(self, "policy", policy.value)
        use = site.api.model_dump(mode="json", include={"requests_per_month", "write_ratio", "table_bytes"})
        add_output(self, "expected_use", use)


def add_api(scope: Construct, *, site: SiteFile, dns: DnsStack) -> None:
    """Adds the API's stacks."""
    table = ApiTableStack(scope, site=site)
    regions = [ApiRegionStack(scope, site=site, region=region, dns=dns, table=table) for region in site.region]
    ApiStack(scope, site=site, dns=dns, regions=regions)


def _table_name(site: SiteFile) -> str:
    return f"{site.prefix}-api"


def _jwt(site: SiteFile) -> JwtAuthorization | None:
    if site.api.jwt_issuer is None:
        return None
    return JwtAuthorization(issuer=site.api.jwt_issuer, audiences=site.api.jwt_audiences)
