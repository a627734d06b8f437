"""The edge stack: what joins the regions. CloudFront, bucket policies, replication, health checks and records."""

from collections.abc import Mapping, Sequence

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.acm_certificate_validation import AcmCertificateValidation
from cdktf_cdktf_provider_aws.cloudfront_origin_access_control import CloudfrontOriginAccessControl
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from constructs import Construct

from constructs_lib import naming, policies
from constructs_lib.content.access_logs import ViewerLogs
from constructs_lib.content.bucket_replication import BucketReplication, Destination
from constructs_lib.edge.edge_policies import EdgePolicies
from constructs_lib.edge.firewall import Firewall
from constructs_lib.edge.regional_distribution import DistributionAccess, RegionalDistribution
from constructs_lib.edge.router import Router
from constructs_lib.edge.router_policy import router_sources, viewer_headers
from constructs_lib.names.health_checks import HealthChecks
from constructs_lib.names.records import AliasRecords, to_distribution, to_endpoint
from constructs_lib.outputs import add_output
from constructs_lib.providers import add_provider
from constructs_lib.site_file.models import Entry, Protocol, Role, SiteFile
from constructs_lib.stacks.dns_stack import DnsStack
from constructs_lib.stacks.keys_stack import KeysStack
from constructs_lib.stacks.public_name import PublicName
from constructs_lib.stacks.region_stack import RegionStack
from constructs_lib.state_backend import add_state_backend

_GLOBAL_ALIAS = "global"


class EdgeStack(TerraformStack):
    """The global part."""

    def __init__(
        self,
        scope: Construct,
        *,
        site: SiteFile,
        dns: DnsStack,
        regions: Sequence[RegionStack],
        keys: KeysStack | None = None,
    ) -> None:
        super().__init__(scope, naming.EDGE_STACK)
        self._site = site
        self._dns = dns
        self._key_arns = {} if keys is None else keys.key_arns
        self._regions = {stack.region.name: stack for stack in regions}
        add_state_backend(self, site=site)
        self._global = add_provider(self, site=site, region=naming.GLOBAL_REGION, alias=_GLOBAL_ALIAS)
        self._providers = {
            name: add_provider(self, site=site, region=name, alias=name.replace("-", "_")) for name in self._regions
        }
        router = Router(self, "router", prefix=site.prefix, sources=router_sources(site), provider=self._global)
        self.distributions = distributions = (
            self._add_distributions(router) if site.routing.entry is Entry.CLOUDFRONT else {}
        )
        self._open_buckets(distributions, self._replicate())
        self._log_viewers(distributions)
        self.health_checks = checks = self._add_health_checks()
        self._add_plain_records(distributions)
        name = PublicName(
            self,
            site=site,
            zone_id=self._dns.zone.zone_id,
            endpoints={name: stack.endpoint for name, stack in self._regions.items()},
            distribution=distributions.get(site.primary.name),
            checks=checks,
            providers=self._providers,
            provider=self._global,
        )
        name.add_records()
        self.external_check_ids = name.external_check_ids
        self.certificate_arn = self._dns.edge_certificate.arn
        self._add_outputs(router, distributions, checks)

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
        return [self._site.site.hostname, own] if role is Role.PRIMARY else [own]

    def _open_buckets(
        self, distributions: Mapping[str, RegionalDistribution], replications: Mapping[str, BucketReplication]
    ) -> None:
        arns = [distribution.arn for distribution in distributions.values()]
        for name, stack in self._regions.items():
            S3BucketPolicy(
                self,
                f"bucket_policy_{name}",
                bucket=stack.bucket.name,
                policy=policies.to_json(
                    policies.content_bucket(
                        stack.bucket.arn,
                        distribution_arns=arns,
                        plain_http_keys=self._plain_http_keys(name),
                        replicating_role_arns=[
                            replication.role_arn
                            for source, replication in replications.items()
                            if source != name and not self._is_one_account(source, name)
                        ],
                        publisher_arns=[]
                        if self._site.is_of_zone_account(name)
                        else self._site.accounts.publisher_arns,
                    )
                ),
                provider=self._providers[name],
            )

    def _plain_http_keys(self, region: str) -> list[str]:
        is_http = self._site.health_check.region_check_protocol is Protocol.HTTP
        return [naming.region_check_path(region).lstrip("/")] if is_http else []

    def _is_one_account(self, region: str, other: str) -> bool:
        accounts = [self._site.account_of(name) for name in (region, other)]
        return len({None if account is None else account.account_id for account in accounts}) == 1

    def _replicate(self) -> dict[str, BucketReplication]:
        """Returns source region -> its replication."""
        return {
            source: BucketReplication(
                self,
                f"replication_{source}",
                role_name=f"{self._site.prefix}-replicate-{source}",
                source_name=self._regions[source].bucket.name,
                source_arn=self._regions[source].bucket.arn,
                destinations=[
                    Destination(bucket_arn=stack.bucket.arn, kms_key_arn=self._key_arns.get(name))
                    for name, stack in self._regions.items()
                    if name != source
                ],
                has_metrics=self._site.features.has_replication_metrics,
                has_time_control=self._site.features.rtc,
                provider=provider,
            )
            for source, provider in self._providers.items()
        }

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
        """Each region's own name: its distribution, or its regional endpoint when the entry is regional."""
        for name, stack in self._regions.items():
            own = stack.endpoint.own_target
            AliasRecords(
                self,
                f"records_{name}",
                zone_id=self._dns.zone.zone_id,
                name=naming.regional_hostname(self._site, name),
                target=to_endpoint(*own) if own else to_distribution(distributions[name]),
                provider=self._global,
            )

    def _add_outputs(
        self, router: Router, distributions: Mapping[str, RegionalDistribution], checks: HealthChecks
    ) -> None:
        add_output(self, "hostname", self._site.site.hostname)
        add_output(self, "hosted_zone_id", self._dns.zone.zone_id)
        add_output(self, "key_value_store_arn", router.key_value_store_arn)
        add_output(self, "health_check_ids", _check_ids(checks))
        add_output(self, "buckets", {name: stack.bucket.name for name, stack in self._regions.items()})
        add_output(self, "roles", {region.name: region.role.value for region in self._site.region})
        routing = self._site.routing
        add_output(self, "routing", {"entry": routing.entry.value, "policy": routing.policy.value})
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


def _check_ids(checks: HealthChecks) -> dict[str, str]:
    path = {} if checks.path_check_id is None else {"path": checks.path_check_id}
    return {**path, **checks.region_check_ids}
