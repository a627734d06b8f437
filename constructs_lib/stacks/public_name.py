"""What the public name leads to: the records of the hostname under the site file's entry and policy.

Not a construct of its own: its children are the edge stack's, so that their ids, a contract, stay what they were.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cdktf import DataResource, ITerraformDependable
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib import naming
from constructs_lib.edge.regional_distribution import RegionalDistribution
from constructs_lib.endpoint.regional_endpoint import RegionalEndpoint
from constructs_lib.names.health_checks import (
    AlarmCheck,
    EndpointChecks,
    ErrorMetric,
    HealthChecks,
    add_name_check,
    endpoint_errors,
)
from constructs_lib.names.records import (
    Choice,
    FailoverRecords,
    RecordTarget,
    RoutedRecords,
    to_addresses,
    to_distribution,
    to_endpoint,
    to_records,
)
from constructs_lib.site_file.models import Entry, Policy, Protocol, SiteFile
from constructs_lib.site_file.targets import Endpoint

# Percent of requests, averaged over a minute: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html
_CLOUDFRONT_ERROR_PERCENT = 50


class PublicName:
    """Builds the records of one site's hostname.

    Attributes:
        external_check_ids: external endpoint and record type, such as `on-premises-a` -> id of its check; `add_records` fills it.
        standby_check_id: id of the check of the regional endpoint that has a last exit behind it; None: there is none.
    """

    def __init__(
        self,
        stack: Construct,
        *,
        site: SiteFile,
        zone_id: str,
        endpoints: Mapping[str, RegionalEndpoint],
        distribution: RegionalDistribution | None,
        checks: HealthChecks,
        error_alarm_names: Mapping[str, str],
        provider: AwsProvider,
    ) -> None:
        """`distribution` is the one that holds the name; None when the entry is regional.

        `error_alarm_names`: region -> the alarm on the errors of its endpoint, where there is one.
        """
        self._stack = stack
        self._site = site
        self._zone_id = zone_id
        self._endpoints = endpoints
        self._distribution = distribution
        self._checks = checks
        self._error_alarm_names = error_alarm_names
        self._provider = provider
        self.external_check_ids: dict[str, str] = {}
        self.standby_check_id: str | None = None
        # Behind CloudFront every policy but failover is the router function's; DNS keeps the way around CloudFront.
        self._dns_policy = Policy.FAILOVER if site.routing.entry is Entry.CLOUDFRONT else site.routing.policy
        self._policy_change = self._add_policy_change()

    def add_records(self) -> None:
        """Adds the records, and the checks that only they use."""
        if self._site.routing.entry is Entry.CLOUDFRONT:
            self._add_around_cloudfront()
        elif self._dns_policy is Policy.FAILOVER:
            self._add_regional_failover()
        else:
            self._add_routed(self._dns_policy)

    def _add_policy_change(self) -> DataResource:
        """Replaced with the policy, so that Terraform deletes the old records before it makes the new ones.

        Route 53 refuses a record whose policy differs from another of its name and type, even for a moment:
        https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html, SetIdentifier
        """
        return DataResource(self._stack, "routing_policy", triggers_replace={"policy": self._dns_policy.value})

    def _add_around_cloudfront(self) -> None:
        """The distribution, and behind it the regional endpoint, or the pair of that and the last exit, which has a name."""
        hostname = self._site.site.hostname
        primary = self._distribution_target()
        if (last_exit := self._site.last_exit) is None:
            self._add_failover("failover_records", hostname, primary, self._endpoint(self._site.secondary.name))
            return
        self.standby_check_id = self._add_standby_check()
        endpoint = self._endpoint(self._site.secondary.name, self.standby_check_id)
        pair = (endpoint, replace(self._external(last_exit), only_in_plan=True))
        standby = naming.standby_hostname(self._site)
        behind = self._add_failover("standby_records", standby, *pair)
        secondary = replace(to_records(standby, self._zone_id), only_in_plan=True)
        self._add_failover("failover_records", hostname, primary, secondary, after=behind)

    def _distribution_target(self) -> RecordTarget:
        if self._distribution is None or self._checks.path_check_id is None:
            raise ValueError("the entry is cloudfront: it has a distribution and a path check")
        check_id = self._checks.path_check_id
        if self._site.health_check.alarm_check:
            check_id = self._add_alarm_check("path", check_id, _distribution_errors(self._distribution))
        return to_distribution(self._distribution, check_id)

    def _add_standby_check(self) -> str:
        """Asks the regional endpoint by its own name: for the public one the check would judge CloudFront."""
        region = self._site.secondary.name
        return add_name_check(
            self._stack,
            "standby_check",
            settings=self._site.health_check,
            name=f"{self._site.prefix}-standby",
            hostname=naming.endpoint_hostname(self._site),
            path=naming.region_check_path(region),
            protocol=Protocol.HTTPS,
            interval_seconds=self._site.health_check.request_interval_seconds,
            provider=self._provider,
        ).id

    def _add_regional_failover(self) -> None:
        """The pair of both regions; with an external endpoint behind it the pair gets a name that the PRIMARY points at.

        A failover record has one SECONDARY, so three in a row need a tree:
        https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-complex-configs.html
        """
        hostname = self._site.site.hostname
        pair = (self._region(self._site.primary.name), self._region(self._site.secondary.name))
        if not self._site.endpoint:
            self._add_failover("failover_records", hostname, *pair)
            return
        (backup,) = self._site.endpoint
        regions = naming.regions_hostname(self._site)
        behind = self._add_failover("regions_records", regions, *pair)
        both = to_records(regions, self._zone_id)
        # Route 53 takes no alias to records that are not there yet, and the alias names them by text:
        # https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html
        # checkov takes what a record waits for as the resource behind it; a plan does not show that.
        primary, secondary = (replace(each, only_in_plan=True) for each in (both, self._external(backup)))
        self._add_failover("failover_records", hostname, primary, secondary, after=behind)

    def _add_failover(
        self,
        id_: str,
        name: str,
        primary: RecordTarget,
        secondary: RecordTarget,
        *,
        after: Sequence[ITerraformDependable] = (),
    ) -> Sequence[ITerraformDependable]:
        """Adds a failover pair, once `after` is there; returns its records."""
        return FailoverRecords(
            self._stack,
            id_,
            zone_id=self._zone_id,
            name=name,
            primary=primary,
            secondary=secondary,
            depends_on=[self._policy_change, *after],
            provider=self._provider,
        ).all

    def _add_routed(self, policy: Policy) -> None:
        # Route 53 allows no alias in a multivalue answer: the regions keep their own names only.
        regions = () if policy is Policy.MULTIVALUE else self._site.region
        choices = [
            *(Choice(name=region.name, target=region, leads_to=self._region(region.name)) for region in regions),
            *(Choice(name=item.name, target=item, leads_to=self._external(item)) for item in self._site.endpoint),
        ]
        RoutedRecords(
            self._stack,
            f"{policy.value}_records",
            policy=policy,
            zone_id=self._zone_id,
            name=self._site.site.hostname,
            choices=choices,
            depends_on=[self._policy_change],
            provider=self._provider,
        )

    def _region(self, region: str) -> RecordTarget:
        check_id = self._checks.region_check_ids[region]
        if self._site.health_check.alarm_check:
            metric = endpoint_errors(self._endpoints[region].api_id, region)
            check_id = self._add_alarm_check(
                naming.region_check(region),
                check_id,
                metric,
                self._error_alarm_names[region],
                is_last_resort=self._site.routing.policy is Policy.FAILOVER and region == self._site.secondary.name,
            )
        return self._endpoint(region, check_id)

    def _endpoint(self, region: str, health_check_id: str | None = None) -> RecordTarget:
        endpoint = self._endpoints[region]
        return to_endpoint(endpoint.target_domain_name, endpoint.target_hosted_zone_id, health_check_id)

    def _external(self, endpoint: Endpoint) -> RecordTarget:
        checks = EndpointChecks(
            self._stack,
            f"endpoint_checks_{endpoint.name}",
            prefix=self._site.prefix,
            settings=self._site.health_check,
            hostname=self._site.site.hostname,
            endpoint=endpoint,
            provider=self._provider,
        )
        self.external_check_ids |= {f"{endpoint.name}-{type_.lower()}": id_ for type_, id_ in checks.ids.items()}
        return to_addresses(endpoint.addresses, checks.ids)

    def _add_alarm_check(
        self,
        name: str,
        probe_check_id: str,
        metric: ErrorMetric,
        alarm_name: str | None = None,
        *,
        is_last_resort: bool = False,
    ) -> str:
        return AlarmCheck(
            self._stack,
            f"alarm_check_{name}",
            prefix=self._site.prefix,
            name=name,
            metric=metric,
            probe_check_id=probe_check_id,
            insufficient_data_health_status=self._site.health_check.insufficient_data_health_status,
            alarm_name=alarm_name,
            is_last_resort=is_last_resort,
            provider=self._provider,
        ).id


def _distribution_errors(distribution: RegionalDistribution) -> ErrorMetric:
    return ErrorMetric(
        namespace="AWS/CloudFront",
        name="5xxErrorRate",
        statistic="Average",
        dimensions={"DistributionId": distribution.id, "Region": "Global"},
        threshold=_CLOUDFRONT_ERROR_PERCENT,
        region=naming.GLOBAL_REGION,
    )
