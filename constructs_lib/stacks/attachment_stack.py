"""An attachment stack: what attaches one region to the site, all of it in that region. One class, once per region."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cdktf import TerraformStack
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from constructs import Construct

from constructs_lib import naming, policies
from constructs_lib.content.bucket_replication import BucketReplication, Destination
from constructs_lib.monitoring.alarms.certificates import CertificateAlarms
from constructs_lib.monitoring.alarms.endpoint import EndpointAlarms
from constructs_lib.monitoring.alarms.metric_alarm import Alarm
from constructs_lib.monitoring.alarms.parity import ParityAlarms
from constructs_lib.monitoring.alarms.replication import ReplicationAlarms
from constructs_lib.monitoring.alerting import Alerting, Place
from constructs_lib.monitoring.event_timeline import EventTimeline
from constructs_lib.monitoring.outside_watch import OutsideWatch
from constructs_lib.monitoring.replication_pause import ReplicationPause
from constructs_lib.monitoring.site_canary import SiteCanary
from constructs_lib.outputs import add_output
from constructs_lib.providers import add_provider
from constructs_lib.site_file.models import Entry, Protocol, SiteFile
from constructs_lib.stacks.edge_stack import EdgeStack
from constructs_lib.stacks.keys_stack import KeysStack
from constructs_lib.stacks.region_stack import RegionStack
from constructs_lib.state_backend import add_state_backend


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a region is attached to.

    Attributes:
        edge: the distributions that read its bucket, and the checks that its alerts are told from.
        regions: region -> its stack, in the site file's order.
        keys: region -> its content key's stack; empty without `features.kms`.
    """

    edge: EdgeStack
    regions: Mapping[str, RegionStack]
    keys: Mapping[str, KeysStack]


