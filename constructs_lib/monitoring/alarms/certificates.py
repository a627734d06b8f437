"""Alarms on certificates that were not renewed, for sites with `features.certificate_alarms`. No health check validates one."""

from collections.abc import Mapping

from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.monitoring.alarms.metric_alarm import Condition, MetricAlarm, Missing, Notice
from constructs_lib.monitoring.alarms.metrics import days_to_expiry
from constructs_lib.monitoring.alarms.names import AlarmKind, alarm_name
from constructs_lib.site_file.models import SiteFile

# ACM sends its own notices from here on; a certificate that renews itself is younger by then.
# https://docs.aws.amazon.com/acm/latest/userguide/supported-events.html
_DAYS = 45


class CertificateAlarms(Construct):
    """The certificates of one region end within 45 days.

    Attributes:
        all: an alarm for each certificate.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        site: SiteFile,
        certificates: Mapping[str, str],
        topic_arn: str,
        provider: AwsProvider,
    ) -> None:
        """`certificates`: what the alarm's name ends with, `cloudfront` or a region -> ARN; all of the provider's region."""
        super().__init__(scope, id_)
        self.all = [
            MetricAlarm(
                self,
                name,
                notice=Notice(
                    name=alarm_name(site, AlarmKind.CERTIFICATE, name),
                    description=f"The certificate of {name} ends within {_DAYS} days, so ACM has not renewed it.",
                    topic_arn=topic_arn,
                ),
                condition=Condition(
                    comparison="LessThanOrEqualToThreshold",
                    threshold=_DAYS,
                    periods=1,
                    missing=Missing.CHANGES_NOTHING,  # twice a day, and never again once it has ended
                ),
                metrics={"days": days_to_expiry(arn)},
                provider=provider,
            )
            for name, arn in certificates.items()
        ]
