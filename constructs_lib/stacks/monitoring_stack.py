"""The monitoring stack: what watches CloudFront and Route 53, and where all of the site can be looked at.

It reaches us-east-1 alone, which has those metrics; nothing that serves depends on it.
"""

from collections.abc import Mapping, Sequence

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from constructs import Construct

from constructs_lib import naming
from constructs_lib.monitoring.alarms.certificates import CertificateAlarms
from constructs_lib.monitoring.alarms.composite import CompositeAlarms
from constructs_lib.monitoring.alarms.edge import EdgeAlarms
from constructs_lib.monitoring.alarms.health import HealthAlarms
from constructs_lib.monitoring.alarms.metric_alarm import Alarm
from constructs_lib.monitoring.alarms.metrics import PROBER_NAMESPACE
from constructs_lib.monitoring.alerting import Alerting, Place
from constructs_lib.monitoring.cost_budget import CostBudget
from constructs_lib.monitoring.dashboards import Dashboards, Watched
from constructs_lib.monitoring.event_timeline import EventTimeline
from constructs_lib.outputs import add_output
from constructs_lib.providers import add_provider
from constructs_lib.site_file.models import Entry, SiteFile
from constructs_lib.stacks.attachment_stack import AttachmentStack
from constructs_lib.stacks.edge_stack import EdgeStack
from constructs_lib.stacks.prober_stack import ProberStack
from constructs_lib.stacks.region_stack import RegionStack
from constructs_lib.state_backend import add_state_backend


class MonitoringStack(TerraformStack):
    """The global alarms and their delivery, dashboards, us-east-1's event timeline and the budget. Apply it last."""

    def __init__(
        self,
        scope: Construct,
        *,
        site: SiteFile,
        edge: EdgeStack,
        regions: Mapping[str, RegionStack],
        attachments: Mapping[str, AttachmentStack],
        probers: Mapping[str, ProberStack],
    ) -> None:
        super().__init__(scope, naming.MONITORING_STACK)
        self._site = site
        self._edge = edge
        self._regions = regions
        self._attachments = attachments
        add_state_backend(self, site=site)
        provider = add_provider(self, site=site, region=naming.GLOBAL_REGION)
        account = DataAwsCallerIdentity(self, "account", provider=provider)
        self._place = Place(account_id=account.account_id, region=naming.GLOBAL_REGION, provider=provider)
        self._alerting = self._add_alerting()
        alarms: list[Alarm] = [*self._add_global_alarms(), *self._add_certificate_alarm()]
        alarms += [alarm for stack in attachments.values() for alarm in stack.alarms]
        alarms += [alarm for stack in probers.values() for alarm in stack.alarms]
        logs = self._event_logs()
        dashboards = Dashboards(self, "dashboards", site=site, watched=self._watched(alarms, logs), provider=provider)
        if site.alerts.email is not None:
            CostBudget(self, "budget", site=site, email=site.alerts.email, provider=provider)
        self._add_outputs(alarms, dashboards, logs)

    def _add_alerting(self) -> Alerting:
        """Adds us-east-1's topics; its alarms are worded in the primary region where it may hold no log."""
        home = self._attachments[self._site.primary.name].alerting
        is_elsewhere = home is not None and not self._site.may_hold_data(naming.GLOBAL_REGION)
        return Alerting(
            self,
            f"alerting_{naming.GLOBAL_REGION}",
            site=self._site,
            place=self._place,
            checks=self._edge.check_ids,
            elsewhere=home.delivery if home is not None and is_elsewhere else None,
        )

    def _event_logs(self) -> dict[str, str]:
        """Returns region -> log group of the alarms' changes there, us-east-1 first."""
        logs = {}
        if self._site.may_hold_data(naming.GLOBAL_REGION):
            timeline = EventTimeline(
                self, f"events_{naming.GLOBAL_REGION}", site=self._site, provider=self._place.provider
            )
            logs[naming.GLOBAL_REGION] = timeline.log_group_name
        others = {region: stack.event_log for region, stack in self._attachments.items()}
        return {**logs, **{region: log for region, log in others.items() if log is not None}}

    def _add_global_alarms(self) -> Sequence[Alarm]:
        site, topic_arn, provider = self._site, self._alerting.alarm_topic_arn, self._place.provider
        health = HealthAlarms(
            self,
            "health_alarms",
            site=site,
            path_check_id=self._edge.check_ids.path,
            region_check_ids=self._edge.check_ids.regions,
            external_check_ids=self._edge.check_ids.external,
            topic_arn=topic_arn,
            provider=provider,
        )
        alarms: list[Alarm] = [*health.all]
        if site.features.composite_alarms:
            alarms += CompositeAlarms(
                self, "composite_alarms", site=site, health=health, topic_arn=topic_arn, provider=provider
            ).all
        path_check_id = self._edge.check_ids.path
        if path_check_id is not None:
            alarms += EdgeAlarms(
                self,
                "edge_alarms",
                site=site,
                distribution_id=self._edge.distributions[site.primary.name].id,
                path_check_id=path_check_id,
                region_check_id=self._edge.check_ids.regions[site.primary.name],
                topic_arn=topic_arn,
                provider=provider,
            ).all
        return alarms

    def _add_certificate_alarm(self) -> Sequence[Alarm]:
        """Adds the alarm on CloudFront's certificate, where it serves."""
        if not self._site.features.certificate_alarms or self._site.routing.entry is not Entry.CLOUDFRONT:
            return []
        return CertificateAlarms(
            self,
            f"certificate_alarms_{naming.GLOBAL_REGION}",
            site=self._site,
            certificates={"cloudfront": self._edge.certificate_arn},
            topic_arn=self._alerting.alarm_topic_arn,
            provider=self._place.provider,
        ).all

    def _watched(self, alarms: Sequence[Alarm], event_logs: dict[str, str]) -> Watched:
        checks, distributions = self._edge.check_ids, self._edge.distributions
        return Watched(
            path_check_id=checks.path,
            region_check_ids=checks.regions,
            external_check_ids=checks.external,
            distribution_ids={region: distribution.id for region, distribution in distributions.items()},
            api_ids={region: stack.endpoint.api_id for region, stack in self._regions.items()},
            function_names={region: stack.endpoint.function_name for region, stack in self._regions.items()},
            bucket_names={region: stack.bucket.name for region, stack in self._regions.items()},
            alarm_arns=[alarm.arn for alarm in alarms],
            event_logs=event_logs,
        )

    def _add_outputs(self, alarms: Sequence[Alarm], dashboards: Dashboards, logs: dict[str, str]) -> None:
        by_region = {region: stack.alerting for region, stack in self._attachments.items()}
        alerting = {naming.GLOBAL_REGION: self._alerting, **{name: own for name, own in by_region.items() if own}}
        topics = alerting.items()
        add_output(self, "alarm_topic_arns", {region: each.alarm_topic_arn for region, each in topics})
        add_output(self, "alert_topic_arns", {region: each.alert_topic_arn for region, each in topics})
        regions = [region for region in alerting if self._site.may_hold_data(region)]
        add_output(self, "alert_regions", regions)
        add_output(self, "alarm_names", [alarm.name for alarm in alarms])
        add_output(self, "dashboard_names", dashboards.names)
        add_output(self, "event_log_groups", logs)
        add_output(self, "custom_metrics_namespace", PROBER_NAMESPACE)
