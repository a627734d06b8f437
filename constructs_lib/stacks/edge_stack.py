"""The edge stack: CloudFront, health checks and records. It reaches no region but us-east-1, where those services are changed."""

from collections.abc import Mapping, Sequence

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.acm_certificate_validation import AcmCertificateValidation
from cdktf_cdktf_provider_aws.cloudfront_origin_access_control import CloudfrontOriginAccessControl
from constructs import Construct

from constructs_lib import naming
from constructs_lib.content.access_logs import ViewerLogs
from constructs_lib.edge.edge_policies import EdgePolicies
from constructs_lib.edge.firewall import Firewall
from constructs_lib.edge.regional_distribution import DistributionAccess, RegionalDistribution
from constructs_lib.edge.router import Router
from constructs_lib.edge.router_policy import router_sources, viewer_headers
from constructs_lib.monitoring.alerting import CheckIds
from constructs_lib.names.health_checks import HealthChecks
from constructs_lib.names.records import AliasRecords, RecordTarget, to_distribution, to_endpoint
from constructs_lib.outputs import add_output
from constructs_lib.providers import add_provider
from constructs_lib.site_file.models import Entry, Role, SiteFile
from constructs_lib.stacks.dns_stack import DnsStack
from constructs_lib.stacks.public_name import PublicName
from constructs_lib.stacks.region_stack import RegionStack
from constructs_lib.state_backend import add_state_backend

_GLOBAL_ALIAS = "global"


