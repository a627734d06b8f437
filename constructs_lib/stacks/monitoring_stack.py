"""The monitoring stack: who is told of what, and where it can be looked at. Nothing that serves depends on it."""

from collections.abc import Sequence

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from constructs import Construct

from constructs_lib import naming
from constructs_lib.monitoring.alarms.certificates import CertificateAlarms
from constructs_lib.monitoring.alarms.composite import CompositeAlarms
from constructs_lib.monitoring.alarms.edge import EdgeAlarms
from constructs_lib.monitoring.alarms.endpoint import EndpointAlarms
from constructs_lib.monitoring.alarms.health import HealthAlarms
from constructs_lib.monitoring.alarms.metric_alarm import Alarm
from constructs_lib.monitoring.alarms.metrics import PROBER_NAMESPACE
from constructs_lib.monitoring.alarms.parity import ParityAlarms
from constructs_lib.monitoring.alarms.replication import ReplicationAlarms
from constructs_lib.monitoring.alerting import Alerting, CheckIds, Place
from constructs_lib.monitoring.cost_budget import CostBudget
from constructs_lib.monitoring.dashboards import Dashboards, Watched
from constructs_lib.monitoring.event_timeline import EventTimeline
from constructs_lib.monitoring.outside_watch import OutsideWatch
from constructs_lib.monitoring.replication_pause import ReplicationPause
from constructs_lib.monitoring.site_canary import SiteCanary
from constructs_lib.outputs import add_output
from constructs_lib.providers import add_provider
from constructs_lib.site_file.models import Entry, SiteFile
from constructs_lib.stacks.edge_stack import EdgeStack
from constructs_lib.stacks.region_stack import RegionStack
from constructs_lib.state_backend import add_state_backend


