"""The dns stack: hosted zone, CloudFront's certificate, and the records that prove its names."""

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib import naming
from constructs_lib.names.certificates import EdgeCertificate
from constructs_lib.names.hosted_zone import HostedZone
from constructs_lib.names.query_log import QueryLog
from constructs_lib.names.zone_signing import ZoneSigning
from constructs_lib.outputs import add_output
from constructs_lib.providers import VERSIONS_WITH_ACCELERATED_RECOVERY, add_provider
from constructs_lib.site_file.models import SiteFile
from constructs_lib.state_backend import add_state_backend


class DnsStack(TerraformStack):
    """Everything that must exist before a name can be proved; apply it first, then delegate the zone."""

    def __init__(self, scope: Construct, *, site: SiteFile) -> None:
        super().__init__(scope, naming.DNS_STACK)
        add_state_backend(self, site=site)
        provider = add_provider(self, site=site, region=naming.GLOBAL_REGION)
        self.zone = HostedZone(
            self,
            "hosted_zone",
            domain_name=site.site.domain_name,
            hosted_zone_id=site.site.hosted_zone_id,
            comment=f"{site.prefix}: multi-region website",
            is_signed=site.features.dnssec,
            is_logged=site.features.query_log,
            negative_ttl_seconds=site.negative_ttl_seconds,
            is_recovered_sooner=site.features.accelerated_recovery,
            provider=provider,
        )
        if site.features.accelerated_recovery:
            self.add_override("terraform.required_providers.aws.version", VERSIONS_WITH_ACCELERATED_RECOVERY)
        self.edge_certificate = EdgeCertificate(
            self, "edge_certificate", names=naming.certificate_names(site), zone=self.zone, provider=provider
        )
        further = naming.further_names(site)
        if further:
            EdgeCertificate(self, "further_certificate", names=further, zone=self.zone, provider=provider)
        if site.features.api:
            # Unused itself: its records prove the names of the API's certificates in the regions.
            EdgeCertificate(self, "api_certificate", names=naming.api_names(site), zone=self.zone, provider=provider)
        add_output(self, "hosted_zone_id", self.zone.zone_id)
        add_output(self, "name_servers", self.zone.name_servers)
        add_output(self, "domain_name", site.site.domain_name)
        self._add_features(site, provider)

    def _add_features(self, site: SiteFile, provider: AwsProvider) -> None:
        if site.features.dnssec:
            signing = ZoneSigning(self, "zone_signing", zone_id=self.zone.zone_id, name=site.prefix, provider=provider)
            add_output(self, "ds_record", signing.ds_record)
        if site.features.query_log:
            log = QueryLog(
                self,
                "query_log",
                zone_id=self.zone.zone_id,
                prefix=site.prefix,
                domain_name=site.site.domain_name,
                provider=provider,
            )
            add_output(self, "query_log_group", log.log_group_name)
