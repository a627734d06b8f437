"""A prober stack: what looks at the site from a region that does not serve it, in a state of its own."""

from collections.abc import Mapping

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from constructs import Construct

from constructs_lib import naming
from constructs_lib.monitoring.alarms.metric_alarm import Alarm
from constructs_lib.monitoring.alerting import Alerting, CheckIds, Place
from constructs_lib.monitoring.outside_prober import OutsideProber, prober_alarm
from constructs_lib.outputs import add_output
from constructs_lib.providers import add_provider
from constructs_lib.site_file.models import SiteFile
from constructs_lib.stacks.edge_stack import EdgeStack
from constructs_lib.stacks.region_stack import RegionStack
from constructs_lib.state_backend import add_state_backend


class ProberStack(TerraformStack):
    """The prober of one region, there with `features.prober`; of the others it reads the states alone.

    Attributes:
        alarms: the alarm on the share that failed; empty without `features.prober_alarms`.
    """

    def __init__(
        self, scope: Construct, *, site: SiteFile, region: str, edge: EdgeStack, regions: Mapping[str, RegionStack]
    ) -> None:
        super().__init__(scope, naming.prober_stack(region))
        add_state_backend(self, site=site)
        provider = add_provider(self, site=site, region=region)
        account = DataAwsCallerIdentity(self, "account", provider=provider)
        place = Place(account_id=account.account_id, region=region, provider=provider)
        prober = OutsideProber(
            self,
            "prober",
            site=site,
            place=place,
            endpoints={name: stack.endpoint.target_domain_name for name, stack in regions.items()},
        )
        self.alarms: list[Alarm] = []
        if site.features.prober_alarms:
            topic_arn = self._topic_arn(site, place, edge.check_ids)
            self.alarms.append(prober_alarm(self, "alarm", site=site, place=place, topic_arn=topic_arn))
        add_output(self, "region", region)
        add_output(self, "function_name", prober.function_name)

    def _topic_arn(self, site: SiteFile, place: Place, checks: CheckIds) -> str:
        """An alarm publishes to topics of its own region; us-east-1's is the monitoring stack's, which is applied later."""
        if place.region == naming.GLOBAL_REGION:
            return f"arn:aws:sns:{place.region}:{place.account_id}:{naming.alarm_topic(site)}"
        return Alerting(self, f"alerting_{place.region}", site=site, place=place, checks=checks).alarm_topic_arn


def add_probers(
    scope: Construct, *, site: SiteFile, edge: EdgeStack, regions: Mapping[str, RegionStack]
) -> Mapping[str, ProberStack]:
    """Adds a stack for each region of `features.prober`; returns region -> stack."""
    return {
        region: ProberStack(scope, site=site, region=region, edge=edge, regions=regions)
        for region in site.features.prober
    }