class EdgeStack(TerraformStack):
    """The global part. What it needs of a region it reads in that region's state, so a dead one does not stop it."""

    def __init__(self, scope: Construct, *, site: SiteFile, dns: DnsStack, regions: Sequence[RegionStack]) -> None:
        super().__init__(scope, naming.EDGE_STACK)
        self._site = site
        self._dns = dns
        self._regions = {stack.region.name: stack for stack in regions}
        add_state_backend(self, site=site)
        self._global = add_provider(self, site=site, region=naming.GLOBAL_REGION, alias=_GLOBAL_ALIAS)
        router = Router(self, "router", prefix=site.prefix, sources=router_sources(site), provider=self._global)
        self.distributions = distributions = (
            self._add_distributions(router) if site.routing.entry is Entry.CLOUDFRONT else {}
        )
        self._log_viewers(distributions)
        checks = self._add_health_checks()
        self._add_plain_records(distributions)
        name = PublicName(
            self,
            site=site,
            zone_id=self._dns.zone.zone_id,
            endpoints={name: stack.endpoint for name, stack in self._regions.items()},
            distribution=distributions.get(site.primary.name),
            checks=checks,
            error_alarm_names={
                name: stack.error_alarm_name
                for name, stack in self._regions.items()
                if stack.error_alarm_name is not None
            },
            provider=self._global,
        )
        if site.site.takes_name:
            name.add_records()
        self.check_ids = CheckIds(
            path=checks.path_check_id, regions=checks.region_check_ids, external=name.external_check_ids
        )
        self.certificate_arn = self._dns.edge_certificate.arn
        self.standby_check_id = name.standby_check_id
        self._add_outputs(router, distributions)

    def _add_distributions(self, router: Router) -> dict[str, RegionalDistribution]:
        certificate = AcmCertificateValidation(
            self, "certificate_issued", certificate_arn=self._dns.edge_certificate.arn, provider=self._global
        )
        access_control = CloudfrontOriginAccessControl(
            self,
            "origin_access_control",
            name=f"{self._site.prefix}-s3",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            provider=self._global,
        )
        edge_policies = EdgePolicies(
            self,
            "edge_policies",
            prefix=self._site.prefix,
            headers=self._site.headers,
            viewer_headers=viewer_headers(self._site),
            provider=self._global,
        )
        web_acl_arn = None
        if self._site.features.waf:
            web_acl_arn = Firewall(
                self,
                "firewall",
                prefix=self._site.prefix,
                is_sampled=self._site.may_hold_data(naming.GLOBAL_REGION),
                provider=self._global,
            ).web_acl_arn
        return {
            region.name: RegionalDistribution(
                self,
                f"distribution_{region.name}",
                comment=f"{self._site.prefix} {region.name}",
                region=region.name,
                price_class=self._site.routing.price_class,
                region_check_protocol=self._site.health_check.region_check_protocol,
                has_kms=self._site.features.kms,
                is_logged=self._site.features.access_logs,
                aliases=self._aliases(region.name, region.role),
                bucket_domain_names={name: stack.bucket.regional_domain_name for name, stack in self._regions.items()},
                access=DistributionAccess(
                    certificate_arn=certificate.certificate_arn,
                    origin_access_control_id=access_control.id,
                    router_function_arn=router.function_arns[region.name],
                    web_acl_arn=web_acl_arn,
                ),
                edge_policies=edge_policies,
                provider=self._global,
            )
            for region in self._site.region
        }

    def _add_health_checks(self) -> HealthChecks:
        names = {name: naming.regional_hostname(self._site, name) for name in self._regions}
        is_regional = self._site.routing.entry is Entry.REGIONAL
        return HealthChecks(
            self,
            "health_checks",
            prefix=self._site.prefix,
            settings=self._site.health_check,
            regional_hostnames=names,
            path_hostname=None if is_regional else names[self._site.primary.name],
            provider=self._global,
        )

    def _aliases(self, region: str, role: Role) -> list[str]:
        own = naming.regional_hostname(self._site, region)
        return [self._site.site.hostname, own] if role is Role.PRIMARY and self._site.site.takes_name else [own]

    def _log_viewers(self, distributions: Mapping[str, RegionalDistribution]) -> None:
        """Keeps each distribution's access log in its own region's log bucket, with `features.access_logs`."""
        for name, distribution in distributions.items():
            if (log_bucket_arn := self._regions[name].log_bucket_arn) is not None:
                ViewerLogs(
                    self,
                    f"viewer_logs_{name}",
                    name=f"{self._site.prefix}-{name}",
                    distribution_arn=distribution.arn,
                    log_bucket_arn=log_bucket_arn,
                    provider=self._global,
                )

    def _add_plain_records(self, distributions: Mapping[str, RegionalDistribution]) -> None:
        """Each region's own name: its distribution, or its regional endpoint when the entry is regional.

        And the name of the regional endpoint that has a last exit behind it.
        """
        for name, stack in self._regions.items():
            own, hostname = stack.endpoint.own_target, naming.regional_hostname(self._site, name)
            if name in distributions:
                self._add_plain(f"records_{name}", hostname, to_distribution(distributions[name]))
                if own is not None:
                    self._add_plain("records_endpoint", naming.endpoint_hostname(self._site), to_endpoint(*own))
            elif own is not None:
                self._add_plain(f"records_{name}", hostname, to_endpoint(*own))

    def _add_plain(self, id_: str, name: str, target: RecordTarget) -> None:
        AliasRecords(self, id_, zone_id=self._dns.zone.zone_id, name=name, target=target, provider=self._global)

    def _add_outputs(self, router: Router, distributions: Mapping[str, RegionalDistribution]) -> None:
        add_output(self, "hostname", self._site.site.hostname)
        add_output(self, "hosted_zone_id", self._dns.zone.zone_id)
        add_output(self, "key_value_store_arn", router.key_value_store_arn)
        add_output(self, "health_check_ids", dict(self.check_ids.of_site))
        add_output(self, "buckets", {name: stack.bucket.name for name, stack in self._regions.items()})
        add_output(self, "roles", {region.name: region.role.value for region in self._site.region})
        routing = self._site.routing
        add_output(self, "routing", {"entry": routing.entry.value, "policy": routing.policy.value})
        add_output(self, "takes_name", self._site.site.takes_name)
        # Beside what it tells people: the region's state has these whether or not a record reads them yet.
        standby = self._regions[self._site.secondary.name].endpoint
        add_output(
            self,
            "standby_endpoint",
            {"domain_name": standby.target_domain_name, "hosted_zone_id": standby.target_hosted_zone_id},
        )
        add_output(self, "standby_health_check_id", self.standby_check_id or "")
        add_output(
            self,
            "external_endpoints",
            {
                endpoint.name: {
                    "addresses": endpoint.addresses,
                    "health_check_ids": {
                        type_: self.check_ids.external[f"{endpoint.name}-{type_.lower()}"]
                        for type_ in endpoint.addresses
                    },
                    "content": endpoint.content or {},
                }
                for endpoint in self._site.endpoint
            },
        )
        checked = [region.name for region in self._site.region] if self._site.features.parity else []
        add_output(self, "parity_regions", checked)
        add_output(self, "state", self._site.state.model_dump(mode="json"))
        add_output(self, "objectives", self._site.objectives.model_dump(mode="json"))
        add_output(self, "traffic", self._site.traffic.model_dump(mode="json"))
        add_output(self, "content", self._site.content.as_output())
        add_output(self, "content_security_policy", self._site.headers.content_security_policy)
        add_output(
            self,
            "distributions",
            {
                name: {
                    "id": distribution.id,
                    "arn": distribution.arn,
                    "domain_name": distribution.domain_name,
                    "hostname": naming.regional_hostname(self._site, name),
                }
                for name, distribution in distributions.items()
            },
        )