class AttachmentStack(TerraformStack):
    """Who reads the region's bucket, where it is copied to, and who is told of what happens there.

    It is apart from the region's own stack, which CloudFront needs before there is a distribution that a policy can name.
    Everything in it is made in its region; of the others it reads the states alone. So a dead region blocks the plans of its own
    two stacks, and of no other region's.

    Attributes:
        alerting: topics and formatter; None in us-east-1, whose are the monitoring stack's: the global alarms publish there.
        alarms: every alarm of the region.
        event_log: log group of the alarms' changes; None in us-east-1.
    """

    def __init__(self, scope: Construct, *, site: SiteFile, region: RegionStack, surroundings: Surroundings) -> None:
        self._name = name = region.region.name
        super().__init__(scope, naming.attachment_stack(name))
        self._site = site
        self._own = region
        self._edge = surroundings.edge
        self._regions = surroundings.regions
        self._keys = surroundings.keys
        add_state_backend(self, site=site)
        provider = add_provider(self, site=site, region=name)
        account = DataAwsCallerIdentity(self, "account", provider=provider)
        self._place = Place(account_id=account.account_id, region=name, provider=provider)
        self._open_bucket()
        self._replicate()
        self.alerting = self._add_alerting()
        self._topic_arn = self._global_topic_arn() if self.alerting is None else self.alerting.alarm_topic_arn
        self.alarms: Sequence[Alarm] = list(self._add_alarms())
        self.event_log: str | None = None
        if name != naming.GLOBAL_REGION:
            self.event_log = EventTimeline(self, f"events_{name}", site=site, provider=provider).log_group_name
        add_output(self, "region", name)

    def _open_bucket(self) -> None:
        bucket = self._own.bucket
        S3BucketPolicy(
            self,
            f"bucket_policy_{self._name}",
            bucket=bucket.name,
            policy=policies.to_json(
                policies.content_bucket(
                    bucket.arn,
                    distribution_arns=[distribution.arn for distribution in self._edge.distributions.values()],
                    plain_http_keys=self._plain_http_keys(),
                    replicating_role_arns=[
                        stack.replication_role.arn
                        for source, stack in self._regions.items()
                        if source != self._name and not self._is_one_account_with(source)
                    ],
                    publisher_arns=[]
                    if self._site.is_of_zone_account(self._name)
                    else self._site.accounts.publisher_arns,
                )
            ),
            provider=self._place.provider,
        )

    def _plain_http_keys(self) -> list[str]:
        is_http = self._site.health_check.region_check_protocol is Protocol.HTTP
        return [naming.region_check_path(self._name).lstrip("/")] if is_http else []

    def _is_one_account_with(self, other: str) -> bool:
        accounts = [self._site.account_of(name) for name in (self._name, other)]
        return len({None if account is None else account.account_id for account in accounts}) == 1

    def _others(self) -> dict[str, RegionStack]:
        return {name: stack for name, stack in self._regions.items() if name != self._name}

    def _replicate(self) -> None:
        """Nowhere while there is one region; its replication role is there already, so that a second one leaves it alone."""
        if self._site.has_one_region:
            return
        BucketReplication(
            self,
            f"replication_{self._name}",
            role=self._own.replication_role,
            source_name=self._own.bucket.name,
            source_arn=self._own.bucket.arn,
            destinations=[
                Destination(
                    bucket_arn=stack.bucket.arn, kms_key_arn=self._keys[name].key_arn if name in self._keys else None
                )
                for name, stack in self._others().items()
            ],
            has_metrics=self._site.features.has_replication_metrics,
            has_time_control=self._site.features.rtc,
            provider=self._place.provider,
        )

    def _global_topic_arn(self) -> str:
        """The name, not the resource: the monitoring stack, which makes the topic, is applied after this one."""
        topic = naming.alarm_topic(self._site)
        return f"arn:aws:sns:{naming.GLOBAL_REGION}:{self._place.account_id}:{topic}"

    def _add_alerting(self) -> Alerting | None:
        """Adds the topics; the primary's formatter also words us-east-1's alarms where that region may hold no log."""
        if self._name == naming.GLOBAL_REGION:
            return None
        alerting = Alerting(
            self, f"alerting_{self._name}", site=self._site, place=self._place, checks=self._edge.check_ids
        )
        is_home = self._name == self._site.primary.name and not self._site.may_hold_data(naming.GLOBAL_REGION)
        if is_home and alerting.formatter is not None:
            alerting.formatter.allow_invocation(
                f"from_topic_{naming.GLOBAL_REGION}", service="sns.amazonaws.com", source_arn=self._global_topic_arn()
            )
        return alerting

    def _add_alarms(self) -> Iterator[Alarm]:
        site, features = self._site, self._site.features
        stop_alarm_arn = ""
        # An experiment's stop condition is an alarm of its own region, so each region needs one then.
        has_all = site.routing.entry is Entry.REGIONAL or features.replication_pause
        if has_all or self._name == site.secondary.name:
            endpoint = EndpointAlarms(
                self,
                f"endpoint_alarms_{self._name}",
                site=site,
                region=self._name,
                api_id=self._own.endpoint.api_id,
                topic_arn=self._topic_arn,
                provider=self._place.provider,
            )
            stop_alarm_arn = endpoint.errors_arn
            yield from endpoint.all
        if features.replication_pause:
            self._add_replication_pause(stop_alarm_arn)
        if features.canary:
            yield from SiteCanary(
                self, f"canary_{self._name}", site=site, place=self._place, topic_arn=self._topic_arn
            ).all
        if features.has_replication_metrics:
            yield from self._add_replication_alarms()
        if features.parity:
            yield from ParityAlarms(
                self,
                f"parity_alarms_{self._name}",
                site=site,
                region=self._name,
                topic_arn=self._topic_arn,
                provider=self._place.provider,
            ).all
        if self._name == self._watching_region():
            yield from OutsideWatch(self, "outside_watch", site=site, place=self._place, topic_arn=self._topic_arn).all
        if features.certificate_alarms:
            yield from CertificateAlarms(
                self,
                f"certificate_alarms_{self._name}",
                site=site,
                certificates={self._name: self._own.certificate_arn},
                topic_arn=self._topic_arn,
                provider=self._place.provider,
            ).all

    def _watching_region(self) -> str | None:
        """The first region that is not us-east-1 watches it; a site in us-east-1 alone has no such region."""
        return next((name for name in self._regions if name != naming.GLOBAL_REGION), None)

    def _add_replication_alarms(self) -> Iterator[Alarm]:
        """Adds the alarms on what is copied to this region, where their metrics are.

        A rule's number is the destination's among the source's.
        """
        for source, stack in self._others().items():
            destinations = [name for name in self._regions if name != source]
            yield from ReplicationAlarms(
                self,
                f"replication_alarms_{source}_to_{self._name}",
                site=self._site,
                source_region=source,
                destination_region=self._name,
                source_bucket=stack.bucket.name,
                destination_bucket=self._own.bucket.name,
                rule_id=naming.replication_rule_id(destinations.index(self._name) + 1),
                topic_arn=self._topic_arn,
                provider=self._place.provider,
            ).all

    def _add_replication_pause(self, stop_alarm_arn: str) -> None:
        ReplicationPause(
            self,
            f"replication_pause_{self._name}",
            name=f"{self._site.prefix}-pause-{self._name}",
            place=self._place,
            source=self._own.bucket,
            destinations={name: stack.bucket for name, stack in self._others().items()},
            stop_alarm_arn=stop_alarm_arn,
        )
