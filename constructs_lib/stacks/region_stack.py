"""A region stack: everything of the site that lives in one region. One class, once per region."""

from cdktf import TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from constructs import Construct

from constructs_lib import naming
from constructs_lib.certificates import ProofOfNames, RegionalCertificate
from constructs_lib.content_bucket import ContentBucket
from constructs_lib.parity_check import ParityCheck
from constructs_lib.providers import add_provider
from constructs_lib.regional_endpoint import RegionalEndpoint
from constructs_lib.site_file import Entry, Region, SiteFile
from constructs_lib.stacks.dns_stack import DnsStack
from constructs_lib.state_backend import add_state_backend


class RegionStack(TerraformStack):
    """Bucket and regional endpoint of one region, and with `features.parity` what compares the bucket with its releases.

    Outputs: region, role, bucket_name, bucket_arn, regional_endpoint_domain_name, regional_endpoint_function_name.
    """

    def __init__(self, scope: Construct, *, site: SiteFile, region: Region, dns: DnsStack) -> None:
        super().__init__(scope, naming.region_stack(region.name))
        self.region = region
        add_state_backend(self, site=site)
        self.add_dependency(dns)  # ACM finds the validation record there
        provider = add_provider(self, site=site, region=region.name)
        account = DataAwsCallerIdentity(self, "account", provider=provider)
        self.bucket = ContentBucket(
            self,
            "content_bucket",
            name=naming.bucket(site, region.name, account.account_id),
            region=region.name,
            sends_events=site.features.object_events or site.features.parity,
            provider=provider,
        )
        if site.features.parity:
            ParityCheck(
                self,
                "parity_check",
                site=site,
                region=region.name,
                account_id=account.account_id,
                bucket=self.bucket,
                provider=provider,
            )
        self.endpoint = RegionalEndpoint(
            self,
            "regional_endpoint",
            site=site,
            region=region.name,
            bucket=self.bucket,
            certificate=RegionalCertificate(
                self,
                "certificate",
                names=_names(site, region),
                own_proof=self._own_proof(site, dns),
                provider=provider,
            ),
            provider=provider,
        )
        TerraformOutput(self, "region", value=region.name)
        TerraformOutput(self, "role", value=region.role.value)
        TerraformOutput(self, "bucket_name", value=self.bucket.name)
        TerraformOutput(self, "bucket_arn", value=self.bucket.arn)
        TerraformOutput(self, "regional_endpoint_domain_name", value=self.endpoint.target_domain_name)
        TerraformOutput(self, "regional_endpoint_function_name", value=self.endpoint.function_name)

    def _own_proof(self, site: SiteFile, dns: DnsStack) -> ProofOfNames | None:
        """Another account's certificates are proved by other records: ACM's CNAME is one a name and account."""
        if site.is_of_zone_account(self.region.name):
            return None
        zone = add_provider(self, site=site, region=naming.GLOBAL_REGION, alias="zone")
        return ProofOfNames(zone_id=dns.zone.zone_id, provider=zone)


def _names(site: SiteFile, region: Region) -> list[str]:
    """The region's own name belongs to its regional endpoint when CloudFront does not serve it."""
    own = [naming.regional_hostname(site, region.name)] if site.routing.entry is Entry.REGIONAL else []
    return [site.site.hostname, *own]
