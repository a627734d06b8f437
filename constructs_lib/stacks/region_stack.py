"""A region stack: everything of the site that lives in one region. One class, once per region."""

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from constructs import Construct

from constructs_lib import naming
from constructs_lib.content.access_logs import AccessLogs
from constructs_lib.content.bucket_replication import ReplicationRole
from constructs_lib.content.content_bucket import ContentBucket, ContentProtection
from constructs_lib.edge import security_headers
from constructs_lib.endpoint.regional_endpoint import RegionalEndpoint
from constructs_lib.names.certificates import ProofOfNames, RegionalCertificate
from constructs_lib.names.health_checks import ErrorAlarm, endpoint_errors
from constructs_lib.outputs import add_output
from constructs_lib.parity.parity_check import ParityCheck
from constructs_lib.providers import add_provider
from constructs_lib.site_file.models import Entry, Region, SiteFile
from constructs_lib.stacks.dns_stack import DnsStack
from constructs_lib.stacks.keys_stack import KeysStack
from constructs_lib.state_backend import add_state_backend


class RegionStack(TerraformStack):
    """Bucket and regional endpoint of one region, and with `features.parity` what compares the bucket with its releases.

    What joins the bucket with CloudFront and with the other regions is in the attachment stack: it needs both.

    Attributes:
        error_alarm_name: the alarm that the health check of the region's records follows; None without `health_check.alarm_check`
            or where CloudFront has the name.
    """

    def __init__(
        self, scope: Construct, *, site: SiteFile, region: Region, dns: DnsStack, keys: KeysStack | None = None
    ) -> None:
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
            protection=ContentProtection(
                kms_key_arn=None if keys is None else keys.key_arn,
                has_access_log=site.features.access_logs,
                may_pause_replication=site.features.replication_pause,
            ),
            provider=provider,
        )
        self.replication_role = ReplicationRole(
            self, f"replication_{region.name}", name=naming.replication_role(site, region.name), provider=provider
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
        self.log_bucket_arn: str | None = None
        if site.features.access_logs:
            logs = AccessLogs(
                self,
                "access_logs",
                name=naming.log_bucket(site, region.name, account.account_id),
                account_id=account.account_id,
                content_bucket=self.bucket,
                provider=provider,
            )
            self.log_bucket_arn = logs.arn
            add_output(self, "log_bucket_name", logs.name)
        own_hostname = self._own_hostname(site)
        certificate = RegionalCertificate(
            self,
            "certificate",
            hostname=site.site.hostname,
            own_names=[] if own_hostname is None else [own_hostname],
            own_proof=self._own_proof(site, dns),
            provider=provider,
        )
        self.certificate_arn = certificate.arn
        self.endpoint = RegionalEndpoint(
            self,
            "regional_endpoint",
            name=naming.regional_endpoint(site, region.name),
            region=region.name,
            hostname=site.site.hostname,
            own_hostname=own_hostname,
            headers=security_headers.as_http_headers(site.headers),
            bucket=self.bucket,
            certificate=certificate,
            provider=provider,
        )
        self.error_alarm_name: str | None = None
        if site.routing.entry is Entry.REGIONAL and site.health_check.alarm_check:
            name = naming.region_check(region.name)
            self.error_alarm_name = ErrorAlarm(
                self,
                f"alarm_check_{name}",
                prefix=site.prefix,
                name=name,
                metric=endpoint_errors(self.endpoint.api_id, region.name),
                provider=provider,
            ).name
        add_output(self, "region", region.name)
        add_output(self, "role", region.role.value)
        add_output(self, "bucket_name", self.bucket.name)
        add_output(self, "bucket_arn", self.bucket.arn)
        add_output(self, "regional_endpoint_domain_name", self.endpoint.target_domain_name)
        add_output(self, "regional_endpoint_function_name", self.endpoint.function_name)

    def _own_hostname(self, site: SiteFile) -> str | None:
        """The region's own name belongs to its regional endpoint when CloudFront does not serve it.

        Behind CloudFront only a standby with a last exit behind it has one, because its health check cannot ask the public name.
        """
        if site.routing.entry is Entry.REGIONAL:
            return naming.regional_hostname(site, self.region.name)
        is_standby = site.last_exit is not None and self.region.name == site.secondary.name
        return naming.endpoint_hostname(site) if is_standby else None

    def _own_proof(self, site: SiteFile, dns: DnsStack) -> ProofOfNames | None:
        """Another account's certificates are proved by other records: ACM's CNAME is one a name and account."""
        if site.is_of_zone_account(self.region.name):
            return None
        zone = add_provider(self, site=site, region=naming.GLOBAL_REGION, alias="zone")
        return ProofOfNames(zone_id=dns.zone.zone_id, provider=zone)
