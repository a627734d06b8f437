"""The failover event timeline of one region: EventBridge writes every state change of the site's alarms to a log group."""

import json

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktf_cdktf_provider_aws.cloudwatch_event_target import CloudwatchEventTarget
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.cloudwatch_log_resource_policy import CloudwatchLogResourcePolicy
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib import policies
from constructs_lib.checkov_skips import skip
from constructs_lib.monitoring.alarms.names import alarm_prefix
from constructs_lib.monitoring.policies import events_to_log
from constructs_lib.monitoring.small_function import LOG_SKIPS
from constructs_lib.site_file.models import SiteFile

# Drills and incidents are compared over a year; a change is a kilobyte.
_RETENTION_DAYS = 400


class EventTimeline(Construct):
    """State changes of the alarms that live in the provider's region. AWS's own events are free of charge.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html

    Attributes:
        log_group_name: where the events are.
    """

    def __init__(self, scope: Construct, id_: str, *, site: SiteFile, provider: AwsProvider) -> None:
        super().__init__(scope, id_)
        log_group = CloudwatchLogGroup(
            self,
            "log",
            name=f"/aws/events/{site.prefix}-failover",
            retention_in_days=_RETENTION_DAYS,
            provider=provider,
        )
        skip(log_group, LOG_SKIPS)
        rule = CloudwatchEventRule(
            self,
            "rule",
            name=f"{site.prefix}-failover-events",
            description="State changes of the site's alarms",
            event_pattern=json.dumps(
                {
                    "source": ["aws.cloudwatch"],
                    "detail-type": ["CloudWatch Alarm State Change"],
                    "detail": {"alarmName": [{"prefix": alarm_prefix(site)}]},
                },
                sort_keys=True,
            ),
            provider=provider,
        )
        policy = CloudwatchLogResourcePolicy(
            self,
            "log_policy",
            policy_name=f"{site.prefix}-failover-events",
            policy_document=policies.to_json(events_to_log(log_group.arn, rule_arn=rule.arn)),
            provider=provider,
        )
        CloudwatchEventTarget(self, "target", rule=rule.name, arn=log_group.arn, depends_on=[policy], provider=provider)
        self.log_group_name = log_group.name
