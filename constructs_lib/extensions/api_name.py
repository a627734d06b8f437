"""The API's name in DNS: a health check for each region, the region's own names, and the public name under a routing policy."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import DataResource
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.extensions.api_endpoint import HEALTH_PATH
from constructs_lib.names.health_checks import add_name_check
from constructs_lib.names.records import AliasRecords, Choice, FailoverRecords, RoutedRecords, to_endpoint
from constructs_lib.site_file.models import HealthCheck, Policy, Protocol, Region, Role

_FAST_INTERVAL_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRegion:
    """The API in one region, as DNS sees it.

    Attributes:
        region: the site file's `[[region]]`, with what the policy reads.
        own_name: name that leads to this region alone; the health check asks it.
        own_target: domain name and hosted zone id that an alias of the own name points at.
        public_target: the same of the public name.
    """

    region: Region
    own_name: str
    own_target: tuple[str, str]
    public_target: tuple[str, str]


class ApiName(Construct):
    """Leads the public name to a region whose health check is healthy.

    Every check asks HTTPS, since API Gateway does not serve port 80, at the region's own name: a check on the name that it
    decides would judge the standby (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html).

    Attributes:
        health_check_ids: region -> id of its check.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        prefix: str,
        zone_id: str,
        hostname: str,
        policy: Policy,
        health_check: HealthCheck,
        regions: Sequence[ApiRegion],
        provider: AwsProvider,
    ) -> None:
        """`prefix` starts the names of the checks; `health_check` gives their interval, threshold and checkers."""
        super().__init__(scope, id_)
        self._zone_id = zone_id
        self._hostname = hostname
        self._provider = provider
        self.health_check_ids = {api.region.name: self._add_check(api, prefix, health_check) for api in regions}
        for api in regions:
            AliasRecords(
                self,
                f"own_{api.region.name}",
                zone_id=zone_id,
                name=api.own_name,
                target=to_endpoint(*api.own_target),
                provider=provider,
            )
        # Replaced with the policy, so that the old records go before the new ones come: Route 53 takes one policy a name and type
        # (https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html, SetIdentifier).
        change = DataResource(self, "routing_policy", triggers_replace={"policy": policy.value})
        if policy is Policy.FAILOVER:
            self._add_failover(regions, change)
        else:
            self._add_routed(policy, regions, change)

    def _add_check(self, api: ApiRegion, prefix: str, settings: HealthCheck) -> str:
        check = add_name_check(
            self,
            f"check_{api.region.name}",
            settings=settings,
            name=f"{prefix}-api-{api.region.name}",
            hostname=api.own_name,
            path=HEALTH_PATH,
            protocol=Protocol.HTTPS,
            interval_seconds=settings.region_interval_seconds,
            provider=self._provider,
        )
        check.add_override("//.cost", _cost(settings))
        return check.id

    def _add_failover(self, regions: Sequence[ApiRegion], change: DataResource) -> None:
        by_role = {api.region.role: api for api in regions}
        primary, secondary = by_role[Role.PRIMARY], by_role[Role.SECONDARY]
        FailoverRecords(
            self,
            "records",
            zone_id=self._zone_id,
            name=self._hostname,
            primary=to_endpoint(*primary.public_target, self.health_check_ids[primary.region.name]),
            secondary=to_endpoint(*secondary.public_target, self.health_check_ids[secondary.region.name]),
            depends_on=[change],
            provider=self._provider,
        )

    def _add_routed(self, policy: Policy, regions: Sequence[ApiRegion], change: DataResource) -> None:
        RoutedRecords(
            self,
            "records",
            policy=policy,
            zone_id=self._zone_id,
            name=self._hostname,
            choices=[
                Choice(
                    name=api.region.name,
                    target=api.region,
                    leads_to=to_endpoint(*api.public_target, self.health_check_ids[api.region.name]),
                )
                for api in regions
            ],
            depends_on=[change],
            provider=self._provider,
        )


def _cost(settings: HealthCheck) -> str:
    """Returns what one check costs, in words for whoever reads the plan: https://aws.amazon.com/route53/pricing/."""
    options = {
        "HTTPS": True,
        "an interval of 10 s": settings.region_interval_seconds == _FAST_INTERVAL_SECONDS,
        "the latency graph": settings.measure_latency,
    }
    named = " and ".join(option for option, is_on in options.items() if is_on)
    return f"costs 1.00 USD a month each for {named}; its requests, from {len(settings.checker_regions)} regions, are the API's"