class MonitoringStack(TerraformStack):
    """Alarms, their delivery, dashboards, the event timeline and the budget. Apply it last."""

    def __init__(self, scope: Construct, *, site: SiteFile, edge: EdgeStack, regions: Sequence[RegionStack]) -> None:
        super().__init__(scope, naming.MONITORING_STACK)
        self._site = site
        self._edge = edge
        self._regions = {stack.region.name: stack for stack in regions}
        add_state_backend(self, site=site)
        self._add_places()
        self._add_alerting()
        alarms: list[Alarm] = [*self._add_global_alarms(), *self._add_regional_alarms(), *self._add_outside_watch()]
        alarms += self._add_certificate_alarms()
        timelines = {
            region: EventTimeline(self, f"events_{region}", site=site, provider=place.provider)
            for region, place in self._places.items()
            if self._site.may_hold_data(region)
        }
        logs = {region: timeline.log_group_name for region, timeline in timelines.items()}
        dashboards = Dashboards(
            self, "dashboards", site=site, watched=self._watched(alarms, logs), provider=self._global.provider
        )
        if site.alerts.email is not None:
            CostBudget(self, "budget", site=site, email=site.alerts.email, provider=self._global.provider)
        self._add_outputs(alarms, dashboards, logs)

    @property
    def _global(self) -> Place:
        return self._places[naming.GLOBAL_REGION]

    def _add_places(self) -> None:
        """Adds a provider for us-east-1, which has the global metrics, and for each serving region."""
        names = list(dict.fromkeys([naming.GLOBAL_REGION, *self._regions]))
        providers = {
            name: add_provider(self, site=self._site, region=name, alias=name.replace("-", "_")) for name in names
        }
        account = DataAwsCallerIdentity(self, "account", provider=providers[naming.GLOBAL_REGION])
        others = {
            name: DataAwsCallerIdentity(self, f"account_{name}", provider=provider)
            for name, provider in providers.items()
            if not self._site.is_of_zone_account(name)
        }
        self._places = {
            name: Place(account_id=others.get(name, account).account_id, region=name, provider=provider)
            for name, provider in providers.items()
        }

    def _add_alerting(self) -> None:
        """Adds the topics of every region; us-east-1 has its alarms worded elsewhere where it may hold no log."""
        site, primary = self._site, self._site.primary.name
        checks = CheckIds(
            path=self._edge.health_checks.path_check_id,
            regions=self._edge.health_checks.region_check_ids,
            external=self._edge.external_check_ids,
        )
        home = Alerting(self, f"alerting_{primary}", site=site, place=self._places[primary], checks=checks)
        self._alerting = {
            region: home
            if region == primary
            else Alerting(
                self,
                f"alerting_{region}",
                site=site,
                place=place,
                checks=checks,
                elsewhere=None if self._site.may_hold_data(region) else home,
            )
            for region, place in self._places.items()
        }

    def _topic_arn(self, region: str) -> str:
        return self._alerting[region].alarm_topic_arn

    def _add_global_alarms(self) -> Sequence[Alarm]:
        site, topic_arn, provider = self._site, self._topic_arn(naming.GLOBAL_REGION), self._global.provider
        health = HealthAlarms(
            self,
            "health_alarms",
            site=site,
            path_check_id=self._edge.health_checks.path_check_id,
            region_check_ids=self._edge.health_checks.region_check_ids,
            external_check_ids=self._edge.external_check_ids,
            topic_arn=topic_arn,
            provider=provider,
        )
        alarms: list[Alarm] = [*health.all]
        if site.features.composite_alarms:
            alarms += CompositeAlarms(
                self, "composite_alarms", site=site, health=health, topic_arn=topic_arn, provider=provider
            ).all
        path_check_id = self._edge.health_checks.path_check_id
        if path_check_id is not None:
            alarms += EdgeAlarms(
                self,
                "edge_alarms",
                site=site,
                distribution_id=self._edge.distributions[site.primary.name].id,
                path_check_id=path_check_id,
                region_check_id=self._edge.health_checks.region_check_ids[site.primary.name],
                topic_arn=topic_arn,
                provider=provider,
            ).all
        return alarms

    def _add_regional_alarms(self) -> Sequence[Alarm]:
        """Adds the alarms on the endpoints that DNS can lead to, and what `[features]` asks for in every region."""
        site = self._site
        alarms: list[Alarm] = []
        # An experiment's stop condition is an alarm of its own region, so each region needs one then.
        has_all = site.routing.entry is Entry.REGIONAL or site.features.replication_pause
        endpoint_alarms = {
            region: EndpointAlarms(
                self,
                f"endpoint_alarms_{region}",
                site=site,
                region=region,
                api_id=self._regions[region].endpoint.api_id,
                topic_arn=self._topic_arn(region),
                provider=self._places[region].provider,
            )
            for region in self._regions
            if has_all or region == site.secondary.name
        }
        for region in self._regions:
            if region in endpoint_alarms:
                alarms += endpoint_alarms[region].all
            if site.features.replication_pause:
                self._add_replication_pause(region, endpoint_alarms[region].errors_arn)
            if site.features.canary:
                alarms += SiteCanary(
                    self,
                    f"canary_{region}",
                    site=site,
                    place=self._places[region],
                    topic_arn=self._topic_arn(region),
                ).all
            if site.features.has_replication_metrics:
                alarms += self._add_replication_alarms(region)
            if site.features.parity:
                alarms += ParityAlarms(
                    self,
                    f"parity_alarms_{region}",
                    site=site,
                    region=region,
                    topic_arn=self._topic_arn(region),
                    provider=self._places[region].provider,
                ).all
        return alarms

    def _add_certificate_alarms(self) -> Sequence[Alarm]:
        """Adds the alarms on the certificates that serve: CloudFront's, where it does, and each regional endpoint's."""
        site = self._site
        if not site.features.certificate_alarms:
            return []
        certificates = {region: {region: stack.certificate_arn} for region, stack in self._regions.items()}
        if site.routing.entry is Entry.CLOUDFRONT:
            certificates.setdefault(naming.GLOBAL_REGION, {})["cloudfront"] = self._edge.certificate_arn
        return [
            alarm
            for region, arns in certificates.items()
            for alarm in CertificateAlarms(
                self,
                f"certificate_alarms_{region}",
                site=site,
                certificates=arns,
                topic_arn=self._topic_arn(region),
                provider=self._places[region].provider,
            ).all
        ]

    def _add_replication_alarms(self, source: str) -> Sequence[Alarm]:
        """Adds the alarms of a source; its rules are numbered as the edge stack numbers its destinations.

        They live where their metrics are: in the destination's region.
        """
        alarms: list[Alarm] = []
        for number, destination in enumerate((name for name in self._regions if name != source), start=1):
            alarms += ReplicationAlarms(
                self,
                f"replication_alarms_{source}_to_{destination}",
                site=self._site,
                source_region=source,
                destination_region=destination,
                source_bucket=self._regions[source].bucket.name,
                destination_bucket=self._regions[destination].bucket.name,
                rule_id=naming.replication_rule_id(number),
                topic_arn=self._topic_arn(destination),
                provider=self._places[destination].provider,
            ).all
        return alarms

    def _add_replication_pause(self, source: str, stop_alarm_arn: str) -> None:
        ReplicationPause(
            self,
            f"replication_pause_{source}",
            name=f"{self._site.prefix}-pause-{source}",
            place=self._places[source],
            source=self._regions[source].bucket,
            destinations={name: stack.bucket for name, stack in self._regions.items() if name != source},
            stop_alarm_arn=stop_alarm_arn,
        )

    def _add_outside_watch(self) -> Sequence[Alarm]:
        """Adds the watcher of us-east-1 to the first other region; a site in us-east-1 alone has none."""
        outside = next((name for name in self._regions if name != naming.GLOBAL_REGION), None)
        if outside is None:
            return []
        return OutsideWatch(
            self,
            "outside_watch",
            site=self._site,
            place=self._places[outside],
            topic_arn=self._topic_arn(outside),
        ).all

    def _watched(self, alarms: Sequence[Alarm], event_logs: dict[str, str]) -> Watched:
        checks, distributions = self._edge.health_checks, self._edge.distributions
        return Watched(
            path_check_id=checks.path_check_id,
            region_check_ids=checks.region_check_ids,
            external_check_ids=self._edge.external_check_ids,
            distribution_ids={region: distribution.id for region, distribution in distributions.items()},
            api_ids={region: stack.endpoint.api_id for region, stack in self._regions.items()},
            function_names={region: stack.endpoint.function_name for region, stack in self._regions.items()},
            alarm_arns=[alarm.arn for alarm in alarms],
            event_logs=event_logs,
        )

    def _add_outputs(self, alarms: Sequence[Alarm], dashboards: Dashboards, logs: dict[str, str]) -> None:
        topics = self._alerting.items()
        add_output(self, "alarm_topic_arns", {region: alerting.alarm_topic_arn for region, alerting in topics})
        add_output(self, "alert_topic_arns", {region: alerting.alert_topic_arn for region, alerting in topics})
        regions = [region for region in self._alerting if self._site.may_hold_data(region)]
        add_output(self, "alert_regions", regions)
        add_output(self, "alarm_names", [alarm.name for alarm in alarms])
        add_output(self, "dashboard_names", dashboards.names)
        add_output(self, "event_log_groups", logs)
        add_output(self, "custom_metrics_namespace", PROBER_NAMESPACE)
