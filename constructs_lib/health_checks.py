"""The two kinds of health check, which must not be mixed up.

The path check asks what users ask, through the origin group, and drives the DNS failover record. A region check asks one
region's bucket through a pinned behaviour; it tells which region is ill and drives no record.
"""

from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.route53_health_check import Route53HealthCheck
from constructs import Construct

from constructs_lib import naming
from constructs_lib.site_file import SiteFile
from constructs_lib.site_file.models import Protocol

_HTTP_PORT = 80
_HTTPS_PORT = 443


class HealthChecks(Construct):
    """Path check on the primary's distribution and one region check per region.

    The names probed are the regional hostnames: a check on the name of the record that it drives would judge the standby
    (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html).

    Attributes:
        path_check_id: id of the check that drives the PRIMARY records.
        region_check_ids: region -> id of its region check.
    """

    def __init__(self, scope: Construct, id_: str, *, site: SiteFile, provider: AwsProvider) -> None:
        super().__init__(scope, id_)
        self._site = site
        self._provider = provider
        primary = site.primary.name
        path_check = self._add_check(
            "path",
            name=f"{site.prefix}-path",
            hostname=naming.regional_hostname(site, primary),
            path=f"/{naming.PATH_CHECK_KEY}",
            protocol=Protocol.HTTPS,
            search_string='"region"' if site.health_check.string_match else None,
        )
        self.path_check_id = path_check.id
        self.region_check_ids = {
            region.name: self._add_check(
                f"region_{region.name}",
                name=f"{site.prefix}-region-{region.name}",
                hostname=naming.regional_hostname(site, region.name),
                path=naming.region_check_path(region.name),
                protocol=site.health_check.region_check_protocol,
                search_string=None,
            ).id
            for region in site.region
        }

    def _add_check(
        self, id_: str, *, name: str, hostname: str, path: str, protocol: Protocol, search_string: str | None
    ) -> Route53HealthCheck:
        settings = self._site.health_check
        is_https = protocol is Protocol.HTTPS
        suffix = "" if search_string is None else "_STR_MATCH"
        return Route53HealthCheck(
            self,
            id_,
            type=f"{protocol.value.upper()}{suffix}",
            fqdn=hostname,
            port=_HTTPS_PORT if is_https else _HTTP_PORT,
            resource_path=path,
            enable_sni=is_https,
            search_string=search_string,
            request_interval=settings.request_interval_seconds,
            failure_threshold=settings.failure_threshold,
            regions=list(settings.checker_regions),
            tags={"Name": name},
            provider=self._provider,
        )
