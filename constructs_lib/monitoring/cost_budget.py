"""The budget behind `objectives.monthly_cost_usd`."""

from cdktf_cdktf_provider_aws.budgets_budget import (
    BudgetsBudget,
    BudgetsBudgetNotification,
)
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.site_file.models import SiteFile

_THRESHOLDS = (("FORECASTED", 100), ("ACTUAL", 100))


class CostBudget(Construct):
    """Mails when a month is forecast to end above the objective, and when it has gone above it.

    A budget without actions costs nothing (https://aws.amazon.com/aws-cost-management/aws-budgets/pricing/). It counts the whole
    account. A filter by the tag Project would see 0.00 until somebody activates it as a cost allocation tag
    (https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html), and so never mail.
    """

    def __init__(self, scope: Construct, id_: str, *, site: SiteFile, email: str, provider: AwsProvider) -> None:
        super().__init__(scope, id_)
        BudgetsBudget(
            self,
            "budget",
            name=f"{site.prefix}-monthly",
            budget_type="COST",
            limit_amount=f"{site.objectives.monthly_cost_usd:.2f}",
            limit_unit="USD",
            time_unit="MONTHLY",
            notification=[
                BudgetsBudgetNotification(
                    comparison_operator="GREATER_THAN",
                    notification_type=kind,
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                    subscriber_email_addresses=[email],
                )
                for kind, percent in _THRESHOLDS
            ],
            provider=provider,
        )
