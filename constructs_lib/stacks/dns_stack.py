"""The dns stack: hosted zone, CloudFront's certificate, and the records that prove its names."""

from cdktf import TerraformOutput, TerraformStack
from constructs import Construct

from constructs_lib import naming
from constructs_lib.certificates import EdgeCertificate
from constructs_lib.hosted_zone import HostedZone
from constructs_lib.providers import add_provider
from constructs_lib.site_file import SiteFile
from constructs_lib.state_backend import add_state_backend


class DnsStack(TerraformStack):
    """Everything that must exist before a name can be proved; apply it first, then delegate the zone.

    Outputs: hosted_zone_id, name_servers (list), domain_name.
    """

    def __init__(self, scope: Construct, *, site: SiteFile) -> None:
        super().__init__(scope, naming.DNS_STACK)
        add_state_backend(self, site=site)
        provider = add_provider(self, site=site, region=naming.GLOBAL_REGION)
        self.zone = HostedZone(self, "hosted_zone", site=site, provider=provider)
        self.edge_certificate = EdgeCertificate(
            self, "edge_certificate", names=naming.certificate_names(site), zone=self.zone, provider=provider
        )
        further = naming.further_names(site)
        if further:
            EdgeCertificate(self, "further_certificate", names=further, zone=self.zone, provider=provider)
        TerraformOutput(self, "hosted_zone_id", value=self.zone.zone_id)
        TerraformOutput(self, "name_servers", value=self.zone.name_servers)
        TerraformOutput(self, "domain_name", value=site.site.domain_name)
