"""Route 53's query log: every question that its name servers get about the zone, in CloudWatch Logs."""

from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.cloudwatch_log_resource_policy import CloudwatchLogResourcePolicy
from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.route53_query_log import Route53QueryLog
from constructs import Construct

from constructs_lib import policies
from constructs_lib.checkov_skips import skip

_RETENTION_DAYS = 365


class QueryLog(Construct):
    """The log group must be in us-east-1, and Route 53 needs a resource policy to write there.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html

    Attributes:
        log_group_name: name of the log group.
    """

    def __init__(
        self, scope: Construct, id_: str, *, zone_id: str, prefix: str, domain_name: str, provider: AwsProvider
    ) -> None:
        super().__init__(scope, id_)
        account = DataAwsCallerIdentity(self, "account", provider=provider)
        log_group = CloudwatchLogGroup(
            self,
            "log_group",
            name=f"/aws/route53/{prefix}-{domain_name}",
            retention_in_days=_RETENTION_DAYS,
            provider=provider,
        )
        skip(log_group, {"CKV_AWS_158": "CloudWatch Logs encrypts with its own key; a KMS key costs 1.00 USD a month."})
        access = CloudwatchLogResourcePolicy(
            self,
            "write_access",
            policy_name=f"{prefix}-query-log",
            policy_document=policies.to_json(
                policies.query_log(log_group.arn, account_id=account.account_id, zone_id=zone_id)
            ),
            provider=provider,
        )
        Route53QueryLog(
            self,
            "query_log",
            zone_id=zone_id,
            cloudwatch_log_group_arn=log_group.arn,
            depends_on=[access],
            provider=provider,
        )
        self.log_group_name = log_group.name
